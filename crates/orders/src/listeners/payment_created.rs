//! `payment:created`: an order is paid: complete, or, if that is too late or the second time, the money goes back.

use events::payments::PaymentCreated;
use events::{Listener, Outcome};
use sqlx::PgConnection;

use crate::App;
use crate::order::News;
use crate::settle::settle_event;

impl Listener<PaymentCreated> for App {
    async fn handle(&self, tx: &mut PgConnection, event: PaymentCreated) -> anyhow::Result<Outcome> {
        settle_event(tx, event.order_id, News::Paid(event.id), self.clock.now()).await
    }
}
