//! `POST /api/tickets`

use std::num::NonZeroU32;

use events::Timestamp;
use serde_json::{Value, json};
use service::Clock;
use testkit::{Break, Database};
use tickets::{Limits, MIGRATOR, SCHEMA};
use time::Duration;

use crate::{a_ticket_of, everything, tickets, tickets_at};

#[tokio::test]
async fn the_route_exists() {
    let app = tickets().await;
    assert_ne!(app.anonymous().post("/api/tickets", json!({})).await.status, 404);
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_so() {
    let app = tickets().await;
    let body = json!({ "title": "Hamlet", "price": 20 });
    app.anonymous().post("/api/tickets", body).await.refuses(401, "Not authorized");
    assert_eq!(app.published().await, []);
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_so_before_the_body_is_looked_at() {
    let app = tickets().await;
    app.anonymous().send("POST", "/api/tickets", "{").await.refuses(401, "Not authorized");
    app.anonymous().post("/api/tickets", json!({})).await.refuses(401, "Not authorized");
}

#[tokio::test]
async fn who_is_signed_in_is_let_in() {
    let app = tickets().await;
    assert_ne!(app.sign_in().post("/api/tickets", json!({})).await.status, 401);
}

#[tokio::test]
async fn a_ticket_is_listed() {
    let app = tickets().await;
    let ann = app.sign_in();
    let ticket = ann.post("/api/tickets", json!({ "title": "Hamlet", "price": 19.99 })).await.is(201);
    let expected = json!({
        "id": ticket["id"],
        "title": "Hamlet",
        "price": 19.99,
        "userId": ann.id,
        "version": 1,
        "status": "available",
    });
    assert_eq!(ticket, expected);
    assert!(ticket["id"].is_string());
    assert_eq!(app.anonymous().get(crate::path(&ticket)).await.is(200), expected);
}

#[tokio::test]
async fn its_listing_is_published() {
    let app = tickets().await;
    let ann = app.sign_in();
    let ticket = a_ticket_of(&ann, "Hamlet", 20).await;
    let event = json!({ "id": ticket["id"], "title": "Hamlet", "price": 20, "userId": ann.id, "version": 1 });
    assert_eq!(app.published().await, [("ticket:created".to_owned(), event)]);
}

#[tokio::test]
async fn f15_a_price_is_kept_in_cents_and_shown_as_it_was_written() {
    let app = tickets().await;
    let ann = app.sign_in();
    for (written, cents, shown) in [
        (json!(19.99), 1999, "19.99"),
        (json!("19.99"), 1999, "19.99"),
        (json!("20.10"), 2010, "20.1"),
        (json!(20), 2000, "20"),
        (json!(0.01), 1, "0.01"),
        (json!(1.15), 115, "1.15"),
        (json!(999_999.99), 99_999_999, "999999.99"),
    ] {
        let answer = ann.post("/api/tickets", json!({ "title": "Hamlet", "price": written })).await;
        assert!(answer.text.contains(&format!("\"price\":{shown},")), "{answer}");
        let ticket = answer.is(201);
        let kept: i64 = sqlx::query_scalar("select price from tickets where id = $1")
            .bind(crate::id(&ticket))
            .fetch_one(app.db())
            .await
            .unwrap();
        assert_eq!(kept, cents);
        let (_, event) = app.published().await.pop().unwrap();
        assert_eq!(event["price"].to_string(), shown);
    }
}

#[tokio::test]
async fn white_space_around_a_title_is_dropped() {
    let app = tickets().await;
    let ticket = a_ticket_of(&app.sign_in(), " \t Hamlet, row 3 \n", 20).await;
    assert_eq!(ticket["title"], "Hamlet, row 3");
}

#[tokio::test]
async fn a_title_may_be_in_any_script() {
    let app = tickets().await;
    let long = "𝕳".repeat(200);
    for title in ["Άμλετ", "ハムレット", "\" \\ <b>Hamlet</b> 🎭", &long] {
        assert_eq!(a_ticket_of(&app.sign_in(), title, 20).await["title"], title);
    }
}

#[tokio::test]
async fn a_title_that_is_not_fit_is_refused() {
    let app = tickets().await;
    let ann = app.sign_in();
    let before = everything(&app).await;
    for title in [json!(""), json!("   "), json!(null), json!(42), json!(true), json!(["Hamlet"]), json!({ "a": 1 })] {
        let body = json!({ "title": title, "price": 20 });
        ann.post("/api/tickets", body).await.refuses_field(400, "Title is required", "title");
    }
    ann.post("/api/tickets", json!({ "price": 20 })).await.refuses_field(400, "Title is required", "title");
    let long = json!({ "title": "x".repeat(201), "price": 20 });
    ann.post("/api/tickets", long).await.refuses_field(400, "Title must be at most 200 characters", "title");
    let lines = json!({ "title": "Ham\nlet", "price": 20 });
    ann.post("/api/tickets", lines).await.refuses_field(400, "Title must be one line of text", "title");
    assert_eq!(ann.post("/api/tickets", json!({ "title": "Ham\0let", "price": 20 })).await.status, 400);
    assert_eq!(everything(&app).await, before);
}

#[tokio::test]
async fn a_price_that_is_not_fit_is_refused() {
    let app = tickets().await;
    let ann = app.sign_in();
    let before = everything(&app).await;
    for price in [json!(0), json!(-10), json!("-1"), json!("free"), json!(""), json!(null), json!([]), json!(false)] {
        let body = json!({ "title": "Hamlet", "price": price });
        ann.post("/api/tickets", body).await.refuses_field(400, "Price must be greater than 0", "price");
    }
    ann.post("/api/tickets", json!({ "title": "Hamlet" })).await.refuses_field(
        400,
        "Price must be greater than 0",
        "price",
    );
    for price in [json!(19.999), json!("0.001"), json!(1_000_000), json!(1e300), json!(u64::MAX), json!("1e3")] {
        let body = json!({ "title": "Hamlet", "price": price });
        let message = "Price must be at most 999999.99 and have at most two decimals";
        ann.post("/api/tickets", body).await.refuses_field(400, message, "price");
    }
    // More than a double can be: not JSON to anybody.
    let beyond = r#"{ "title": "Hamlet", "price": 1e999 }"#;
    ann.send("POST", "/api/tickets", beyond).await.refuses(400, "Malformed JSON");
    assert_eq!(everything(&app).await, before);
}

#[tokio::test]
async fn everything_wrong_is_told_at_once() {
    let app = tickets().await;
    let said = app.sign_in().post("/api/tickets", json!({})).await.is(400);
    let expected = json!({ "errors": [
        { "message": "Title is required", "field": "title" },
        { "message": "Price must be greater than 0", "field": "price" },
    ]});
    assert_eq!(said, expected);
}

#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    let app = tickets().await;
    let ann = app.sign_in();
    for body in ["{", "{\"title\":}", "title=Hamlet&price=20", "{} {}", "\u{feff}{}"] {
        ann.send("POST", "/api/tickets", body).await.refuses(400, "Malformed JSON");
    }
    for body in ["[]", "null", "5", "\"Hamlet\"", "[\"Hamlet\", 20]"] {
        let answer = ann.send("POST", "/api/tickets", body).await;
        assert_eq!(answer.status, 400, "{answer}");
        assert!(answer.json["errors"][0]["message"].is_string(), "{answer}");
    }
    assert_eq!(app.published().await, []);
}

#[tokio::test]
async fn a_body_past_the_limit_is_refused() {
    let app = tickets().await;
    let body = json!({ "title": "Hamlet", "price": 20, "more": "x".repeat(110_000) });
    let answer = app.sign_in().post("/api/tickets", body).await;
    assert_eq!(answer.status, 413, "{answer}");
    assert!(answer.json["errors"][0]["message"].is_string(), "{answer}");
}

#[tokio::test]
async fn what_a_client_has_no_say_in_is_ignored() {
    let app = tickets().await;
    let (ann, bob) = (app.sign_in(), app.sign_in());
    let body = json!({
        "title": "Hamlet", "price": 20, "id": bob.id, "userId": bob.id, "status": "sold", "orderId": bob.id,
        "version": 7, "heldUntil": "2030-01-01T00:00:00Z", "colour": "red",
    });
    let ticket = ann.post("/api/tickets", body).await.is(201);
    assert_ne!(ticket["id"], json!(bob.id));
    let rest = crate::part(&ticket, &["userId", "status", "orderId", "version", "heldUntil", "colour"]);
    let expected = json!({
        "userId": ann.id, "status": "available", "orderId": null, "version": 1, "heldUntil": null, "colour": null,
    });
    assert_eq!(rest, expected);
}

#[tokio::test]
async fn two_equal_tickets_are_two_tickets() {
    let app = tickets().await;
    let ann = app.sign_in();
    assert_ne!(a_ticket_of(&ann, "Hamlet", 20).await["id"], a_ticket_of(&ann, "Hamlet", 20).await["id"]);
}

#[tokio::test]
async fn f9_a_ticket_whose_event_cannot_be_kept_is_not_listed() {
    let app = tickets().await;
    let (ann, kit) = (app.sign_in(), Database::of(app.db()));
    let before = everything(&app).await;
    for table in ["outbox", "tickets"] {
        for how in [Break::Raise, Break::Disconnect, Break::AtCommit] {
            kit.break_writes(table, how).await;
            let answer = ann.post("/api/tickets", json!({ "title": "Hamlet", "price": 20 })).await;
            kit.mend(table).await;
            assert!(answer.header("x-request-id").is_some(), "{answer}");
            answer.refuses(500, "Something went wrong");
            assert_eq!(everything(&app).await, before);
        }
    }
    a_ticket_of(&ann, "Hamlet", 20).await;
    assert_eq!(app.published().await.len(), 1);
}

#[tokio::test]
async fn f27_an_account_that_lists_too_much_is_asked_to_wait_and_others_are_not() {
    let (db, clock) = (testkit::database(SCHEMA, &MIGRATOR).await, Clock::at(Timestamp::now()));
    let limits = Limits { writes_per_minute: NonZeroU32::new(2).unwrap(), ..Limits::default() };
    let (app, _) = tickets_at(db, &clock, limits).await;
    let ann = app.sign_in();
    let ticket = a_ticket_of(&ann, "Hamlet", 20).await;
    ann.put(crate::path(&ticket), json!({ "title": "Lear", "price": 9 })).await.is(200);

    let refused = ann.post("/api/tickets", json!({ "title": "Othello", "price": 20 })).await;
    assert_eq!(refused.header("retry-after"), Some("30"));
    refused.refuses(429, "Too many requests, please try again later");
    let refused = ann.put(crate::path(&ticket), json!({ "title": "Othello", "price": 9 })).await;
    refused.refuses(429, "Too many requests, please try again later");
    a_ticket_of(&app.sign_in(), "Othello", 20).await;

    clock.advance(Duration::seconds(30));
    a_ticket_of(&ann, "Macbeth", 20).await;
    let versions: Vec<Value> = app.published().await.into_iter().map(|(_, event)| event["version"].clone()).collect();
    assert_eq!(versions, [1, 2, 1, 1]);
}
