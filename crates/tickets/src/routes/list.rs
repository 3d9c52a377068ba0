//! `GET /api/tickets`: the tickets that can be bought.

use axum::extract::State;
use service::extract::Query;
use service::page::{Listed, Page};
use service::problem::Errors;

use crate::browse::Filter;
use crate::{App, Error, Ticket, store};

/// Browse tickets
///
/// Those that can be bought: held and sold ones are left out.
#[utoipa::path(
    get,
    path = "/api/tickets",
    tag = "tickets",
    params(Filter, Page),
    responses(
        (status = 200, description = "A page of tickets", body = [Ticket],
            headers(("x-next-cursor" = Option<String>, description = "The `cursor` of the next page, if there is one"))),
        (status = 400, description = "A parameter is not fit", body = Errors, example = json!({
            "errors": [{ "message": "sort must be newest, price, -price or title", "field": "sort" }]
        })),
    )
)]
pub async fn list(
    State(app): State<App>,
    Query(filter): Query<Filter>,
    Query(page): Query<Page>,
) -> Result<Listed<Ticket>, Error> {
    let browse = filter.browse(&page)?;
    let mut db = app.db.acquire().await?;
    let tickets = store::browse(&mut db, &browse, page.fetch()).await?;
    Ok(page.answer(tickets, |last| browse.after.of(last)))
}
