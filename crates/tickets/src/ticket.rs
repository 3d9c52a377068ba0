//! A ticket and its rules. They wait for nothing and know no database.
//!
//! ```text
//!             edit
//!            ┌────┐
//!            │    ▼       hold
//!  list ──► available ──────────► held ──────────► sold
//!            │    ▲                │ │     sell     ▲
//!            │    └────────────────┘ │              │
//!            │        release        │              │
//!            └──────────────────────────────────────┘
//!                sell: paid late, and still free
//! ```
//!
//! Every arrow is one version, and an event that carries it. What is no arrow changes nothing and tells nothing.
//!
//! Which order may have a ticket is for `orders` to say, and it says so of one at a time. Its news may come in another
//! order than they happened, so a ticket follows them in whatever order they come and ends up the same: an order that
//! takes a ticket which another one still has here waits for it ([`Hold::Waits`]), a release hands the ticket to who waits,
//! and a sale counts whoever holds it.

use events::tickets::{TicketCreated, TicketUpdated};
use events::{Cents, OrderId, TicketId, Timestamp, UserId, Version};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Error, Offer};

/// A ticket: what it admits to, what it costs, and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// Which.
    pub id: TicketId,
    /// What it admits to, in its owner's words.
    #[schema(example = "Hamlet, stalls, row 3")]
    pub title: String,
    /// What its owner asks for it.
    pub price: Cents,
    /// Its owner.
    pub user_id: UserId,
    /// How often it was changed, its listing included.
    pub version: Version,
    /// Who has it.
    #[serde(flatten)]
    pub state: State,
}

/// Who has a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum State {
    /// Nobody: it can be bought.
    Available,
    /// An order, until then or until it is paid.
    #[serde(rename_all = "camelCase")] // At each variant: the schema knows no `rename_all_fields`.
    Held {
        /// Which order.
        order_id: OrderId,
        /// When the order's time is up. It is for `orders` to say that it is.
        held_until: Timestamp,
    },
    /// An order, for good.
    #[serde(rename_all = "camelCase")]
    Sold {
        /// Which order.
        order_id: OrderId,
    },
}

impl State {
    /// The order that has the ticket.
    pub fn order(self) -> Option<OrderId> {
        match self {
            Self::Available => None,
            Self::Held { order_id, .. } | Self::Sold { order_id } => Some(order_id),
        }
    }
}

/// What becomes of an order that takes a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It has the ticket now.
    Taken,
    /// Another order has it, which has let go of it, or this one would not have been made. We have yet to hear of that.
    Waits,
    /// Nothing: it has the ticket already, or came and went before the ticket was sold for good.
    Nothing,
}

/// An order bought a ticket that is sold to another one: `orders` never says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ticket is sold to another order")]
pub struct SoldAlready;

/// An order that waits for a ticket, and until when it holds it.
pub type Claim = (OrderId, Timestamp);

impl Ticket {
    /// A ticket newly listed by `owner`.
    pub fn list(id: TicketId, owner: UserId, offer: Offer) -> Self {
        let Offer { title, price } = offer;
        Self { id, title, price, user_id: owner, version: Version::FIRST, state: State::Available }
    }

    /// Its owner asks for something else. Nobody else may, and nobody at all once an order has it.
    pub fn edit(&mut self, by: UserId, offer: Offer) -> Result<(), Error> {
        if by != self.user_id {
            return Err(Error::NotTheOwner);
        }
        if self.state != State::Available {
            return Err(Error::Reserved);
        }
        (self.title, self.price) = (offer.title, offer.price);
        self.version = self.version.next();
        Ok(())
    }

    /// `order` takes it until its time is up.
    pub fn hold(&mut self, order: OrderId, until: Timestamp) -> Hold {
        match self.state {
            State::Available => {
                self.enter(State::Held { order_id: order, held_until: until });
                Hold::Taken
            }
            State::Held { order_id, .. } if order_id != order => Hold::Waits,
            State::Held { .. } | State::Sold { .. } => Hold::Nothing,
        }
    }

    /// `order` lets go of it, and `next` has it then, if any order waits. Says whether that changed anything: not if the
    /// order has not got it, nor if it bought it.
    pub fn release(&mut self, order: OrderId, next: Option<Claim>) -> bool {
        match self.state {
            State::Held { order_id, .. } if order_id == order => {
                self.enter(next.map_or(State::Available, |(order_id, held_until)| State::Held { order_id, held_until }))
            }
            State::Available | State::Held { .. } | State::Sold { .. } => false,
        }
    }

    /// `order` is paid: it is the buyer's. Says whether that changed anything. A payment may come so late that the order
    /// had let go of the ticket, and takes it again; who seems to hold it meanwhile has let go of it too.
    pub fn sell(&mut self, order: OrderId) -> Result<bool, SoldAlready> {
        match self.state {
            State::Sold { order_id } if order_id == order => Ok(false),
            State::Sold { .. } => Err(SoldAlready),
            State::Available | State::Held { .. } => Ok(self.enter(State::Sold { order_id: order })),
        }
    }

    fn enter(&mut self, state: State) -> bool {
        self.state = state;
        self.version = self.version.next();
        true
    }
}

impl From<&Ticket> for TicketCreated {
    fn from(ticket: &Ticket) -> Self {
        let Ticket { id, title, price, user_id, version, state: _ } = ticket.clone();
        Self { id, title, price, user_id, version }
    }
}

impl From<&Ticket> for TicketUpdated {
    fn from(ticket: &Ticket) -> Self {
        let Ticket { id, title, price, user_id, version, state } = ticket.clone();
        Self { id, title, price, user_id, order_id: state.order(), version }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn offer(title: &str, price: i64) -> Offer {
        Offer { title: title.to_owned(), price: Cents(price) }
    }

    fn until() -> Timestamp {
        Timestamp::from_milliseconds(1_795_235_947_007).unwrap()
    }

    fn ticket(state: State) -> Ticket {
        Ticket { state, ..Ticket::list(TicketId::new(), UserId::new(), offer("Hamlet", 2000)) }
    }

    fn held(order_id: OrderId) -> State {
        State::Held { order_id, held_until: until() }
    }

    /// What `step` makes of a ticket in each state, as seen by `order`: the new state, if it is one, and the version.
    fn steps<T>(order: OrderId, step: impl Fn(&mut Ticket) -> T) -> Vec<(T, State, i64)> {
        let other = OrderId(uuid::Uuid::max());
        let states = [
            State::Available,
            held(order),
            held(other),
            State::Sold { order_id: order },
            State::Sold { order_id: other },
        ];
        states
            .into_iter()
            .map(|state| {
                let mut ticket = ticket(state);
                let result = step(&mut ticket);
                (result, ticket.state, ticket.version.0)
            })
            .collect()
    }

    #[test]
    fn only_a_free_ticket_is_held() {
        let (order, other) = (OrderId::new(), OrderId(uuid::Uuid::max()));
        assert_eq!(
            steps(order, |ticket| ticket.hold(order, until())),
            [
                (Hold::Taken, held(order), 2),
                (Hold::Nothing, held(order), 1),
                (Hold::Waits, held(other), 1),
                (Hold::Nothing, State::Sold { order_id: order }, 1),
                (Hold::Nothing, State::Sold { order_id: other }, 1),
            ]
        );
    }

    #[test]
    fn only_the_order_that_holds_a_ticket_releases_it() {
        let (order, other) = (OrderId::new(), OrderId(uuid::Uuid::max()));
        assert_eq!(
            steps(order, |ticket| ticket.release(order, None)),
            [
                (false, State::Available, 1),
                (true, State::Available, 2),
                (false, held(other), 1),
                (false, State::Sold { order_id: order }, 1),
                (false, State::Sold { order_id: other }, 1),
            ]
        );
    }

    #[test]
    fn a_released_ticket_goes_to_the_order_that_waits_for_it() {
        let (order, next) = (OrderId::new(), OrderId::new());
        let mut ticket = ticket(held(order));
        assert!(ticket.release(order, Some((next, until()))));
        assert_eq!((ticket.state, ticket.version.0), (held(next), 2));
        assert!(!ticket.release(order, None));
    }

    #[test]
    fn a_ticket_is_sold_whoever_seems_to_hold_it_but_once() {
        let (order, other) = (OrderId::new(), OrderId(uuid::Uuid::max()));
        assert_eq!(
            steps(order, |ticket| ticket.sell(order)),
            [
                (Ok(true), State::Sold { order_id: order }, 2),
                (Ok(true), State::Sold { order_id: order }, 2),
                (Ok(true), State::Sold { order_id: order }, 2),
                (Ok(false), State::Sold { order_id: order }, 1),
                (Err(SoldAlready), State::Sold { order_id: other }, 1),
            ]
        );
    }

    #[test]
    fn only_a_free_ticket_is_edited() {
        let (order, other) = (OrderId::new(), OrderId(uuid::Uuid::max()));
        let edits = steps(order, |ticket| ticket.edit(ticket.user_id, offer("Lear", 900)).is_ok());
        assert_eq!(
            edits,
            [
                (true, State::Available, 2),
                (false, held(order), 1),
                (false, held(other), 1),
                (false, State::Sold { order_id: order }, 1),
                (false, State::Sold { order_id: other }, 1),
            ]
        );
    }

    #[test]
    fn who_does_not_own_a_ticket_is_told_so_before_its_state() {
        let mut ticket = ticket(held(OrderId::new()));
        assert!(matches!(ticket.edit(UserId::new(), offer("Lear", 900)), Err(Error::NotTheOwner)));
        assert!(matches!(ticket.edit(ticket.user_id, offer("Lear", 900)), Err(Error::Reserved)));
    }

    #[test]
    fn an_edit_leaves_no_word_of_the_old_offer() {
        let mut ticket = ticket(State::Available);
        ticket.edit(ticket.user_id, offer("Lear", 900)).unwrap();
        assert_eq!((&*ticket.title, ticket.price), ("Lear", Cents(900)));
    }

    #[test]
    fn an_order_is_shown_only_while_there_is_one() {
        let order = OrderId::new();
        let shown = |state| {
            let mut json = serde_json::to_value(ticket(state)).unwrap();
            for key in ["id", "title", "price", "userId", "version"] {
                json.as_object_mut().unwrap().remove(key).unwrap();
            }
            json
        };
        assert_eq!(shown(State::Available), json!({ "status": "available" }));
        assert_eq!(
            shown(held(order)),
            json!({ "status": "held", "orderId": order, "heldUntil": "2026-11-21T04:39:07.007Z" })
        );
        assert_eq!(shown(State::Sold { order_id: order }), json!({ "status": "sold", "orderId": order }));
    }
}
