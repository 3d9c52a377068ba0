//! `order:completed` sells the ticket, also when it was paid late.

use events::{Envelope, TicketId, Verdict};
use serde_json::json;
use testkit::fails_safely;

use crate::{Order, a_hold, a_ticket, everything, known, shown, state, tickets, versions_published};

#[tokio::test]
async fn the_ticket_is_sold() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&order.completed(2)).await, Verdict::Done);
    let sold = json!({ "status": "sold", "orderId": order.id, "heldUntil": null, "version": 3 });
    assert_eq!(state(&shown(&app, &ticket).await), sold);
    assert_eq!(known(&app, &order).await, 2);
}

#[tokio::test]
async fn f8_the_sale_is_published_with_its_version() {
    let app = tickets().await;
    let ann = app.sign_in();
    let ticket = a_ticket(&ann).await;
    let order = a_hold(&app, &ticket).await;
    app.forget_published().await;
    assert_eq!(app.deliver(&order.completed(2)).await, Verdict::Done);
    let event = json!({
        "id": ticket["id"], "title": "Hamlet", "price": 20, "userId": ann.id, "version": 3, "orderId": order.id,
    });
    assert_eq!(app.published().await, [("ticket:updated".to_owned(), event)]);
}

#[tokio::test]
async fn f3_paid_late_it_takes_the_ticket_again_if_that_is_free() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&order.cancelled(2)).await, Verdict::Done);
    assert_eq!(app.deliver(&order.completed(3)).await, Verdict::Done);
    let sold = json!({ "status": "sold", "orderId": order.id, "heldUntil": null, "version": 4 });
    assert_eq!(state(&shown(&app, &ticket).await), sold);
    assert_eq!(versions_published(&app, &ticket).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn f3_a_late_payment_takes_the_ticket_also_from_an_order_whose_end_is_not_known_here_yet() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let late = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&late.cancelled(2)).await, Verdict::Done);
    // Another order came and went, but that it went is still on its way.
    let other = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&late.completed(3)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["orderId"], json!(late.id));
    assert_eq!(app.deliver(&other.cancelled(2)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["orderId"], json!(late.id));
    assert_eq!(shown(&app, &ticket).await["status"], "sold");
}

#[tokio::test]
async fn f11_an_order_that_came_and_went_before_the_sale_does_not_wait_for_what_never_comes() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&order.completed(2)).await, Verdict::Done);
    let other = Order::of(&ticket);
    assert_eq!(app.deliver(&other.created()).await, Verdict::Done);
    assert_eq!(app.deliver(&other.cancelled(2)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["orderId"], json!(order.id));
}

#[tokio::test]
async fn a_sold_ticket_is_not_sold_to_another_order() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&order.completed(2)).await, Verdict::Done);
    let other = Order::of(&ticket);
    assert_eq!(app.deliver(&other.created()).await, Verdict::Done);
    assert!(matches!(app.deliver(&other.completed(2)).await, Verdict::Retry(_)));
    assert_eq!(shown(&app, &ticket).await["orderId"], json!(order.id));
}

#[tokio::test]
async fn f7_what_is_sold_already_is_not_published_again() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&order.completed(2)).await, Verdict::Done);
    assert_eq!(app.deliver(&order.completed(2)).await, Verdict::Done, "published once more");
    assert_eq!(app.deliver(&order.completed(3)).await, Verdict::Done, "completed once more");
    assert_eq!(versions_published(&app, &ticket).await, [1, 2, 3]);
}

#[tokio::test]
async fn f10_delivered_twice_it_sells_once() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let envelope = Envelope::of(&a_hold(&app, &ticket).await.completed(2)).unwrap();
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
    assert!(matches!(app.deliver(&order.completed(2)).await, Verdict::Retry(_)));
    assert_eq!(shown(&app, &ticket).await, ticket);
}

#[tokio::test]
async fn of_a_ticket_that_is_not_there_it_is_too_early() {
    let app = tickets().await;
    let order = Order { ticket: TicketId::new(), ..Order::of(&a_ticket(&app.sign_in()).await) };
    assert!(matches!(app.deliver(&order.completed(1)).await, Verdict::Retry(_)));
    assert!(matches!(app.deliver(&order.cancelled(1)).await, Verdict::Retry(_)));
}

#[tokio::test]
async fn f12_malformed_it_is_a_dead_letter() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    let event = json!({ "id": order.id, "version": 2, "ticket": { "id": ticket["id"] } });
    assert_eq!(app.deliver_raw("order:completed", event.to_string()).await, Verdict::Dead);
    assert_eq!(shown(&app, &ticket).await["status"], "held");
}

#[tokio::test]
async fn f10_nothing_is_done_by_halves_when_the_database_fails() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    fails_safely(&app, &order.completed(2), &["tickets", "outbox", "orders"]).await;
    assert_eq!(versions_published(&app, &ticket).await, [1, 2, 3]);
}
