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
        store::wait_no_more(tx, event.id).await?;
        let next = store::next_claim(tx, ticket.id).await?;
        if ticket.release(event.id, next) {
            store::save(tx, &ticket).await?;
            if let Some((order, _)) = next {
                store::wait_no_more(tx, order).await?;
            }
        }
        store::save_order_version(tx, event.id, event.version).await?;
        Ok(Outcome::Done)
    }
}
