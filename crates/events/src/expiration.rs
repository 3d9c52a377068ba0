//! What `expiration` publishes.

use serde::{Deserialize, Serialize};

use crate::event::event;
use crate::{OrderId, Stream};

/// What `expiration` publishes.
pub static EXPIRATION: Stream = Stream { name: "EXPIRATION", subjects: &["expiration:complete"] };

/// The time of an order is up. What that means is for `orders` to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpirationComplete {
    /// Whose time it was.
    pub order_id: OrderId,
}
event!(ExpirationComplete, "expiration:complete", EXPIRATION, order_id);
