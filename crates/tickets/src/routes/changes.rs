//! `GET /api/tickets/changes`: every change of a ticket, as it happens.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, StreamExt};
use service::Problem;
use service::problem::Errors;

use crate::changes::News;
use crate::{App, Error};

/// How long a client waits before it connects again, so that not all do so at once with a service that starts anew.
const RETRY: Duration = Duration::from_secs(3);
/// How often a comment is sent while nothing changes: proxies take a minute of silence for the end.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// What a client sends when it connects again, if it was ever told an `id`.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells the ingress to pass on what comes as it comes.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// Follow changes
///
/// Server-sent events, without end. `ticket`: a ticket was listed, changed, held, released or sold, and its data is the
/// ticket now. `reload`: some changes went untold, so that what was listed before has to be listed again.
#[utoipa::path(
    get,
    path = "/api/tickets/changes",
    tag = "tickets",
    responses(
        (status = 200, description = "The changes", body = String, content_type = "text/event-stream", example = json!(
            "event: ticket\ndata: {\"id\":\"01939ab4-…\",\"title\":\"Hamlet\",\"price\":19.99,\"status\":\"available\",…}\n\n"
        )),
        (status = 503, description = "As many follow the changes as may", body = Errors,
            headers(("retry-after" = u64, description = "Seconds"))),
    )
)]
pub async fn changes(State(app): State<App>, headers: HeaderMap) -> Result<Response, Error> {
    let full = || Problem { retry_after: Some(RETRY), ..Problem::of_status(StatusCode::SERVICE_UNAVAILABLE) };
    let reader = app.changes.read().map_err(|_full| full())?;
    // The id only makes the client say, when it comes again, that it was here before, and so has missed something.
    let hello = Event::default().retry(RETRY).id("1");
    let missed = headers.contains_key(LAST_EVENT_ID).then(|| event(&News::Gap));
    let news = stream::unfold(reader, async |mut reader| Some((event(&reader.next().await?), reader)));
    let events = stream::iter([hello]).chain(stream::iter(missed)).chain(news).map(Ok::<_, Infallible>);
    Ok(([UNBUFFERED], Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))).into_response())
}

fn event(news: &News) -> Event {
    match news {
        News::Ticket(json) => Event::default().event("ticket").data(json),
        // An event without data is dropped by clients.
        News::Gap => Event::default().event("reload").data("{}"),
    }
}
