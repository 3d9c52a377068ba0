//! `PUT /api/tickets/{id}`: its owner changes a ticket no order has.

use axum::Json;
use axum::extract::State;
use events::TicketId;
use service::extract::{Body, PathId};
use service::problem::Errors;
use service::session::Session;

use crate::{App, Error, Offer, Ticket, store};

/// Change a ticket
///
/// Its owner may, as long as no order has it. A change by somebody else at the same time comes before or after it,
/// never in between: each gets a version of its own.
#[utoipa::path(
    put,
    path = "/api/tickets/{id}",
    tag = "tickets",
    security(("session" = [])),
    params(("id" = String, Path, description = "Which ticket")),
    request_body(content = Offer, example = json!({ "title": "Hamlet, stalls, row 1", "price": 25 })),
    responses(
        (status = 200, description = "It is changed, its version one above the last", body = Ticket),
        (status = 400, description = "The body is not fit, or an order has the ticket", body = Errors, examples(
            ("title" = (value = json!({ "errors": [{ "message": "Title is required", "field": "title" }] }))),
            ("price" = (value = json!({ "errors": [{ "message": "Price must be greater than 0", "field": "price" }] }))),
            ("reserved" = (value = json!({ "errors": [{ "message": "Cannot edit a reserved ticket" }] }))),
        )),
        (status = 401, description = "Nobody is signed in, or somebody else listed it", body = Errors,
            example = json!({ "errors": [{ "message": "Not authorized" }] })),
        (status = 404, description = "There is no such ticket", body = Errors,
            example = json!({ "errors": [{ "message": "Not Found" }] })),
        (status = 413, description = "The body is over 100 kB", body = Errors),
        (status = 429, description = "Too many changes in a short time", body = Errors,
            headers(("retry-after" = u64, description = "Seconds"))),
    )
)]
pub async fn update(
    State(app): State<App>,
    session: Session,
    id: PathId<TicketId>,
    Body(offer): Body<Offer>,
) -> Result<Json<Ticket>, Error> {
    app.writes.check(&session.user)?;
    let mut tx = app.db.begin().await?;
    let mut ticket = store::lock(&mut tx, id.found()?).await?.ok_or(Error::NotFound)?;
    ticket.edit(session.user, offer)?;
    store::save(&mut tx, &ticket).await?;
    tx.commit().await?;
    Ok(Json(ticket))
}
