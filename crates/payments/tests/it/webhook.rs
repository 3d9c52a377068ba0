//! `POST /api/payments/webhook`. F18: forged, replayed, old, twice, out of order, about what we do not know.

use payments::Terms;
use payments::payment::Status;
use serde_json::{Value, json};
use stripe_sandbox::signature;
use testkit::{Answer, Break, Database};
use time::Duration;

use crate::world::{WEBHOOK_SECRET, World, open, text};

const PATH: &str = "/api/payments/webhook";

/// Posts an event, signed with `secret` as of `seconds` ago.
async fn post(world: &World, event: &Value, secret: &str, seconds: i64) -> Answer {
    let body = event.to_string();
    let header = signature(secret, world.clock.now().seconds() - seconds, &body);
    world.app.anonymous().with_header("stripe-signature", &header).send("POST", PATH, body).await
}

fn an_event(kind: &str, intent: &str) -> Value {
    json!({ "id": format!("evt_{kind}_{intent}"), "object": "event", "type": kind, "data": { "object": { "id": intent } } })
}

/// An intent that its buyer has paid, and nobody told us of.
async fn paid_in_the_browser(world: &World) -> String {
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    let secret = text(&opened, "clientSecret");
    assert_eq!(world.confirm_in_browser(&secret, "tok_visa").await, 200);
    secret.split("_secret_").next().expect("an id").to_owned()
}

#[tokio::test]
async fn a_genuine_one_is_taken_and_asked_about() {
    let world = World::new().await;
    let intent = paid_in_the_browser(&world).await;
    assert_eq!(world.settle().await, 0);
    let event = an_event("payment_intent.succeeded", &intent);
    assert_eq!(post(&world, &event, WEBHOOK_SECRET, 0).await.is(200), json!({ "received": true }));
    assert_eq!(world.told().await, ["payment:started"], "it is a hint, and not believed");
    assert_eq!(world.settle().await, 1);
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
}

#[tokio::test]
async fn a_forged_one_has_no_effect() {
    let world = World::new().await;
    let intent = paid_in_the_browser(&world).await;
    let (event, before) = (an_event("payment_intent.succeeded", &intent), world.everything().await);
    post(&world, &event, "whsec_forged", 0).await.refuses(400, "The signature does not match");
    let body = event.to_string();
    let anybody = world.app.anonymous();
    anybody.send("POST", PATH, body.clone()).await.refuses(400, "There is no signature");
    for header in ["", "t=1", "v1=00", "garbage"] {
        let forger = anybody.clone().with_header("stripe-signature", header);
        forger.send("POST", PATH, body.clone()).await.refuses(400, "There is no signature");
    }
    // The signature of another body.
    let header = signature(WEBHOOK_SECRET, world.clock.now().seconds(), "{}");
    let forger = anybody.with_header("stripe-signature", &header);
    forger.send("POST", PATH, body).await.refuses(400, "The signature does not match");
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn one_that_says_paid_when_nothing_was_paid_changes_nothing() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    let intent = world.only_payment(&order).await.stripe_id.expect("an intent");
    post(&world, &an_event("payment_intent.succeeded", &intent), WEBHOOK_SECRET, 0).await.is(200);
    assert_eq!(world.settle().await, 1);
    assert_eq!(world.only_payment(&order).await.status, Status::Created);
}

#[tokio::test]
async fn an_old_one_is_refused_and_so_is_one_from_the_future() {
    let world = World::new().await;
    let intent = paid_in_the_browser(&world).await;
    let event = an_event("payment_intent.succeeded", &intent);
    for seconds in [301, -301] {
        post(&world, &event, WEBHOOK_SECRET, seconds).await.refuses(400, "The signature is too old");
    }
    post(&world, &event, WEBHOOK_SECRET, 300).await.is(200);
}

#[tokio::test]
async fn a_repeat_has_no_second_effect() {
    let world = World::new().await;
    let intent = paid_in_the_browser(&world).await;
    let event = an_event("payment_intent.succeeded", &intent);
    post(&world, &event, WEBHOOK_SECRET, 0).await.is(200);
    world.settle().await;
    let before = world.everything().await;
    // Sent again, and signed again, as the provider does.
    world.advance(Duration::minutes(10));
    post(&world, &event, WEBHOOK_SECRET, 0).await.is(200);
    assert_eq!((world.settle().await, world.everything().await), (0, before));
}

#[tokio::test]
async fn a_repeat_asks_the_provider_nothing() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    let intent = world.only_payment(&order).await.stripe_id.expect("an intent");
    let event = an_event("payment_intent.payment_failed", &intent);
    for looks in [1, 0, 0] {
        post(&world, &event, WEBHOOK_SECRET, 0).await.is(200);
        assert_eq!(world.settle().await, looks);
    }
}

#[tokio::test]
async fn the_same_one_many_times_at_once_is_taken_once() {
    let world = World::new().await;
    let intent = paid_in_the_browser(&world).await;
    let event = an_event("payment_intent.succeeded", &intent);
    let answers = (0..10).map(|_| post(&world, &event, WEBHOOK_SECRET, 0));
    for answer in futures::future::join_all(answers).await {
        answer.is(200);
    }
    world.settle().await;
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
}

#[tokio::test]
async fn they_may_come_in_any_order() {
    for reversed in [false, true] {
        let world = World::new().await;
        let ann = world.app.sign_in();
        let order = world.an_order(&ann).await;
        let secret = text(&open(&ann, &order).await.is(201), "clientSecret");
        world.confirm_in_browser(&secret, "tok_chargeDeclined").await;
        world.confirm_in_browser(&secret, "tok_visa").await;
        let mut events = world.stripe.undelivered();
        if reversed {
            events.reverse();
        }
        for (event, kind) in events {
            let answers = world.stripe.deliver(&event).await.expect("an event");
            assert_eq!(answers, [Ok(200)], "{kind}");
            world.settle().await;
        }
        assert_eq!(world.told().await, ["payment:started", "payment:created"]);
        assert_eq!(world.only_payment(&order).await.status, Status::Completed);
    }
}

#[tokio::test]
async fn one_about_a_payment_that_is_not_known_is_asked_for_again() {
    let world = World::new().await;
    let before = world.everything().await;
    let event = an_event("payment_intent.succeeded", "pi_unknown");
    post(&world, &event, WEBHOOK_SECRET, 0).await.refuses(404, "There is no such payment");
    assert_eq!(world.everything().await, before, "it is not marked as seen");
}

#[tokio::test]
async fn one_that_came_too_early_is_taken_when_it_comes_again() {
    let world = World::new().await;
    let intent = paid_in_the_browser(&world).await;
    let event = an_event("payment_intent.succeeded", &intent);
    sqlx::query("update payments set stripe_id = null").execute(world.app.db()).await.expect("a change");
    post(&world, &event, WEBHOOK_SECRET, 0).await.is(404);
    sqlx::query("update payments set stripe_id = $1").bind(&intent).execute(world.app.db()).await.expect("a change");
    post(&world, &event, WEBHOOK_SECRET, 0).await.is(200);
    assert_eq!(world.settle().await, 1);
}

#[tokio::test]
async fn what_is_none_of_our_business_is_taken_and_forgotten() {
    let world = World::new().await;
    let before = world.everything().await;
    for kind in ["customer.created", "payment_intent.created", "charge.succeeded", "something.new"] {
        post(&world, &an_event(kind, "pi_unknown"), WEBHOOK_SECRET, 0).await.is(200);
    }
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn what_is_signed_and_yet_no_event_is_refused() {
    let world = World::new().await;
    for body in ["", "{", "[]", "null", r#"{"id":1}"#, r#"{"type":"payment_intent.succeeded"}"#, "\u{feff}{}"] {
        let header = signature(WEBHOOK_SECRET, world.clock.now().seconds(), body);
        let provider = world.app.anonymous().with_header("stripe-signature", &header);
        provider.send("POST", PATH, body).await.refuses(400, "This is not an event");
    }
    let large = format!(r#"{{"id":"{}"}}"#, "x".repeat(200_000));
    let header = signature(WEBHOOK_SECRET, world.clock.now().seconds(), &large);
    let provider = world.app.anonymous().with_header("stripe-signature", &header);
    provider.send("POST", PATH, large).await.is(413);
}

#[tokio::test]
async fn while_the_secret_is_changed_both_count() {
    let world = World::new().await;
    let terms = Terms { webhook_secrets: vec!["whsec_new".into(), "whsec_old".into()], ..Terms::default() };
    let both = World::with_secrets(world.app.db().clone(), terms).await;
    let intent = paid_in_the_browser(&world).await;
    for (secret, status) in [("whsec_new", 200), ("whsec_old", 200), ("whsec_older", 400)] {
        let event = an_event(&format!("{secret}.new"), &intent);
        post(&both, &event, secret, 0).await.is(status);
    }
}

#[tokio::test]
async fn without_a_secret_none_is_taken() {
    let world = World::new().await;
    let none = World::with_secrets(world.app.db().clone(), Terms::default()).await;
    let event = an_event("payment_intent.succeeded", "pi_1");
    let answer = post(&none, &event, WEBHOOK_SECRET, 0).await;
    assert!(answer.header("retry-after").is_some());
    answer.refuses(503, "Webhooks are not set up here");
}

#[tokio::test]
async fn when_the_database_fails_it_is_sent_again_and_nothing_is_lost() {
    let world = World::new().await;
    let intent = paid_in_the_browser(&world).await;
    let event = an_event("payment_intent.succeeded", &intent);
    let (database, before) = (Database::of(world.app.db()), world.everything().await);
    for table in ["webhook_events", "payments"] {
        for how in [Break::Raise, Break::AtCommit, Break::Disconnect] {
            database.break_writes(table, how).await;
            post(&world, &event, WEBHOOK_SECRET, 0).await.refuses(500, "Something went wrong");
            database.mend(table).await;
            assert_eq!(world.everything().await, before, "{table} {how:?}");
        }
    }
    post(&world, &event, WEBHOOK_SECRET, 0).await.is(200);
    assert_eq!(world.settle().await, 1);
}

#[tokio::test]
async fn one_for_a_refund_nobody_wanted_here_asks_for_none() {
    let world = World::new().await;
    let (_, payment) = world.a_paid_order(&world.app.sign_in()).await;
    let intent = payment.stripe_id.expect("an intent");
    let event = json!({ "id": "evt_1", "type": "charge.refunded", "data": { "object": { "id": "ch_1", "payment_intent": intent } } });
    post(&world, &event, WEBHOOK_SECRET, 0).await.is(200);
    assert_eq!((world.refund().await, world.charges()), (0, vec![(2000, 0)]));
}

#[tokio::test]
async fn what_was_seen_is_forgotten_after_a_month() {
    let world = World::new().await;
    let intent = paid_in_the_browser(&world).await;
    post(&world, &an_event("payment_intent.succeeded", &intent), WEBHOOK_SECRET, 0).await.is(200);
    world.advance(Duration::days(20));
    post(&world, &an_event("payment_intent.processing", &intent), WEBHOOK_SECRET, 0).await.is(200);
    world.advance(Duration::days(11));
    let mut db = world.app.db().acquire().await.expect("a connection");
    let before = world.clock.now() - Duration::days(30);
    assert_eq!(payments::store::forget_webhooks_before(&mut db, before).await.expect("a change"), 1);
}
