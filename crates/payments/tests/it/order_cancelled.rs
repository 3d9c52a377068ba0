//! `order:cancelled`: nothing is to be paid any more, and what is under way is ended.

use events::{Envelope, Verdict};
use payments::payment::Status;
use testkit::fails_safely;

use crate::order_created::known;
use crate::world::{World, open, pay, text};

#[tokio::test]
async fn the_order_is_cancelled_here_too() {
    let world = World::new().await;
    let order = world.an_order(&world.app.sign_in()).await;
    assert_eq!(world.app.deliver(&order.cancelled(2)).await, Verdict::Done);
    assert_eq!(known(&world, &order).await, Some((2, "cancelled".to_owned(), 2000, false)));
    assert_eq!(world.told().await, [] as [&str; 0]);
}

#[tokio::test]
async fn an_open_intent_is_cancelled_at_the_provider() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    world.app.deliver(&order.cancelled(2)).await;
    assert_eq!(world.settle().await, 1);
    assert_eq!(world.intents(), ["canceled"]);
    assert_eq!(world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await, 400);
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);
}

#[tokio::test]
async fn f3_money_that_came_all_the_same_is_told_so_that_orders_decides() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await;
    world.app.deliver(&order.cancelled(2)).await;
    world.settle().await;
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
    // It says no: the ticket is somebody else's by now.
    let payment = world.only_payment(&order).await;
    world.app.deliver(&order.refund(payment.id)).await;
    world.refund().await;
    assert_eq!((world.charges(), world.payment(payment.id).await.status), (vec![(2000, 2000)], Status::Refunded));
}

#[tokio::test]
async fn f3_or_it_says_yes_and_the_order_is_complete_after_all() {
    let world = World::new().await;
    let (order, payment) = world.a_paid_order(&world.app.sign_in()).await;
    world.app.deliver(&order.cancelled(2)).await;
    assert_eq!(world.settle().await, 0, "it is paid: there is nothing to end");
    assert_eq!(world.app.deliver(&order.completed(3)).await, Verdict::Done);
    assert_eq!(known(&world, &order).await.expect("an order").1, "complete");
    assert_eq!((world.charges(), world.payment(payment.id).await.status), (vec![(2000, 0)], Status::Completed));
}

#[tokio::test]
async fn twice_early_and_late() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let envelope = Envelope::of(&order.cancelled(3)).expect("an envelope");
    assert!(matches!(world.app.receive(&envelope, 1).await, Verdict::Retry(_)), "too early");
    pay(&ann, &order, "tok_chargeDeclined").await.is(400);
    world.app.deliver(&order.updated(2)).await;
    assert_eq!(world.app.deliver_again(&envelope).await, Verdict::Done);
    assert_eq!(world.app.deliver_again(&envelope).await, Verdict::Repeat);
    let before = world.everything().await;
    assert_eq!(world.app.deliver(&order.updated(2)).await, Verdict::Done, "late");
    let without_marks = |contents: Vec<(String, serde_json::Value)>| {
        contents.into_iter().filter(|(table, _)| table != "inbox").collect::<Vec<_>>()
    };
    assert_eq!(without_marks(world.everything().await), without_marks(before));
    assert_eq!(world.app.deliver_raw("order:cancelled", b"null").await, Verdict::Dead);
}

#[tokio::test]
async fn it_fails_safely() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    fails_safely(&world.app, &order.cancelled(2), &["orders", "payments"]).await;
}
