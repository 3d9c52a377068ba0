//! `POST /api/payments`, as the contract has it.

use std::num::NonZeroU32;

use events::payments::{PaymentClosed, PaymentCreated, PaymentStarted};
use events::{OrderId, Verdict};
use payments::Terms;
use payments::payment::Status;
use serde_json::{Value, json};
use time::Duration;

use crate::world::{HOLD, Order, QUICK, World, pay};

#[tokio::test]
async fn only_who_is_signed_in_pays() {
    let world = World::new().await;
    world.app.anonymous().post("/api/payments", json!({})).await.refuses(401, "Not authorized");
}

#[tokio::test]
async fn every_field_that_is_missing_is_named() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let both = json!({ "errors": [
        { "message": "Invalid value", "field": "orderId" },
        { "message": "Invalid value", "field": "token" },
    ] });
    for body in
        [json!({}), json!({ "orderId": "", "token": " " }), json!({ "orderId": 1, "token": null }), json!({ "x": 1 })]
    {
        assert_eq!(ann.post("/api/payments", &body).await.is(400), both, "{body}");
    }
    let order = OrderId::new();
    ann.post("/api/payments", json!({ "orderId": order })).await.refuses_field(400, "Invalid value", "token");
    ann.post("/api/payments", json!({ "token": "tok_visa" })).await.refuses_field(400, "Invalid value", "orderId");
    let long = json!({ "orderId": order, "token": "t".repeat(256) });
    ann.post("/api/payments", long).await.refuses_field(400, "Invalid value", "token");
    ann.send("POST", "/api/payments", "{").await.is(400);
    ann.send("POST", "/api/payments", "[]").await.is(400);
}

#[tokio::test]
async fn an_order_that_does_not_exist_is_not_found() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    for order in [json!(OrderId::new()), json!("asldkfj"), json!("'; drop table payments; --"), json!("\u{fffd}")] {
        ann.post("/api/payments", json!({ "orderId": order, "token": "tok_visa" })).await.refuses(404, "Not Found");
    }
}

#[tokio::test]
async fn somebody_elses_order_is_refused() {
    let world = World::new().await;
    let order = world.an_order(&world.app.sign_in()).await;
    pay(&world.app.sign_in(), &order, "tok_visa").await.refuses(401, "Not authorized");
    assert_eq!(world.charges(), []);
}

#[tokio::test]
async fn a_cancelled_order_is_refused() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    assert_eq!(world.app.deliver(&order.cancelled(2)).await, Verdict::Done);
    pay(&ann, &order, "tok_visa").await.refuses(400, "Cannot pay for a cancelled order");
    assert_eq!((world.charges(), world.told().await), (vec![], vec![]));
}

#[tokio::test]
async fn the_checks_come_in_the_contracts_order() {
    let world = World::new().await;
    let (ann, bob) = (world.app.sign_in(), world.app.sign_in());
    let order = world.an_order(&ann).await;
    world.app.deliver(&order.cancelled(2)).await;
    let valid = json!({ "orderId": order.id, "token": "tok_visa" });
    world.app.anonymous().post("/api/payments", json!({ "orderId": OrderId::new() })).await.is(401);
    bob.post("/api/payments", json!({ "orderId": OrderId::new() })).await.is(400);
    bob.post("/api/payments", json!({ "orderId": order.id })).await.is(400);
    bob.post("/api/payments", &valid).await.refuses(401, "Not authorized");
    ann.post("/api/payments", &valid).await.refuses(400, "Cannot pay for a cancelled order");
}

#[tokio::test]
async fn a_payment_is_charged_at_the_provider_and_kept() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let answer = pay(&ann, &order, "tok_visa").await.is(201);

    let ledger = world.stripe.ledger();
    let [charged] = &*ledger.charges else { panic!("one charge, not {:?}", ledger.charges) };
    assert_eq!((charged.amount, &*charged.currency, charged.refunded), (20 * 100, "usd", 0));
    let payment = world.only_payment(&order).await;
    assert_eq!(charged.payment_intent, payment.stripe_id);
    assert_eq!(charged.metadata["order"], order.id.to_string());
    assert_eq!(charged.metadata["payment"], payment.id.to_string());
    assert_eq!((payment.status, payment.next_look_at, payment.failure), (Status::Completed, None, None));
    assert_eq!(answer, json!({ "id": payment.id }));
}

#[tokio::test]
async fn it_is_told_that_it_began_and_that_it_is_paid() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    pay(&ann, &order, "tok_visa").await.is(201);
    let payment = world.only_payment(&order).await;
    let stripe_id = payment.stripe_id.expect("an intent");
    assert_eq!(
        world.app.published().await,
        [
            ("payment:started".to_owned(), json!({ "id": payment.id, "orderId": order.id })),
            ("payment:created".to_owned(), json!({ "id": payment.id, "orderId": order.id, "stripeId": stripe_id })),
        ]
    );
}

#[tokio::test]
async fn f15_what_is_charged_is_the_price_to_the_cent() {
    let world = World::by(Terms { tries_per_account: NonZeroU32::MAX, ..Terms::default() }).await;
    let ann = world.app.sign_in();
    for cents in [1999, 50, 110, 435, 99_999_999] {
        let order = world.an_order_at(&ann, cents).await;
        pay(&ann, &order, "tok_visa").await.is(201);
        assert_eq!(world.charges().last(), Some(&(cents, 0)));
    }
}

#[tokio::test]
async fn nothing_a_client_says_about_amount_owner_or_status_is_believed() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let body = json!({ "orderId": order.id, "token": "tok_visa", "amount": 1, "price": 1, "status": "completed", "userId": "x" });
    ann.post("/api/payments/", body).await.is(201);
    assert_eq!(world.charges(), [(2000, 0)]);
}

#[tokio::test]
async fn f4_an_order_can_be_paid_until_its_time_is_up_and_not_after() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let (in_time, late) = (world.an_order(&ann).await, world.an_order(&ann).await);
    world.advance(HOLD - Duration::milliseconds(1));
    pay(&ann, &in_time, "tok_visa").await.is(201);
    world.advance(Duration::milliseconds(1));
    pay(&ann, &late, "tok_visa").await.refuses(400, "Cannot pay for an expired order");
    assert_eq!(world.charges(), [(2000, 0)]);
    assert_eq!(world.payments_of(&late).await, []);
}

#[tokio::test]
async fn an_order_whose_end_is_waited_for_takes_no_new_payment() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    assert_eq!(world.app.deliver(&order.expiring(2)).await, Verdict::Done);
    pay(&ann, &order, "tok_visa").await.refuses(400, "Cannot pay for an expired order");
}

#[tokio::test]
async fn an_order_that_is_complete_by_another_payment_is_paid() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    assert_eq!(world.app.deliver(&order.completed(2)).await, Verdict::Done);
    pay(&ann, &order, "tok_visa").await.refuses(400, "This order is already paid");
    assert_eq!(world.charges(), []);
}

#[tokio::test]
async fn a_declined_card_is_told_in_the_providers_words() {
    let world = World::by(Terms { tries_per_account: NonZeroU32::MAX, ..Terms::default() }).await;
    let ann = world.app.sign_in();
    for (token, sentence) in [
        ("tok_chargeDeclined", "Your card was declined."),
        ("tok_chargeDeclinedInsufficientFunds", "Your card has insufficient funds."),
        ("tok_chargeDeclinedExpiredCard", "Your card has expired."),
        ("tok_chargeDeclinedIncorrectCvc", "Your card's security code is incorrect."),
        ("tok_authenticationRequired", "Your card was declined. This transaction requires authentication."),
    ] {
        let order = world.an_order(&ann).await;
        pay(&ann, &order, token).await.refuses(400, sentence);
        let payment = world.only_payment(&order).await;
        assert_eq!((payment.status, payment.failure.as_deref()), (Status::Failed, Some(sentence)));
    }
    assert_eq!(world.charges(), []);
}

#[tokio::test]
async fn f2_after_a_decline_another_card_pays() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    pay(&ann, &order, "tok_chargeDeclined").await.refuses(400, "Your card was declined.");
    // The same token is a new try too: buyers correct what was wrong with a card.
    pay(&ann, &order, "tok_chargeDeclined").await.refuses(400, "Your card was declined.");
    let paid = pay(&ann, &order, "tok_visa").await.is(201);

    let payments = world.payments_of(&order).await;
    let statuses: Vec<_> = payments.iter().map(|payment| payment.status).collect();
    assert_eq!(statuses, [Status::Failed, Status::Failed, Status::Completed]);
    assert_eq!(paid["id"], json!(payments[2].id));
    assert_eq!(world.charges(), [(2000, 0)]);
    let told = world.told().await;
    let tried = ["payment:started", "payment:closed"];
    assert_eq!(told, [tried.as_slice(), &tried, &["payment:started", "payment:created"]].concat());
}

#[tokio::test]
async fn what_a_decline_left_open_at_the_provider_is_cancelled_there() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    pay(&ann, &order, "tok_chargeDeclined").await.is(400);
    assert_eq!(world.intents(), ["requires_payment_method"]);
    world.app.forget_published().await;
    assert_eq!(world.settle().await, 1);
    assert_eq!((world.intents(), world.settle().await), (vec!["canceled".to_owned()], 0));
    assert_eq!(world.told().await, [] as [&str; 0], "it was told before");
}

#[tokio::test]
async fn a_token_that_does_not_exist_is_refused_and_another_one_pays() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    for token in ["tok_1234", "asldkfj", "tok_visa&amount=1", "ürk"] {
        let sentence = "This card cannot be used, please enter it again";
        pay(&ann, &order, token).await.refuses_field(400, sentence, "token");
    }
    pay(&ann, &order, "tok_visa").await.is(201);
    assert_eq!(world.charges(), [(2000, 0)]);
}

#[tokio::test]
async fn an_amount_the_provider_does_not_take_is_refused_in_its_words() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order_at(&ann, 49).await;
    pay(&ann, &order, "tok_visa").await.refuses(400, "Amount must be at least $0.50 usd");
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);
}

#[tokio::test]
async fn another_currency_is_charged_where_one_is_set() {
    let world = World::by(Terms { currency: "eur".parse().expect("a currency"), ..Terms::default() }).await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    pay(&ann, &order, "tok_visa").await.is(201);
    assert_eq!(world.stripe.ledger().charges[0].currency, "eur");
}

#[tokio::test]
async fn f27_an_account_has_so_many_tries_a_minute_and_others_have_their_own() {
    let three = NonZeroU32::new(3).expect("three");
    let world = World::by(Terms { tries_per_account: three, ..Terms::default() }).await;
    let (ann, bob) = (world.app.sign_in(), world.app.sign_in());
    let order = world.an_order(&ann).await;
    for _ in 0..3 {
        pay(&ann, &order, "tok_chargeDeclined").await.is(400);
    }
    let answer = pay(&ann, &order, "tok_visa").await;
    assert_eq!(answer.header("retry-after"), Some("20"));
    answer.refuses(429, "Too many requests, please try again later");
    pay(&bob, &order, "tok_visa").await.is(401);
    world.advance(Duration::seconds(20));
    pay(&ann, &order, "tok_visa").await.is(201);
}

#[tokio::test]
async fn f27_an_address_has_so_many_tries_a_minute_whoever_they_are() {
    let three = NonZeroU32::new(3).expect("three");
    let world = World::by(Terms { tries_per_address: three, ..Terms::default() }).await;
    for status in [404, 404, 404, 429] {
        let order = Order::new(world.app.sign_in().id, 2000, world.clock.now());
        pay(&world.app.sign_in(), &order, "tok_visa").await.is(status);
    }
}

#[tokio::test]
async fn what_we_are_wrong_about_at_the_provider_is_our_fault_and_none_of_the_buyers_business() {
    let world = World::new().await;
    let (ann, other) = (world.app.sign_in(), stripe_with_a_wrong_key(&world).await);
    let order = Order::new(ann.id, 2000, world.clock.now() + HOLD);
    assert_eq!(other.deliver(&order.created()).await, Verdict::Done);
    let buyer = other.sign_in_as(ann.id);
    let answer = pay(&buyer, &order, "tok_visa").await;
    assert!(answer.header("x-request-id").is_some());
    answer.refuses(500, "Something went wrong");
    let subjects: Vec<_> = other.published().await.into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(subjects, ["payment:started", "payment:closed"]);
}

/// The service with a key the provider does not know.
async fn stripe_with_a_wrong_key(world: &World) -> testkit::TestApp {
    let db = testkit::database(payments::SCHEMA, &payments::MIGRATOR).await;
    let url = service::PublicUrl::default();
    let sessions = service::Sessions::new(&testkit::KEY.into(), db.clone(), world.clock.clone(), &url);
    let stripe = payments::stripe::Stripe::new(&world.stripe.url, &"sk_test_wrong".into(), QUICK).expect("a client");
    let clock = world.clock.clone();
    let app = payments::App::new(db, sessions.clone(), clock, std::sync::Arc::new(stripe), Terms::default());
    testkit::TestApp::start(payments::build(app), &sessions).await
}

#[tokio::test]
async fn events_read_as_what_they_are() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    pay(&ann, &order, "tok_chargeDeclined").await.is(400);
    pay(&ann, &order, "tok_visa").await.is(201);
    let payments = world.payments_of(&order).await;
    let started = world.app.published_of::<PaymentStarted>().await;
    assert_eq!(started.iter().map(|event| event.id).collect::<Vec<_>>(), [payments[0].id, payments[1].id]);
    assert_eq!(world.app.published_of::<PaymentClosed>().await, [PaymentClosed { order_id: order.id }]);
    let created = world.app.published_of::<PaymentCreated>().await;
    assert_eq!((created.len(), created[0].order_id, created[0].id), (1, order.id, payments[1].id));
}

#[tokio::test]
async fn neither_the_token_nor_a_secret_is_kept() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    pay(&ann, &order, "tok_visa").await.is(201);
    let kept = Value::from_iter(world.everything().await).to_string();
    assert!(!kept.contains("tok_visa") && !kept.contains("_secret_"), "{kept}");
}
