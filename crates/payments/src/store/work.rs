//! What the workers take up, each row by one of them: its due time is moved past the end of the work, which makes it the
//! lease. Who finds the row changed meanwhile has lost it, and changes nothing.

use events::{PaymentId, Timestamp};
use sqlx::PgConnection;

use crate::payment::Payment;

/// Takes up to `limit` payments whose intent is to be looked at, until `lease`.
pub async fn claim_looks(
    db: &mut PgConnection,
    now: Timestamp,
    lease: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Payment>> {
    sqlx::query_as!(
        Payment,
        "update payments set next_look_at = $2, looks = looks + 1
         where id in (
             select id from payments where next_look_at <= $1
             order by next_look_at limit $3 for update skip locked
         ) returning *",
        now as _,
        lease as _,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Ends the lease of a look that changed nothing: the next one is at `at`, or never.
pub async fn postpone_look(
    db: &mut PgConnection,
    id: PaymentId,
    lease: Option<Timestamp>,
    at: Option<Timestamp>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments set next_look_at = $3 where id = $1 and next_look_at = $2",
        id as _,
        lease as _,
        at as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes up to `limit` payments whose refund is to go on, until `lease`.
pub async fn claim_refunds(
    db: &mut PgConnection,
    now: Timestamp,
    lease: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Payment>> {
    sqlx::query_as!(
        Payment,
        "update payments set next_refund_at = $2, refund_looks = refund_looks + 1
         where id in (
             select id from payments where next_refund_at <= $1
             order by next_refund_at limit $3 for update skip locked
         ) returning *",
        now as _,
        lease as _,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Ends the lease of a try that did not bring the money back, and keeps the refund's name, if there is one by now.
pub async fn postpone_refund(
    db: &mut PgConnection,
    id: PaymentId,
    lease: Option<Timestamp>,
    at: Timestamp,
    refund: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments set next_refund_at = $3, stripe_refund_id = coalesce($4, stripe_refund_id)
         where id = $1 and next_refund_at = $2",
        id as _,
        lease as _,
        at as _,
        refund,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Wakes the workers of every replica, once the transaction commits.
pub async fn wake(tx: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select pg_notify(current_schema() || '_work', '')").execute(tx).await?;
    Ok(())
}

/// The channel on which workers are woken.
pub async fn work_channel(db: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::query_scalar!(r#"select current_schema() || '_work' as "channel!""#).fetch_one(db).await
}
