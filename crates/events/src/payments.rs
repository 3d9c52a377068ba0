//! What `payments` publishes. All of it is about an order, so the order is the aggregate.

use serde::{Deserialize, Serialize};

use crate::event::event;
use crate::{OrderId, PaymentId, Stream};

/// What `payments` publishes.
pub static PAYMENTS: Stream = Stream {
    name: "PAYMENTS",
    subjects: &["payment:started", "payment:created", "payment:closed", "payment:refunded"],
};

/// An attempt to pay began: from now on money may move at any time, until `payment:created` or `payment:closed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentStarted {
    /// Which attempt.
    pub id: PaymentId,
    /// What it is for.
    pub order_id: OrderId,
}
event!(PaymentStarted, "payment:started", PAYMENTS, order_id);

/// An order was paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentCreated {
    /// Which payment.
    pub id: PaymentId,
    /// What it is for.
    pub order_id: OrderId,
    /// The provider's name of it.
    pub stripe_id: String,
}
event!(PaymentCreated, "payment:created", PAYMENTS, order_id);

/// No payment of this order is under way any more, and none succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentClosed {
    /// What it was for.
    pub order_id: OrderId,
}
event!(PaymentClosed, "payment:closed", PAYMENTS, order_id);

/// A payment went back to the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefunded {
    /// Which payment.
    pub id: PaymentId,
    /// What it was for.
    pub order_id: OrderId,
    /// The provider's name of the refund.
    pub stripe_refund_id: String,
}
event!(PaymentRefunded, "payment:refunded", PAYMENTS, order_id);
