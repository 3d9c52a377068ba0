//! What the provider said, written down: the change of a payment and what others hear of it, in one transaction. No
//! provider is called in here (F33).

use events::PaymentId;
use sqlx::Acquire;

use crate::order::Order;
use crate::payment::{News, Payment, Status};
use crate::{App, Error, store};

/// Lets `change` decide on a payment as it is now, saves what it decided, and tells it.
async fn change(
    app: &App,
    id: PaymentId,
    change: impl FnOnce(&mut Payment, &Order, bool) -> Option<News> + Send,
) -> Result<Payment, Error> {
    let mut connection = app.db.acquire().await?;
    // Which order it is of never changes; that order is locked before the payment, as everybody does.
    let order = store::payment(&mut connection, id).await?.ok_or(Error::NotFound)?.order_id;
    let mut tx = connection.begin().await?;
    let order = store::lock_order(&mut tx, order).await?.ok_or(Error::NotFound)?;
    let mut payment = store::lock_payment(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let rival = store::lock_live(&mut tx, order.id).await?.is_some_and(|live| live.id != id);
    let before = payment.clone();
    let news = change(&mut payment, &order, rival);
    if payment != before {
        store::save(&mut tx, &payment, news).await?;
        if payment.is_due(app.clock.now()) {
            store::wake(&mut tx).await?;
        }
    }
    tx.commit().await?;
    if payment != before {
        tracing::info!(payment = %id, order = %order.id, status = ?payment.status, ?news, "a payment changed");
    }
    Ok(payment)
}

/// Money came.
pub async fn completed(app: &App, id: PaymentId) -> Result<Payment, Error> {
    let now = app.clock.now();
    change(app, id, |payment, order, rival| {
        if payment.status == Status::Failed {
            tracing::warn!(payment = %id, order = %order.id, rival, "money came for a payment that counted as failed");
        }
        payment.complete(rival, now)
    })
    .await
}

/// No money came, perhaps with the provider's reason; the intent may still be open there.
pub async fn closed(app: &App, id: PaymentId, failure: Option<String>, stays_open: bool) -> Result<Payment, Error> {
    let now = app.clock.now();
    change(app, id, |payment, _, _| payment.close(failure, stays_open, now)).await
}

/// No money can have come: closes the payment if it has no intent yet. Somebody else may have opened it meanwhile.
pub async fn closed_unopened(app: &App, id: PaymentId) -> Result<Payment, Error> {
    let now = app.clock.now();
    change(app, id, |payment, _, _| match payment.stripe_id {
        None => payment.close(None, false, now),
        Some(_) => None,
    })
    .await
}

/// Nobody knows whether money came, and the buyer was told so: the workers will find out.
pub async fn unsure(app: &App, id: PaymentId) -> Result<Payment, Error> {
    let now = app.clock.now();
    change(app, id, |payment, _, _| {
        if payment.status == Status::Created {
            payment.answer_owed = true;
            payment.look_soon(now);
        }
        None
    })
    .await
}

/// The money is back.
pub async fn refunded(app: &App, id: PaymentId, refund: String) -> Result<Payment, Error> {
    change(app, id, |payment, _, _| payment.refunded(refund)).await
}

/// The bank did not take the money back.
pub async fn refund_failed(app: &App, id: PaymentId, refund: &str) -> Result<Payment, Error> {
    let now = app.clock.now();
    change(app, id, |payment, _, rival| {
        // Of an attempt before this one, perhaps: then nothing is new.
        if payment.stripe_refund_id.as_deref().is_none_or(|known| known == refund) {
            payment.refund_failed(rival, now);
        }
        None
    })
    .await
}
