//! `order:completed`: it is paid, and should another payment be under way, that one ends.

use events::Verdict;
use testkit::fails_safely;

use crate::order_created::known;
use crate::world::{World, open};

#[tokio::test]
async fn the_order_is_complete_here_too() {
    let world = World::new().await;
    let (order, _) = world.a_paid_order(&world.app.sign_in()).await;
    assert_eq!(world.app.deliver(&order.completed(2)).await, Verdict::Done);
    assert_eq!(known(&world, &order).await, Some((2, "complete".to_owned(), 2000, false)));
    assert_eq!((world.settle().await, world.charges()), (0, vec![(2000, 0)]));
}

#[tokio::test]
async fn another_payment_that_is_under_way_ends() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    assert_eq!(world.app.deliver(&order.completed(2)).await, Verdict::Done);
    assert_eq!(world.settle().await, 1);
    assert_eq!((world.intents(), world.charges()), (vec!["canceled".to_owned()], vec![]));
}

#[tokio::test]
async fn twice_early_and_late() {
    let world = World::new().await;
    let (order, _) = world.a_paid_order(&world.app.sign_in()).await;
    assert!(matches!(world.app.deliver(&order.completed(3)).await, Verdict::Retry(_)), "too early");
    assert_eq!(world.app.deliver(&order.updated(2)).await, Verdict::Done);
    assert_eq!(world.app.deliver(&order.completed(3)).await, Verdict::Done);
    assert_eq!(world.app.deliver(&order.completed(3)).await, Verdict::Done, "published once more");
    assert_eq!(world.app.deliver(&order.updated(2)).await, Verdict::Done, "late");
    assert_eq!(known(&world, &order).await.expect("an order").1, "complete");
    assert_eq!(world.app.deliver_raw("order:completed", b"{}").await, Verdict::Dead);
}

#[tokio::test]
async fn it_fails_safely() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    fails_safely(&world.app, &order.completed(2), &["orders", "payments"]).await;
}
