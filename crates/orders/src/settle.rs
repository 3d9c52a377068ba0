//! Carries out what an order decides.

use events::{Outcome, Timestamp};
use sqlx::{Connection, PgConnection};

use crate::Error;
use crate::order::{Change, Decision, News, Order};
use crate::store;

/// Lets `order`, which the caller has locked, decide on `news`, and writes down what it decided.
pub async fn settle(tx: &mut PgConnection, order: &Order, news: News, now: Timestamp) -> Result<Decision, Error> {
    let decision = order.decide(news, now);
    tracing::debug!(order = %order.id, ?news, ?decision, "settled");
    match decision {
        Decision::Change(change) => {
            store::change(tx, order, change, now).await?;
        }
        Decision::Retake(payment) => {
            // Whether the ticket is free is for the index to say, at the moment of the change: that it is not must not
            // undo what the transaction did before.
            let mut savepoint = tx.begin().await?;
            match store::change(&mut savepoint, order, Change::Complete(payment), now).await {
                Ok(_) => savepoint.commit().await?,
                Err(Error::Reserved) => {
                    savepoint.rollback().await?;
                    store::ask_back(tx, order, payment).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Decision::Refund(payment) => store::ask_back(tx, order, payment).await?,
        Decision::Stay | Decision::TooEarly | Decision::Refuse => {}
    }
    Ok(decision)
}

/// The same for an event: what becomes of it. An order that is not there was made here all the same, so that the event
/// comes again, and in the end is for a person to look at.
pub async fn settle_event(
    tx: &mut PgConnection,
    order: events::OrderId,
    news: News,
    now: Timestamp,
) -> anyhow::Result<Outcome> {
    let Some(order) = store::lock(tx, order).await? else { return Ok(Outcome::TooEarly) };
    Ok(match settle(tx, &order, news, now).await? {
        Decision::TooEarly => Outcome::TooEarly,
        Decision::Change(_) | Decision::Retake(_) | Decision::Refund(_) | Decision::Stay | Decision::Refuse => {
            Outcome::Done
        }
    })
}
