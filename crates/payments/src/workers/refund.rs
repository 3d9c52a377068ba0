//! Gives money back, and does not rest before it is.
//!
//! ```text
//!   wanted ───────────► asked ───────────► refunded            payment:refunded
//!     ▲   refund(key)     │   succeeded        │
//!     └───────────────────┴────────────────────┘
//!        failed at the bank: a new key, an hour later
//! ```
//!
//! The key is the payment's id and the number of the try, so that a process that dies anywhere asks for the same refund
//! again; and what is refunded in whole can't be refunded twice, so that even a forgotten key does no harm.

use futures::future::join_all;
use time::Duration;
use tracing::{error, warn};

use crate::payment::Payment;
use crate::provider::{Failure, Refund, RefundStanding};
use crate::{App, Error, record, store};

/// Refunds seen to at a time.
const BATCH: i64 = 8;
/// How long one of them may take: two calls of the provider, each with its tries, and the database.
const LEASE: Duration = Duration::minutes(1);

/// Goes on with the refunds that are due, and says how many they were.
pub async fn refund_once(app: &App) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let due = store::claim_refunds(&mut *app.db.acquire().await?, now, now + LEASE, BATCH).await?;
    let refunds = due.iter().map(|payment| async move {
        if let Err(error) = go_on(app, payment).await {
            // Nothing is lost: its lease ends, and it is taken up again.
            warn!(payment = %payment.id, "a refund was not seen through: {:#}", anyhow::Error::from(error));
        }
    });
    join_all(refunds).await;
    Ok(due.len())
}

/// Goes on with one refund, whose lease is ours.
async fn go_on(app: &App, payment: &Payment) -> Result<(), Error> {
    let refund = match asked(app, payment).await {
        Ok(Refund { id, standing: RefundStanding::Succeeded }) => {
            return record::refunded(app, payment.id, id).await.map(drop);
        }
        Ok(Refund { id, standing: RefundStanding::Failed }) => {
            error!(payment = %payment.id, refund = id, "a refund failed at the bank; it is asked for anew in an hour");
            return record::refund_failed(app, payment.id, &id).await.map(drop);
        }
        Ok(Refund { id, standing: RefundStanding::Pending }) => Some(id),
        Err(failure @ (Failure::Busy | Failure::Unknown(_))) => {
            warn!(payment = %payment.id, "the provider can't be asked for a refund: {failure}");
            None
        }
        Err(failure @ (Failure::Declined(_) | Failure::BadToken | Failure::OtherState | Failure::Misuse(_))) => {
            // It will not get better by itself, but by somebody who reads this.
            error!(payment = %payment.id, "the provider refuses a refund: {failure}");
            None
        }
    };
    let next = payment.next_refund(app.clock.now());
    let mut db = app.db.acquire().await?;
    store::postpone_refund(&mut db, payment.id, payment.next_refund_at, next, refund.as_deref()).await?;
    Ok(())
}

/// Asks for the refund, or how it stands.
async fn asked(app: &App, payment: &Payment) -> Result<Refund, Failure> {
    if let Some(refund) = &payment.stripe_refund_id {
        return app.provider.ask_refund(refund).await;
    }
    let intent = payment.stripe_id.as_deref().ok_or_else(|| Failure::Misuse("it has no intent".to_owned()))?;
    match app.provider.refund(&payment.refund_key(), intent).await {
        // Done before: by us, in an attempt whose key is forgotten, or by somebody at the provider's dashboard.
        Err(Failure::OtherState) => app.provider.find_refund(intent).await?.ok_or(Failure::OtherState),
        answer => answer,
    }
}
