//! What this service listens to, one event a file.

mod expiration_complete;
mod payment_closed;
mod payment_created;
mod payment_started;
mod ticket_created;
mod ticket_updated;

use events::expiration::ExpirationComplete;
use events::payments::{PaymentClosed, PaymentCreated, PaymentStarted};
use events::tickets::{TicketCreated, TicketUpdated};
use events::{Listeners, Outcome, Turn};
use sqlx::PgConnection;

use crate::ticket::Ticket;
use crate::{App, store};

/// The queue group of this service.
const DURABLE: &str = "orders-service";

/// Every listener, on `app`.
pub fn all(app: &App) -> Listeners {
    Listeners::new(DURABLE)
        .on::<TicketCreated>(app.clone())
        .on::<TicketUpdated>(app.clone())
        .on::<ExpirationComplete>(app.clone())
        .on::<PaymentStarted>(app.clone())
        .on::<PaymentCreated>(app.clone())
        .on::<PaymentClosed>(app.clone())
}

/// Keeps `ticket` if it is the version after the one known here.
async fn replicate(tx: &mut PgConnection, ticket: Ticket) -> anyhow::Result<Outcome> {
    match ticket.version.turn(store::ticket_version(tx, ticket.id).await?) {
        Turn::Next => store::save_ticket(tx, &ticket).await?,
        Turn::Past => {}                             // A repeat is no news.
        Turn::Early => return Ok(Outcome::TooEarly), // A change before it is still on its way.
    }
    Ok(Outcome::Done)
}
