//! `order:created`: somebody may pay, this much, until then.

use events::orders::OrderCreated;
use events::{Listener, Outcome, Turn};
use sqlx::PgConnection;

use crate::order::Order;
use crate::{App, store};

impl Listener<OrderCreated> for App {
    async fn handle(&self, tx: &mut PgConnection, event: OrderCreated) -> anyhow::Result<Outcome> {
        match event.version.turn(store::order_version(tx, event.id).await?) {
            Turn::Next => store::save_order(tx, &event.into()).await?,
            Turn::Past => {}
            Turn::Early => return Ok(Outcome::TooEarly),
        }
        Ok(Outcome::Done)
    }
}

impl From<OrderCreated> for Order {
    fn from(event: OrderCreated) -> Self {
        let OrderCreated { id, version, status, user_id, expires_at, ticket } = event;
        Self { id, version, user_id, status, price: ticket.price, expires_at, closing: false }
    }
}
