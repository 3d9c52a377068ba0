//! `payment:started`: from now on the order may be paid at any moment.

use events::payments::PaymentStarted;
use events::{Listener, Outcome};
use sqlx::PgConnection;

use crate::App;
use crate::order::News;
use crate::settle::settle_event;

impl Listener<PaymentStarted> for App {
    async fn handle(&self, tx: &mut PgConnection, event: PaymentStarted) -> anyhow::Result<Outcome> {
        settle_event(tx, event.order_id, News::PaymentStarted, self.clock.now()).await
    }
}
