//! `DELETE /api/orders/{id}`.

use events::OrderId;
use events::orders::OrderStatus::{AwaitingPayment, Cancelled, Complete};
use events::orders::{OrderCancelled, RefundRequested};
use serde_json::json;
use testkit::{Break, Database, User};

use crate::world::{World, orders, paid, path, started, time_up};

/// Ann, and an order of hers.
async fn anns_order(world: &World) -> (User, OrderId) {
    let (ann, ticket) = (world.sign_in(), world.a_ticket().await);
    let order = world.order(&ann, ticket).await;
    world.app.forget_published().await;
    (ann, order)
}

#[tokio::test]
async fn a_buyer_gives_a_ticket_back() {
    let world = orders().await;
    let (ann, ticket) = (world.sign_in(), world.a_ticket().await);
    let order = world.order(&ann, ticket).await;
    world.app.forget_published().await;

    let answer = ann.delete(path(order)).await;
    assert_eq!((answer.status, &*answer.text), (204, ""));
    assert_eq!(world.stands(order).await, (Cancelled, 2));
    let event = json!({ "id": order, "version": 2, "ticket": { "id": ticket } });
    assert_eq!(world.app.published().await, [("order:cancelled".to_owned(), event)]);
    assert_eq!(ann.get(path(order)).await.is(200)["status"], "cancelled");
}

/// F7: the reference published it again, and freed what others held meanwhile.
#[tokio::test]
async fn a_ticket_is_given_back_once() {
    let world = orders().await;
    let (ann, order) = anns_order(&world).await;
    for _ in 0..3 {
        ann.delete(path(order)).await.is(204);
    }
    assert_eq!(world.app.published_of::<OrderCancelled>().await.len(), 1);
    assert_eq!(world.stands(order).await, (Cancelled, 2));
}

#[tokio::test]
async fn it_is_given_back_amid_a_payment_too() {
    let world = orders().await;
    let (ann, order) = anns_order(&world).await;
    world.hears(&started(order)).await;
    assert_eq!(world.stands(order).await, (AwaitingPayment, 2));
    ann.delete(path(order)).await.is(204);
    assert_eq!(world.stands(order).await, (Cancelled, 3));

    let (bob, order) = anns_order(&world).await;
    world.hears(&started(order)).await;
    world.pass_the_hold();
    world.hears(&time_up(order)).await;
    bob.delete(path(order)).await.is(204);
    assert_eq!(world.stands(order).await, (Cancelled, 4));
    assert_eq!(world.subjects().await, ["order:updated", "order:expiring", "order:cancelled"]);
}

/// F5: the reference freed the ticket and kept the money.
#[tokio::test]
async fn what_is_paid_stays_sold() {
    let world = orders().await;
    let (ann, order) = anns_order(&world).await;
    world.hears(&paid(order)).await;
    world.app.forget_published().await;
    ann.delete(path(order)).await.refuses(400, "Cannot cancel a completed order");
    assert_eq!(world.stands(order).await, (Complete, 2));
    assert_eq!(world.app.published().await, []);
    assert_eq!(world.app.published_of::<RefundRequested>().await, []);
}

#[tokio::test]
async fn nobody_gives_back_anothers() {
    let world = orders().await;
    let (_, order) = anns_order(&world).await;
    world.sign_in().delete(path(order)).await.refuses(401, "Not authorized");
    world.app.anonymous().delete(path(order)).await.refuses(401, "Not authorized");
    assert_eq!(world.app.published().await, []);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = orders().await;
    let ann = world.sign_in();
    ann.delete(path(OrderId::new())).await.refuses(404, "Not Found");
    ann.delete("/api/orders/1").await.refuses(404, "Not Found");
    ann.delete("/api/orders").await.refuses(404, "Not Found");
}

#[tokio::test]
async fn another_site_can_not_give_back_for_its_visitor() {
    let world = orders().await;
    let (ann, order) = anns_order(&world).await;
    let elsewhere = ann.with_header("origin", "https://evil.example");
    elsewhere.delete(path(order)).await.refuses(400, "This request came from another site");
    assert_eq!(world.app.published().await, []);
}

#[tokio::test]
async fn what_can_not_be_written_whole_is_not_written_at_all() {
    let world = orders().await;
    let (ann, order) = anns_order(&world).await;
    let kit = Database::of(world.db());
    let before = kit.contents().await;
    for table in ["orders", "outbox"] {
        for how in [Break::Raise, Break::Disconnect, Break::AtCommit] {
            kit.break_writes(table, how).await;
            let answer = ann.delete(path(order)).await;
            kit.mend(table).await;
            answer.refuses(500, "Something went wrong");
            assert_eq!(kit.contents().await, before, "{table} {how:?}");
        }
    }
    ann.delete(path(order)).await.is(204);
}
