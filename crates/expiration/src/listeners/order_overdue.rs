//! `order:overdue`: `orders` found that nobody told it about an order whose time is up.

use events::Verdict;
use events::orders::OrderOverdue;
use redis::RedisResult;

use crate::timers::Timers;

/// Makes the timer due at once, whatever is remembered here: only `orders` knows how the order stands.
pub async fn order_overdue(timers: &Timers, event: &OrderOverdue) -> RedisResult<Verdict> {
    let set = timers.rearm(event.id).await?;
    Ok(if set { Verdict::Done } else { Verdict::Repeat })
}
