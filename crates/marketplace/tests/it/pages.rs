//! The web client's files: what comes with them, and what is kept of them.

use std::fs;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use marketplace::Pages;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::whole::config;

const PAGE: &str = "<!doctype html><title>ticketing</title>";
const SCRIPT: &str = "console.log('ticketing')";

/// A client as a build leaves it.
fn built() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("assets")).unwrap();
    fs::write(folder.path().join("index.html"), PAGE).unwrap();
    fs::write(folder.path().join("assets/index-4f2a.js"), SCRIPT).unwrap();
    fs::write(folder.path().join("assets/index-4f2a.js.br"), "pressed hard").unwrap();
    fs::write(folder.path().join("assets/index-4f2a.js.gz"), "pressed").unwrap();
    folder
}

/// Those of the client in `folder`, of a marketplace that is known by `url` and takes cards by `script`.
fn pages(folder: &TempDir, url: &str, script: &str) -> anyhow::Result<Pages> {
    let config = config(&[
        ("DATABASE_URL", "postgres://localhost/nobody"),
        ("REDIS_HOST", "redis://localhost"),
        ("JWT_KEY", testkit::KEY),
        ("PUBLIC_URL", url),
        ("STRIPE_KEY", "sk_test_pages"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_test_pages"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_pages"),
        ("STRIPE_SCRIPT_URL", script),
        ("CLIENT_DIR", folder.path().to_str().unwrap()),
    ]);
    Pages::new(&config.own)
}

/// What a local marketplace with the stand-in for Stripe answers to `request`.
async fn ask(folder: &TempDir, request: Request<Body>) -> Response {
    let pages = pages(folder, "http://localhost:3000", "http://127.0.0.1:12111/v3/").unwrap();
    pages.router().oneshot(request).await.unwrap()
}

async fn get(folder: &TempDir, path: &str) -> Response {
    ask(folder, Request::get(path).body(Body::empty()).unwrap()).await
}

fn told<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 100_000).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn every_path_of_a_page_gets_the_page_and_asks_for_it_each_time() {
    let folder = built();
    for path in ["/", "/index.html", "/tickets/new", "/orders/no-such-order", "/no/such/page"] {
        let response = get(&folder, path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(told(&response, "cache-control"), "no-cache", "{path}");
        assert_eq!(text(response).await, PAGE, "{path}");
    }
}

#[tokio::test]
async fn a_page_may_load_its_own_files_and_the_providers_script_and_nothing_else() {
    let response = get(&built(), "/").await;
    let policy = told(&response, "content-security-policy");
    let parts: Vec<&str> = policy.split("; ").collect();
    for part in [
        "default-src 'none'",
        "script-src 'self' http://127.0.0.1:12111",
        "style-src 'self'",
        "connect-src 'self' http://127.0.0.1:12111",
        "frame-src http://127.0.0.1:12111",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(parts.contains(&part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(told(&response, "cross-origin-opener-policy"), "same-origin");
    assert!(told(&response, "permissions-policy").contains("camera=()"));
}

#[tokio::test]
async fn stripes_own_script_may_reach_stripes_own_hosts() {
    let pages = pages(&built(), "https://ticketing.dev", "https://js.stripe.com/v3/").unwrap();
    let response = pages.router().oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    let policy = told(&response, "content-security-policy");
    assert!(policy.contains("script-src 'self' https://js.stripe.com;"), "{policy}");
    assert!(policy.contains("connect-src 'self' https://api.stripe.com https://js.stripe.com;"), "{policy}");
    assert!(policy.contains("https://hooks.stripe.com"), "{policy}");
    // Behind https, browsers are told to stay with it.
    assert_eq!(told(&response, "strict-transport-security"), "max-age=31536000");
    assert_eq!(told(&get(&built(), "/").await, "strict-transport-security"), "");
}

#[test]
fn a_script_that_is_nowhere_is_told_at_the_start() {
    for nowhere in ["js.stripe.com/v3", "javascript:alert(1)", "/v3/"] {
        let refused = pages(&built(), "http://localhost:3000", nowhere).unwrap_err().to_string();
        assert!(refused.contains("STRIPE_SCRIPT_URL") && refused.contains(nowhere), "{refused}");
    }
}

#[tokio::test]
async fn a_hashed_file_is_kept_for_ever_and_comes_compressed() {
    let folder = built();
    let plain = get(&folder, "/assets/index-4f2a.js").await;
    assert_eq!(told(&plain, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(told(&plain, "content-type"), "text/javascript");
    assert_eq!(text(plain).await, SCRIPT);
    for (accepted, sent, bytes) in [("gzip, deflate, br", "br", "pressed hard"), ("gzip", "gzip", "pressed")] {
        let request = Request::get("/assets/index-4f2a.js").header(header::ACCEPT_ENCODING, accepted);
        let response = ask(&folder, request.body(Body::empty()).unwrap()).await;
        assert_eq!(told(&response, "content-encoding"), sent);
        assert_eq!(told(&response, "vary"), "accept-encoding");
        assert_eq!(told(&response, "cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(text(response).await, bytes);
    }
}

#[tokio::test]
async fn a_file_of_an_older_build_is_gone_and_not_the_page() {
    let response = get(&built(), "/assets/index-0000.js").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_ne!(told(&response, "cache-control"), "public, max-age=31536000, immutable");
}

#[tokio::test]
async fn what_is_no_page_is_not_answered_with_one() {
    let folder = built();
    assert_eq!(get(&folder, "/api/no-such-thing").await.status(), StatusCode::NOT_FOUND);
    let posted = Request::post("/orders").body(Body::empty()).unwrap();
    assert_eq!(ask(&folder, posted).await.status(), StatusCode::NOT_FOUND);
    for outside in ["/assets/../../Cargo.toml", "/%2e%2e/%2e%2e/etc/passwd", "/assets/%2e%2e/%2e%2e/secret"] {
        let response = get(&folder, outside).await;
        let page = response.status() == StatusCode::OK;
        assert!(!page || text(response).await == PAGE, "{outside}");
    }
}

#[tokio::test]
async fn without_a_client_a_page_tells_how_to_build_one() {
    let nothing = tempfile::tempdir().unwrap();
    let told = text(get(&nothing, "/").await).await;
    assert!(told.contains("npm run build"), "{told}");
}
