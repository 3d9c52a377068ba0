//! `POST /api/tickets`: lists a ticket.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use events::TicketId;
use service::extract::Body;
use service::problem::Errors;
use service::session::Session;

use crate::{App, Error, Offer, Ticket, store};

/// List a ticket
///
/// It belongs to who is signed in, and can be bought at once.
#[utoipa::path(
    post,
    path = "/api/tickets",
    tag = "tickets",
    security(("session" = [])),
    request_body(content = Offer, example = json!({ "title": "Hamlet, stalls, row 3", "price": 19.99 })),
    responses(
        (status = 201, description = "It is listed", body = Ticket),
        (status = 400, description = "The body is not fit", body = Errors, examples(
            ("title" = (value = json!({ "errors": [{ "message": "Title is required", "field": "title" }] }))),
            ("price" = (value = json!({ "errors": [{ "message": "Price must be greater than 0", "field": "price" }] }))),
        )),
        (status = 401, description = "Nobody is signed in", body = Errors,
            example = json!({ "errors": [{ "message": "Not authorized" }] })),
        (status = 413, description = "The body is over 100 kB", body = Errors),
        (status = 429, description = "Too many changes in a short time", body = Errors,
            headers(("retry-after" = u64, description = "Seconds"))),
    )
)]
pub async fn create(
    State(app): State<App>,
    session: Session,
    Body(offer): Body<Offer>,
) -> Result<(StatusCode, Json<Ticket>), Error> {
    app.writes.check(&session.user)?;
    let ticket = Ticket::list(TicketId::new(), session.user, offer);
    let mut tx = app.db.begin().await?;
    store::insert(&mut tx, &ticket).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(ticket)))
}
