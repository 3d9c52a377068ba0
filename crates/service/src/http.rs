//! What surrounds every router: each answer has a request id and safe headers, each failure is the contract's envelope.
//!
//! ```text
//!  request ─► id, span, address ─► envelope ─► headers ─► panic ─► time ─► origin ─► size ─► slash ─► router
//! ```
//!
//! `origin.rs` who may change things from a browser · `request.rs` the id and the log of a request.

mod origin;
mod request;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use crate::Problem;
use crate::extract::{BODY_BYTES_MAX, drain};
use crate::settings::{PublicUrl, Settings};

/// What the layers go by.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Where browsers find us.
    pub public_url: PublicUrl,
    /// How many proxies add to `X-Forwarded-For`.
    pub trusted_proxy_hops: u8,
    /// How long a request may take.
    pub request_timeout: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self { public_url: PublicUrl::default(), trusted_proxy_hops: 0, request_timeout: Duration::from_secs(15) }
    }
}

impl From<&Settings> for Rules {
    fn from(settings: &Settings) -> Self {
        Self {
            public_url: settings.public_url.clone(),
            trusted_proxy_hops: settings.trusted_proxy_hops,
            request_timeout: settings.request_timeout,
        }
    }
}

/// `router` with all that every service does around its handlers. Once, around the whole.
pub fn app(router: Router, rules: &Rules) -> Router {
    let rules = Arc::new(rules.clone());
    let router = router.layer(from_fn(request::note_route)).layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    // A router of its own around it: what a router's layers change of the path comes too late for its own routes.
    Router::new()
        .fallback_service(router)
        .layer(from_fn(trim_slash))
        .layer(from_fn(bound_size))
        .layer(from_fn_with_state(Arc::clone(&rules), origin::check))
        .layer(from_fn_with_state(Arc::clone(&rules), bound_time))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(harden))
        .layer(from_fn(envelop))
        .layer(from_fn_with_state(rules, request::trace))
}

/// Every failure that no handler told of in the contract's words is told so here. A contract without 405 has no `Allow`.
async fn envelop(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let told = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(JSON));
    if told {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    for of_the_body in [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::ETAG, header::ALLOW] {
        parts.headers.remove(of_the_body);
    }
    let (told, body) = Problem::of_status(status).into_response().into_parts();
    parts.status = told.status;
    parts.headers.extend(told.headers);
    Response::from_parts(parts, body)
}

const JSON: &[u8] = b"application/json";

#[allow(clippy::needless_pass_by_value, reason = "that is how it comes")]
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("nothing that is text");
    tracing::error!(panic = text, "a handler panicked");
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

/// Until the answer begins: a stream of events may go on for as long as its reader listens.
async fn bound_time(State(rules): State<Arc<Rules>>, request: Request, next: Next) -> Response {
    tokio::time::timeout(rules.request_timeout, next.run(request)).await.unwrap_or_else(|_| {
        tracing::warn!(limit = ?rules.request_timeout, "a request took too long");
        Problem::of_status(StatusCode::SERVICE_UNAVAILABLE).into_response()
    })
}

/// Refuses what says itself that it is too large. What does not is counted as it is read.
async fn bound_size(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > BODY_BYTES_MAX as u64) {
        drain(request.into_body().into_data_stream()).await;
        return Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE).into_response();
    }
    next.run(request).await
}

/// `/api/tickets/` is `/api/tickets`. Pages and files, which relative links start from, keep theirs.
async fn trim_slash(mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/") && path.ends_with('/') {
        let trimmed = path.trim_end_matches('/');
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(path) = PathAndQuery::try_from(format!("{trimmed}{query}")) {
            let mut parts = request.uri().clone().into_parts();
            parts.path_and_query = Some(path);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    next.run(request).await
}

/// Headers that keep browsers from guessing, framing and remembering. A handler's own word counts more.
async fn harden(request: Request, next: Next) -> Response {
    const ALWAYS: [(HeaderName, HeaderValue); 3] = [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
    ];
    let api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    for (name, value) in ALWAYS {
        response.headers_mut().entry(name).or_insert(value);
    }
    if api {
        // What it says depends on who asks, and is old the moment it is said.
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}
