//! A service on a port: users, answers, events in and out.

use axum::http::HeaderMap;
use events::listener::DELIVERIES_MAX;
use events::orders::OrderOverdue;
use events::tickets::{TicketCreated, TicketUpdated};
use events::{Cents, Envelope, TicketId, UserId, Verdict, Version};
use serde_json::json;
use testkit::{Answer, Database, fails_safely};

use crate::theatre::{Care, revoked, theatre};

fn a_ticket() -> TicketCreated {
    TicketCreated {
        id: TicketId::new(),
        title: "Lear".to_owned(),
        price: Cents(2000),
        user_id: UserId::new(),
        version: Version::FIRST,
    }
}

#[tokio::test]
async fn who_is_signed_in_is_let_in() {
    let app = theatre(Care::Careful).await;
    let (ann, nobody) = (app.sign_in(), app.anonymous());
    assert_eq!(ann.post("/api/seats", json!({ "name": "A1" })).await.is(201), json!({ "name": "A1" }));
    assert_eq!(ann.get("/api/seats").await.reads::<Vec<String>>(200), ["A1"]);
    nobody.get("/api/seats").await.refuses(401, "Not authorized");
}

#[tokio::test]
async fn refusals_are_told_by_message_and_field() {
    let ann = theatre(Care::Careful).await.sign_in();
    ann.post("/api/seats", json!({ "name": "A0" })).await.refuses(400, "Nobody sits there");
    ann.post("/api/seats", json!({})).await.refuses_field(400, "A seat has a name", "name");
}

#[tokio::test]
async fn a_user_keeps_cookies_until_they_are_taken_back() {
    let app = theatre(Care::Careful).await;
    let ann = app.sign_in();
    let thief = ann.on_another_device();
    assert!(ann.cookies().starts_with("session="));
    ann.post("/api/signout", ()).await.is(200);
    assert_eq!(ann.cookies(), "");
    thief.get("/api/seats").await.refuses(401, "Not authorized");

    let [(subject, event)] = &app.published().await[..] else { panic!("one event") };
    assert_eq!((&**subject, revoked(event).user_id), ("session:revoked", ann.id));
    app.forget_published().await;
    assert_eq!(app.published().await, []);
}

#[tokio::test]
async fn a_header_is_sent_with_every_request() {
    let app = theatre(Care::Careful).await;
    let evil = app.sign_in().with_header("origin", "https://evil.example");
    let refused = evil.post("/api/seats", json!({ "name": "A1" })).await;
    assert!(matches!(refused.status, 400..500), "{refused}");
    let forged = app.anonymous().with_header("cookie", "session=forged");
    forged.get("/api/seats").await.refuses(401, "Not authorized");
}

#[tokio::test]
async fn events_are_delivered_once_again_and_malformed() {
    let app = theatre(Care::Careful).await;
    let (ticket, early) = (a_ticket(), TicketCreated { version: Version(2), ..a_ticket() });
    assert_eq!(app.deliver(&ticket).await, Verdict::Done);
    assert_eq!(app.published_of::<OrderOverdue>().await.len(), 1);
    assert_eq!(app.published_of::<TicketUpdated>().await, []);

    let envelope = Envelope::of(&a_ticket()).unwrap();
    assert_eq!(app.deliver_again(&envelope).await, Verdict::Done);
    assert_eq!(app.deliver_again(&envelope).await, Verdict::Repeat);
    assert!(matches!(app.deliver(&early).await, Verdict::Retry(_)));
    let early = Envelope::of(&early).unwrap();
    assert_eq!(app.receive(&early, DELIVERIES_MAX).await, Verdict::Dead);
    assert_eq!(app.deliver_raw("ticket:created", "{").await, Verdict::Dead);
    assert_eq!(app.deliver_raw("train:late", "{}").await, Verdict::Ignored);
    let revoked = json!({ "id": UserId::new(), "userId": UserId::new(), "expiresAt": "2999-01-01T00:00:00Z" });
    assert_eq!(app.deliver_raw("session:revoked", revoked.to_string()).await, Verdict::Done);
}

#[tokio::test]
async fn a_careful_listener_fails_safely() {
    let app = theatre(Care::Careful).await;
    fails_safely(&app, &a_ticket(), &["seats", "outbox"]).await;
    let contents = Database::of(app.db()).contents().await;
    let seats = contents.iter().find(|(table, _)| table == "seats").unwrap();
    assert_eq!(seats.1.as_array().unwrap().len(), 1);
}

#[tokio::test]
#[should_panic(expected = "ticket:created while writes to seats fail (Raise): it is done")]
async fn a_listener_that_ignores_failures_is_found_out() {
    fails_safely(&theatre(Care::IgnoresFailures).await, &a_ticket(), &["seats", "outbox"]).await;
}

#[tokio::test]
#[should_panic(expected = "ticket:created while writes to outbox fail (Raise): something changed all the same")]
async fn a_listener_that_writes_outside_of_its_transaction_is_found_out() {
    fails_safely(&theatre(Care::WritesTwice).await, &a_ticket(), &["outbox"]).await;
}

#[tokio::test]
#[should_panic(expected = "or it never writes to seats")]
async fn a_listener_that_does_nothing_is_found_out() {
    fails_safely(&theatre(Care::Idle).await, &a_ticket(), &["seats"]).await;
}

fn an_answer(status: u16, text: &str) -> Answer {
    let json = serde_json::from_str(text).unwrap_or_default();
    let asked = "PUT /api/seats/A1 {}".to_owned();
    Answer { status, json, text: text.to_owned(), headers: HeaderMap::default(), asked }
}

#[test]
#[should_panic(expected = "expected 200\n   asked: PUT /api/seats/A1 {}\nanswered: 500 {\"errors\":[]}")]
fn a_surprise_tells_what_was_asked_and_answered() {
    an_answer(500, r#"{"errors":[]}"#).is(200);
}

#[test]
#[should_panic(expected = "expected 400 {\"errors\":[{\"message\":\"No\"}]}")]
fn a_refusal_in_other_words_is_a_surprise() {
    an_answer(400, r#"{"errors":[{"message":"Nope"}]}"#).refuses(400, "No");
}

#[test]
#[should_panic(expected = "among its errors")]
fn a_refusal_about_another_field_is_a_surprise() {
    an_answer(400, r#"{"errors":[{"message":"No","field":"price"}]}"#).refuses_field(400, "No", "title");
}
