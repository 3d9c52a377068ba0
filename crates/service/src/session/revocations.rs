//! Sessions that ended before their token did: every service remembers them until the token expires.

use std::time::Duration;

use events::accounts::SessionRevoked;
use events::{Listener, Outcome, SessionId, Timestamp};
use sqlx::{PgConnection, PgPool};
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::{Clock, Worker};

/// How often rows of expired tokens are looked for. They do no harm: this only keeps the table small.
const PRUNE: Duration = Duration::from_mins(10);

/// Hears of sessions that ended. `service` adds it to the listeners of every service with a database.
#[derive(Debug, Clone, Copy)]
pub struct Revocations;

impl Listener<SessionRevoked> for Revocations {
    async fn handle(&self, tx: &mut PgConnection, event: SessionRevoked) -> anyhow::Result<Outcome> {
        remember(tx, &event).await?;
        Ok(Outcome::Done)
    }
}

/// Remembers that the session ended. Says whether that is news.
pub(super) async fn remember(tx: &mut PgConnection, event: &SessionRevoked) -> sqlx::Result<bool> {
    let remembered = sqlx::query!(
        "insert into revoked_sessions (id, expires_at) values ($1, $2) on conflict do nothing",
        event.id as _,
        event.expires_at as _,
    )
    .execute(tx)
    .await?;
    Ok(remembered.rows_affected() > 0)
}

/// Whether the session ended.
pub(super) async fn is_revoked(db: &PgPool, id: SessionId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists(select from revoked_sessions where id = $1) as "revoked!""#, id as _)
        .fetch_one(db)
        .await
}

/// Forgets sessions whose token expired before `now`. Returns how many.
pub async fn prune(db: &PgPool, now: Timestamp) -> sqlx::Result<u64> {
    let gone = sqlx::query!("delete from revoked_sessions where expires_at < $1", now as _).execute(db).await?;
    Ok(gone.rows_affected())
}

/// Prunes in the background.
pub fn pruning(db: PgPool, clock: Clock) -> Worker {
    Worker::new("revocations", move |stop| {
        let (db, clock) = (db.clone(), clock.clone());
        async move {
            while stop.run_until_cancelled(sleep(PRUNE)).await.is_some() {
                match prune(&db, clock.now()).await {
                    Ok(count) => debug!(count, "forgot revoked sessions whose token has expired"),
                    Err(error) => warn!("revoked sessions were not pruned: {error}"),
                }
            }
        }
    })
}
