//! JSON bodies: what is taken, and in which words the rest is refused.

use axum::http::Method;
use serde_json::json;
use service::extract::BODY_BYTES_MAX;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::things::things;

#[tokio::test]
async fn malformed_json_is_refused() {
    let user = things().await.anonymous();
    for body in ["{", "{\"title\":", "{}x", "nonsense", "{\"title\":\"a\u{1}\"}", "{\"price\":true", "[1"] {
        user.send("POST", "/api/things", body).await.refuses(400, "Malformed JSON");
    }
    user.send("POST", "/api/things", &b"{\"title\":\"\xff\"}"[..]).await.refuses(400, "Malformed JSON");
}

#[tokio::test]
async fn only_an_object_is_a_body() {
    let user = things().await.anonymous();
    for body in ["[\"Lear\",9]", "null", "5", "\"title\""] {
        user.send("POST", "/api/things", body).await.refuses(400, "The body must be a JSON object");
    }
}

#[tokio::test]
async fn no_body_is_an_empty_object() {
    let answer = things().await.anonymous().send("POST", "/api/things", " ").await;
    answer.refuses_field(400, "Title is required", "title");
}

#[tokio::test]
async fn every_broken_rule_is_told_in_the_order_of_the_fields_by_their_names_in_json() {
    let body = json!({ "anyWords": "too long", "parts": [{ "partSize": 1 }, { "partSize": 0 }] });
    let answer = things().await.anonymous().post("/api/things", body).await;
    let errors = json!([
        { "message": "Title is required", "field": "title" },
        { "message": "Price must be greater than 0", "field": "price" },
        { "message": "Invalid value", "field": "anyWords" },
        { "message": "A part needs a size", "field": "parts[1].partSize" },
    ]);
    assert_eq!(answer.is(400)["errors"], errors);
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_named() {
    let user = things().await.anonymous();
    user.post("/api/things", json!({ "title": 5 })).await.refuses_field(400, "Invalid value", "title");
    let part = json!({ "title": "a", "price": 1, "parts": [{ "partSize": "x" }] });
    user.post("/api/things", part).await.refuses_field(400, "Invalid value", "parts[0].partSize");
    let part = json!({ "title": "a", "price": 1, "parts": [{}] });
    user.post("/api/things", part).await.refuses_field(400, "Invalid value", "parts[0]");
}

#[tokio::test]
async fn unknown_fields_are_ignored() {
    let body = json!({ "title": "Lear", "price": 9, "status": "sold", "userId": "somebody" });
    let answer = things().await.anonymous().post("/api/things", body).await.is(200);
    assert_eq!(answer, json!({ "title": "Lear", "price": 9, "anyWords": "", "parts": [] }));
}

#[tokio::test]
async fn any_content_type_and_none_is_read_as_json() {
    let app = things().await;
    for kind in ["application/json", "application/vnd.api+json", "text/plain", "application/x-www-form-urlencoded"] {
        let user = app.anonymous().with_header("content-type", kind);
        user.send("POST", "/api/things", r#"{"title":"Lear","price":9}"#).await.is(200);
    }
    let without = app.anonymous().ask(Method::POST, "/api/things").body(r#"{"title":"Lear","price":9}"#);
    assert_eq!(without.send().await.unwrap().status(), 200);
    let form = app.anonymous().with_header("content-type", "application/x-www-form-urlencoded");
    form.send("POST", "/api/things", "title=Lear&price=9").await.refuses(400, "Malformed JSON");
}

#[tokio::test]
async fn a_nul_character_never_reaches_the_database_and_a_backslash_may() {
    let user = things().await.anonymous();
    let body = |title: &str| format!(r#"{{"title":"{title}","price":9}}"#);
    let answer = user.send("POST", "/api/things", body(r"a\u0000b")).await;
    answer.refuses(400, "The body must not have NUL characters");
    let answer = user.send("POST", "/api/things", body(r"a\\u0000b")).await.is(200);
    assert_eq!(answer["title"], r"a\u0000b");
    user.get("/api/things?cursor=a%00").await.refuses(400, "The query must not have NUL characters");
}

fn of_size(size: usize) -> String {
    let frame = json!({ "title": "", "price": 1 }).to_string().len();
    json!({ "title": "x".repeat(size - frame), "price": 1 }).to_string()
}

#[tokio::test]
async fn the_largest_body_is_taken_and_one_byte_more_is_refused() {
    let user = things().await.anonymous();
    user.send("POST", "/api/things", of_size(BODY_BYTES_MAX)).await.is(200);
    for path in ["/api/things", "/api/bytes", "/api/me"] {
        let answer = user.send("POST", path, of_size(BODY_BYTES_MAX + 1)).await;
        answer.refuses(413, "The request is too large");
    }
    user.send("POST", "/api/things", of_size(3_000_000)).await.refuses(413, "The request is too large");
}

#[tokio::test]
async fn a_body_that_does_not_tell_its_size_is_counted() {
    let app = things().await;
    for path in ["/api/things", "/api/bytes"] {
        let mut socket = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
        let head = "Host: x\r\nConnection: close\r\nTransfer-Encoding: chunked";
        let part = format!("{:x}\r\n{}\r\n", 30_000, "x".repeat(30_000));
        let request = format!("POST {path} HTTP/1.1\r\n{head}\r\n\r\n{}0\r\n\r\n", part.repeat(4));
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.ends_with(r#"{"errors":[{"message":"The request is too large"}]}"#), "{answer}");
    }
}
