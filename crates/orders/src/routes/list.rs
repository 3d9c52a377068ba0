//! `GET /api/orders`: a buyer's orders.

use axum::extract::State;
use events::orders::OrderStatus;
use events::{OrderId, TicketId};
use serde::Deserialize;
use service::Problem;
use service::extract::Query;
use service::page::{Listed, Page};
use service::problem::Errors;
use service::session::Session;
use utoipa::IntoParams;

use crate::order::Order;
use crate::{App, Error, store};

/// Which orders, as the query string says it. An empty value says nothing, since forms send those.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Those that stand so.
    #[param(value_type = Option<OrderStatus>)]
    status: Option<String>,
    /// Those for this ticket.
    #[param(value_type = Option<TicketId>)]
    ticket_id: Option<String>,
}

/// List your orders
///
/// Every one of them, the newest first.
#[utoipa::path(
    get,
    path = "/api/orders",
    tag = "orders",
    security(("session" = [])),
    params(Asked, Page),
    responses(
        (status = 200, description = "A page of orders", body = [Order],
            headers(("x-next-cursor" = Option<String>, description = "The `cursor` of the next page, if there is one"))),
        (status = 400, description = "A parameter is not fit", body = Errors, example = json!({ "errors": [
            { "message": "a status is created, awaiting:payment, complete or cancelled", "field": "status" }
        ]})),
        (status = 401, description = "Nobody is signed in", body = Errors,
            example = json!({ "errors": [{ "message": "Not authorized" }] })),
    )
)]
pub async fn list(
    State(app): State<App>,
    session: Session,
    Query(asked): Query<Asked>,
    Query(page): Query<Page>,
) -> Result<Listed<Order>, Error> {
    let status = given(asked.status.as_deref()).map(str::parse).transpose();
    let status = status.map_err(|error| Problem::bad_request(format!("{error}")).field("status"))?;
    let after = page.after::<OrderId>()?;
    let Ok(ticket) = given(asked.ticket_id.as_deref()).map(str::parse).transpose() else {
        // What is no id belongs to no ticket, so that nobody ordered it.
        return Ok(Listed { rows: Vec::new(), next: None });
    };
    let mut db = app.db.acquire().await?;
    let filter = store::Filter { status, ticket };
    let orders = store::list(&mut db, session.user, filter, after, page.fetch()).await?;
    Ok(page.answer(orders, |last| last.id))
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}
