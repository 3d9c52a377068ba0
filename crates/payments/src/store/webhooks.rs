//! Which of the provider's events were seen.

use events::Timestamp;
use sqlx::PgConnection;

use crate::payment::Payment;

/// Marks an event as seen. False if it was before.
pub async fn see_webhook(tx: &mut PgConnection, id: &str, kind: &str, now: Timestamp) -> sqlx::Result<bool> {
    let seen = sqlx::query!(
        "insert into webhook_events (id, type, seen_at) values ($1, $2, $3) on conflict do nothing",
        id,
        kind,
        now as _,
    )
    .execute(tx)
    .await?;
    Ok(seen.rows_affected() == 1)
}

/// The payment of an intent. Nothing that others hear of follows from a webhook alone, so that its order is not locked.
pub async fn lock_by_stripe_id(tx: &mut PgConnection, stripe_id: &str) -> sqlx::Result<Option<Payment>> {
    sqlx::query_as!(Payment, "select * from payments where stripe_id = $1 for update", stripe_id)
        .fetch_optional(tx)
        .await
}

/// Forgets events seen before `time`.
pub async fn forget_webhooks_before(db: &mut PgConnection, time: Timestamp) -> sqlx::Result<u64> {
    let gone = sqlx::query!("delete from webhook_events where seen_at < $1", time as _).execute(db).await?;
    Ok(gone.rows_affected())
}
