//! `POST /api/payments/intent`: opens a payment intent for the buyer's browser to confirm; the same one again on repeat.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use events::{Cents, OrderId, PaymentId, UserId};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use service::problem::Errors;
use service::{Body, ClientAddress, Session};
use sqlx::{Acquire, PgConnection};
use tokio::time::Instant;
use utoipa::ToSchema;
use validator::Validate;

use crate::order::Refusal;
use crate::payment::{Kind, Payment, Status};
use crate::provider::{ConfirmedBy, Failure, Standing};
use crate::routes::ended;
use crate::routes::pay::{open, text, within};
use crate::{App, Error, record, store};

/// Payments of one order a request may see end before it has one that is open.
const TURNS_MAX: u32 = 3;

/// What is to be paid for.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OpenIntent)]
pub struct Order {
    /// The order.
    #[serde(default, deserialize_with = "text")]
    #[validate(length(min = 1, message = "Invalid value"))]
    #[schema(required, min_length = 1)]
    pub order_id: String,
}

/// An intent that a browser can confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PaymentIntent)]
pub struct Opened {
    /// Which payment it is here.
    pub id: PaymentId,
    /// What lets the provider's script confirm it. For the buyer's eyes only.
    pub client_secret: String,
    /// How much will be paid.
    pub amount: Cents,
    /// Of what.
    #[schema(example = "usd")]
    pub currency: String,
}

/// Opens a payment for the buyer's browser to confirm.
///
/// Asked again, it gives the same one for as long as that can be confirmed.
#[utoipa::path(
    post, path = "/api/payments/intent", tag = "payments", operation_id = "openIntent", request_body = Order,
    responses(
        (status = 201, description = "An intent that can be confirmed.", body = Opened),
        (status = 400, description = "A rule of a field is broken, or the order can't be paid.", body = Errors),
        (status = 401, description = "Nobody is signed in, or the order is somebody else's.", body = Errors),
        (status = 404, description = "There is no such order.", body = Errors),
        (status = 429, description = "Too many tries to pay.", body = Errors),
        (status = 503, description = "The provider does not answer, or a payment is still being confirmed: the \
            message says which.", body = Errors),
    ),
    security(("session" = [])),
)]
pub async fn intent(
    State(app): State<App>,
    session: Session,
    address: ClientAddress,
    Body(body): Body<Order>,
) -> Result<(StatusCode, Json<Opened>), Error> {
    app.limits.check(session.user, address)?;
    let order = body.order_id.parse().map_err(|_| Error::NotFound)?;
    let opened = opened(&app, session.user, order).await?;
    Ok((StatusCode::CREATED, Json(opened)))
}

async fn opened(app: &App, user: UserId, order: OrderId) -> Result<Opened, Error> {
    let deadline = Instant::now() + app.patience;
    for _ in 0..TURNS_MAX {
        let payment = live(app, user, order).await?;
        if payment.kind == Kind::Token {
            match ended(app, payment.id, deadline).await?.status {
                Status::Completed => return Err(Refusal::Paid.into()),
                Status::Created => return Err(Error::Unsure),
                Status::Failed | Status::Refunded => continue,
            }
        }
        let intent = match &payment.stripe_id {
            None => open(app, &payment, ConfirmedBy::Browser, deadline).await?,
            // The secret is not kept here; and this tells too whether it is still of use.
            Some(id) => match within(deadline, app.provider.ask(id)).await {
                Err(Failure::Busy | Failure::Unknown(_)) => return Err(Error::NotCharged),
                answer => Some(answer?),
            },
        };
        // Over meanwhile: the next turn has a new one, if the order may still be paid.
        let Some(intent) = intent else { continue };
        match intent.standing {
            Standing::Open { .. } => {
                let no_secret = || Failure::Misuse("an intent has no secret".to_owned());
                return Ok(Opened {
                    id: payment.id,
                    client_secret: intent.client_secret.ok_or_else(no_secret)?.expose_secret().to_owned(),
                    amount: payment.amount,
                    currency: payment.currency,
                });
            }
            Standing::Processing => return Err(Error::Unsure),
            Standing::Succeeded => {
                record::completed(app, payment.id).await?;
                return Err(Refusal::Paid.into());
            }
            Standing::Cancelled => {
                record::closed(app, payment.id, None, false).await?;
            }
        }
    }
    Err(Error::NotCharged)
}

/// The payment of `order` that is under way, begun now if there is none.
async fn live(app: &App, user: UserId, order: OrderId) -> Result<Payment, Error> {
    let mut connection = app.db.acquire().await?;
    let mut tx = connection.begin().await?;
    let live = claim(app, &mut tx, user, order).await;
    store::end(tx, live).await
}

async fn claim(app: &App, tx: &mut PgConnection, user: UserId, order: OrderId) -> Result<Payment, Error> {
    let order = store::lock_order(tx, order).await?.ok_or(Error::NotFound)?;
    order.may_be_paid_by(user)?;
    let live = store::lock_live(tx, order.id).await?;
    if live.as_ref().is_some_and(|live| live.status == Status::Completed) {
        return Err(Refusal::Paid.into());
    }
    let now = app.clock.now();
    // Also of one that is open: time may have passed since.
    order.takes_payment(now)?;
    if let Some(live) = live {
        return Ok(live);
    }
    let payment = Payment::begin(&order, Kind::Intent, &app.currency, None, now);
    store::insert(tx, &payment).await?;
    Ok(payment)
}
