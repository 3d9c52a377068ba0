//! `order:expiring`: nothing new begins, what is under way ends, and how it ended is told whatever happens.

use events::{Envelope, Verdict};
use payments::payment::Status;
use testkit::fails_safely;

use crate::order_created::known;
use crate::world::{World, open, pay, text};

#[tokio::test]
async fn with_nothing_under_way_that_is_told_at_once() {
    let world = World::new().await;
    let order = world.an_order(&world.app.sign_in()).await;
    assert_eq!(world.app.deliver(&order.expiring(2)).await, Verdict::Done);
    assert_eq!(known(&world, &order).await, Some((2, "created".to_owned(), 2000, true)));
    assert_eq!(world.told().await, ["payment:closed"]);
}

#[tokio::test]
async fn after_a_decline_nothing_is_under_way() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    pay(&ann, &order, "tok_chargeDeclined").await.is(400);
    world.app.forget_published().await;
    world.app.deliver(&order.expiring(2)).await;
    assert_eq!(world.told().await, ["payment:closed"]);
}

#[tokio::test]
async fn an_open_intent_is_cancelled_at_the_provider_first() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    world.app.deliver(&order.updated(2)).await;
    world.app.forget_published().await;
    assert_eq!(world.app.deliver(&order.expiring(3)).await, Verdict::Done);
    assert_eq!(world.told().await, [] as [&str; 0], "nobody knows yet how it ends");
    assert_eq!(world.settle().await, 1);
    assert_eq!((world.told().await, world.intents()), (vec!["payment:closed".to_owned()], vec!["canceled".to_owned()]));
    assert_eq!(world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await, 400);
    open(&ann, &order).await.refuses(400, "Cannot pay for an expired order");
}

#[tokio::test]
async fn f3_an_intent_the_buyer_has_just_paid_counts() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await;
    world.app.forget_published().await;
    world.app.deliver(&order.expiring(2)).await;
    assert_eq!(world.settle().await, 1);
    assert_eq!(world.told().await, ["payment:created"]);
    assert_eq!(world.only_payment(&order).await.status, Status::Completed);
}

#[tokio::test]
async fn a_payment_that_was_told_before_is_told_again() {
    let world = World::new().await;
    let (order, payment) = world.a_paid_order(&world.app.sign_in()).await;
    world.app.forget_published().await;
    world.app.deliver(&order.expiring(2)).await;
    let published = world.app.published_of::<events::payments::PaymentCreated>().await;
    assert_eq!((published.len(), published[0].id, world.settle().await), (1, payment.id, 0));
}

#[tokio::test]
async fn a_payment_that_went_back_is_none() {
    let world = World::new().await;
    let (order, payment) = world.a_paid_order(&world.app.sign_in()).await;
    world.app.deliver(&order.refund(payment.id)).await;
    world.refund().await;
    world.app.forget_published().await;
    world.app.deliver(&order.expiring(2)).await;
    assert_eq!(world.told().await, ["payment:closed"]);
}

#[tokio::test]
async fn twice_early_and_late() {
    let world = World::new().await;
    let order = world.an_order(&world.app.sign_in()).await;
    let envelope = Envelope::of(&order.expiring(3)).expect("an envelope");
    assert!(matches!(world.app.receive(&envelope, 1).await, Verdict::Retry(_)), "too early");
    assert_eq!(world.told().await, [] as [&str; 0]);
    world.app.deliver(&order.updated(2)).await;
    assert_eq!(world.app.deliver_again(&envelope).await, Verdict::Done);
    assert_eq!(world.app.deliver_again(&envelope).await, Verdict::Repeat);
    assert_eq!(world.app.deliver(&order.expiring(3)).await, Verdict::Done, "published once more");
    assert_eq!(world.told().await, ["payment:closed"]);
    assert_eq!(world.app.deliver_raw("order:expiring", b"[]").await, Verdict::Dead);
}

#[tokio::test]
async fn it_fails_safely_with_nothing_under_way() {
    let world = World::new().await;
    let order = world.an_order(&world.app.sign_in()).await;
    fails_safely(&world.app, &order.expiring(2), &["orders", "outbox"]).await;
}

#[tokio::test]
async fn it_fails_safely_amid_a_payment() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    fails_safely(&world.app, &order.expiring(2), &["orders", "payments"]).await;
}
