//! `payment:closed`.

use events::orders::OrderStatus::{Cancelled, Complete, Created};
use events::{Envelope, OrderId, Verdict};
use serde_json::json;
use testkit::fails_safely;

use crate::world::{closed, orders, paid, started, time_up};

#[tokio::test]
async fn an_order_is_open_again() {
    let world = orders().await;
    let (ann, ticket) = (world.sign_in(), world.a_ticket().await);
    let order = world.order(&ann, ticket).await;
    let expires_at = world.clock.now() + orders::Rules::default().hold;
    world.hears(&started(order)).await;
    world.app.forget_published().await;
    world.hears(&closed(order)).await;
    assert_eq!(world.stands(order).await, (Created, 3));
    let event = json!({
        "id": order, "version": 3, "status": "created", "userId": ann.id, "expiresAt": expires_at,
        "ticket": { "id": ticket, "price": 19.99 },
    });
    assert_eq!(world.news().await, [("order:updated".to_owned(), event)]);
    // … for another attempt, or until its time is up.
    world.hears(&started(order)).await;
    world.hears(&closed(order)).await;
    world.pass_the_hold();
    world.hears(&time_up(order)).await;
    assert_eq!(world.stands(order).await, (Cancelled, 6));
}

#[tokio::test]
async fn an_expiring_order_waited_for_just_that() {
    let world = orders().await;
    let order = world.an_expiring_order().await;
    world.app.forget_published().await;
    world.hears(&closed(order)).await;
    assert_eq!(world.stands(order).await, (Cancelled, 4));
    assert_eq!(world.subjects().await, ["order:cancelled"]);
}

#[tokio::test]
async fn a_repeat_or_a_late_one_changes_nothing() {
    let world = orders().await;
    let (order, complete, cancelled) =
        (world.an_order_being_paid().await, world.an_order().await, world.a_cancelled_order().await);
    world.hears(&paid(complete)).await;
    let envelope = Envelope::of(&closed(order)).unwrap();
    assert_eq!(world.app.receive(&envelope, 1).await, Verdict::Done);
    world.app.forget_published().await;
    assert_eq!(world.app.receive(&envelope, 2).await, Verdict::Repeat);
    for order in [order, complete, cancelled] {
        world.hears(&closed(order)).await;
    }
    assert_eq!(world.stands(order).await, (Created, 3));
    assert_eq!(world.stands(complete).await, (Complete, 2));
    assert_eq!(world.app.published().await, []);
}

#[tokio::test]
async fn what_is_about_no_order_of_ours_is_put_aside_in_the_end() {
    let world = orders().await;
    let envelope = Envelope::of(&closed(OrderId::new())).unwrap();
    assert!(matches!(world.app.receive(&envelope, 1).await, Verdict::Retry(_)));
    assert_eq!(world.app.receive(&envelope, 20).await, Verdict::Dead);
    assert_eq!(world.app.deliver_raw("payment:closed", "[]").await, Verdict::Dead);
}

#[tokio::test]
async fn a_failing_database_loses_nothing() {
    let world = orders().await;
    let (order, expiring) = (world.an_order_being_paid().await, world.an_expiring_order().await);
    fails_safely(&world.app, &closed(order), &["orders", "outbox"]).await;
    fails_safely(&world.app, &closed(expiring), &["orders", "outbox"]).await;
    world.audit(&[]).await.unwrap();
}
