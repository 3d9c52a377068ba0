//! What this service does when an order changes: one event a file.
//!
//! Each counts the order's versions, so that what happened to one order takes effect once and in its order. An event
//! for which something is missing that must have happened before comes again later: a version of the order, the ticket,
//! or the release by the order that had the ticket before.

mod order_cancelled;
mod order_completed;
mod order_created;
mod order_expiring;
mod order_updated;

use events::Listeners;
use events::orders::{OrderCancelled, OrderCompleted, OrderCreated, OrderExpiring, OrderUpdated};

use crate::App;

/// All of them, under the name of this service's queue group.
pub fn listeners(app: &App) -> Listeners {
    Listeners::new("tickets-service")
        .on::<OrderCreated>(app.clone())
        .on::<OrderUpdated>(app.clone())
        .on::<OrderExpiring>(app.clone())
        .on::<OrderCancelled>(app.clone())
        .on::<OrderCompleted>(app.clone())
}
