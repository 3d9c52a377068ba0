//! What `tickets` publishes.

use serde::{Deserialize, Serialize};

use crate::event::event;
use crate::{Cents, OrderId, Stream, TicketId, UserId, Version};

/// What `tickets` publishes.
pub static TICKETS: Stream = Stream { name: "TICKETS", subjects: &["ticket:created", "ticket:updated"] };

/// A ticket was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketCreated {
    /// Which.
    pub id: TicketId,
    /// What it admits to, in its owner's words.
    pub title: String,
    /// What its owner wants for it.
    pub price: Cents,
    /// Its owner.
    pub user_id: UserId,
    /// [`Version::FIRST`].
    pub version: Version,
}
event!(TicketCreated, "ticket:created", TICKETS, id);

/// A ticket changed: its words, its price, or which order holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketUpdated {
    /// Which.
    pub id: TicketId,
    /// What it admits to, in its owner's words.
    pub title: String,
    /// What its owner wants for it.
    pub price: Cents,
    /// Its owner.
    pub user_id: UserId,
    /// The order that holds it or bought it; absent while it is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The ticket's version after this change.
    pub version: Version,
}
event!(TicketUpdated, "ticket:updated", TICKETS, id);
