//! `POST /api/payments/intent`: for the buyer's browser to confirm.

use std::num::NonZeroU32;

use events::{OrderId, Verdict};
use futures::future::join_all;
use payments::Terms;
use payments::payment::Status;
use serde_json::json;
use stripe_sandbox::{Fault, Outcome};
use time::Duration;

use crate::world::{ASK, CONFIRM, EVERY_TRY, HOLD, OPEN, World, open, pay, text};

#[tokio::test]
async fn it_is_refused_as_a_payment_is() {
    let world = World::new().await;
    let (ann, bob) = (world.app.sign_in(), world.app.sign_in());
    let order = world.an_order(&ann).await;
    world.app.anonymous().post("/api/payments/intent", json!({})).await.refuses(401, "Not authorized");
    ann.post("/api/payments/intent", json!({})).await.refuses_field(400, "Invalid value", "orderId");
    ann.post("/api/payments/intent", json!({ "orderId": OrderId::new() })).await.refuses(404, "Not Found");
    ann.post("/api/payments/intent", json!({ "orderId": "x" })).await.refuses(404, "Not Found");
    open(&bob, &order).await.refuses(401, "Not authorized");
    world.advance(HOLD);
    open(&ann, &order).await.refuses(400, "Cannot pay for an expired order");
    world.app.deliver(&order.cancelled(2)).await;
    open(&ann, &order).await.refuses(400, "Cannot pay for a cancelled order");
    assert_eq!((world.intents().len(), world.told().await.len()), (0, 0));
}

#[tokio::test]
async fn the_browser_gets_what_it_needs_to_pay_the_price_agreed() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order_at(&ann, 1999).await;
    let opened = open(&ann, &order).await.is(201);
    let payment = world.only_payment(&order).await;
    let secret = text(&opened, "clientSecret");
    assert_eq!(opened, json!({ "id": payment.id, "clientSecret": secret, "amount": 19.99, "currency": "usd" }));
    assert!(secret.starts_with(payment.stripe_id.as_deref().expect("an intent")));
    assert_eq!(world.stripe.intents()[0]["amount"], 1999);
    assert_eq!(world.told().await, ["payment:started"]);
}

#[tokio::test]
async fn asked_again_it_is_the_same_one() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let first = open(&ann, &order).await.is(201);
    assert_eq!(open(&ann, &order).await.is(201), first);
    // A card that was declined in the browser does not end it.
    assert_eq!(world.confirm_in_browser(&text(&first, "clientSecret"), "tok_chargeDeclined").await, 402);
    assert_eq!(open(&ann, &order).await.is(201), first);
    assert_eq!((world.intents().len(), world.told().await.len()), (1, 1));
}

#[tokio::test]
async fn ten_windows_share_one() {
    let world = World::by(Terms { tries_per_account: NonZeroU32::MAX, ..Terms::default() }).await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let answers = join_all((0..10).map(|_| open(&ann, &order))).await;
    let opened: Vec<_> = answers.into_iter().map(|answer| answer.is(201)).collect();
    assert!(opened.iter().all(|one| *one == opened[0]), "{opened:?}");
    assert_eq!((world.intents().len(), world.told().await.len()), (1, 1));
}

#[tokio::test]
async fn what_the_browser_paid_is_found_out_by_the_webhook() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    assert_eq!(world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await, 200);
    world.stripe.deliver_all().await.expect("webhooks");
    assert_eq!(world.settle().await, 1);
    assert_eq!(world.only_payment(&order).await.status, Status::Completed);
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
    open(&ann, &order).await.refuses(400, "This order is already paid");
}

#[tokio::test]
async fn what_the_browser_paid_is_found_out_without_a_webhook_too() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    assert_eq!(world.settle().await, 0, "not before there can be anything");
    world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await;
    world.advance(Duration::seconds(15));
    assert_eq!(world.settle().await, 1);
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
}

#[tokio::test]
async fn asked_for_again_after_it_was_paid_it_is_found_out_at_once() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await;
    open(&ann, &order).await.refuses(400, "This order is already paid");
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
}

#[tokio::test]
async fn one_that_was_cancelled_at_the_provider_is_succeeded_by_another() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let first = open(&ann, &order).await.is(201);
    let intent = world.only_payment(&order).await.stripe_id.expect("an intent");
    let provider = crate::world::provider(&world.stripe, payments::stripe::Pace::STRIPE);
    payments::provider::Provider::cancel(&*provider, &intent).await.expect("a cancellation");
    let second = open(&ann, &order).await.is(201);
    assert_ne!(first["id"], second["id"]);
    assert_eq!(world.told().await, ["payment:started", "payment:closed", "payment:started"]);
}

#[tokio::test]
async fn a_payment_with_a_token_that_is_under_way_is_waited_for() {
    for (token, status) in [("tok_visa", 400), ("tok_chargeDeclined", 201)] {
        let world = World::new().await;
        let ann = world.app.sign_in();
        let order = world.an_order(&ann).await;
        world.stripe.plan(CONFIRM, Fault::Hold, 1).expect("a plan");
        let window = async {
            world.stripe.until_held(1).await;
            tokio::join!(open(&ann, &order), async { world.stripe.release(1) }).0
        };
        let (_, opened) = tokio::join!(pay(&ann, &order, token), window);
        opened.is(status);
    }
}

#[tokio::test]
async fn money_on_its_way_is_not_paid_again() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    world.stripe.next_payment(Outcome::Processing).expect("a plan");
    world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await;
    let answer = open(&ann, &order).await;
    assert_eq!(answer.header("retry-after"), Some("5"));
    answer.is(503);
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_a_provider_that_is_down_changes_nothing() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(OPEN, Fault::LoseRequest, EVERY_TRY).expect("a plan");
    let answer = open(&ann, &order).await;
    assert_eq!(answer.header("retry-after"), Some("5"));
    answer.refuses(503, "The payment provider does not answer. Nothing was charged, please try again");
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);

    world.stripe.clear_plans();
    world.stripe.plan(OPEN, Fault::LoseAnswer, 1).expect("a plan");
    let opened = open(&ann, &order).await.is(201);
    assert_eq!(world.intents().len(), 1);

    world.stripe.plan(ASK, Fault::Fail(503), EVERY_TRY).expect("a plan");
    open(&ann, &order).await.is(503);
    world.stripe.clear_plans();
    assert_eq!(open(&ann, &order).await.is(201), opened, "it is still the same one");
}

#[tokio::test]
async fn a_request_that_died_before_it_knew_its_intent_is_taken_up_by_the_next_one() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(OPEN, Fault::HoldAnswer, 1).expect("a plan");
    let request = tokio::spawn({
        let (ann, order) = (ann.clone(), order.clone());
        async move { open(&ann, &order).await }
    });
    world.stripe.until_held(1).await;
    request.abort();
    world.stripe.release(1);
    open(&ann, &order).await.is(201);
    assert_eq!((world.intents().len(), world.told().await.len()), (1, 1));
}

#[tokio::test]
async fn once_the_orders_time_is_up_the_secret_is_given_no_more_and_the_intent_ends() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    world.advance(HOLD);
    open(&ann, &order).await.refuses(400, "Cannot pay for an expired order");
    assert_eq!(world.settle().await, 1);
    assert_eq!(world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await, 400);
    assert_eq!((world.charges(), world.intents()), (vec![], vec!["canceled".to_owned()]));
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);
}

#[tokio::test]
async fn f27_tries_are_counted_together_with_those_to_pay() {
    let two = NonZeroU32::new(2).expect("two");
    let world = World::by(Terms { tries_per_account: two, ..Terms::default() }).await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    pay(&ann, &order, "tok_chargeDeclined").await.is(400);
    let answer = open(&ann, &order).await;
    assert!(answer.header("retry-after").is_some());
    answer.is(429);
    assert_eq!(world.app.deliver(&order.updated(2)).await, Verdict::Done);
}
