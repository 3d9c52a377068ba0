//! What nobody else would notice: orders whose time is up and whose timer was lost, and orders that wait for an answer
//! of `payments` that does not come.
//!
//! Both look for rows, change them and push their events in one transaction, and pass over rows that somebody works on:
//! any number of replicas may sweep at once.

use events::Timestamp;
use sqlx::PgPool;
use time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::Error;
use crate::order::News;
use crate::settle::settle;
use crate::{App, store};

/// How often to look. An index answers in no time, and a lost timer must not wait for long.
const EVERY: std::time::Duration = std::time::Duration::from_secs(5);
/// Orders in one transaction: it is over in a fraction of a second, so that nobody waits for its locks.
const BATCH: i64 = 100;
/// How long an order may be overdue before its timer is taken for lost: longer than an event takes on a bad day.
pub const OVERDUE_AFTER: Duration = Duration::seconds(10);
/// How often to ask for the same order: `expiration` may be away, and needs to be asked once when it is back.
pub const TOLD_AGAIN_AFTER: Duration = Duration::minutes(1);

/// Asks `expiration` to ring for orders whose time was up [`OVERDUE_AFTER`] ago. Returns for how many.
pub async fn overdue(db: &PgPool, now: Timestamp) -> Result<usize, Error> {
    let mut told = 0;
    loop {
        let mut tx = db.begin().await?;
        let batch = store::tell_overdue(&mut tx, now, now - OVERDUE_AFTER, now - TOLD_AGAIN_AFTER, BATCH).await?;
        tx.commit().await?;
        told += batch;
        if !is_full(batch) {
            return Ok(told);
        }
    }
}

/// Cancels orders that `payments` was asked about `patience` ago, without an answer. Returns how many.
pub async fn unanswered(db: &PgPool, now: Timestamp, patience: Duration) -> Result<usize, Error> {
    let mut cancelled = 0;
    loop {
        let mut tx = db.begin().await?;
        let batch = store::lock_unanswered(&mut tx, now, patience, BATCH).await?;
        for order in &batch {
            settle(&mut tx, order, News::Unanswered(patience), now).await?;
        }
        tx.commit().await?;
        cancelled += batch.len();
        if !is_full(batch.len()) {
            return Ok(cancelled);
        }
    }
}

/// Whether there may be more than this batch. Each batch is out of the way of the next, so that this ends.
fn is_full(batch: usize) -> bool {
    i64::try_from(batch).is_ok_and(|orders| orders >= BATCH)
}

/// Sweeps until `stop`.
pub async fn run(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        let now = app.clock.now();
        let told = overdue(&app.db, now).await?;
        if told > 0 {
            warn!(orders = told, "overdue: their timers were lost, or are late");
        }
        let cancelled = unanswered(&app.db, now, app.rules.payment_answer_max).await?;
        if cancelled > 0 {
            warn!(orders = cancelled, "cancelled: payments did not say how theirs ended");
        }
        let _ = stop.run_until_cancelled(sleep(EVERY)).await;
    }
    Ok(())
}
