//! The web client's files, with what makes them fast and safe.
//!
//! Paths of pages all get `index.html`: the client knows them. Files under `assets/` bear a hash of their contents in
//! their names and never change; what the build compressed is sent compressed.

use std::path::Path;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};

use crate::Own;

/// For files whose names change with their contents.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// For everything else: ask each time whether it changed.
const ASK: HeaderValue = HeaderValue::from_static("no-cache");
/// For a site with https: browsers ask for it by nothing else from now on.
const STAY_SECURE: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// What there is to see without a client.
const NO_CLIENT: &str = include_str!("no_client.html");

/// What the marketplace serves beside its API.
#[derive(Debug, Clone)]
pub struct Pages {
    files: Option<ServeDir<ServeFile>>,
    policy: HeaderValue,
    /// The marketplace is known by an https URL.
    secure: bool,
}

impl Pages {
    /// The files in the configured folder, if a client was built there. An error says that Stripe's script is at no URL.
    pub fn new(config: &Own) -> anyhow::Result<Self> {
        let script = origin(&config.stripe_script_url).with_context(|| {
            format!("STRIPE_SCRIPT_URL is no http:// or https:// URL: {}", config.stripe_script_url)
        })?;
        Ok(Self {
            files: files(&config.client_dir),
            policy: HeaderValue::try_from(policy(&script))?,
            secure: config.common.public_url.is_secure(),
        })
    }

    /// Serves them, wherever nothing else answers.
    pub fn router(self) -> Router {
        let (policy, secure) = (self.policy.clone(), self.secure);
        Router::new().fallback(move |request: Request| self.clone().page(request)).layer(from_fn(
            move |request: Request, next: Next| {
                let policy = policy.clone();
                async move { protect(next.run(request).await, policy, secure) }
            },
        ))
    }

    async fn page(self, request: Request) -> Response {
        let path = request.uri().path();
        if path.starts_with("/api/") || !matches!(*request.method(), Method::GET | Method::HEAD) {
            return StatusCode::NOT_FOUND.into_response();
        }
        let hashed = path.starts_with("/assets/");
        let Some(files) = self.files else {
            return Html(NO_CLIENT).into_response();
        };
        let Ok(response) = files.oneshot(request).await;
        let mut response = response.map(Body::new);
        let page =
            response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if hashed && page {
            // A file of an older build, which a page kept open still asks for: a page would be taken for a script.
            return StatusCode::NOT_FOUND.into_response();
        }
        let keep = if hashed && response.status().is_success() { FOR_EVER } else { ASK };
        response.headers_mut().insert(header::CACHE_CONTROL, keep);
        response
    }
}

fn files(folder: &Path) -> Option<ServeDir<ServeFile>> {
    let index = folder.join("index.html");
    index.is_file().then(|| {
        let index = ServeFile::new(index).precompressed_br().precompressed_gzip();
        ServeDir::new(folder)
            .precompressed_br()
            .precompressed_gzip()
            .append_index_html_on_directories(true)
            .fallback(index)
    })
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    Some(format!("{scheme}://{}", uri.authority()?))
}

/// What a page may load: its own files, and Stripe's script with the frames and calls it makes.
///
/// Stripe's own hosts are those of docs.stripe.com/security/guide, "Content security policy".
fn policy(script: &str) -> String {
    let (calls, frames) = if script == "https://js.stripe.com" {
        (
            "https://api.stripe.com https://js.stripe.com",
            "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
        )
    } else {
        (script, script)
    };
    format!(
        "default-src 'none'; script-src 'self' {script}; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self' {calls}; frame-src {frames}; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
}

fn protect(mut response: Response, policy: HeaderValue, secure: bool) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert("permissions-policy", HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STAY_SECURE);
    }
    response
}
