//! `ticket:created`.

use events::{Envelope, UserId, Verdict};
use serde_json::json;
use testkit::{TestApp, fails_safely};

use crate::world::{World, a_listing, orders};

pub async fn tickets(app: &TestApp) -> Vec<(String, i64, i64)> {
    sqlx::query_as("select title, price, version from tickets order by id").fetch_all(app.db()).await.unwrap()
}

#[tokio::test]
async fn a_listed_ticket_can_be_ordered() {
    let world = orders().await;
    let listing = a_listing(UserId::new());
    assert_eq!(world.app.deliver(&listing).await, Verdict::Done);
    let order = world.sign_in().post("/api/orders", json!({ "ticketId": listing.id })).await.is(201);
    assert_eq!(order["ticket"], json!({ "id": listing.id, "title": "Hamlet", "price": 19.99, "version": 1 }));
}

#[tokio::test]
async fn it_is_listed_once_however_often_it_is_told() {
    let world = orders().await;
    let listing = a_listing(UserId::new());
    let envelope = Envelope::of(&listing).unwrap();
    assert_eq!(world.app.deliver_again(&envelope).await, Verdict::Done);
    assert_eq!(world.app.deliver_again(&envelope).await, Verdict::Repeat);
    // Published twice, under two ids: the version tells.
    assert_eq!(world.app.deliver(&listing).await, Verdict::Done);
    assert_eq!(tickets(&world.app).await, [("Hamlet".to_owned(), 1999, 1)]);
}

#[tokio::test]
async fn what_is_no_listing_is_put_aside() {
    let world: World = orders().await;
    for payload in
        ["", "null", "{}", "{\"id\":1}", "not json", "{\"id\":\"x\",\"title\":\"a\",\"price\":1,\"version\":1}"]
    {
        assert_eq!(world.app.deliver_raw("ticket:created", payload).await, Verdict::Dead, "{payload}");
    }
    let listing = json!({
        "id": UserId::new(), "title": "Lear", "price": 5.5, "userId": UserId::new(), "version": 1, "more": true,
    });
    assert_eq!(world.app.deliver_raw("ticket:created", listing.to_string()).await, Verdict::Done);
    assert_eq!(tickets(&world.app).await, [("Lear".to_owned(), 550, 1)]);
}

#[tokio::test]
async fn a_failing_database_loses_nothing() {
    let world = orders().await;
    fails_safely(&world.app, &a_listing(UserId::new()), &["tickets"]).await;
    assert_eq!(tickets(&world.app).await.len(), 1);
}
