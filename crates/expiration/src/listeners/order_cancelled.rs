//! `order:cancelled`: nothing is held any more, so there is nothing to end.

use events::Verdict;
use events::orders::OrderCancelled;
use redis::RedisResult;

use crate::timers::Timers;

/// Drops the timer, also one that is yet to be set.
pub async fn order_cancelled(timers: &Timers, event: &OrderCancelled) -> RedisResult<Verdict> {
    timers.drop(event.id).await?;
    Ok(Verdict::Done)
}
