//! `payment:created`.

use events::orders::OrderStatus::{Cancelled, Complete, Created};
use events::orders::RefundRequested;
use events::payments::PaymentCreated;
use events::{Envelope, OrderId, TicketId, Verdict};
use serde_json::json;
use testkit::{User, fails_safely};

use crate::world::{World, orders, paid, path};

fn refund_of(payment: &PaymentCreated) -> (String, serde_json::Value) {
    ("refund:requested".to_owned(), json!({ "paymentId": payment.id, "orderId": payment.order_id }))
}

/// Ann gave her order up; its ticket is free.
async fn a_given_up_order(world: &World) -> (User, TicketId, OrderId) {
    let (ann, ticket) = (world.sign_in(), world.a_ticket().await);
    let order = world.order(&ann, ticket).await;
    ann.delete(path(order)).await.is(204);
    (ann, ticket, order)
}

#[tokio::test]
async fn a_paid_order_is_complete() {
    let world = orders().await;
    let (ann, ticket) = (world.sign_in(), world.a_ticket().await);
    let order = world.order(&ann, ticket).await;
    world.app.forget_published().await;
    // `payment:started` may still be on its way.
    world.hears(&paid(order)).await;
    assert_eq!(world.stands(order).await, (Complete, 2));
    let event = json!({ "id": order, "version": 2, "userId": ann.id, "ticket": { "id": ticket, "price": 19.99 } });
    assert_eq!(world.app.published().await, [("order:completed".to_owned(), event)]);
}

#[tokio::test]
async fn it_is_so_from_wherever_it_stood() {
    let world = orders().await;
    for order in [world.an_order_being_paid().await, world.an_expiring_order().await] {
        let payment = paid(order);
        world.hears(&payment).await;
        assert_eq!(world.stands(order).await.0, Complete);
    }
    world.audit(&[]).await.unwrap();
}

/// F3: time was up, or the buyer gave up, before the payment was known here.
#[tokio::test]
async fn a_late_payment_takes_a_free_ticket_again() {
    let world = orders().await;
    let (ann, ticket, order) = a_given_up_order(&world).await;
    world.app.forget_published().await;
    world.hears(&paid(order)).await;
    assert_eq!(world.stands(order).await, (Complete, 3));
    let event = json!({ "id": order, "version": 3, "userId": ann.id, "ticket": { "id": ticket, "price": 19.99 } });
    assert_eq!(world.app.published().await, [("order:completed".to_owned(), event)]);
    let bob = world.sign_in();
    bob.post("/api/orders", json!({ "ticketId": ticket })).await.refuses(400, "Ticket is already reserved");
}

#[tokio::test]
async fn a_late_payment_goes_back_if_another_has_the_ticket() {
    let world = orders().await;
    let (_, ticket, order) = a_given_up_order(&world).await;
    let other = world.order(&world.sign_in(), ticket).await;
    world.app.forget_published().await;
    let payment = paid(order);
    world.hears(&payment).await;
    assert_eq!(world.stands(order).await, (Cancelled, 2));
    assert_eq!(world.stands(other).await, (Created, 1));
    assert_eq!(world.app.published().await, [refund_of(&payment)]);
}

#[tokio::test]
async fn a_payment_goes_back_once_and_buys_nothing_after_that() {
    let world = orders().await;
    let (_, ticket, order) = a_given_up_order(&world).await;
    let bob = world.sign_in();
    let other = world.order(&bob, ticket).await;
    let payment = paid(order);
    world.hears(&payment).await;
    // Told again under another id, first while the ticket is taken, then when it is free.
    world.hears(&payment).await;
    bob.delete(path(other)).await.is(204);
    world.hears(&payment).await;
    assert_eq!(world.app.published_of::<RefundRequested>().await.len(), 1);
    assert_eq!(world.stands(order).await, (Cancelled, 2));
    // A second one finds the ticket free.
    let second = paid(order);
    world.hears(&second).await;
    assert_eq!(world.stands(order).await, (Complete, 3));
    world.audit(&[payment, second]).await.unwrap();
}

#[tokio::test]
async fn who_paid_twice_gets_the_second_payment_back() {
    let world = orders().await;
    let order = world.an_order_being_paid().await;
    let (first, second) = (paid(order), paid(order));
    world.hears(&first).await;
    world.app.forget_published().await;
    world.hears(&first).await;
    assert_eq!(world.app.published().await, [], "it is the same payment, told twice");
    world.hears(&second).await;
    world.hears(&second).await;
    world.hears(&first).await;
    assert_eq!(world.app.published().await, [refund_of(&second)]);
    assert_eq!(world.stands(order).await, (Complete, 3));
}

#[tokio::test]
async fn the_same_delivery_twice_is_one() {
    let world = orders().await;
    let order = world.an_order().await;
    let envelope = Envelope::of(&paid(order)).unwrap();
    assert_eq!(world.app.receive(&envelope, 1).await, Verdict::Done);
    assert_eq!(world.app.receive(&envelope, 2).await, Verdict::Repeat);
    assert_eq!(world.subjects().await, ["order:created", "order:completed"]);
}

#[tokio::test]
async fn what_is_about_no_order_of_ours_is_put_aside_in_the_end() {
    let world = orders().await;
    let envelope = Envelope::of(&paid(OrderId::new())).unwrap();
    assert!(matches!(world.app.receive(&envelope, 1).await, Verdict::Retry(_)));
    assert_eq!(world.app.receive(&envelope, 20).await, Verdict::Dead);
    let order = world.an_order().await;
    for payload in [json!({}), json!({ "orderId": order }), json!({ "id": "x", "orderId": order, "stripeId": "pi_1" })]
    {
        assert_eq!(world.app.deliver_raw("payment:created", payload.to_string()).await, Verdict::Dead, "{payload}");
    }
    assert_eq!(world.stands(order).await, (Created, 1));
}

#[tokio::test]
async fn a_failing_database_loses_nothing() {
    let world = orders().await;
    let in_time = world.an_order().await;
    let (_, _, late) = a_given_up_order(&world).await;
    let (_, ticket, too_late) = a_given_up_order(&world).await;
    world.order(&world.sign_in(), ticket).await;
    let payments = [paid(in_time), paid(late), paid(too_late), paid(in_time)];
    for payment in &payments {
        fails_safely(&world.app, payment, &["orders", "outbox"]).await;
    }
    world.audit(&payments).await.unwrap();
    assert_eq!(world.app.published_of::<RefundRequested>().await.len(), 2);
}
