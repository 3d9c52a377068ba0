//! `GET /api/tickets/{id}`: one ticket, whoever has it.

use axum::Json;
use axum::extract::State;
use events::TicketId;
use service::extract::PathId;
use service::problem::Errors;

use crate::{App, Error, Ticket, store};

/// Show a ticket
///
/// A held or sold one too.
#[utoipa::path(
    get,
    path = "/api/tickets/{id}",
    tag = "tickets",
    params(("id" = String, Path, description = "Which ticket")),
    responses(
        (status = 200, description = "The ticket", body = Ticket),
        (status = 404, description = "There is no such ticket", body = Errors,
            example = json!({ "errors": [{ "message": "Not Found" }] })),
    )
)]
pub async fn show(State(app): State<App>, id: PathId<TicketId>) -> Result<Json<Ticket>, Error> {
    let id = id.found()?;
    let mut db = app.db.acquire().await?;
    store::find(&mut db, id).await?.map(Json).ok_or(Error::NotFound)
}
