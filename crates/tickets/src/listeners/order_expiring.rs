//! The time of an order is up while it is being paid. It holds its ticket as before: this only counts its versions.

use events::orders::OrderExpiring;
use events::{Listener, Outcome, Turn};
use sqlx::PgConnection;

use crate::{App, store};

impl Listener<OrderExpiring> for App {
    async fn handle(&self, tx: &mut PgConnection, event: OrderExpiring) -> anyhow::Result<Outcome> {
        match event.version.turn(store::order_version(tx, event.id).await?) {
            Turn::Next => store::save_order_version(tx, event.id, event.version).await?,
            Turn::Past => {}
            Turn::Early => return Ok(Outcome::TooEarly),
        }
        Ok(Outcome::Done)
    }
}
