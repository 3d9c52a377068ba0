//! `POST /api/payments`: pays for an order with a token, once, however often and by how many at a time it is asked.
//!
//! ```text
//!  claim: one transaction ─► open: the provider ─► write its id down ─► confirm: the provider ─► record: one transaction
//!  payment:started           no money moves yet    from here on the      money moves              payment:created,
//!                                                  settle worker can                              payment:closed
//!                                                  find out the rest
//! ```

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use events::{OrderId, PaymentId, UserId};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use service::problem::Errors;
use service::{Body, ClientAddress, Session};
use sha2::{Digest, Sha256};
use sqlx::{Acquire, PgConnection};
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;
use validator::Validate;

use crate::payment::{Kind, Payment, Status};
use crate::provider::{ConfirmedBy, Failure, Intent, Standing, Wish};
use crate::routes::ended;
use crate::workers::settle;
use crate::{App, Error, record, store};

/// Payments of one order a request may see end before its own turn: more than two is a buyer with many windows open.
const TURNS_MAX: u32 = 3;

/// What is paid for, and with what.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pay {
    /// The order.
    #[serde(default, deserialize_with = "text")]
    #[validate(length(min = 1, message = "Invalid value"))]
    #[schema(required, min_length = 1)]
    pub order_id: String,
    /// What the provider gave the buyer's browser for a card.
    #[serde(default, deserialize_with = "text")]
    #[validate(length(min = 1, max = 255, message = "Invalid value"))]
    #[schema(required, min_length = 1, max_length = 255, example = "tok_visa")]
    pub token: String,
}

/// What is missing or no text is read as empty, so that it is refused by the rule of its field.
pub(super) fn text<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    Ok(match serde_json::Value::deserialize(input)? {
        serde_json::Value::String(text) => text.trim().to_owned(),
        _ => String::new(),
    })
}

/// The payment that paid for the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Paid {
    /// Which payment.
    pub id: PaymentId,
}

/// Pays for an order with a token.
///
/// Asked twice, also at the same time, it charges once and gives the same answer.
#[utoipa::path(
    post, path = "/api/payments", tag = "payments", operation_id = "pay", request_body = Pay,
    responses(
        (status = 201, description = "Paid, now or before.", body = Paid),
        (status = 400, description = "A rule of a field is broken, the order can't be paid, or the card was declined: \
            then the sentence is the provider's.", body = Errors),
        (status = 401, description = "Nobody is signed in, or the order is somebody else's.", body = Errors),
        (status = 404, description = "There is no such order.", body = Errors),
        (status = 429, description = "Too many tries to pay.", body = Errors),
        (status = 503, description = "Nothing was charged, or it is not known yet whether: the message says which. \
            The same request again gives the answer.", body = Errors),
    ),
    security(("session" = [])),
)]
pub async fn pay(
    State(app): State<App>,
    session: Session,
    address: ClientAddress,
    Body(body): Body<Pay>,
) -> Result<(StatusCode, Json<Paid>), Error> {
    app.limits.check(session.user, address)?;
    let order = body.order_id.parse().map_err(|_| Error::NotFound)?;
    let id = charge(&app, session.user, order, body.token.into()).await?;
    Ok((StatusCode::CREATED, Json(Paid { id })))
}

/// What a request finds when its turn comes.
enum Turn {
    /// The order is paid.
    Paid(PaymentId),
    /// This very request was answered by a decline, which its buyer has not heard yet.
    Declined(String),
    /// It is for us to pay.
    Ours(Payment),
    /// Another request is at it.
    Theirs(Payment),
    /// The buyer's browser has an intent open.
    Browser(Payment),
}

/// Pays for `order`, or finds it paid.
pub async fn charge(app: &App, user: UserId, order: OrderId, token: SecretString) -> Result<PaymentId, Error> {
    let deadline = Instant::now() + app.patience;
    let digest = Sha256::digest(token.expose_secret()).to_vec();
    for _ in 0..TURNS_MAX {
        let ended = match turn(app, user, order, &digest).await? {
            Turn::Paid(id) => return Ok(id),
            Turn::Declined(sentence) => return Err(Error::Declined(sentence)),
            Turn::Ours(payment) => return carry_out(app, payment, &token, deadline).await,
            Turn::Theirs(payment) => ended(app, payment.id, deadline).await?,
            // One intent an order: what the browser could still confirm must be out of the way first.
            Turn::Browser(payment) => match timeout_at(deadline, settle::end(app, &payment)).await {
                // It was only just opened: that is for the next turn to end.
                Ok(Ok(ended)) if ended.stripe_id != payment.stripe_id => continue,
                Ok(ended) => ended?,
                Err(_) => return Err(Error::Unsure),
            },
        };
        match (ended.status, ended.failure) {
            (Status::Completed, _) => return Ok(ended.id),
            (Status::Created, _) => {
                record::unsure(app, ended.id).await?;
                return Err(Error::Unsure);
            }
            // Our twin's answer is ours; a different card has a try of its own.
            (Status::Failed, Some(sentence)) if ended.token_digest.as_deref() == Some(&*digest) => {
                return Err(Error::Declined(sentence));
            }
            (Status::Failed | Status::Refunded, _) => {}
        }
    }
    Err(Error::NotCharged)
}

/// Looks whose turn it is, and claims it if it is ours: F2.
async fn turn(app: &App, user: UserId, order: OrderId, digest: &[u8]) -> Result<Turn, Error> {
    let mut connection = app.db.acquire().await?;
    let mut tx = connection.begin().await?;
    let turn = claim(app, &mut tx, user, order, digest).await;
    store::end(tx, turn).await
}

async fn claim(app: &App, tx: &mut PgConnection, user: UserId, order: OrderId, digest: &[u8]) -> Result<Turn, Error> {
    let order = store::lock_order(tx, order).await?.ok_or(Error::NotFound)?;
    order.may_be_paid_by(user)?;
    if let Some(live) = store::lock_live(tx, order.id).await? {
        return Ok(match (live.status, live.kind) {
            (Status::Created, Kind::Token) => Turn::Theirs(live),
            (Status::Created, Kind::Intent) => Turn::Browser(live),
            (Status::Completed | Status::Failed | Status::Refunded, _) => Turn::Paid(live.id),
        });
    }
    if let Some(mut owed) = store::lock_owed(tx, order.id, digest).await?
        && let Some(sentence) = owed.failure.clone()
    {
        owed.answer_owed = false;
        store::save(tx, &owed, None).await?;
        return Ok(Turn::Declined(sentence));
    }
    let now = app.clock.now();
    order.takes_payment(now)?;
    let payment = Payment::begin(&order, Kind::Token, &app.currency, Some(digest.to_vec()), now);
    store::insert(tx, &payment).await?;
    Ok(Turn::Ours(payment))
}

/// Carries out a payment that is ours. Whatever it is cut off by, the settle worker finds out the rest.
async fn carry_out(app: &App, payment: Payment, token: &SecretString, deadline: Instant) -> Result<PaymentId, Error> {
    let Some(intent) = open(app, &payment, ConfirmedBy::Us, deadline).await? else { return Err(Error::NotCharged) };
    let key = payment.confirm_key();
    // Of the time that is left some is kept for the question what came of it.
    let confirmed = within(deadline - app.patience / 4, app.provider.confirm(&key, &intent.id, token)).await;
    match confirmed {
        Ok(Intent { standing: Standing::Succeeded, .. }) => paid(app, payment.id).await,
        Err(Failure::Declined(sentence)) => {
            record::closed(app, payment.id, Some(sentence.clone()), true).await?;
            Err(Error::Declined(sentence))
        }
        Err(Failure::BadToken) => {
            record::closed(app, payment.id, None, true).await?;
            Err(Error::BadToken)
        }
        Err(failure @ Failure::Misuse(_)) => {
            record::closed(app, payment.id, None, true).await?;
            Err(failure.into())
        }
        // There may be an answer that got lost, or one that is still to come.
        Ok(_) | Err(Failure::OtherState | Failure::Busy | Failure::Unknown(_)) => {
            let asked = within(deadline, app.provider.ask(&intent.id)).await;
            match asked.map(|intent| intent.standing) {
                Ok(Standing::Succeeded) => paid(app, payment.id).await,
                Ok(Standing::Open { failure: Some(sentence) }) => {
                    record::closed(app, payment.id, Some(sentence.clone()), true).await?;
                    Err(Error::Declined(sentence))
                }
                Ok(Standing::Cancelled) => {
                    record::closed(app, payment.id, None, false).await?;
                    Err(Error::NotCharged)
                }
                Ok(Standing::Open { failure: None } | Standing::Processing) | Err(_) => {
                    match record::unsure(app, payment.id).await?.status {
                        Status::Completed => Ok(payment.id),
                        Status::Created | Status::Failed | Status::Refunded => Err(Error::Unsure),
                    }
                }
            }
        }
    }
}

/// Gets a payment its intent, and writes down which. `None` if the payment is over meanwhile.
pub(super) async fn open(
    app: &App,
    payment: &Payment,
    confirmed_by: ConfirmedBy,
    deadline: Instant,
) -> Result<Option<Intent>, Error> {
    let wish = Wish {
        payment: payment.id,
        order: payment.order_id,
        amount: payment.amount,
        currency: payment.currency.clone(),
        confirmed_by,
    };
    let key = payment.open_key();
    let intent = match within(deadline, app.provider.open(&key, &wish)).await {
        Ok(intent) => intent,
        Err(failure) => {
            // Whatever was made there, nobody has its secret, and nobody will confirm it.
            record::closed_unopened(app, payment.id).await?;
            return Err(match failure {
                Failure::Declined(sentence) => Error::Declined(sentence),
                Failure::Busy | Failure::Unknown(_) => Error::NotCharged,
                Failure::BadToken | Failure::OtherState | Failure::Misuse(_) => failure.into(),
            });
        }
    };
    let next_look_at = match confirmed_by {
        ConfirmedBy::Us => None,
        ConfirmedBy::Browser => Some(payment.first_look(app.clock.now())),
    };
    if store::open(&mut *app.db.acquire().await?, payment.id, &intent.id, next_look_at).await? {
        return Ok(Some(intent));
    }
    // Nobody will ever confirm it. That it ends there too is a courtesy: nothing hangs on it.
    let _ = within(deadline, app.provider.cancel(&intent.id)).await;
    Ok(None)
}

/// Money came.
async fn paid(app: &App, id: PaymentId) -> Result<PaymentId, Error> {
    match record::completed(app, id).await?.status {
        Status::Completed => Ok(id),
        // Another payment of the order counts by now: this one is on its way back.
        Status::Created | Status::Failed | Status::Refunded => Err(Error::Unsure),
    }
}

/// A call to the provider, but not past `deadline`: then nobody knows what came of it.
pub(super) async fn within<T>(
    deadline: Instant,
    call: impl Future<Output = Result<T, Failure>> + Send,
) -> Result<T, Failure> {
    match timeout_at(deadline, call).await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::Unknown("no more time to wait for an answer".to_owned())),
    }
}

/// How long a request waits for its answer, all calls to the provider included: longer than nearly all banks take, and
/// less than clients and proxies wait.
pub const PATIENCE: Duration = Duration::from_secs(20);
