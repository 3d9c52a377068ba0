//! An order gave its ticket back: it can be bought again, unless another order has it by now (F6).

use events::orders::OrderCancelled;
use events::{Listener, Outcome, Turn};
use sqlx::PgConnection;

use crate::{App, store};

impl Listener<OrderCancelled> for App {
    async fn handle(&self, tx: &mut PgConnection, event: OrderCancelled) -> anyhow::Result<Outcome> {
        match event.version.turn(store::order_version(tx, event.id).await?) {
            Turn::Next => {}
            Turn::Past => return Ok(Outcome::Done),
            Turn::Early => return Ok(Outcome::TooEarly),
        }
        let Some(mut ticket) = store::lock(tx, event.ticket.id).await? else { return Ok(Outcome::TooEarly) };
        if ticket.release(event.id) {
            store::save(tx, &ticket).await?;
        }
        store::save_order_version(tx, event.id, event.version).await?;
        Ok(Outcome::Done)
    }
}
