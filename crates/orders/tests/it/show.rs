//! `GET /api/orders/{id}`.

use events::OrderId;
use serde_json::json;

use crate::world::{orders, paid, path};

#[tokio::test]
async fn a_buyer_sees_an_order() {
    let world = orders().await;
    let (ann, ticket) = (world.sign_in(), world.a_ticket().await);
    let ordered = ann.post("/api/orders", json!({ "ticketId": ticket })).await.is(201);
    let order = ordered["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(ann.get(path(order)).await.is(200), ordered);
    assert_eq!(ann.get(format!("{}/", path(order))).await.is(200), ordered, "a slash more is no other order");

    world.hears(&paid(order)).await;
    let shown = ann.get(path(order)).await.is(200);
    assert_eq!((&shown["status"], &shown["version"]), (&json!("complete"), &json!(2)));
}

#[tokio::test]
async fn nobody_sees_anothers() {
    let world = orders().await;
    let order = world.an_order().await;
    world.sign_in().get(path(order)).await.refuses(401, "Not authorized");
    world.app.anonymous().get(path(order)).await.refuses(401, "Not authorized");
    world.app.anonymous().get(path(OrderId::new())).await.refuses(401, "Not authorized");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = orders().await;
    let ann = world.sign_in();
    ann.get(path(OrderId::new())).await.refuses(404, "Not Found");
    for id in ["1", "5f8f8c44b54764421b7156c4", "null", "%00", "%ff", "..%2f", "'"] {
        ann.get(format!("/api/orders/{id}")).await.refuses(404, "Not Found");
    }
    ann.put(path(OrderId::new()), json!({})).await.refuses(404, "Not Found");
}

/// F31: a countdown needs no right clock in the browser.
#[tokio::test]
async fn every_answer_tells_the_time_here() {
    let world = orders().await;
    let order = world.an_order().await;
    world.pass(3);
    let now = world.clock.now().to_string();
    let ann = world.sign_in();
    for answer in [
        ann.get(path(order)).await,
        ann.get("/api/orders").await,
        ann.delete(path(OrderId::new())).await,
        ann.post("/api/orders", json!({})).await,
        world.app.anonymous().get("/api/orders").await,
    ] {
        assert_eq!(answer.header("x-server-time"), Some(&*now), "{answer}");
    }
}
