//! `payment:started`.

use events::orders::OrderStatus::{AwaitingPayment, Cancelled, Complete};
use events::{Envelope, OrderId, Verdict};
use serde_json::json;
use testkit::fails_safely;

use crate::world::{orders, paid, started};

#[tokio::test]
async fn an_order_awaits_its_payment() {
    let world = orders().await;
    let (ann, ticket) = (world.sign_in(), world.a_ticket().await);
    let order = world.order(&ann, ticket).await;
    world.app.forget_published().await;
    let expires_at = world.clock.now() + orders::Rules::default().hold;
    world.hears(&started(order)).await;
    assert_eq!(world.stands(order).await, (AwaitingPayment, 2));
    let event = json!({
        "id": order, "version": 2, "status": "awaiting:payment", "userId": ann.id, "expiresAt": expires_at,
        "ticket": { "id": ticket, "price": 19.99 },
    });
    assert_eq!(world.app.published().await, [("order:updated".to_owned(), event)]);
}

#[tokio::test]
async fn another_attempt_is_no_change() {
    let world = orders().await;
    let order = world.an_order_being_paid().await;
    let expiring = world.an_expiring_order().await;
    world.app.forget_published().await;
    let envelope = Envelope::of(&started(order)).unwrap();
    assert_eq!(world.app.receive(&envelope, 1).await, Verdict::Done);
    assert_eq!(world.app.receive(&envelope, 2).await, Verdict::Repeat);
    world.hears(&started(expiring)).await;
    assert_eq!(world.stands(order).await, (AwaitingPayment, 2));
    assert_eq!(world.app.published().await, []);
}

#[tokio::test]
async fn what_is_settled_stays_so() {
    let world = orders().await;
    let (complete, cancelled) = (world.an_order().await, world.a_cancelled_order().await);
    world.hears(&paid(complete)).await;
    world.app.forget_published().await;
    // It may have begun before, and be told late.
    world.hears(&started(complete)).await;
    world.hears(&started(cancelled)).await;
    assert_eq!(world.stands(complete).await, (Complete, 2));
    assert_eq!(world.stands(cancelled).await, (Cancelled, 2));
    assert_eq!(world.app.published().await, []);
}

#[tokio::test]
async fn what_is_about_no_order_of_ours_is_put_aside_in_the_end() {
    let world = orders().await;
    let envelope = Envelope::of(&started(OrderId::new())).unwrap();
    assert!(matches!(world.app.receive(&envelope, 1).await, Verdict::Retry(_)));
    assert_eq!(world.app.receive(&envelope, 20).await, Verdict::Dead);
    assert_eq!(world.app.deliver_raw("payment:started", "{}").await, Verdict::Dead);
}

#[tokio::test]
async fn a_failing_database_loses_nothing() {
    let world = orders().await;
    let order = world.an_order().await;
    fails_safely(&world.app, &started(order), &["orders", "outbox"]).await;
    world.audit(&[]).await.unwrap();
}
