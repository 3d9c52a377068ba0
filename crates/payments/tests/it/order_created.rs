//! `order:created` makes a replica of the order.

use events::orders::OrderCreated;
use events::{Envelope, UserId, Verdict, Version};
use testkit::fails_safely;

use crate::world::{HOLD, Order, World, pay};

fn an_order(world: &World) -> Order {
    Order::new(UserId::new(), 1999, world.clock.now() + HOLD)
}

/// The replica: version, status, price, whether it is closing.
pub async fn known(world: &World, order: &Order) -> Option<(i64, String, i64, bool)> {
    sqlx::query_as("select version, status, price, closing from orders where id = $1")
        .bind(order.id)
        .fetch_optional(world.app.db())
        .await
        .expect("a query")
}

#[tokio::test]
async fn the_order_is_replicated() {
    let world = World::new().await;
    let order = an_order(&world);
    assert_eq!(world.app.deliver(&order.created()).await, Verdict::Done);
    assert_eq!(known(&world, &order).await, Some((1, "created".to_owned(), 1999, false)));
    assert_eq!(world.told().await, [] as [&str; 0]);
}

#[tokio::test]
async fn its_buyer_may_pay_the_price_agreed() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order_at(&ann, 1999).await;
    pay(&ann, &order, "tok_visa").await.is(201);
    assert_eq!(world.charges(), [(1999, 0)]);
}

#[tokio::test]
async fn a_repeat_is_no_news_by_the_same_envelope_or_another() {
    let world = World::new().await;
    let order = an_order(&world);
    let envelope = Envelope::of(&order.created()).expect("an envelope");
    assert_eq!(world.app.receive(&envelope, 1).await, Verdict::Done);
    world.app.deliver(&order.cancelled(2)).await;
    assert_eq!(world.app.deliver_again(&envelope).await, Verdict::Repeat);
    assert_eq!(world.app.deliver(&order.created()).await, Verdict::Done, "published once more");
    assert_eq!(known(&world, &order).await.expect("an order").1, "cancelled");
}

#[tokio::test]
async fn what_is_malformed_is_a_dead_letter() {
    let world = World::new().await;
    for bytes in [&b"{"[..], b"[]", b"{}", br#"{"id":"x"}"#] {
        assert_eq!(world.app.deliver_raw("order:created", bytes).await, Verdict::Dead);
    }
}

#[tokio::test]
async fn one_that_is_no_creation_waits_for_what_is_missing() {
    let world = World::new().await;
    let order = OrderCreated { version: Version(2), ..an_order(&world).created() };
    assert!(matches!(world.app.deliver(&order).await, Verdict::Retry(_)));
    let updated = an_order(&world).updated(1);
    assert!(matches!(world.app.deliver(&updated).await, Verdict::Retry(_)), "nor is this a creation");
}

#[tokio::test]
async fn it_fails_safely() {
    let world = World::new().await;
    fails_safely(&world.app, &an_order(&world).created(), &["orders"]).await;
}
