//! What every answer has, whatever it says.

use crate::things::things;

#[tokio::test]
async fn an_answer_carries_the_id_of_its_request() {
    let app = things().await;
    let answer = app.anonymous().with_header("x-request-id", "abc-123_4.5:6").get("/api/me").await;
    assert_eq!(answer.header("x-request-id"), Some("abc-123_4.5:6"));
    let made = app.anonymous().get("/nowhere").await;
    assert_eq!(made.header("x-request-id").unwrap().len(), 36);
}

#[tokio::test]
async fn an_id_that_could_be_mistaken_is_not_taken() {
    let app = things().await;
    for id in ["", "a b", "a\"b", "é", &"x".repeat(129)] {
        let answer = app.anonymous().with_header("x-request-id", id).get("/api/me").await;
        assert_eq!(answer.header("x-request-id").unwrap().len(), 36, "{id:?}");
    }
}

#[tokio::test]
async fn a_trailing_slash_is_accepted() {
    let user = things().await.sign_in();
    user.get("/api/things/?limit=2").await.is(200);
    user.get("/api/me//").await.is(200);
    user.get("/nowhere/").await.refuses(404, "Not Found");
    user.get("/api/").await.refuses(404, "Not Found");
}

#[tokio::test]
async fn browsers_are_kept_from_guessing_framing_and_remembering() {
    let user = things().await.anonymous();
    for path in ["/api/me", "/api/nowhere", "/api/panic"] {
        let answer = user.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    let answer = user.get("/api/cached").await;
    assert_eq!(answer.header("cache-control"), Some("max-age=60"), "a handler's own word counts more");
}
