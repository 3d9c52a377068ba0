//! `GET /api/tickets/mine`: what somebody listed, whoever has it by now.

use axum::extract::State;
use events::TicketId;
use service::extract::Query;
use service::page::{Listed, Page};
use service::problem::Errors;
use service::session::Session;
use uuid::Uuid;

use crate::{App, Error, Ticket, store};

/// Show own listings
///
/// All tickets listed by who is signed in, the newest first: free, held and sold ones.
#[utoipa::path(
    get,
    path = "/api/tickets/mine",
    tag = "tickets",
    security(("session" = [])),
    params(Page),
    responses(
        (status = 200, description = "A page of tickets", body = [Ticket],
            headers(("x-next-cursor" = Option<String>, description = "The `cursor` of the next page, if there is one"))),
        (status = 400, description = "A parameter is not fit", body = Errors, example = json!({
            "errors": [{ "message": "The cursor is not valid", "field": "cursor" }]
        })),
        (status = 401, description = "Nobody is signed in", body = Errors,
            example = json!({ "errors": [{ "message": "Not authorized" }] })),
    )
)]
pub async fn mine(State(app): State<App>, session: Session, Query(page): Query<Page>) -> Result<Listed<Ticket>, Error> {
    let before = page.after()?.unwrap_or(TicketId(Uuid::max()));
    let mut db = app.db.acquire().await?;
    let tickets = store::owned_by(&mut db, session.user, before, page.fetch()).await?;
    Ok(page.answer(tickets, |last| last.id))
}
