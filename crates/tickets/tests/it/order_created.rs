//! `order:created` holds the ticket.

use events::orders::OrderCreated;
use events::{Envelope, TicketId, Verdict, Version};
use serde_json::json;
use testkit::fails_safely;

use crate::{Order, UNTIL, a_hold, a_ticket, everything, known, path, shown, state, tickets, versions_published};

#[tokio::test]
async fn the_ticket_is_held_by_the_order() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = Order::of(&ticket);
    assert_eq!(app.deliver(&order.created()).await, Verdict::Done);
    let held = json!({ "status": "held", "orderId": order.id, "heldUntil": UNTIL, "version": 2 });
    assert_eq!(state(&shown(&app, &ticket).await), held);
    assert_eq!(known(&app, &order).await, 1);
}

#[tokio::test]
async fn f8_the_hold_is_published_with_its_version() {
    let app = tickets().await;
    let ann = app.sign_in();
    let ticket = a_ticket(&ann).await;
    app.forget_published().await;
    let order = a_hold(&app, &ticket).await;
    let event = json!({
        "id": ticket["id"], "title": "Hamlet", "price": 20, "userId": ann.id, "version": 2, "orderId": order.id,
    });
    assert_eq!(app.published().await, [("ticket:updated".to_owned(), event)]);
}

#[tokio::test]
async fn f10_delivered_twice_it_holds_once() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = Order::of(&ticket);
    let envelope = Envelope::of(&order.created()).unwrap();
    assert_eq!(app.receive(&envelope, 1).await, Verdict::Done);
    let once = everything(&app).await;
    assert_eq!(app.deliver_again(&envelope).await, Verdict::Repeat);
    assert_eq!(everything(&app).await, once);
}

#[tokio::test]
async fn f11_published_twice_it_holds_once() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    let before = shown(&app, &ticket).await;
    assert_eq!(app.deliver(&order.created()).await, Verdict::Done, "the same event under another id");
    assert_eq!(shown(&app, &ticket).await, before);
    assert_eq!(versions_published(&app, &ticket).await, [1, 2]);
}

#[tokio::test]
async fn f11_late_it_does_not_hold_what_its_order_gave_back() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&order.cancelled(2)).await, Verdict::Done);
    assert_eq!(app.deliver(&order.created()).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["status"], "available");
    assert_eq!(versions_published(&app, &ticket).await, [1, 2, 3]);
}

#[tokio::test]
async fn f11_while_another_order_has_the_ticket_it_waits_for_the_release_and_has_it_then() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let (first, second) = (a_hold(&app, &ticket).await, Order::of(&ticket));
    assert_eq!(app.deliver(&second.created()).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["orderId"], json!(first.id));
    assert_eq!(versions_published(&app, &ticket).await, [1, 2]);
    // The release it waited for comes, and hands the ticket over: one change, one event.
    assert_eq!(app.deliver(&first.cancelled(2)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["orderId"], json!(second.id));
    assert_eq!(versions_published(&app, &ticket).await, [1, 2, 3]);
    assert_eq!(app.deliver(&second.cancelled(2)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["status"], "available");
}

#[tokio::test]
async fn f11_an_order_that_came_and_went_before_the_one_that_has_the_ticket_leaves_it_alone() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let (gone, holder) = (Order::of(&ticket), a_hold(&app, &ticket).await);
    assert_eq!(app.deliver(&gone.created()).await, Verdict::Done);
    assert_eq!(app.deliver(&gone.cancelled(2)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["orderId"], json!(holder.id));
    assert_eq!(app.deliver(&holder.cancelled(2)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["status"], "available");
    assert_eq!(versions_published(&app, &ticket).await, [1, 2, 3]);
}

#[tokio::test]
async fn two_orders_at_once_never_both_have_the_ticket() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let (one, two) = (Order::of(&ticket), Order::of(&ticket));
    let (event_one, event_two) = (one.created(), two.created());
    let verdicts: [Verdict; 2] = tokio::join!(app.deliver(&event_one), app.deliver(&event_two)).into();
    assert_eq!(verdicts, [Verdict::Done, Verdict::Done]);
    assert_eq!(versions_published(&app, &ticket).await, [1, 2]);
    // One has it, the other waits: whichever lets go, the ticket is the other's, or still is.
    assert_eq!(app.deliver(&one.cancelled(2)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["orderId"], json!(two.id));
    assert_eq!(app.deliver(&two.cancelled(2)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["status"], "available");
}

#[tokio::test]
async fn f10_delivered_to_two_replicas_at_once_it_holds_once() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let envelope = Envelope::of(&Order::of(&ticket).created()).unwrap();
    let verdicts: [Verdict; 2] = tokio::join!(app.receive(&envelope, 1), app.receive(&envelope, 2)).into();
    assert!(verdicts.contains(&Verdict::Done) && verdicts.contains(&Verdict::Repeat), "{verdicts:?}");
    assert_eq!(versions_published(&app, &ticket).await, [1, 2]);
}

#[tokio::test]
async fn of_a_ticket_that_is_not_there_it_is_too_early() {
    let app = tickets().await;
    let order = Order { ticket: TicketId::new(), ..Order::of(&a_ticket(&app.sign_in()).await) };
    let before = everything(&app).await;
    assert!(matches!(app.deliver(&order.created()).await, Verdict::Retry(_)));
    assert_eq!(everything(&app).await, before);
}

#[tokio::test]
async fn of_another_version_than_the_first_it_is_too_early() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let event = OrderCreated { version: Version(2), ..Order::of(&ticket).created() };
    assert!(matches!(app.deliver(&event).await, Verdict::Retry(_)));
    assert_eq!(shown(&app, &ticket).await, ticket);
}

#[tokio::test]
async fn f12_malformed_it_is_a_dead_letter() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let whole = serde_json::to_value(Order::of(&ticket).created()).unwrap();
    for field in ["id", "version", "status", "userId", "expiresAt", "ticket"] {
        let mut event = whole.clone();
        event.as_object_mut().unwrap().remove(field).unwrap();
        assert_eq!(app.deliver_raw("order:created", event.to_string()).await, Verdict::Dead, "without {field}");
    }
    for bytes in ["", "{", "null", "\u{0}", "[]"] {
        assert_eq!(app.deliver_raw("order:created", bytes).await, Verdict::Dead, "{bytes:?}");
    }
    assert_eq!(shown(&app, &ticket).await, ticket);
    let dead = events::dead_letters::list(app.db(), events::dead_letters::Which::All).await.unwrap();
    assert_eq!(dead.len(), 11);
}

#[tokio::test]
async fn f12_early_for_too_long_it_is_a_dead_letter_and_can_be_replayed() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = Order::of(&ticket);
    let payment = Envelope::of(&order.updated(2)).unwrap();
    assert_eq!(app.receive(&payment, events::listener::DELIVERIES_MAX).await, Verdict::Dead);
    assert_eq!(app.deliver(&order.created()).await, Verdict::Done);
    assert_eq!(app.receive(&payment, 1).await, Verdict::Done);
    assert_eq!(app.deliver(&order.cancelled(3)).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["status"], "available");
}

#[tokio::test]
async fn what_else_is_in_it_is_ignored() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let mut event = serde_json::to_value(Order::of(&ticket).created()).unwrap();
    event["coupon"] = json!("HAMLET10");
    assert_eq!(app.deliver_raw("order:created", event.to_string()).await, Verdict::Done);
    assert_eq!(shown(&app, &ticket).await["status"], "held");
}

#[tokio::test]
async fn f10_nothing_is_done_by_halves_when_the_database_fails() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    fails_safely(&app, &Order::of(&ticket).created(), &["tickets", "outbox", "orders"]).await;
    assert_eq!(versions_published(&app, &ticket).await, [1, 2]);
    assert_eq!(app.anonymous().get(path(&ticket)).await.is(200)["status"], "held");
}
