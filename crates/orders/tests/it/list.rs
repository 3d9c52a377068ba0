//! `GET /api/orders`.

use events::{OrderId, TicketId};
use serde_json::{Value, json};
use testkit::Answer;

use crate::world::{orders, paid, path, started, time_up};

const PATH: &str = "/api/orders";

fn ids(answer: Answer) -> Vec<OrderId> {
    let orders: Vec<Value> = answer.reads(200);
    orders.iter().map(|order| order["id"].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn a_buyer_sees_all_of_theirs_and_nobody_elses() {
    let world = orders().await;
    let (ann, bob) = (world.sign_in(), world.sign_in());
    assert_eq!(ann.get(PATH).await.is(200), json!([]));
    let mut hers = Vec::new();
    for _ in 0..4 {
        let ticket = world.a_ticket().await;
        hers.push(world.order(&ann, ticket).await);
    }
    let ticket = world.a_ticket().await;
    let his = world.order(&bob, ticket).await;
    world.hears(&started(hers[1])).await;
    world.hears(&paid(hers[2])).await;
    ann.delete(path(hers[3])).await.is(204);

    hers.reverse();
    let listed = ann.get(PATH).await;
    let statuses: Vec<_> = listed.json.as_array().unwrap().iter().map(|order| order["status"].clone()).collect();
    assert_eq!(statuses, ["cancelled", "complete", "awaiting:payment", "created"]);
    assert_eq!(listed.json[3], ann.get(path(hers[3])).await.is(200), "an order looks the same wherever it is shown");
    assert_eq!(listed.header("x-next-cursor"), None);
    assert_eq!(ids(listed), hers);
    assert_eq!(ids(bob.get(PATH).await), [his]);
    world.app.anonymous().get(PATH).await.refuses(401, "Not authorized");
}

#[tokio::test]
async fn those_of_a_status_or_a_ticket_can_be_asked_for() {
    let world = orders().await;
    let (ann, ticket, other) = (world.sign_in(), world.a_ticket().await, world.a_ticket().await);
    let given_up = world.order(&ann, ticket).await;
    ann.delete(path(given_up)).await.is(204);
    let again = world.order(&ann, ticket).await;
    let of_other = world.order(&ann, other).await;
    world.hears(&started(of_other)).await;

    let ask = async |query: String| ids(ann.get(format!("{PATH}?{query}")).await);
    assert_eq!(ask("status=cancelled".into()).await, [given_up]);
    assert_eq!(ask("status=awaiting:payment".into()).await, [of_other]);
    assert_eq!(ask("status=awaiting%3Apayment".into()).await, [of_other]);
    assert_eq!(ask("status=complete".into()).await, []);
    assert_eq!(ask(format!("ticketId={ticket}")).await, [again, given_up]);
    assert_eq!(ask(format!("ticketId={ticket}&status=created")).await, [again]);
    assert_eq!(ask(format!("ticketId={}", TicketId::new())).await, []);
    assert_eq!(ask("ticketId=5f8f8c44b54764421b7156c4".into()).await, [], "nobody ordered what is no ticket");
    assert_eq!(ask("status=&ticketId=&limit=100&cursor=&colour=blue".into()).await, [of_other, again, given_up]);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let world = orders().await;
    let ann = world.sign_in();
    let message = "a status is created, awaiting:payment, complete or cancelled";
    ann.get("/api/orders?status=paid").await.refuses_field(400, message, "status");
    ann.get("/api/orders?status=Created").await.refuses_field(400, message, "status");
    ann.get("/api/orders?cursor=garbage").await.refuses_field(400, "The cursor is not valid", "cursor");
    for query in ["limit=0", "limit=-1", "limit=x", "limit=1.5", "ticketId=%00"] {
        assert_eq!(ann.get(format!("{PATH}?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn pages_have_every_order_once_while_more_come() {
    let world = orders().await;
    let ann = world.sign_in();
    let mut made = Vec::new();
    for _ in 0..7 {
        let ticket = world.a_ticket().await;
        made.push(world.order(&ann, ticket).await);
    }
    let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let answer = ann.get(format!("{PATH}?limit=3&cursor={cursor}")).await;
        let next = answer.header("x-next-cursor").map(ToOwned::to_owned);
        seen.extend(ids(answer));
        pages += 1;
        let Some(next) = next else { break };
        cursor = next;
        // What comes meanwhile is before the first page, and what ends meanwhile stays in its place.
        let ticket = world.a_ticket().await;
        world.order(&ann, ticket).await;
        ann.delete(path(made[0])).await.is(204);
    }
    made.reverse();
    assert_eq!((seen, pages), (made, 3));
}

#[tokio::test]
async fn a_page_of_some_status_goes_on_in_that_status() {
    let world = orders().await;
    let ann = world.sign_in();
    let mut cancelled = Vec::new();
    for index in 0..6 {
        let ticket = world.a_ticket().await;
        let order = world.order(&ann, ticket).await;
        if index % 2 == 0 {
            cancelled.push(order);
        }
    }
    world.pass_the_hold();
    for order in &cancelled {
        world.hears(&time_up(*order)).await;
    }
    let first = ann.get("/api/orders?status=cancelled&limit=2").await;
    let cursor = first.header("x-next-cursor").unwrap().to_owned();
    assert_eq!(ids(first), [cancelled[2], cancelled[1]]);
    let last = ann.get(format!("/api/orders?status=cancelled&limit=2&cursor={cursor}")).await;
    assert_eq!(last.header("x-next-cursor"), None);
    assert_eq!(ids(last), [cancelled[0]]);
}
