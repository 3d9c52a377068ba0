//! `refund:requested`: a payment came too late or twice, and goes back. Once, however often it is asked for.

use anyhow::{Context, bail};
use events::orders::RefundRequested;
use events::{Listener, Outcome};
use sqlx::PgConnection;

use crate::payment::Status;
use crate::{App, store};

impl Listener<RefundRequested> for App {
    async fn handle(&self, tx: &mut PgConnection, event: RefundRequested) -> anyhow::Result<Outcome> {
        store::lock_order(tx, event.order_id).await?;
        let payment = store::lock_payment(tx, event.payment_id).await?;
        // We told of it before it could be asked back, so that it is here; or this is for a person to look at.
        let mut payment = payment.context("a refund of a payment that is not known here")?;
        match payment.status {
            Status::Completed => {
                if payment.want_refund(self.clock.now()) {
                    store::save(tx, &payment, None).await?;
                    store::wake(tx).await?;
                }
            }
            Status::Refunded => {}
            Status::Created | Status::Failed => bail!("a refund of a payment that was never paid"),
        }
        Ok(Outcome::Done)
    }
}
