//! An order took a ticket: it is held, and nobody else can buy it.

use events::orders::OrderCreated;
use events::{Listener, Outcome, Turn};
use sqlx::PgConnection;

use crate::{App, store};

impl Listener<OrderCreated> for App {
    async fn handle(&self, tx: &mut PgConnection, event: OrderCreated) -> anyhow::Result<Outcome> {
        match event.version.turn(store::order_version(tx, event.id).await?) {
            Turn::Next => {}
            Turn::Past => return Ok(Outcome::Done),
            Turn::Early => return Ok(Outcome::TooEarly),
        }
        let Some(mut ticket) = store::lock(tx, event.ticket.id).await? else { return Ok(Outcome::TooEarly) };
        match ticket.hold(event.id, event.expires_at) {
            Ok(true) => store::save(tx, &ticket).await?,
            Ok(false) => {}
            // The order that had it let go of it, or `orders` would not have taken this one. We have yet to hear of it.
            Err(_taken) => return Ok(Outcome::TooEarly),
        }
        store::save_order_version(tx, event.id, event.version).await?;
        Ok(Outcome::Done)
    }
}
