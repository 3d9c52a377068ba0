//! `order:cancelled` releases the ticket, if that order holds it.

use events::{Envelope, Verdict};
use serde_json::json;
use testkit::fails_safely;

use crate::{Order, a_hold, a_ticket, everything, known, shown, state, tickets, versions_published};

#[tokio::test]
async fn the_ticket_can_be_bought_again() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&order.cancelled(2)).await, Verdict::Done);
    let free = json!({ "status": "available", "orderId": null, "heldUntil": null, "version": 3 });
    assert_eq!(state(&shown(&app, &ticket).await), free);
    assert!(shown(&app, &ticket).await.get("orderId").is_none(), "absent while free");
    assert_eq!(known(&app, &order).await, 2);
}

#[tokio::test]
async fn f8_the_release_is_published_with_its_version() {
    let app = tickets().await;
    let ann = app.sign_in();
    let ticket = a_ticket(&ann).await;
    let order = a_hold(&app, &ticket).await;
    app.forget_published().await;
    assert_eq!(app.deliver(&order.cancelled(2)).await, Verdict::Done);
    let event = json!({ "id": ticket["id"], "title": "Hamlet", "price": 20, "userId": ann.id, "version": 3 });
    assert_eq!(app.published().await, [("ticket:updated".to_owned(), event)]);
}

#[tokio::test]
async fn f6_a_stale_cancel_does_not_free_another_buyers_hold() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    // The versions alone would keep a stale cancel out; this one has the right version, and still may not.
    let first = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&first.cancelled(2)).await, Verdict::Done);
    let second = a_hold(&app, &ticket).await;
    let before = shown(&app, &ticket).await;
    assert_eq!(app.deliver(&first.cancelled(3)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await, before);
    assert_eq!(before["orderId"], json!(second.id));
    assert_eq!(known(&app, &first).await, 3);
}

#[tokio::test]
async fn f7_a_cancel_that_releases_nothing_publishes_nothing() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&order.cancelled(2)).await, Verdict::Done);
    app.forget_published().await;
    assert_eq!(app.deliver(&order.cancelled(2)).await, Verdict::Done, "published once more");
    assert_eq!(app.deliver(&order.cancelled(3)).await, Verdict::Done, "cancelled once more");
    assert_eq!(app.published().await, []);
    assert_eq!(shown(&app, &ticket).await["version"], 3);
}

#[tokio::test]
async fn f5_a_sold_ticket_is_not_released() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&order.completed(2)).await, Verdict::Done);
    assert_eq!(app.deliver(&order.cancelled(3)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["status"], "sold");
    assert_eq!(versions_published(&app, &ticket).await, [1, 2, 3]);
}

#[tokio::test]
async fn f10_delivered_twice_it_releases_once() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let envelope = Envelope::of(&a_hold(&app, &ticket).await.cancelled(2)).unwrap();
    assert_eq!(app.receive(&envelope, 1).await, Verdict::Done);
    let once = everything(&app).await;
    assert_eq!(app.deliver_again(&envelope).await, Verdict::Repeat);
    assert_eq!(everything(&app).await, once);
}

#[tokio::test]
async fn f11_before_the_hold_it_is_too_early() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = Order::of(&ticket);
    let envelope = Envelope::of(&order.cancelled(2)).unwrap();
    let before = everything(&app).await;
    assert!(matches!(app.receive(&envelope, 1).await, Verdict::Retry(_)));
    assert_eq!(everything(&app).await, before);
    assert_eq!(app.deliver(&order.created()).await, Verdict::Done);
    assert_eq!(app.deliver_again(&envelope).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["status"], "available");
    assert_eq!(versions_published(&app, &ticket).await, [1, 2, 3]);
}

#[tokio::test]
async fn f11_before_a_payment_of_its_order_that_came_earlier_it_is_too_early() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    let envelope = Envelope::of(&order.cancelled(4)).unwrap();
    assert!(matches!(app.receive(&envelope, 1).await, Verdict::Retry(_)));
    assert_eq!(app.deliver(&order.updated(2)).await, Verdict::Done);
    assert!(matches!(app.receive(&envelope, 2).await, Verdict::Retry(_)));
    assert_eq!(app.deliver(&order.expiring(3)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["status"], "held");
    assert_eq!(app.receive(&envelope, 3).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["status"], "available");
}

#[tokio::test]
async fn f12_malformed_it_is_a_dead_letter() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    for event in [
        json!({ "id": order.id, "version": 2 }),
        json!({ "id": order.id, "version": 2, "ticket": ticket["id"] }),
        json!({ "id": "1", "version": 2, "ticket": { "id": ticket["id"] } }),
        json!({ "id": order.id, "version": "2", "ticket": { "id": ticket["id"] } }),
    ] {
        assert_eq!(app.deliver_raw("order:cancelled", event.to_string()).await, Verdict::Dead, "{event}");
    }
    assert_eq!(shown(&app, &ticket).await["status"], "held");
}

#[tokio::test]
async fn f10_nothing_is_done_by_halves_when_the_database_fails() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    fails_safely(&app, &order.cancelled(2), &["tickets", "outbox", "orders"]).await;
    assert_eq!(versions_published(&app, &ticket).await, [1, 2, 3]);
}
