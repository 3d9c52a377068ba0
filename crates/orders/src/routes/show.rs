//! `GET /api/orders/{id}`: a buyer looks at an order.

use axum::Json;
use axum::extract::State;
use events::OrderId;
use service::PathId;
use service::problem::Errors;
use service::session::Session;

use crate::order::Order;
use crate::{App, Error, store};

/// Show one of your orders
#[utoipa::path(
    get,
    path = "/api/orders/{id}",
    tag = "orders",
    security(("session" = [])),
    params(("id" = OrderId, Path, description = "Which order")),
    responses(
        (status = 200, description = "The order", body = Order),
        (status = 401, description = "Nobody is signed in, or it is somebody else's", body = Errors,
            example = json!({ "errors": [{ "message": "Not authorized" }] })),
        (status = 404, description = "There is no such order", body = Errors,
            example = json!({ "errors": [{ "message": "Not Found" }] })),
    )
)]
pub async fn show(State(app): State<App>, session: Session, id: PathId<OrderId>) -> Result<Json<Order>, Error> {
    let mut db = app.db.acquire().await?;
    let order = store::find(&mut db, id.found()?).await?.ok_or(Error::NotFound)?;
    order.must_belong_to(session.user)?;
    Ok(Json(order))
}
