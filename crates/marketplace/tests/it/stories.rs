//! What people do with the marketplace, over all services, the broker, Redis and the stand-in for Stripe.

use futures::future::join_all;
use serde_json::{Value, json};
use stripe_sandbox::Outcome;
use testkit::{User, eventually};

use crate::whole::{Marketplace, id};

/// A ticket of Ann's, once everybody who must has heard of it.
async fn a_ticket(marketplace: &Marketplace, buyer: &User) -> (User, String) {
    let ann = marketplace.sign_up("ann").await;
    let ticket = ann.post("/api/tickets", json!({ "title": "Hamlet, row 3", "price": 19.99 })).await.is(201);
    let ticket = id(&ticket);
    // Her own order is refused for being her own as soon as `orders` knows the ticket.
    eventually("orders knows the ticket", async || {
        let answer = ann.post("/api/orders", json!({ "ticketId": ticket })).await;
        if answer.status == 400 { Ok(answer) } else { Err(answer.text) }
    })
    .await
    .refuses(400, "You cannot buy your own ticket");
    let listed = buyer.get("/api/tickets").await.is(200);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    (ann, ticket)
}

async fn order(buyer: &User, ticket: &str) -> Value {
    buyer.post("/api/orders", json!({ "ticketId": ticket })).await.is(201)
}

async fn order_is(buyer: &User, order: &str, status: &str) {
    eventually(&format!("the order is {status}"), async || {
        let answer = buyer.get(format!("/api/orders/{order}")).await;
        if answer.json["status"] == status { Ok(()) } else { Err(answer.text) }
    })
    .await;
}

async fn ticket_is(reader: &User, ticket: &str, status: &str) {
    eventually(&format!("the ticket is {status}"), async || {
        let answer = reader.get(format!("/api/tickets/{ticket}")).await;
        if answer.json["status"] == status { Ok(()) } else { Err(answer.text) }
    })
    .await;
}

/// Pays once `payments` has heard of the order.
async fn pay(buyer: &User, order: &str, token: &str) -> testkit::Answer {
    let body = json!({ "orderId": order, "token": token });
    eventually("payments knows the order", async || {
        let answer = buyer.post("/api/payments", &body).await;
        if answer.status == 404 { None } else { Some(answer) }
    })
    .await
}

#[tokio::test]
async fn buy_a_ticket() {
    let marketplace = Marketplace::start().await;
    let bob = marketplace.sign_up("bob").await;
    let (ann, ticket) = a_ticket(&marketplace, &bob).await;
    let order = order(&bob, &ticket).await;
    assert_eq!(order["ticket"]["price"], 19.99);
    let order = id(&order);
    ticket_is(&ann, &ticket, "held").await;
    assert_eq!(bob.get("/api/tickets").await.is(200), json!([]), "a held ticket is not for sale");
    ann.put(format!("/api/tickets/{ticket}"), json!({ "title": "Lear", "price": 5 }))
        .await
        .refuses(400, "Cannot edit a reserved ticket");

    let declined = pay(&bob, &order, "tok_chargeDeclined").await;
    declined.refuses(400, "Your card was declined.");
    pay(&bob, &order, "tok_visa").await.is(201);

    order_is(&bob, &order, "complete").await;
    ticket_is(&ann, &ticket, "sold").await;
    bob.delete(format!("/api/orders/{order}")).await.refuses(400, "Cannot cancel a completed order");
    let ledger = marketplace.stripe.ledger();
    assert_eq!(ledger.charges.iter().map(|charge| charge.amount).collect::<Vec<_>>(), [1999]);
}

#[tokio::test]
async fn a_hold_runs_out_and_another_buys() {
    let marketplace = Marketplace::start_with(&[("ORDER_HOLD", "1s")]).await;
    let (bob, cid) = (marketplace.sign_up("bob").await, marketplace.sign_up("cid").await);
    let (_, ticket) = a_ticket(&marketplace, &bob).await;
    let first = id(&order(&bob, &ticket).await);
    cid.post("/api/orders", json!({ "ticketId": ticket })).await.refuses(400, "Ticket is already reserved");
    order_is(&bob, &first, "cancelled").await;
    ticket_is(&cid, &ticket, "available").await;
    eventually("it can be ordered again", async || {
        cid.post("/api/orders", json!({ "ticketId": ticket })).await.status == 201
    })
    .await;
}

#[tokio::test]
async fn two_want_the_same_ticket_and_one_loses_the_race() {
    let marketplace = Marketplace::start().await;
    let (bob, cid) = (marketplace.sign_up("bob").await, marketplace.sign_up("cid").await);
    let (_, ticket) = a_ticket(&marketplace, &bob).await;
    let body = json!({ "ticketId": ticket });
    let (first, second) = tokio::join!(bob.post("/api/orders", &body), cid.post("/api/orders", &body));
    let (winner, won, lost) = if first.status == 201 { (&bob, first, second) } else { (&cid, second, first) };
    lost.refuses(400, "Ticket is already reserved");
    let order = id(&won.is(201));
    pay(winner, &order, "tok_visa").await.is(201);
    order_is(winner, &order, "complete").await;
    assert_eq!(
        bob.get("/api/orders").await.is(200).as_array().unwrap().len()
            + cid.get("/api/orders").await.is(200).as_array().unwrap().len(),
        1
    );
}

/// Holds that run out at once, and no patience with a bank that takes its time.
const IMPATIENT: [(&str, &str); 2] = [("ORDER_HOLD", "1s"), ("PAYMENT_ANSWER_MAX", "1s")];

/// Bob pays in time, but the bank takes so long that his order runs out. Returns it, and the payment at Stripe.
async fn a_payment_that_takes_too_long(marketplace: &Marketplace, bob: &User, ticket: &str) -> (String, String) {
    let order = id(&order(bob, ticket).await);
    marketplace.stripe.next_payment(Outcome::Processing).unwrap();
    let answer = pay(bob, &order, "tok_visa").await;
    assert_eq!(answer.status, 503, "it is not known yet: {answer:?}");
    order_is(bob, &order, "cancelled").await;
    let intents = marketplace.stripe.intents();
    let intent = intents.iter().find(|intent| intent["status"] == "processing").unwrap();
    (order, id(intent))
}

#[tokio::test]
async fn f3_who_paid_too_late_has_the_ticket_all_the_same_if_nobody_else_took_it() {
    let marketplace = Marketplace::start_with(&IMPATIENT).await;
    let bob = marketplace.sign_up("bob").await;
    let (_, ticket) = a_ticket(&marketplace, &bob).await;
    let (order, intent) = a_payment_that_takes_too_long(&marketplace, &bob, &ticket).await;
    ticket_is(&bob, &ticket, "available").await;

    marketplace.stripe.settle(&intent, None).unwrap();
    order_is(&bob, &order, "complete").await;
    ticket_is(&bob, &ticket, "sold").await;
    assert_eq!(marketplace.stripe.ledger().balance["usd"], 1999);
}

#[tokio::test]
async fn f3_who_paid_too_late_for_a_ticket_that_is_gone_gets_the_money_back() {
    let marketplace = Marketplace::start_with(&IMPATIENT).await;
    let (bob, cid) = (marketplace.sign_up("bob").await, marketplace.sign_up("cid").await);
    let (_, ticket) = a_ticket(&marketplace, &bob).await;
    let (late, intent) = a_payment_that_takes_too_long(&marketplace, &bob, &ticket).await;
    let order = id(&order(&cid, &ticket).await);
    pay(&cid, &order, "tok_visa").await.is(201);
    order_is(&cid, &order, "complete").await;

    marketplace.stripe.settle(&intent, None).unwrap();
    eventually("the money is back", async || {
        marketplace.stripe.ledger().charges.iter().any(|charge| charge.refunded == 1999)
    })
    .await;
    order_is(&bob, &late, "cancelled").await;
    ticket_is(&bob, &ticket, "sold").await;
    assert_eq!(marketplace.stripe.ledger().balance["usd"], 1999);
}

#[tokio::test]
async fn a_buyer_gives_up_and_the_ticket_is_free() {
    let marketplace = Marketplace::start().await;
    let bob = marketplace.sign_up("bob").await;
    let (ann, ticket) = a_ticket(&marketplace, &bob).await;
    let order = id(&order(&bob, &ticket).await);
    ticket_is(&ann, &ticket, "held").await;
    assert_eq!(bob.delete(format!("/api/orders/{order}")).await.status, 204);
    ticket_is(&ann, &ticket, "available").await;
    pay(&bob, &order, "tok_visa").await.refuses(400, "Cannot pay for a cancelled order");
    ann.put(format!("/api/tickets/{ticket}"), json!({ "title": "Lear", "price": 5 })).await.is(200);
}

#[tokio::test]
async fn f1_a_hundred_buyers_and_one_ticket() {
    let marketplace = Marketplace::start().await;
    let bob = marketplace.sign_up("bob").await;
    let (_, ticket) = a_ticket(&marketplace, &bob).await;
    let buyers = join_all((0..100).map(|n| async move { n })).await;
    let sessions: Vec<_> = join_all(buyers.iter().map(|_| async { bob.on_another_device() })).await;
    let answers = join_all(sessions.iter().map(|buyer| buyer.post("/api/orders", json!({ "ticketId": ticket })))).await;
    let (mut sold, mut refused) = (0, 0);
    for answer in answers {
        match answer.status {
            201 => sold += 1,
            429 => refused += 1, // One account may not try as often as a hundred do.
            _ => {
                answer.refuses(400, "Ticket is already reserved");
                refused += 1;
            }
        }
    }
    assert_eq!((sold, refused), (1, 99));
}

#[tokio::test]
async fn f2_paying_twice_charges_once() {
    let marketplace = Marketplace::start().await;
    let bob = marketplace.sign_up("bob").await;
    let (_, ticket) = a_ticket(&marketplace, &bob).await;
    let order = id(&order(&bob, &ticket).await);
    let first = id(&pay(&bob, &order, "tok_visa").await.is(201));
    let second = id(&pay(&bob, &order, "tok_visa").await.is(201));
    assert_eq!(first, second);
    order_is(&bob, &order, "complete").await;
    assert_eq!(marketplace.stripe.ledger().charges.len(), 1);
}

#[tokio::test]
async fn f23_who_signed_out_is_signed_out_everywhere() {
    let marketplace = Marketplace::start().await;
    let bob = marketplace.sign_up("bob").await;
    let stolen = bob.on_another_device();
    stolen.keep_cookie(&format!("{}; Path=/", bob.cookies()));
    stolen.get("/api/orders").await.is(200);
    bob.post("/api/users/signout", json!({})).await.is(200);
    for path in ["/api/orders", "/api/tickets/mine", "/api/payments"] {
        eventually("the token counts no more", async || stolen.get(path).await.status == 401).await;
    }
    assert_eq!(stolen.get("/api/users/currentuser").await.is(200), json!({ "currentUser": null }));
}

#[tokio::test]
async fn a_payment_made_in_the_browser_completes_the_order() {
    let marketplace = Marketplace::start().await;
    let bob = marketplace.sign_up("bob").await;
    let (_, ticket) = a_ticket(&marketplace, &bob).await;
    let order = id(&order(&bob, &ticket).await);
    let intent = eventually("payments knows the order", async || {
        let answer = bob.post("/api/payments/intent", json!({ "orderId": order })).await;
        if answer.status == 201 { Ok(answer.json) } else { Err(answer.text) }
    })
    .await;
    let secret = intent["clientSecret"].as_str().unwrap();
    let (stripe_intent, _) = secret.split_once("_secret_").unwrap();
    order_is(&bob, &order, "awaiting:payment").await;

    // What Stripe's script does in the browser.
    let confirmed = reqwest::Client::new()
        .post(format!("{}/v1/payment_intents/{stripe_intent}/confirm", marketplace.stripe.url))
        .bearer_auth(marketplace.stripe.publishable_key())
        .form(&[("client_secret", secret), ("payment_method", "pm_card_visa")])
        .send()
        .await
        .unwrap();
    assert!(confirmed.status().is_success(), "{}", confirmed.text().await.unwrap());
    order_is(&bob, &order, "complete").await;
}
