//! `order:cancelled`: nothing is to be paid any more. What is under way is ended; money that came all the same is told
//! as always, since what becomes of it is for `orders` to say (F3).

use events::orders::{OrderCancelled, OrderStatus};
use events::{Listener, Outcome, Turn};
use sqlx::PgConnection;

use crate::App;
use crate::listeners::follow;

impl Listener<OrderCancelled> for App {
    async fn handle(&self, tx: &mut PgConnection, event: OrderCancelled) -> anyhow::Result<Outcome> {
        match follow(tx, event.id, event.version, |order| order.status = OrderStatus::Cancelled).await? {
            Turn::Next => {}
            Turn::Past => return Ok(Outcome::Done),
            Turn::Early => return Ok(Outcome::TooEarly),
        }
        self.end_payment(tx, event.id).await?;
        Ok(Outcome::Done)
    }
}
