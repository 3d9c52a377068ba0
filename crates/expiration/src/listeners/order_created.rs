//! `order:created`: a ticket is held, and from now on there is a time at which that ends.

use events::Verdict;
use events::orders::OrderCreated;
use redis::RedisResult;

use crate::timers::Timers;

/// Sets the timer, unless the order is known to be over already.
pub async fn order_created(timers: &Timers, event: &OrderCreated) -> RedisResult<Verdict> {
    let set = timers.arm(event.id, event.expires_at).await?;
    Ok(if set { Verdict::Done } else { Verdict::Repeat })
}
