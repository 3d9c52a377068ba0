//! `ticket:created`: another ticket may be ordered.

use events::tickets::TicketCreated;
use events::{Listener, Outcome};
use sqlx::PgConnection;

use crate::App;
use crate::listeners::replicate;

impl Listener<TicketCreated> for App {
    async fn handle(&self, tx: &mut PgConnection, event: TicketCreated) -> anyhow::Result<Outcome> {
        replicate(tx, event.into()).await
    }
}
