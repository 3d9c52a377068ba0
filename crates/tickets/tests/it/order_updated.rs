//! `order:updated` only counts: a payment of the order began or was given up, and it holds its ticket as before.

use events::{Envelope, Verdict};
use serde_json::json;
use testkit::fails_safely;

use crate::{Order, a_hold, a_ticket, everything, known, shown, tickets};

#[tokio::test]
async fn the_version_is_counted_and_the_ticket_stays_as_it_is() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    let before = shown(&app, &ticket).await;
    app.forget_published().await;
    for version in [2, 3, 4] {
        assert_eq!(app.deliver(&order.updated(version)).await, Verdict::Done);
        assert_eq!(known(&app, &order).await, version);
    }
    assert_eq!(shown(&app, &ticket).await, before);
    assert_eq!(app.published().await, [], "f7: no transition, no event");
}

#[tokio::test]
async fn f10_delivered_twice_it_counts_once() {
    let app = tickets().await;
    let order = a_hold(&app, &a_ticket(&app.sign_in()).await).await;
    let envelope = Envelope::of(&order.updated(2)).unwrap();
    assert_eq!(app.receive(&envelope, 1).await, Verdict::Done);
    let once = everything(&app).await;
    assert_eq!(app.deliver_again(&envelope).await, Verdict::Repeat);
    assert_eq!(everything(&app).await, once);
}

#[tokio::test]
async fn f11_late_it_takes_nothing_back() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&order.cancelled(2)).await, Verdict::Done);
    assert_eq!(app.deliver(&order.updated(2)).await, Verdict::Done);
    assert_eq!(known(&app, &order).await, 2);
    assert_eq!(shown(&app, &ticket).await["status"], "available");
}

#[tokio::test]
async fn f11_before_the_version_before_it_it_is_too_early() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = Order::of(&ticket);
    let before = everything(&app).await;
    assert!(matches!(app.deliver(&order.updated(2)).await, Verdict::Retry(_)), "before the order is known");
    assert_eq!(everything(&app).await, before);
    assert_eq!(app.deliver(&order.created()).await, Verdict::Done);
    assert!(matches!(app.deliver(&order.updated(3)).await, Verdict::Retry(_)), "with one missing");
    assert_eq!(known(&app, &order).await, 1);
}

#[tokio::test]
async fn f12_malformed_it_is_a_dead_letter() {
    let app = tickets().await;
    let order = a_hold(&app, &a_ticket(&app.sign_in()).await).await;
    for event in [json!({ "id": order.id }), json!({ "version": 2 }), json!([]), json!({ "id": 7, "version": 2 })] {
        assert_eq!(app.deliver_raw("order:updated", event.to_string()).await, Verdict::Dead, "{event}");
    }
    assert_eq!(known(&app, &order).await, 1);
}

#[tokio::test]
async fn f10_nothing_is_done_by_halves_when_the_database_fails() {
    let app = tickets().await;
    let order = a_hold(&app, &a_ticket(&app.sign_in()).await).await;
    fails_safely(&app, &order.updated(2), &["orders"]).await;
    assert_eq!(known(&app, &order).await, 2);
}
