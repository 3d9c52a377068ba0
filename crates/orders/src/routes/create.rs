//! `POST /api/orders`: a user takes a ticket for a while.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use events::TicketId;
use serde::{Deserialize, Deserializer};
use service::extract::Body;
use service::problem::Errors;
use service::session::Session;
use utoipa::ToSchema;
use validator::Validate;

use crate::order::Order;
use crate::{App, Error, store};

/// What a buyer wants.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Wish {
    /// Which ticket.
    // What is sent that is no id is nothing, so that one rule has the one sentence for both.
    #[serde(default, deserialize_with = "id")]
    #[validate(required(message = "TicketId must be provided"))]
    #[schema(value_type = TicketId, required)]
    pub ticket_id: Option<TicketId>,
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TicketId>, D::Error> {
    let json = serde_json::Value::deserialize(deserializer)?;
    Ok(json.as_str().and_then(|text| text.parse().ok()))
}

/// Order a ticket
///
/// The ticket is held, at the price it has now, until `expiresAt`: it is to be paid by then.
#[utoipa::path(
    post,
    path = "/api/orders",
    tag = "orders",
    security(("session" = [])),
    request_body = Wish,
    responses(
        (status = 201, description = "The ticket is held", body = Order),
        (status = 400, description = "The body is not fit, or the ticket can't be bought", body = Errors, examples(
            ("body" = (value = json!({ "errors": [{ "message": "TicketId must be provided", "field": "ticketId" }] }))),
            ("reserved" = (value = json!({ "errors": [{ "message": "Ticket is already reserved" }] }))),
            ("own" = (value = json!({ "errors": [{ "message": "You cannot buy your own ticket" }] }))),
        )),
        (status = 401, description = "Nobody is signed in", body = Errors,
            example = json!({ "errors": [{ "message": "Not authorized" }] })),
        (status = 404, description = "There is no such ticket", body = Errors,
            example = json!({ "errors": [{ "message": "Not Found" }] })),
        (status = 429, description = "Too many tickets held, or too many orders in a short time", body = Errors,
            headers(("retry-after" = u64, description = "Seconds"))),
    )
)]
pub async fn create(
    State(app): State<App>,
    session: Session,
    Body(wish): Body<Wish>,
) -> Result<(StatusCode, Json<Order>), Error> {
    app.creates.check(&session.user)?;
    let ticket = wish.ticket_id.ok_or(Error::NotFound)?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let ticket = store::ticket(&mut tx, ticket).await?.ok_or(Error::NotFound)?;
    let order = Order::new(session.user, ticket, now + app.rules.hold)?;
    // Most who come too late learn it here. Who comes at the same moment learns it from the index, by `insert`.
    if store::is_reserved(&mut tx, order.ticket.id).await? {
        return Err(Error::Reserved);
    }
    let holds = store::holds(&mut tx, session.user).await?;
    app.rules.allow_another(&holds, now)?;
    store::insert(&mut tx, &order, now).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(order)))
}
