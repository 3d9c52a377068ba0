//! What can be asked over HTTP: one operation a file.

pub mod config;
pub mod intent;
pub mod list;
pub mod pay;
pub mod webhook;

use std::time::Duration;

use events::PaymentId;
use tokio::time::{Instant, sleep};

use crate::payment::{Payment, Status};
use crate::{App, Error, store};

/// Between two looks at a payment that somebody else is at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Waits until a payment that another request is at has ended, but not past `deadline`: returns how it is then. No
/// connection is held meanwhile.
async fn ended(app: &App, id: PaymentId, deadline: Instant) -> Result<Payment, Error> {
    loop {
        let payment = store::payment(&mut *app.db.acquire().await?, id).await?.ok_or(Error::NotFound)?;
        if payment.status != Status::Created || Instant::now() >= deadline {
            return Ok(payment);
        }
        sleep(LOOK_EVERY).await;
    }
}
