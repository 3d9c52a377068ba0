//! F24: what changes things must not come from another site. The cookie's `SameSite=Lax` says so to browsers that know
//! it; this says it to all, and counts a sister domain as another site.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Rules;
use crate::Problem;
use crate::settings::PublicUrl;

/// Lets a request through unless a browser sent it for another site.
pub async fn check(State(rules): State<Arc<Rules>>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    if safe || is_ours(request.headers(), &rules.public_url) {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN);
    tracing::warn!(?origin, "a request from another site was refused");
    // Not 403, which this contract does not know.
    Problem::bad_request("This request came from another site").into_response()
}

fn is_ours(headers: &HeaderMap, public_url: &PublicUrl) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else {
        // No browser that is up to date, or none at all: nobody's cookie is abused then.
        return headers.get("sec-fetch-site").is_none_or(|site| site.as_bytes() != b"cross-site");
    };
    // `null`, from a sandbox or a file, is no origin, and neither is one beside another.
    let (Some(origin), None) = (origin.to_str().ok().and_then(|text| text.parse::<PublicUrl>().ok()), origins.next())
    else {
        return false;
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    origin == *public_url || host.is_some_and(|host| origin.is_at(host))
}
