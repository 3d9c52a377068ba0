//! `DELETE /api/orders/{id}`: a buyer gives the ticket back before it is paid.

use axum::extract::State;
use axum::http::StatusCode;
use events::OrderId;
use service::PathId;
use service::problem::Errors;
use service::session::Session;

use crate::order::{Decision, News};
use crate::settle::settle;
use crate::{App, Error, store};

/// Cancel one of your orders
///
/// A payment that is under way may still succeed: then it takes the ticket again if that is free, or is refunded.
#[utoipa::path(
    delete,
    path = "/api/orders/{id}",
    tag = "orders",
    security(("session" = [])),
    params(("id" = OrderId, Path, description = "Which order")),
    responses(
        (status = 204, description = "The order is cancelled, now or before"),
        (status = 400, description = "It is paid", body = Errors,
            example = json!({ "errors": [{ "message": "Cannot cancel a completed order" }] })),
        (status = 401, description = "Nobody is signed in, or it is somebody else's", body = Errors,
            example = json!({ "errors": [{ "message": "Not authorized" }] })),
        (status = 404, description = "There is no such order", body = Errors,
            example = json!({ "errors": [{ "message": "Not Found" }] })),
    )
)]
pub async fn delete(State(app): State<App>, session: Session, id: PathId<OrderId>) -> Result<StatusCode, Error> {
    let id = id.found()?;
    let mut tx = app.db.begin().await?;
    let order = store::lock(&mut tx, id).await?.ok_or(Error::NotFound)?;
    order.must_belong_to(session.user)?;
    if settle(&mut tx, &order, News::GivenUp, app.clock.now()).await? == Decision::Refuse {
        return Err(Error::Completed);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
