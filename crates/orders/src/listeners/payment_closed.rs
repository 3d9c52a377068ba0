//! `payment:closed`: no payment is under way any more. The order is open again, or ends if only that was waited for.

use events::payments::PaymentClosed;
use events::{Listener, Outcome};
use sqlx::PgConnection;

use crate::App;
use crate::order::News;
use crate::settle::settle_event;

impl Listener<PaymentClosed> for App {
    async fn handle(&self, tx: &mut PgConnection, event: PaymentClosed) -> anyhow::Result<Outcome> {
        settle_event(tx, event.order_id, News::PaymentClosed, self.clock.now()).await
    }
}
