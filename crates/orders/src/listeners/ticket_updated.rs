//! `ticket:updated`: what is ordered from now on is the ticket as it is now.

use events::tickets::TicketUpdated;
use events::{Listener, Outcome};
use sqlx::PgConnection;

use crate::App;
use crate::listeners::replicate;

impl Listener<TicketUpdated> for App {
    async fn handle(&self, tx: &mut PgConnection, event: TicketUpdated) -> anyhow::Result<Outcome> {
        replicate(tx, event.into()).await
    }
}
