//! `order:updated`: a payment of the order began or was given up, which we said ourselves. Only its version is news.

use events::orders::OrderUpdated;
use events::{Listener, Outcome, Turn};
use sqlx::PgConnection;

use crate::App;
use crate::listeners::follow;

impl Listener<OrderUpdated> for App {
    async fn handle(&self, tx: &mut PgConnection, event: OrderUpdated) -> anyhow::Result<Outcome> {
        let followed = follow(tx, event.id, event.version, |order| {
            order.status = event.status;
            order.expires_at = event.expires_at;
        });
        Ok(match followed.await? {
            Turn::Next | Turn::Past => Outcome::Done,
            Turn::Early => Outcome::TooEarly,
        })
    }
}
