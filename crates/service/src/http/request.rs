//! What is known of a request by its id: in the log, and to the client in case of questions.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, Span, debug, field, info, info_span, warn};
use uuid::Uuid;

use super::Rules;
use crate::extract::client_address;

/// The header that carries the id, in both directions.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken from a request.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// Runs a request in a span of its own, and logs how it was answered.
pub async fn trace(State(rules): State<Arc<Rules>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request.headers().get(&REQUEST_ID).filter(|id| is_sane(id)).cloned().unwrap_or_else(new);
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let address = client_address(request.headers(), request.extensions(), rules.trusted_proxy_hops);
    request.extensions_mut().insert(address);
    let span = info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        // Never the query, which may be anything.
        path = request.uri().path(),
        route = field::Empty,
        user = field::Empty,
        address = %address.0,
    );
    let of_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).instrument(span.clone()).await;
    response.headers_mut().insert(REQUEST_ID, id);
    let (status, milliseconds) = (response.status().as_u16(), started.elapsed().as_millis());
    span.in_scope(|| match status {
        500.. => warn!(status, milliseconds, "answered"),
        _ if of_api => info!(status, milliseconds, "answered"),
        // Probes and pages, many and all alike.
        _ => debug!(status, milliseconds, "answered"),
    });
    response
}

/// Only a router's own layer knows which of its routes it is.
pub async fn note_route(request: Request, next: Next) -> Response {
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        Span::current().record("route", route.as_str());
    }
    next.run(request).await
}

/// An id that can be searched for, and can't be mistaken for anything else in a log.
fn is_sane(id: &HeaderValue) -> bool {
    let id = id.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    !id.is_empty() && id.len() <= REQUEST_ID_BYTES_MAX && id.iter().all(plain)
}

fn new() -> HeaderValue {
    HeaderValue::try_from(Uuid::now_v7().to_string()).unwrap_or(HeaderValue::from_static("unknown"))
}
