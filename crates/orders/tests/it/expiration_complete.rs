//! `expiration:complete`.

use events::orders::OrderStatus::{AwaitingPayment, Cancelled, Complete};
use events::{Envelope, OrderId, Verdict};
use serde_json::json;
use testkit::fails_safely;
use time::Duration;

use crate::world::{orders, paid, time_up};

#[tokio::test]
async fn an_unpaid_order_is_cancelled() {
    let world = orders().await;
    let ticket = world.a_ticket().await;
    let order = world.order(&world.sign_in(), ticket).await;
    world.app.forget_published().await;
    world.pass_the_hold();
    assert_eq!(world.app.deliver(&time_up(order)).await, Verdict::Done);
    assert_eq!(world.stands(order).await, (Cancelled, 2));
    let event = json!({ "id": order, "version": 2, "ticket": { "id": ticket } });
    assert_eq!(world.app.published().await, [("order:cancelled".to_owned(), event)]);
    world.order(&world.sign_in(), ticket).await;
}

/// F3: the reference cancelled it, sold the ticket again, and charged both.
#[tokio::test]
async fn amid_a_payment_it_is_asked_how_that_ended() {
    let world = orders().await;
    let order = world.an_order_being_paid().await;
    world.app.forget_published().await;
    world.pass_the_hold();
    world.hears(&time_up(order)).await;
    assert_eq!(world.stands(order).await, (AwaitingPayment, 3));
    assert_eq!(world.news().await, [("order:expiring".to_owned(), json!({ "id": order, "version": 3 }))]);
    // Once: whoever rings again learns nothing new.
    world.hears(&time_up(order)).await;
    assert_eq!(world.app.published().await, []);
}

#[tokio::test]
async fn a_timer_that_rings_too_early_rings_again() {
    let world = orders().await;
    let (order, paying) = (world.an_order().await, world.an_order_being_paid().await);
    world.app.forget_published().await;
    world.pass_the_hold();
    world.clock.advance(Duration::milliseconds(-1));
    let envelopes = [order, paying].map(|order| Envelope::of(&time_up(order)).unwrap());
    for envelope in &envelopes {
        assert!(matches!(world.app.receive(envelope, 1).await, Verdict::Retry(_)));
    }
    assert_eq!(world.app.published().await, [], "not a moment less than was promised");
    world.clock.advance(Duration::milliseconds(1));
    for envelope in &envelopes {
        assert_eq!(world.app.receive(envelope, 2).await, Verdict::Done);
    }
    assert_eq!(world.subjects().await, ["order:cancelled", "order:expiring"]);
}

#[tokio::test]
async fn what_is_settled_stays_so() {
    let world = orders().await;
    let (complete, cancelled) = (world.an_order().await, world.a_cancelled_order().await);
    world.hears(&paid(complete)).await;
    world.app.forget_published().await;
    world.hears(&time_up(complete)).await;
    world.hears(&time_up(cancelled)).await;
    assert_eq!(world.stands(complete).await, (Complete, 2));
    assert_eq!(world.stands(cancelled).await, (Cancelled, 2));
    assert_eq!(world.app.published().await, []);
}

#[tokio::test]
async fn the_same_delivery_twice_is_one() {
    let world = orders().await;
    let order = world.an_order().await;
    world.pass_the_hold();
    let envelope = Envelope::of(&time_up(order)).unwrap();
    assert_eq!(world.app.receive(&envelope, 1).await, Verdict::Done);
    assert_eq!(world.app.receive(&envelope, 2).await, Verdict::Repeat);
    assert_eq!(world.subjects().await, ["order:created", "order:cancelled"]);
}

#[tokio::test]
async fn what_is_about_no_order_of_ours_is_put_aside_in_the_end() {
    let world = orders().await;
    let envelope = Envelope::of(&time_up(OrderId::new())).unwrap();
    assert!(matches!(world.app.receive(&envelope, 1).await, Verdict::Retry(_)));
    assert_eq!(world.app.receive(&envelope, 20).await, Verdict::Dead);
    for payload in ["", "{}", "{\"orderId\":7}", "{\"orderId\":\"garbage\"}"] {
        assert_eq!(world.app.deliver_raw("expiration:complete", payload).await, Verdict::Dead, "{payload}");
    }
}

#[tokio::test]
async fn a_failing_database_loses_nothing() {
    let world = orders().await;
    let (order, paying) = (world.an_order().await, world.an_order_being_paid().await);
    world.pass_the_hold();
    fails_safely(&world.app, &time_up(order), &["orders", "outbox"]).await;
    fails_safely(&world.app, &time_up(paying), &["orders", "outbox"]).await;
    world.audit(&[]).await.unwrap();
}
