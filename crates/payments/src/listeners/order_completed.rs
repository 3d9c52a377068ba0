//! `order:completed`: it is paid. Should another payment be under way, it is ended.

use events::orders::{OrderCompleted, OrderStatus};
use events::{Listener, Outcome, Turn};
use sqlx::PgConnection;

use crate::App;
use crate::listeners::follow;

impl Listener<OrderCompleted> for App {
    async fn handle(&self, tx: &mut PgConnection, event: OrderCompleted) -> anyhow::Result<Outcome> {
        match follow(tx, event.id, event.version, |order| order.status = OrderStatus::Complete).await? {
            Turn::Next => {}
            Turn::Past => return Ok(Outcome::Done),
            Turn::Early => return Ok(Outcome::TooEarly),
        }
        self.end_payment(tx, event.id).await?;
        Ok(Outcome::Done)
    }
}
