//! `order:updated` counts a version.

use events::Verdict;
use testkit::fails_safely;

use crate::order_created::known;
use crate::world::{World, open, pay};

#[tokio::test]
async fn the_replica_follows() {
    let world = World::new().await;
    let order = world.an_order(&world.app.sign_in()).await;
    assert_eq!(world.app.deliver(&order.updated(2)).await, Verdict::Done);
    assert_eq!(known(&world, &order).await, Some((2, "awaiting:payment".to_owned(), 2000, false)));
}

#[tokio::test]
async fn what_is_under_way_goes_on() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    world.app.deliver(&order.updated(2)).await;
    assert_eq!(open(&ann, &order).await.is(201), opened);
    assert_eq!(world.settle().await, 0);
}

#[tokio::test]
async fn the_order_can_be_paid_as_before() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.app.deliver(&order.updated(2)).await;
    pay(&ann, &order, "tok_visa").await.is(201);
}

#[tokio::test]
async fn an_early_one_waits_and_an_old_one_is_no_news() {
    let world = World::new().await;
    let order = world.an_order(&world.app.sign_in()).await;
    assert!(matches!(world.app.deliver(&order.updated(3)).await, Verdict::Retry(_)));
    assert_eq!(known(&world, &order).await.expect("an order").0, 1);
    assert_eq!(world.app.deliver(&order.updated(2)).await, Verdict::Done);
    assert_eq!(world.app.deliver(&order.updated(3)).await, Verdict::Done);
    assert_eq!(world.app.deliver(&order.updated(2)).await, Verdict::Done);
    assert_eq!(known(&world, &order).await.expect("an order").0, 3);
    assert_eq!(world.app.deliver_raw("order:updated", b"{}").await, Verdict::Dead);
}

#[tokio::test]
async fn it_fails_safely() {
    let world = World::new().await;
    let order = world.an_order(&world.app.sign_in()).await;
    fails_safely(&world.app, &order.updated(2), &["orders"]).await;
}
