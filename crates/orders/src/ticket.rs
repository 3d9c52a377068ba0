//! A ticket as far as this service must know it: the replica that `tickets` keeps up to date by its events.

use events::tickets::{TicketCreated, TicketUpdated};
use events::{Cents, TicketId, UserId, Version};

/// What may be ordered, as it was when `version` was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Which.
    pub id: TicketId,
    /// What it admits to.
    pub title: String,
    /// What its owner wants for it.
    pub price: Cents,
    /// Its owner, who can't buy it.
    pub user_id: UserId,
    /// The last change that is known here.
    pub version: Version,
}

impl From<TicketCreated> for Ticket {
    fn from(TicketCreated { id, title, price, user_id, version }: TicketCreated) -> Self {
        Self { id, title, price, user_id, version }
    }
}

/// Who holds it is left out: that is decided here, by the orders themselves, and only told to `tickets`.
impl From<TicketUpdated> for Ticket {
    fn from(TicketUpdated { id, title, price, user_id, version, order_id: _ }: TicketUpdated) -> Self {
        Self { id, title, price, user_id, version }
    }
}
