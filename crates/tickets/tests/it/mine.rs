//! `GET /api/tickets/mine`

use events::Verdict;
use serde_json::json;

use crate::{a_hold, a_ticket, a_ticket_of, shown, tickets};

#[tokio::test]
async fn who_is_not_signed_in_is_told_so() {
    let app = tickets().await;
    app.anonymous().get("/api/tickets/mine").await.refuses(401, "Not authorized");
    app.anonymous().get("/api/tickets/mine?limit=0").await.refuses(401, "Not authorized");
}

#[tokio::test]
async fn own_listings_are_shown_whoever_has_them_the_newest_first() {
    let app = tickets().await;
    let (ann, bob) = (app.sign_in(), app.sign_in());
    let (sold, held, free) = (a_ticket(&ann).await, a_ticket(&ann).await, a_ticket(&ann).await);
    a_ticket(&bob).await;
    let sale = a_hold(&app, &sold).await;
    a_hold(&app, &held).await;
    assert_eq!(app.deliver(&sale.completed(2)).await, Verdict::Done);
    let mine = ann.get("/api/tickets/mine").await.is(200);
    assert_eq!(mine, json!([free, shown(&app, &held).await, shown(&app, &sold).await]));
    let states: Vec<_> = mine.as_array().unwrap().iter().map(|ticket| ticket["status"].clone()).collect();
    assert_eq!(states, ["available", "held", "sold"]);
    assert_eq!(app.sign_in().get("/api/tickets/mine").await.is(200), json!([]));
}

#[tokio::test]
async fn they_come_a_page_at_a_time() {
    let app = tickets().await;
    let ann = app.sign_in();
    let (one, two) = (a_ticket_of(&ann, "Hamlet", 20).await, a_ticket_of(&ann, "Lear", 20).await);
    a_ticket(&app.sign_in()).await;
    let first = ann.get("/api/tickets/mine?limit=1").await;
    let cursor = first.header("x-next-cursor").expect("another page").to_owned();
    assert_eq!(first.is(200), json!([two]));
    let second = ann.get(format!("/api/tickets/mine?limit=1&cursor={cursor}")).await;
    assert_eq!(second.header("x-next-cursor"), None);
    assert_eq!(second.is(200), json!([one]));
}

#[tokio::test]
async fn a_parameter_that_is_not_fit_is_refused_by_its_name() {
    let app = tickets().await;
    let ann = app.sign_in();
    let limit = ann.get("/api/tickets/mine?limit=none").await;
    limit.refuses_field(400, "limit must be a number from 1 to 100", "limit");
    ann.get("/api/tickets/mine?cursor=none").await.refuses_field(400, "The cursor is not valid", "cursor");
}
