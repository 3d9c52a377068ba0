//! `GET /api/payments`: own payments.

use events::OrderId;
use serde_json::json;

use crate::world::{World, open, pay};

#[tokio::test]
async fn only_who_is_signed_in_has_payments() {
    let world = World::new().await;
    world.app.anonymous().get("/api/payments").await.refuses(401, "Not authorized");
    assert_eq!(world.app.sign_in().get("/api/payments").await.is(200), json!([]));
}

#[tokio::test]
async fn they_have_the_contracts_shape() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order_at(&ann, 1999).await;
    pay(&ann, &order, "tok_chargeDeclined").await.is(400);
    pay(&ann, &order, "tok_visa").await.is(201);
    let rows = world.payments_of(&order).await;
    assert_eq!(
        ann.get(format!("/api/payments?orderId={}", order.id)).await.is(200),
        json!([
            {
                "id": rows[1].id, "orderId": order.id, "stripeId": rows[1].stripe_id, "status": "completed",
                "amount": 19.99, "currency": "usd",
            },
            {
                "id": rows[0].id, "orderId": order.id, "stripeId": rows[0].stripe_id, "status": "failed",
                "amount": 19.99, "currency": "usd", "failure": "Your card was declined.",
            },
        ])
    );
}

#[tokio::test]
async fn a_refund_shows_with_its_name() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let (order, payment) = world.a_paid_order(&ann).await;
    world.app.deliver(&order.refund(payment.id)).await;
    world.refund().await;
    let listed = ann.get("/api/payments").await.is(200);
    assert_eq!(listed[0]["status"], "refunded");
    assert!(listed[0]["stripeRefundId"].as_str().expect("a refund").starts_with("re_"), "{listed}");
}

#[tokio::test]
async fn nobody_sees_somebody_elses() {
    let world = World::new().await;
    let (ann, bob) = (world.app.sign_in(), world.app.sign_in());
    let (order, _) = world.a_paid_order(&ann).await;
    assert_eq!(bob.get("/api/payments").await.is(200), json!([]));
    assert_eq!(bob.get(format!("/api/payments?orderId={}", order.id)).await.is(200), json!([]));
}

#[tokio::test]
async fn of_an_order_that_does_not_exist_there_are_none() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    world.a_paid_order(&ann).await;
    for order in [OrderId::new().to_string(), "x".to_owned(), String::new()] {
        assert_eq!(ann.get(format!("/api/payments?orderId={order}")).await.is(200), json!([]), "{order}");
    }
}

#[tokio::test]
async fn they_come_a_page_at_a_time() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let order = world.an_order(&ann).await;
        ids.push(open(&ann, &order).await.is(201)["id"].clone());
    }
    let first = ann.get("/api/payments?limit=2").await;
    let next = first.header("x-next-cursor").expect("another page").to_owned();
    let first = first.is(200);
    assert_eq!((&first[0]["id"], &first[1]["id"]), (&ids[2], &ids[1]));
    let second = ann.get(format!("/api/payments?limit=2&cursor={next}")).await;
    assert_eq!(second.header("x-next-cursor"), None);
    assert_eq!(second.is(200)[0]["id"], ids[0]);
    ann.get("/api/payments?cursor=x").await.is(400);
    ann.get("/api/payments?limit=0").await.is(400);
}
