//! `GET /api/payments`: a user's own payments, newest first.

use axum::extract::State;
use events::{Cents, OrderId, PaymentId};
use serde::{Deserialize, Serialize};
use service::page::{Listed, Page};
use service::problem::Errors;
use service::{Query, Session};
use utoipa::{IntoParams, ToSchema};

use crate::payment::{self, Status};
use crate::{App, Error, store};

/// A payment, as its buyer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Which.
    pub id: PaymentId,
    /// What is paid for.
    pub order_id: OrderId,
    /// The provider's name of it; absent until it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stripe_id: Option<String>,
    /// How it stands.
    pub status: Status,
    /// How much.
    pub amount: Cents,
    /// Of what.
    #[schema(example = "usd")]
    pub currency: String,
    /// Why it failed, in the provider's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failure: Option<String>,
    /// The provider's name of the refund; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stripe_refund_id: Option<String>,
}

impl From<payment::Payment> for Payment {
    fn from(payment: payment::Payment) -> Self {
        let payment::Payment { id, order_id, stripe_id, status, amount, currency, failure, stripe_refund_id, .. } =
            payment;
        Self { id, order_id, stripe_id, status, amount, currency, failure, stripe_refund_id }
    }
}

/// Which payments.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those for this order.
    #[serde(default)]
    #[param(nullable = false)]
    pub order_id: Option<String>,
}

/// Lists the user's own payments, newest first.
#[utoipa::path(
    get, path = "/api/payments", tag = "payments", operation_id = "listPayments", params(Which, Page),
    responses(
        (status = 200, description = "A page of payments.", body = Vec<Payment>,
            headers(("x-next-cursor" = Option<String>, description = "The `cursor` of the next page, if there is one."))),
        (status = 400, description = "The cursor or the limit is none.", body = Errors),
        (status = 401, description = "Nobody is signed in.", body = Errors),
    ),
    security(("session" = [])),
)]
pub async fn list(
    State(app): State<App>,
    session: Session,
    Query(which): Query<Which>,
    Query(page): Query<Page>,
) -> Result<Listed<Payment>, Error> {
    let order = match which.order_id.map(|id| id.parse()) {
        None => None,
        Some(Ok(id)) => Some(id),
        // No order has this id, and so no payment this order.
        Some(Err(_)) => return Ok(Listed { rows: Vec::new(), next: None }),
    };
    let after = page.after()?;
    let mut db = app.db.acquire().await?;
    let rows = store::payments_of(&mut db, session.user, order, after, page.fetch()).await?;
    Ok(page.answer(rows, |payment| payment.id).map(Payment::from))
}
