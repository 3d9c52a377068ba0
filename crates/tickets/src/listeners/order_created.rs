//! An order took a ticket: it is held, and nobody else can buy it.

use events::orders::OrderCreated;
use events::{Listener, Outcome, Turn};
use sqlx::PgConnection;

use crate::ticket::Hold;
use crate::{App, store};

impl Listener<OrderCreated> for App {
    async fn handle(&self, tx: &mut PgConnection, event: OrderCreated) -> anyhow::Result<Outcome> {
        match event.version.turn(store::order_version(tx, event.id).await?) {
            Turn::Next => {}
            Turn::Past => return Ok(Outcome::Done),
            Turn::Early => return Ok(Outcome::TooEarly),
        }
        let Some(mut ticket) = store::lock(tx, event.ticket.id).await? else { return Ok(Outcome::TooEarly) };
        store::save_order_version(tx, event.id, event.version).await?;
        match ticket.hold(event.id, event.expires_at) {
            Hold::Taken => store::save(tx, &ticket).await?,
            Hold::Waits => store::wait_for(tx, ticket.id, (event.id, event.expires_at)).await?,
            Hold::Nothing => {}
        }
        Ok(Outcome::Done)
    }
}
