//! What is known here of an order: the replica that says who may pay how much, and until when.

use events::orders::OrderStatus;
use events::{Cents, OrderId, Timestamp, UserId, Version};

/// An order, as far as paying for it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Which.
    pub id: OrderId,
    /// How far its events are known here.
    pub version: Version,
    /// The buyer.
    pub user_id: UserId,
    /// Where it stands.
    pub status: OrderStatus,
    /// The price agreed: what is charged.
    pub price: Cents,
    /// Until when it may be paid.
    pub expires_at: Timestamp,
    /// Time was up while a payment was under way, and `orders` waits for how that ends.
    pub closing: bool,
}

/// Why an order can't be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is somebody else's.
    #[error("Not authorized")]
    NotOwner,
    /// It gave its ticket back.
    #[error("Cannot pay for a cancelled order")]
    Cancelled,
    /// Its time is up.
    #[error("Cannot pay for an expired order")]
    Expired,
    /// It is paid.
    #[error("This order is already paid")]
    Paid,
}

impl Order {
    /// Whether this is an order `user` may ask to pay at all, as the contract puts it: the owner first, then the state.
    pub fn may_be_paid_by(&self, user: UserId) -> Result<(), Refusal> {
        if self.user_id != user {
            return Err(Refusal::NotOwner);
        }
        if self.status == OrderStatus::Cancelled {
            return Err(Refusal::Cancelled);
        }
        Ok(())
    }

    /// Whether a payment may begin now.
    pub fn takes_payment(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.status {
            OrderStatus::Complete => Err(Refusal::Paid),
            OrderStatus::Cancelled => Err(Refusal::Cancelled),
            OrderStatus::Created | OrderStatus::AwaitingPayment if self.is_over(now) => Err(Refusal::Expired),
            OrderStatus::Created | OrderStatus::AwaitingPayment => Ok(()),
        }
    }

    /// Whether what is under way must come to its end: nobody waits for this money any more.
    pub fn is_over(&self, now: Timestamp) -> bool {
        matches!(self.status, OrderStatus::Complete | OrderStatus::Cancelled) || self.closing || now >= self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    fn order() -> Order {
        Order {
            id: OrderId::new(),
            version: Version::FIRST,
            user_id: UserId::new(),
            status: OrderStatus::Created,
            price: Cents(1999),
            expires_at: Timestamp::from_milliseconds(1_000_000).unwrap(),
            closing: false,
        }
    }

    #[test]
    fn it_is_paid_by_its_buyer_and_nobody_else() {
        let order = order();
        assert_eq!(order.may_be_paid_by(order.user_id), Ok(()));
        assert_eq!(order.may_be_paid_by(UserId::new()), Err(Refusal::NotOwner));
    }

    #[test]
    fn the_owner_is_asked_for_before_the_state() {
        let order = Order { status: OrderStatus::Cancelled, ..order() };
        assert_eq!(order.may_be_paid_by(UserId::new()), Err(Refusal::NotOwner));
        assert_eq!(order.may_be_paid_by(order.user_id), Err(Refusal::Cancelled));
    }

    #[test]
    fn it_takes_payment_until_its_time_is_up_and_not_a_millisecond_longer() {
        let order = order();
        assert_eq!(order.takes_payment(order.expires_at - Duration::milliseconds(1)), Ok(()));
        assert_eq!(order.takes_payment(order.expires_at), Err(Refusal::Expired));
    }

    #[test]
    fn once_it_is_closing_complete_or_cancelled_nothing_begins() {
        let early = Timestamp::from_milliseconds(0).unwrap();
        assert_eq!(Order { closing: true, ..order() }.takes_payment(early), Err(Refusal::Expired));
        assert_eq!(Order { status: OrderStatus::Complete, ..order() }.takes_payment(early), Err(Refusal::Paid));
        assert_eq!(Order { status: OrderStatus::Cancelled, ..order() }.takes_payment(early), Err(Refusal::Cancelled));
        assert_eq!(Order { status: OrderStatus::AwaitingPayment, ..order() }.takes_payment(early), Ok(()));
    }
}
