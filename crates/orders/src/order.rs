//! An order and its rules: what becomes of it, whatever happens, is decided here and nowhere else.
//!
//! ```text
//!                      created     awaiting:payment   … and expiring     complete    cancelled
//!  time is up          cancel¹     expire¹            –                  –           –
//!  payment started     await       –                  –                  –           –
//!  payment closed      –           reopen             cancel             –           –
//!  paid²               complete    complete           complete           refund³     retake, else refund
//!  given up            cancel      cancel             cancel             refused     –
//!  nobody answered     –           –                  cancel⁴            –           –
//!
//!  ¹ before its time, by this service's clock: too early        ³ but not the payment that completed it
//!  ² a payment that is asked back already changes nothing       ⁴ once it has waited for long enough
//! ```
//!
//! A payment that was under way when time was up may succeed at any later moment. So an order does not simply end then:
//! it is *expiring* until `payments` said how the payment ended. If nobody says so for too long the order ends all the
//! same, and a payment that comes even after that takes the ticket again if it is free, or is asked back.

use events::orders::{
    HeldTicket, OrderCancelled, OrderCompleted, OrderCreated, OrderExpiring, OrderStatus, OrderUpdated, ReleasedTicket,
};
use events::{Cents, OrderId, PaymentId, TicketId, Timestamp, UserId, Version};
use serde::Serialize;
use time::Duration;
use utoipa::ToSchema;

use crate::Error;
use crate::ticket::Ticket;

/// A user's claim to a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Which.
    pub id: OrderId,
    /// The buyer.
    pub user_id: UserId,
    /// Where it stands.
    pub status: OrderStatus,
    /// How often it changed, each time with an event.
    pub version: Version,
    /// Until when it holds its ticket unpaid.
    pub expires_at: Timestamp,
    /// Since when `payments` is asked how the payment under way ended: time was up before anybody knew.
    #[serde(skip)]
    pub expiring_since: Option<Timestamp>,
    /// The payment that completed it.
    #[serde(skip)]
    pub payment_id: Option<PaymentId>,
    /// The payments asked back.
    #[serde(skip)]
    pub refunds: Vec<PaymentId>,
    /// What it is for.
    pub ticket: OrderTicket,
}

/// A ticket as agreed when the hold was taken: what its owner changes later does not concern the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderTicket {
    /// Which.
    pub id: TicketId,
    /// What it admits to.
    pub title: String,
    /// What the buyer pays.
    pub price: Cents,
    /// The ticket's version then.
    pub version: Version,
}

/// What may happen to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Its timer rang.
    TimeUp,
    /// An attempt to pay began.
    PaymentStarted,
    /// No payment is under way any more, and none succeeded.
    PaymentClosed,
    /// It was paid for.
    Paid(PaymentId),
    /// Its buyer wants it no more.
    GivenUp,
    /// The sweep found it expiring. It may wait this long for what `payments` says.
    Unanswered(Duration),
}

/// What an order makes of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It changes.
    Change(Change),
    /// It is completed late, by this payment, if no other order has the ticket; else the payment is asked back.
    Retake(PaymentId),
    /// It stays, and this payment is asked back.
    Refund(PaymentId),
    /// It stays: no transition, no event.
    Stay,
    /// It is not time for that yet.
    TooEarly,
    /// It is complete and stays so; whoever asked is told.
    Refuse,
}

/// A change of an order: one version, one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A payment is under way.
    Await,
    /// It is not any more.
    Reopen,
    /// Time is up, and `payments` is asked how the payment under way ended.
    Expire,
    /// The ticket is free again.
    Cancel,
    /// The ticket is sold.
    Complete(PaymentId),
}

impl Order {
    /// A new hold of `ticket` until `expires_at`.
    pub fn new(buyer: UserId, ticket: Ticket, expires_at: Timestamp) -> Result<Self, Error> {
        let Ticket { id, title, price, version, user_id: owner } = ticket;
        if buyer == owner {
            return Err(Error::OwnTicket);
        }
        Ok(Self {
            id: OrderId::new(),
            user_id: buyer,
            status: OrderStatus::Created,
            version: Version::FIRST,
            expires_at,
            expiring_since: None,
            payment_id: None,
            refunds: Vec::new(),
            ticket: OrderTicket { id, title, price, version },
        })
    }

    /// Whether `user` may look at it and give it up.
    pub fn must_belong_to(&self, user: UserId) -> Result<(), Error> {
        if self.user_id == user { Ok(()) } else { Err(Error::NotAuthorized) }
    }

    /// What `news` make of it at the moment `now`.
    #[expect(clippy::match_same_arms, reason = "it is a table: news by news, whatever they have in common")]
    pub fn decide(&self, news: News, now: Timestamp) -> Decision {
        use OrderStatus::{AwaitingPayment, Cancelled, Complete, Created};
        match (self.status, news) {
            (_, News::Paid(payment)) if self.refunds.contains(&payment) => Decision::Stay,
            (Created | AwaitingPayment, News::Paid(payment)) => Decision::Change(Change::Complete(payment)),
            (Complete, News::Paid(payment)) if self.payment_id == Some(payment) => Decision::Stay,
            (Complete, News::Paid(payment)) => Decision::Refund(payment),
            (Cancelled, News::Paid(payment)) => Decision::Retake(payment),

            (Created, News::TimeUp) if now < self.expires_at => Decision::TooEarly,
            (Created, News::TimeUp) => Decision::Change(Change::Cancel),
            (AwaitingPayment, News::TimeUp) if self.expiring_since.is_some() => Decision::Stay,
            (AwaitingPayment, News::TimeUp) if now < self.expires_at => Decision::TooEarly,
            (AwaitingPayment, News::TimeUp) => Decision::Change(Change::Expire),
            (Complete | Cancelled, News::TimeUp) => Decision::Stay,

            (Created, News::PaymentStarted) => Decision::Change(Change::Await),
            (AwaitingPayment | Complete | Cancelled, News::PaymentStarted) => Decision::Stay,

            (AwaitingPayment, News::PaymentClosed) if self.expiring_since.is_some() => Decision::Change(Change::Cancel),
            (AwaitingPayment, News::PaymentClosed) => Decision::Change(Change::Reopen),
            (Created | Complete | Cancelled, News::PaymentClosed) => Decision::Stay,

            (Created | AwaitingPayment, News::GivenUp) => Decision::Change(Change::Cancel),
            (Complete, News::GivenUp) => Decision::Refuse,
            (Cancelled, News::GivenUp) => Decision::Stay,

            (AwaitingPayment, News::Unanswered(at_most)) => match self.expiring_since {
                Some(since) if since + at_most <= now => Decision::Change(Change::Cancel),
                _ => Decision::Stay,
            },
            (Created | Complete | Cancelled, News::Unanswered(_)) => Decision::Stay,
        }
    }

    /// It, after `change` at the moment `now`.
    #[must_use]
    pub fn after(&self, change: Change, now: Timestamp) -> Self {
        let status = match change {
            Change::Await | Change::Expire => OrderStatus::AwaitingPayment,
            Change::Reopen => OrderStatus::Created,
            Change::Cancel => OrderStatus::Cancelled,
            Change::Complete(_) => OrderStatus::Complete,
        };
        Self {
            status,
            version: self.version.next(),
            expiring_since: (change == Change::Expire).then_some(now),
            payment_id: match change {
                Change::Complete(payment) => Some(payment),
                _ => None,
            },
            ..self.clone()
        }
    }

    fn held(&self) -> HeldTicket {
        HeldTicket { id: self.ticket.id, price: self.ticket.price }
    }
}

impl From<&Order> for OrderCreated {
    fn from(order: &Order) -> Self {
        let Order { id, version, status, user_id, expires_at, .. } = *order;
        Self { id, version, status, user_id, expires_at, ticket: order.held() }
    }
}

impl From<&Order> for OrderUpdated {
    fn from(order: &Order) -> Self {
        let Order { id, version, status, user_id, expires_at, .. } = *order;
        Self { id, version, status, user_id, expires_at, ticket: order.held() }
    }
}

impl From<&Order> for OrderExpiring {
    fn from(order: &Order) -> Self {
        Self { id: order.id, version: order.version }
    }
}

impl From<&Order> for OrderCancelled {
    fn from(order: &Order) -> Self {
        Self { id: order.id, version: order.version, ticket: ReleasedTicket { id: order.ticket.id } }
    }
}

impl From<&Order> for OrderCompleted {
    fn from(order: &Order) -> Self {
        let Order { id, version, user_id, .. } = *order;
        Self { id, version, user_id, ticket: order.held() }
    }
}

#[cfg(test)]
mod tests;
