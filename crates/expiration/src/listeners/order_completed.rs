//! `order:completed`: the ticket is the buyer's for good.

use events::Verdict;
use events::orders::OrderCompleted;
use redis::RedisResult;

use crate::timers::Timers;

/// Drops the timer, also one that is yet to be set.
pub async fn order_completed(timers: &Timers, event: &OrderCompleted) -> RedisResult<Verdict> {
    timers.drop(event.id).await?;
    Ok(Verdict::Done)
}
