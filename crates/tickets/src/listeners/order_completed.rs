//! An order is paid: its ticket is sold. If it was paid so late that it had let go of the ticket, it takes it again.

use events::orders::OrderCompleted;
use events::{Listener, Outcome, Turn};
use sqlx::PgConnection;

use crate::{App, store};

impl Listener<OrderCompleted> for App {
    async fn handle(&self, tx: &mut PgConnection, event: OrderCompleted) -> anyhow::Result<Outcome> {
        match event.version.turn(store::order_version(tx, event.id).await?) {
            Turn::Next => {}
            Turn::Past => return Ok(Outcome::Done),
            Turn::Early => return Ok(Outcome::TooEarly),
        }
        let Some(mut ticket) = store::lock(tx, event.ticket.id).await? else { return Ok(Outcome::TooEarly) };
        if ticket.sell(event.id)? {
            store::save(tx, &ticket).await?;
        }
        store::wait_no_more(tx, event.id).await?;
        store::save_order_version(tx, event.id, event.version).await?;
        Ok(Outcome::Done)
    }
}
