//! A payment of an order began or was given up. It holds its ticket as before: this only counts its versions.

use events::orders::OrderUpdated;
use events::{Listener, Outcome, Turn};
use sqlx::PgConnection;

use crate::{App, store};

impl Listener<OrderUpdated> for App {
    async fn handle(&self, tx: &mut PgConnection, event: OrderUpdated) -> anyhow::Result<Outcome> {
        match event.version.turn(store::order_version(tx, event.id).await?) {
            Turn::Next => store::save_order_version(tx, event.id, event.version).await?,
            Turn::Past => {}
            Turn::Early => return Ok(Outcome::TooEarly),
        }
        Ok(Outcome::Done)
    }
}
