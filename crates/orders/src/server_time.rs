//! `x-server-time` on every answer: what time it is here. A countdown to `expiresAt` needs to know how wrong the
//! browser's own clock is.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use service::Clock;

/// The header's name. Its value is written as `expiresAt` is.
pub const SERVER_TIME: HeaderName = HeaderName::from_static("x-server-time");

/// Tells the time by `clock` beside what `next` answers: the moment the answer leaves.
pub async fn tell(State(clock): State<Clock>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Ok(now) = HeaderValue::try_from(clock.now().to_string()) {
        response.headers_mut().insert(SERVER_TIME, now);
    }
    response
}
