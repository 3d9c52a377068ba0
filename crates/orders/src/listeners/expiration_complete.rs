//! `expiration:complete`: the timer of an order rang. Unpaid it is cancelled, amid a payment it is expiring.

use events::expiration::ExpirationComplete;
use events::{Listener, Outcome};
use sqlx::PgConnection;

use crate::App;
use crate::order::News;
use crate::settle::settle_event;

impl Listener<ExpirationComplete> for App {
    async fn handle(&self, tx: &mut PgConnection, event: ExpirationComplete) -> anyhow::Result<Outcome> {
        settle_event(tx, event.order_id, News::TimeUp, self.clock.now()).await
    }
}
