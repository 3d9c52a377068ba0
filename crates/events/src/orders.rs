//! What `orders` publishes.
//!
//! ```text
//!                        payment:started              payment:created
//!   order:created ──► created ─────────► awaiting:payment ─────────► complete
//!                      │   ▲ payment:closed │  │                       ▲
//!      expiration or   │   └────────────────┘  │ expiration:           │ a late payment, and the
//!      DELETE          │                       │ order:expiring        │ ticket is still free
//!                      ▼                       ▼ then payment:closed   │
//!                  cancelled ◄─────────────────┴───────────────────────┘ else refund:requested
//! ```
//!
//! Every arrow is a version and an event that carries it: whoever counts on n - 1 sees all of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::event;
use crate::{Cents, OrderId, PaymentId, Stream, TicketId, Timestamp, UserId, Version};

/// What `orders` publishes.
pub static ORDERS: Stream = Stream {
    name: "ORDERS",
    subjects: &[
        "order:created",
        "order:updated",
        "order:expiring",
        "order:cancelled",
        "order:completed",
        "order:overdue",
        "refund:requested",
    ],
};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[sqlx(type_name = "text")]
pub enum OrderStatus {
    /// It holds its ticket; nobody has begun to pay.
    #[serde(rename = "created")]
    #[sqlx(rename = "created")]
    Created,
    /// It holds its ticket, and a payment is under way.
    #[serde(rename = "awaiting:payment")]
    #[sqlx(rename = "awaiting:payment")]
    AwaitingPayment,
    /// Paid: the ticket is the buyer's.
    #[serde(rename = "complete")]
    #[sqlx(rename = "complete")]
    Complete,
    /// Given up or run out: the ticket is free again.
    #[serde(rename = "cancelled")]
    #[sqlx(rename = "cancelled")]
    Cancelled,
}

impl OrderStatus {
    /// As the wire and the database write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::AwaitingPayment => "awaiting:payment",
            Self::Complete => "complete",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is the name of no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a status is created, awaiting:payment, complete or cancelled")]
pub struct NotAStatus;

impl FromStr for OrderStatus {
    type Err = NotAStatus;

    fn from_str(text: &str) -> Result<Self, NotAStatus> {
        [Self::Created, Self::AwaitingPayment, Self::Complete, Self::Cancelled]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(NotAStatus)
    }
}

/// The ticket of an order, as agreed when the hold was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldTicket {
    /// Which.
    pub id: TicketId,
    /// The price agreed: what is charged, whatever its owner asks for now.
    pub price: Cents,
}

/// The ticket of an order that holds it no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleasedTicket {
    /// Which.
    pub id: TicketId,
}

/// An order took a ticket for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCreated {
    /// Which.
    pub id: OrderId,
    /// [`Version::FIRST`].
    pub version: Version,
    /// [`OrderStatus::Created`].
    pub status: OrderStatus,
    /// The buyer.
    pub user_id: UserId,
    /// Until when the ticket is held.
    pub expires_at: Timestamp,
    /// What is held.
    pub ticket: HeldTicket,
}
event!(OrderCreated, "order:created", ORDERS, id);

/// A payment began or was given up: the order went to `awaiting:payment` or back to `created`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderUpdated {
    /// Which.
    pub id: OrderId,
    /// The order's version after this change.
    pub version: Version,
    /// Where it stands now.
    pub status: OrderStatus,
    /// The buyer.
    pub user_id: UserId,
    /// Until when the ticket is held.
    pub expires_at: Timestamp,
    /// What is held.
    pub ticket: HeldTicket,
}
event!(OrderUpdated, "order:updated", ORDERS, id);

/// Time is up while a payment is under way: `payments` must end it, and say how it ended (`payment:created` or
/// `payment:closed`), before the order does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderExpiring {
    /// Which.
    pub id: OrderId,
    /// The order's version after this change.
    pub version: Version,
}
event!(OrderExpiring, "order:expiring", ORDERS, id);

/// An order gave its ticket back: by its buyer, or because time was up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    /// Which.
    pub id: OrderId,
    /// The order's version after this change.
    pub version: Version,
    /// What is free again.
    pub ticket: ReleasedTicket,
}
event!(OrderCancelled, "order:cancelled", ORDERS, id);

/// An order is paid: in time, or late with its ticket still free, which it takes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCompleted {
    /// Which.
    pub id: OrderId,
    /// The order's version after this change.
    pub version: Version,
    /// The buyer.
    pub user_id: UserId,
    /// What is sold.
    pub ticket: HeldTicket,
}
event!(OrderCompleted, "order:completed", ORDERS, id);

/// An order's time was up a while ago and nobody said so: its timer was lost and has to be set again.
/// No change of the order, so it carries no version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderOverdue {
    /// Which.
    pub id: OrderId,
    /// When its time was up.
    pub expires_at: Timestamp,
}
event!(OrderOverdue, "order:overdue", ORDERS, id);

/// A payment came for an order that can't have its ticket any more: the money goes back.
/// No change of the order, so it carries no version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundRequested {
    /// The payment to be refunded, whole.
    pub payment_id: PaymentId,
    /// The order it was for.
    pub order_id: OrderId,
}
event!(RefundRequested, "refund:requested", ORDERS, order_id);
