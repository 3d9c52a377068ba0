//! Every failure, of whatever kind, is told in the same words.

use axum::response::IntoResponse;
use service::Rules;
use std::time::Duration;

use crate::things::{things, things_by};

#[tokio::test]
async fn a_path_nobody_answers_is_not_found() {
    let answer = things().await.anonymous().get("/nowhere").await;
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    answer.refuses(404, "Not Found");
}

#[tokio::test]
async fn a_method_nobody_answers_is_not_found() {
    let app = things().await;
    let answer = app.anonymous().delete("/api/things").await;
    assert_eq!(answer.header("allow"), None, "a contract without 405 has no use for it");
    answer.refuses(404, "Not Found");
    app.anonymous().send("BREW", "/api/things", "").await.refuses(404, "Not Found");
}

#[tokio::test]
async fn a_panic_is_a_fault_that_tells_nothing_but_an_id() {
    let app = things().await;
    let answer = app.anonymous().get("/api/panic").await;
    assert!(answer.header("x-request-id").is_some());
    assert!(!answer.text.contains("secret"));
    answer.refuses(500, "Something went wrong");
    app.anonymous().get("/api/me").await.is(200);
}

#[tokio::test]
async fn a_fault_tells_nothing_but_an_id() {
    let answer = things().await.anonymous().get("/api/fault").await;
    assert!(answer.header("x-request-id").is_some());
    answer.refuses(500, "Something went wrong");
}

#[test]
fn what_is_said_of_a_fault_of_ours_stays_here() {
    let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
    let response = service::Problem::new(status, "the secret").into_response();
    let body = futures::executor::block_on(axum::body::to_bytes(response.into_body(), 1000)).unwrap();
    assert_eq!(body, r#"{"errors":[{"message":"Something went wrong"}]}"#);
}

#[tokio::test]
async fn what_a_handler_or_a_library_refuses_in_its_own_words_is_put_into_ours() {
    let user = things().await.anonymous();
    user.get("/api/plain").await.refuses(409, "Conflict");
    user.get("/api/empty").await.refuses(502, "Something went wrong");
}

#[tokio::test]
async fn who_is_not_signed_in_is_not_authorized_before_anything_else_is_looked_at() {
    let app = things().await;
    app.anonymous().send("PUT", "/api/things/nonsense", "{").await.refuses(401, "Not authorized");
}

#[tokio::test]
async fn the_body_is_looked_at_before_the_path() {
    let user = things().await.sign_in();
    user.send("PUT", "/api/things/nonsense", "{").await.refuses(400, "Malformed JSON");
    let body = serde_json::json!({ "title": "Lear", "price": 9 });
    user.put("/api/things/nonsense", &body).await.refuses(404, "Not Found");
    user.put("/api/things/%FF", &body).await.refuses(404, "Not Found");
    user.put("/api/things/0192d3b4-5c6d-7e8f-9a0b-1c2d3e4f5061", &body).await.is(200);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let rules = Rules { request_timeout: Duration::from_millis(20), ..Rules::default() };
    let answer = things_by(&rules).await.anonymous().get("/api/wait").await;
    answer.refuses(503, "The service is busy, please try again later");
}

#[tokio::test]
async fn who_must_wait_is_told_for_how_many_whole_seconds() {
    let answer = things().await.anonymous().get("/api/busy").await;
    assert_eq!(answer.header("retry-after"), Some("2"));
    answer.refuses(429, "Too many requests, please try again later");
}
