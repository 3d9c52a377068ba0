//! `POST /api/orders`.

use std::env;

use events::tickets::TicketUpdated;
use events::{Cents, TicketId, Timestamp, UserId, Version};
use futures::future::join_all;
use orders::{CREATES_PER_MINUTE, Rules};
use serde_json::{Value, json};
use testkit::{Answer, Break, Database, User};
use time::Duration;
use uuid::Uuid;

use crate::world::{a_listing, orders, orders_by, paid, path, started, time_up};

const PATH: &str = "/api/orders";

async fn ask(buyer: &User, ticket: TicketId) -> Answer {
    buyer.post(PATH, json!({ "ticketId": ticket })).await
}

fn time(json: &Value) -> Timestamp {
    serde_json::from_value(json.clone()).unwrap()
}

#[tokio::test]
async fn nobody_orders_without_being_signed_in() {
    let world = orders().await;
    let ticket = world.a_ticket().await;
    ask(&world.app.anonymous(), ticket).await.refuses(401, "Not authorized");
    world.app.anonymous().post(PATH, json!({})).await.refuses(401, "Not authorized");
    world.app.anonymous().with_header("cookie", "session=garbage").post(PATH, ()).await.refuses(401, "Not authorized");
}

#[tokio::test]
async fn a_ticket_must_be_named() {
    let world = orders().await;
    let ann = world.sign_in();
    for body in [
        json!({}),
        json!({ "ticketId": null }),
        json!({ "ticketId": "" }),
        json!({ "ticketId": " " }),
        json!({ "ticketId": 5 }),
        json!({ "ticketId": ["01890a5d-ac96-774b-bcce-b302099a8057"] }),
        json!({ "ticketId": { "$ne": "" } }),
        json!({ "ticketId": "1' or '1' = '1" }),
        json!({ "ticket_id": Uuid::now_v7() }),
    ] {
        ann.post(PATH, &body).await.refuses_field(400, "TicketId must be provided", "ticketId");
    }
    ann.post(PATH, ()).await.refuses_field(400, "TicketId must be provided", "ticketId");
    ann.send("POST", PATH, "{\"ticketId\":").await.refuses(400, "Malformed JSON");
    assert_eq!(ann.post(PATH, json!([Uuid::now_v7()])).await.status, 400);
    assert_eq!(ann.post(PATH, json!({ "ticketId": "x".repeat(101 * 1024) })).await.status, 413);
    assert_eq!(world.app.published().await, []);
}

#[tokio::test]
async fn a_ticket_that_does_not_exist_is_not_found() {
    let world = orders().await;
    ask(&world.sign_in(), TicketId::new()).await.refuses(404, "Not Found");
    assert_eq!(world.app.published().await, []);
}

#[tokio::test]
async fn a_ticket_is_held_for_a_quarter_of_an_hour() {
    let world = orders().await;
    let (ann, ticket) = (world.sign_in(), world.a_ticket().await);
    let answer = ask(&ann, ticket).await;

    assert_eq!(answer.header("x-server-time"), Some(&*world.clock.now().to_string()));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let order = answer.is(201);
    let expires_at = world.clock.now() + Duration::minutes(15);
    assert_eq!(
        order,
        json!({
            "id": order["id"], "userId": ann.id, "status": "created", "version": 1, "expiresAt": expires_at,
            "ticket": { "id": ticket, "title": "Hamlet", "price": 19.99, "version": 1 },
        })
    );
    let event = json!({
        "id": order["id"], "userId": ann.id, "status": "created", "version": 1, "expiresAt": expires_at,
        "ticket": { "id": ticket, "price": 19.99 },
    });
    assert_eq!(world.app.published().await, [("order:created".to_owned(), event)]);
}

#[tokio::test]
async fn how_long_is_for_the_operator_to_say() {
    let world = orders_by(Rules { hold: Duration::seconds(20), ..Rules::default() }).await;
    let ticket = world.a_ticket().await;
    let order = ask(&world.sign_in(), ticket).await.is(201);
    assert_eq!(time(&order["expiresAt"]), world.clock.now() + Duration::seconds(20));
}

#[tokio::test]
async fn a_client_believes_in_vain_that_it_may_set_more_than_the_ticket() {
    let world = orders().await;
    let (ann, ticket) = (world.sign_in(), world.a_ticket().await);
    let wish = json!({
        "ticketId": ticket, "id": Uuid::nil(), "userId": UserId::new(), "status": "complete", "version": 9,
        "expiresAt": "2999-01-01T00:00:00.000Z", "price": 0.01, "ticket": { "price": 0.01 },
    });
    let order = ann.post("/api/orders/", wish).await.is(201);
    assert_eq!((&order["userId"], &order["status"], &order["version"]), (&json!(ann.id), &json!("created"), &json!(1)));
    assert_eq!(order["ticket"]["price"], json!(19.99));
    assert_ne!(order["id"], json!(Uuid::nil()));
}

#[tokio::test]
async fn a_reserved_ticket_is_refused_to_everybody_whatever_became_of_the_order() {
    let world = orders().await;
    let (ann, bob) = (world.sign_in(), world.sign_in());
    let ticket = world.a_ticket().await;
    let order = world.order(&ann, ticket).await;
    let refuse = async || {
        ask(&bob, ticket).await.refuses(400, "Ticket is already reserved");
        ask(&ann, ticket).await.refuses(400, "Ticket is already reserved");
    };
    refuse().await;
    world.hears(&started(order)).await;
    refuse().await;
    world.pass_the_hold();
    refuse().await; // Nobody said yet that its time is up.
    world.hears(&time_up(order)).await;
    refuse().await; // It waits for `payments`.
    world.hears(&paid(order)).await;
    refuse().await;
    assert_eq!(world.app.published_of::<events::orders::OrderCreated>().await.len(), 1);
}

#[tokio::test]
async fn a_ticket_given_back_can_be_ordered_again() {
    let world = orders().await;
    let (ann, bob) = (world.sign_in(), world.sign_in());
    let ticket = world.a_ticket().await;
    let first = world.order(&ann, ticket).await;
    ann.delete(path(first)).await.is(204);
    let second = world.order(&bob, ticket).await;
    assert_ne!(first, second);
    bob.delete(path(second)).await.is(204);
    world.order(&ann, ticket).await;
    world.audit(&[]).await.unwrap();
}

#[tokio::test]
async fn nobody_buys_their_own_ticket() {
    let world = orders().await;
    let (ann, bob) = (world.sign_in(), world.sign_in());
    let ticket = world.a_ticket_of(ann.id).await;
    ask(&ann, ticket).await.refuses(400, "You cannot buy your own ticket");
    world.order(&bob, ticket).await;
    // Whose it is counts before how it stands.
    ask(&ann, ticket).await.refuses(400, "You cannot buy your own ticket");
}

#[tokio::test]
async fn an_order_costs_what_the_ticket_cost_when_it_was_taken() {
    let world = orders().await;
    let (ann, bob) = (world.sign_in(), world.sign_in());
    let listing = a_listing(UserId::new());
    world.hears(&listing).await;
    let first = world.order(&ann, listing.id).await;
    ann.delete(path(first)).await.is(204);
    world
        .hears(&TicketUpdated {
            id: listing.id,
            title: "Lear".into(),
            price: Cents(5000),
            user_id: listing.user_id,
            order_id: None,
            version: Version(2),
        })
        .await;

    let second = ask(&bob, listing.id).await.is(201);
    assert_eq!(second["ticket"], json!({ "id": listing.id, "title": "Lear", "price": 50, "version": 2 }));
    let first = ann.get(path(first)).await.is(200);
    assert_eq!(first["ticket"], json!({ "id": listing.id, "title": "Hamlet", "price": 19.99, "version": 1 }));
}

/// F1: the reference gave both of them 201. `RACES=1000` looks longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_buyers_at_once_one_gets_the_ticket() {
    let rounds: usize = env::var("RACES").map_or(50, |rounds| rounds.parse().expect("RACES is a number"));
    let world = orders_by(Rules { live_holds_max: u32::MAX, ..Rules::default() }).await;
    let buyers: Vec<User> = (0..100).map(|_| world.sign_in()).collect();
    for round in 1..=rounds {
        // So that it is not the limit of orders a minute that stops them.
        world.pass(1);
        let ticket = world.a_ticket().await;
        let answers = join_all(buyers.iter().map(|buyer| ask(buyer, ticket))).await;
        let (got, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
        assert_eq!(got.len(), 1, "in round {round}");
        for answer in refused {
            answer.refuses(400, "Ticket is already reserved");
        }
        assert_eq!(world.app.published().await.len(), round, "an event for each order there is");
    }
    world.audit(&[]).await.unwrap();
}

/// The same at the index: without the look that most of them are turned away by.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_comes_at_the_same_moment_is_refused_by_the_index() {
    let world = orders().await;
    let (ann, bob) = (world.sign_in(), world.sign_in());
    let ticket = world.a_ticket().await;
    // Ann's order is written, but not committed: Bob can't see it yet, and waits at the index.
    let mut tx = world.db().begin().await.unwrap();
    let seen = orders::store::ticket(&mut tx, ticket).await.unwrap().unwrap();
    let now = world.clock.now();
    let order = orders::order::Order::new(ann.id, seen, now + Duration::minutes(15)).unwrap();
    orders::store::insert(&mut tx, &order, now).await.unwrap();
    let late = tokio::spawn(async move { ask(&bob, ticket).await });
    testkit::Database::of(world.db()).until_waiting(1).await;
    tx.commit().await.unwrap();
    late.await.unwrap().refuses(400, "Ticket is already reserved");
    world.audit(&[]).await.unwrap();
}

#[tokio::test]
async fn a_user_holds_ten_tickets_at_most() {
    let world = orders().await;
    let ann = world.sign_in();
    let first = world.a_ticket().await;
    let first = world.order(&ann, first).await;
    world.pass(5);
    let mut others = Vec::new();
    for _ in 1..10 {
        let ticket = world.a_ticket().await;
        others.push(world.order(&ann, ticket).await);
    }
    let (next, reserved) = (world.a_ticket().await, world.a_ticket().await);
    world.order(&world.sign_in(), reserved).await;

    let answer = ask(&ann, next).await;
    assert_eq!(answer.header("retry-after"), Some("600"), "the first of them runs out in ten minutes");
    answer.refuses(429, "You hold as many tickets as you may: pay for one of them or give it back first");
    // What she could not have anyway is told first.
    ask(&ann, reserved).await.refuses(400, "Ticket is already reserved");
    ask(&ann, TicketId::new()).await.refuses(404, "Not Found");

    ann.delete(path(first)).await.is(204);
    let next = world.order(&ann, next).await;
    // What is paid is hers, and held no more.
    world.hears(&paid(next)).await;
    let another = world.a_ticket().await;
    world.order(&ann, another).await;
    let one_too_many = world.a_ticket().await;
    assert_eq!(ask(&ann, one_too_many).await.status, 429);
    // One that is being paid is held like any other.
    world.hears(&started(others[0])).await;
    assert_eq!(ask(&ann, one_too_many).await.status, 429);
    world.order(&world.sign_in(), one_too_many).await;
}

/// F27: on all devices at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_holds_more_by_asking_for_them_all_at_once() {
    let world = orders().await;
    let ann = world.sign_in();
    let devices: Vec<User> = (0..25).map(|_| world.app.sign_in_as(ann.id)).collect();
    let mut tickets = Vec::new();
    for _ in &devices {
        tickets.push(world.a_ticket().await);
    }
    let answers = join_all(devices.iter().zip(&tickets).map(|(device, ticket)| ask(device, *ticket))).await;
    let statuses = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((statuses(201), statuses(429)), (10, 15));
    assert_eq!(world.app.published().await.len(), 10);
}

#[tokio::test]
async fn who_orders_too_often_has_to_wait() {
    let world = orders().await;
    let (ann, bob) = (world.sign_in(), world.sign_in());
    for _ in 0..CREATES_PER_MINUTE.get() {
        ask(&ann, TicketId::new()).await.refuses(404, "Not Found");
    }
    let answer = ask(&ann, TicketId::new()).await;
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    answer.refuses(429, "Too many requests, please try again later");
    ask(&bob, TicketId::new()).await.refuses(404, "Not Found");
    world.pass(1);
    ask(&ann, TicketId::new()).await.refuses(404, "Not Found");
}

/// F9: neither an order without its event, nor an event without its order.
#[tokio::test]
async fn what_can_not_be_written_whole_is_not_written_at_all() {
    let world = orders().await;
    let (ann, ticket) = (world.sign_in(), world.a_ticket().await);
    let kit = Database::of(world.db());
    let before = kit.contents().await;
    for table in ["orders", "outbox"] {
        for how in [Break::Raise, Break::Disconnect, Break::AtCommit] {
            kit.break_writes(table, how).await;
            let answer = ask(&ann, ticket).await;
            kit.mend(table).await;
            assert!(answer.header("x-request-id").is_some(), "{answer}");
            answer.refuses(500, "Something went wrong");
            assert_eq!(kit.contents().await, before, "{table} {how:?}");
        }
    }
    world.order(&ann, ticket).await;
}

#[tokio::test]
async fn another_site_can_not_order_for_its_visitor() {
    let world = orders().await;
    let ticket = world.a_ticket().await;
    let ann = world.sign_in().with_header("origin", "https://evil.example");
    ask(&ann, ticket).await.refuses(400, "This request came from another site");
    assert_eq!(world.app.published().await, []);
}
