//! `order:expiring`: time is up amid a payment. `orders` waits for how that ends, and gets its answer whatever happens:
//! here and now if nothing is under way, from the settle worker otherwise.

use events::orders::OrderExpiring;
use events::{Listener, Outcome, Turn};
use sqlx::PgConnection;

use crate::listeners::follow;
use crate::payment::{News, Status};
use crate::{App, store};

impl Listener<OrderExpiring> for App {
    async fn handle(&self, tx: &mut PgConnection, event: OrderExpiring) -> anyhow::Result<Outcome> {
        match follow(tx, event.id, event.version, |order| order.closing = true).await? {
            Turn::Next => {}
            Turn::Past => return Ok(Outcome::Done),
            Turn::Early => return Ok(Outcome::TooEarly),
        }
        match self.end_payment(tx, event.id).await? {
            // The settle worker answers.
            Some(live) if live.status == Status::Created => {}
            // It was told before; that news may have been lost, or it would not be asked for.
            Some(paid) => store::tell(tx, &paid, News::Paid).await?,
            None => store::tell_closed(tx, event.id).await?,
        }
        Ok(Outcome::Done)
    }
}
