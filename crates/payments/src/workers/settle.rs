//! Finds out how payments ended that nobody else told of: asks the provider, and ends what nobody waits for any more.
//!
//! It is asked when a request died or got no answer, when a webhook hints that something happened, when an order's time
//! is up, and now and then for an intent that is open in a browser. Whatever the reason, the question is the same.

use events::Timestamp;
use futures::future::join_all;
use time::Duration;
use tracing::{error, warn};

use crate::payment::{Payment, Step};
use crate::provider::{Failure, Standing};
use crate::{App, Error, record, store};

/// Payments looked at at a time: what a provider answers side by side without noticing.
const BATCH: i64 = 8;
/// How long a look may take: three calls of the provider, each with its tries, and the database.
const LEASE: Duration = Duration::minutes(1);

/// Looks at the payments that are due, and says how many they were.
pub async fn settle_once(app: &App) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let due = store::claim_looks(&mut *app.db.acquire().await?, now, now + LEASE, BATCH).await?;
    let looks = due.iter().map(|payment| async move {
        if let Err(error) = look(app, payment, now).await {
            // Nothing is lost: its lease ends, and it is looked at again.
            warn!(payment = %payment.id, "a payment was not settled: {:#}", anyhow::Error::from(error));
        }
    });
    join_all(looks).await;
    Ok(due.len())
}

/// Looks at one payment, whose lease is ours.
async fn look(app: &App, payment: &Payment, now: Timestamp) -> Result<(), Error> {
    let order = store::order(&mut *app.db.acquire().await?, payment.order_id).await?.ok_or(Error::NotFound)?;
    let next = match found_out(app, payment, order.is_over(now)).await {
        Ok((Step::Complete, _)) => return record::completed(app, payment.id).await.map(drop),
        Ok((Step::Close, failure)) => return close(app, payment, failure).await.map(drop),
        Ok((Step::Rest, _)) => None,
        Ok((Step::Later | Step::Cancel, _)) => Some(payment.next_look(&order, false, now)),
        Err(failure) => {
            report(payment, &failure);
            Some(payment.next_look(&order, true, now))
        }
    };
    store::postpone_look(&mut *app.db.acquire().await?, payment.id, payment.next_look_at, next).await?;
    Ok(())
}

/// Ends a payment that stands in the way of another one, if it can be: returns how it is then.
pub async fn end(app: &App, payment: &Payment) -> Result<Payment, Error> {
    match found_out(app, payment, true).await {
        Ok((Step::Complete, _)) => record::completed(app, payment.id).await,
        Ok((Step::Close, failure)) => close(app, payment, failure).await,
        Ok((Step::Rest | Step::Later | Step::Cancel, _)) => Ok(payment.clone()),
        Err(failure) => {
            report(payment, &failure);
            Ok(payment.clone())
        }
    }
}

/// Writes down that no money came: its intent is cancelled, or there is none. In that case there must be none still:
/// somebody may have opened it since we looked, and given its secret away.
async fn close(app: &App, payment: &Payment, failure: Option<String>) -> Result<Payment, Error> {
    match payment.stripe_id {
        Some(_) => record::closed(app, payment.id, failure, false).await,
        None => record::closed_unopened(app, payment.id).await,
    }
}

/// Asks the provider, cancels if that is the thing to do, and says what is left to be done; with the provider's reason
/// for the buyer, if it gave one.
async fn found_out(app: &App, payment: &Payment, over: bool) -> Result<(Step, Option<String>), Failure> {
    let now = app.clock.now();
    let Some(id) = &payment.stripe_id else { return Ok((payment.step_unopened(over, now), None)) };
    let intent = app.provider.ask(id).await?;
    let reason = match &intent.standing {
        Standing::Open { failure } => failure.clone(),
        Standing::Processing | Standing::Succeeded | Standing::Cancelled => None,
    };
    let step = payment.step(&intent.standing, over, now);
    if step != Step::Cancel {
        return Ok((step, reason));
    }
    let intent = match app.provider.cancel(id).await {
        // Somebody was quicker: the buyer, or another cancellation.
        Err(Failure::OtherState) => app.provider.ask(id).await?,
        answer => answer?,
    };
    Ok((payment.step(&intent.standing, over, now), reason))
}

fn report(payment: &Payment, failure: &Failure) {
    match failure {
        Failure::Busy | Failure::Unknown(_) => warn!(payment = %payment.id, "the provider can't be asked: {failure}"),
        // It will not get better by itself, but by somebody who reads this.
        Failure::Declined(_) | Failure::BadToken | Failure::OtherState | Failure::Misuse(_) => {
            error!(payment = %payment.id, "the provider won't tell how a payment stands: {failure}");
        }
    }
}
