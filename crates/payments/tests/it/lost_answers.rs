//! What happens when the provider's answer is lost, late or a fault: one charge at most, and never one that is lost.

use std::sync::Arc;

use payments::payment::{ATTEMPT_MAX, Status};
use payments::routes::pay::charge;
use stripe_sandbox::{Decline, Fault, Outcome};
use testkit::{Answer, Break, Database};

use crate::world::{ASK, CANCEL, CONFIRM, EVERY_TRY, OPEN, World, pay};

const NOT_CHARGED: &str = "The payment provider does not answer. Nothing was charged, please try again";
const UNSURE: &str =
    "Your payment is still being confirmed. Nothing is lost: please do not pay again, look again in a moment";

/// 503, and when to come again.
#[track_caller]
fn later(answer: Answer, sentence: &str) {
    assert_eq!(answer.header("retry-after"), Some("5"));
    answer.refuses(503, sentence);
}

#[tokio::test]
async fn an_answer_lost_once_is_asked_for_again_by_the_same_key() {
    for call in [OPEN, CONFIRM] {
        for fault in [Fault::LoseAnswer, Fault::LoseRequest, Fault::Fail(503), Fault::Fail(429), Fault::Fail(409)] {
            let world = World::new().await;
            let ann = world.app.sign_in();
            let order = world.an_order(&ann).await;
            world.stripe.plan(call, fault, 2).expect("a plan");
            pay(&ann, &order, "tok_visa").await.is(201);
            assert_eq!((world.charges(), world.intents().len()), (vec![(2000, 0)], 1), "{call} {fault:?}");
            assert_eq!(world.told().await, ["payment:started", "payment:created"]);
        }
    }
}

#[tokio::test]
async fn a_decline_whose_answer_is_lost_is_a_decline() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(CONFIRM, Fault::LoseAnswer, EVERY_TRY).expect("a plan");
    pay(&ann, &order, "tok_chargeDeclined").await.refuses(400, "Your card was declined.");
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);
}

#[tokio::test]
async fn a_payment_whose_answers_are_all_lost_is_found_by_asking() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(CONFIRM, Fault::LoseAnswer, EVERY_TRY).expect("a plan");
    pay(&ann, &order, "tok_visa").await.is(201);
    assert_eq!(world.charges(), [(2000, 0)]);
}

#[tokio::test]
async fn a_provider_that_is_down_before_money_can_move_charges_nothing_and_the_next_try_pays() {
    for fault in [Fault::LoseRequest, Fault::LoseAnswer, Fault::Fail(500), Fault::Fail(502), Fault::Fail(429)] {
        let world = World::new().await;
        let ann = world.app.sign_in();
        let order = world.an_order(&ann).await;
        world.stripe.plan(OPEN, fault, EVERY_TRY).expect("a plan");
        later(pay(&ann, &order, "tok_visa").await, NOT_CHARGED);
        assert_eq!(world.told().await, ["payment:started", "payment:closed"]);
        world.stripe.clear_plans();
        pay(&ann, &order, "tok_visa").await.is(201);
        assert_eq!(world.charges(), [(2000, 0)], "{fault:?}");
    }
}

#[tokio::test]
async fn a_payment_nobody_can_tell_of_is_settled_later_and_the_same_request_gives_the_answer() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(CONFIRM, Fault::LoseAnswer, EVERY_TRY).expect("a plan");
    world.stripe.plan(ASK, Fault::LoseAnswer, EVERY_TRY).expect("a plan");
    later(pay(&ann, &order, "tok_visa").await, UNSURE);
    assert_eq!(world.told().await, ["payment:started"], "nothing is told that is not sure");
    assert_eq!(world.settle().await, 1, "the provider is still away");
    assert_eq!(world.only_payment(&order).await.status, Status::Created);

    world.stripe.clear_plans();
    world.advance(time::Duration::minutes(1));
    assert_eq!(world.settle().await, 1);
    let paid = pay(&ann, &order, "tok_visa").await.is(201);
    assert_eq!(paid["id"], serde_json::json!(world.only_payment(&order).await.id));
    assert_eq!(world.charges(), [(2000, 0)]);
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
}

#[tokio::test]
async fn a_confirmation_that_never_arrived_is_ended_and_the_same_request_pays() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(CONFIRM, Fault::LoseRequest, EVERY_TRY).expect("a plan");
    later(pay(&ann, &order, "tok_visa").await, UNSURE);
    world.stripe.clear_plans();
    assert_eq!(world.settle().await, 1);
    assert_eq!((world.intents(), world.charges()), (vec!["canceled".to_owned()], vec![]));
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);
    pay(&ann, &order, "tok_visa").await.is(201);
    assert_eq!(world.charges(), [(2000, 0)]);
}

#[tokio::test]
async fn a_fault_the_provider_remembers_for_the_key_is_settled_by_asking() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    // Once is enough: the key's answer is 500 from then on.
    world.stripe.plan(CONFIRM, Fault::Fail(500), 1).expect("a plan");
    later(pay(&ann, &order, "tok_visa").await, UNSURE);
    assert_eq!(world.settle().await, 1);
    pay(&ann, &order, "tok_visa").await.is(201);
    assert_eq!(world.charges(), [(2000, 0)]);
}

#[tokio::test]
async fn a_decline_found_out_later_is_told_once_to_who_asks_again() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(CONFIRM, Fault::LoseAnswer, EVERY_TRY).expect("a plan");
    world.stripe.plan(ASK, Fault::LoseAnswer, EVERY_TRY).expect("a plan");
    later(pay(&ann, &order, "tok_chargeDeclinedInsufficientFunds").await, UNSURE);
    world.stripe.clear_plans();
    world.settle().await;
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);

    let same = "tok_chargeDeclinedInsufficientFunds";
    pay(&ann, &order, same).await.refuses(400, "Your card has insufficient funds.");
    assert_eq!(world.intents().len(), 1, "the answer is the one that was owed");
    pay(&ann, &order, same).await.refuses(400, "Your card has insufficient funds.");
    assert_eq!(world.intents().len(), 2, "now it is a try of its own");
}

#[tokio::test]
async fn money_on_its_way_is_waited_for() {
    for (declined, status) in [(None, 201), (Some(Decline::InsufficientFunds), 400)] {
        let world = World::impatient().await;
        let ann = world.app.sign_in();
        let order = world.an_order(&ann).await;
        world.stripe.next_payment(Outcome::Processing).expect("a plan");
        later(pay(&ann, &order, "tok_visa").await, UNSURE);
        assert_eq!(world.settle().await, 1);
        later(pay(&ann, &order, "tok_visa").await, UNSURE);

        let intent = world.only_payment(&order).await.stripe_id.expect("an intent");
        world.stripe.settle(&intent, declined).expect("the bank's answer");
        assert_eq!(world.settle().await, 1);
        pay(&ann, &order, "tok_visa").await.is(status);
        assert_eq!(world.charges().len(), usize::from(declined.is_none()));
    }
}

#[tokio::test]
async fn a_provider_that_takes_too_long_is_not_waited_for_and_nothing_is_lost() {
    let world = World::impatient().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(CONFIRM, Fault::HoldAnswer, 1).expect("a plan");
    world.stripe.plan(ASK, Fault::Hold, 1).expect("a plan");
    later(pay(&ann, &order, "tok_visa").await, UNSURE);
    world.stripe.release(2);
    assert_eq!(world.settle().await, 1);
    pay(&ann, &order, "tok_visa").await.is(201);
    assert_eq!(world.charges(), [(2000, 0)]);
}

/// A request that dies while one of its calls is held: a crash of the process, as far as the payment can see.
async fn dies_while(world: &World, held: &str, fault: Fault) -> (testkit::User, crate::world::Order) {
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(held, fault, 1).expect("a plan");
    let (app, user, id) = (world.payments.clone(), ann.id, order.id);
    let request = tokio::spawn(async move { charge(&app, user, id, "tok_visa".into()).await });
    world.stripe.until_held(1).await;
    request.abort();
    let _ = request.await;
    world.stripe.release(1);
    (ann, order)
}

#[tokio::test]
async fn a_crash_between_charge_and_record_loses_nothing() {
    let world = World::new().await;
    let (ann, order) = dies_while(&world, CONFIRM, Fault::HoldAnswer).await;
    assert_eq!(world.told().await, ["payment:started"]);
    assert_eq!(world.settle().await, 0, "for all we know, the request goes on");
    world.advance(ATTEMPT_MAX);
    assert_eq!(world.settle().await, 1);
    assert_eq!(world.only_payment(&order).await.status, Status::Completed);
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
    pay(&ann, &order, "tok_visa").await.is(201);
    assert_eq!(world.charges(), [(2000, 0)]);
}

#[tokio::test]
async fn a_crash_before_the_charge_ends_the_attempt() {
    for (held, fault) in [(OPEN, Fault::Hold), (OPEN, Fault::HoldAnswer)] {
        let world = World::new().await;
        let (ann, order) = dies_while(&world, held, fault).await;
        world.advance(ATTEMPT_MAX);
        assert_eq!(world.settle().await, 1);
        assert_eq!(world.only_payment(&order).await.status, Status::Failed);
        assert_eq!(world.told().await, ["payment:started", "payment:closed"]);
        pay(&ann, &order, "tok_visa").await.is(201);
        assert_eq!(world.charges(), [(2000, 0)]);
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_pays_all_the_same() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(CONFIRM, Fault::HoldAnswer, 1).expect("a plan");
    let request = tokio::spawn({
        let (ann, order) = (ann.clone(), order.clone());
        async move { pay(&ann, &order, "tok_visa").await }
    });
    world.stripe.until_held(1).await;
    request.abort();
    world.stripe.release(1);
    world.advance(ATTEMPT_MAX);
    testkit::eventually("the payment is settled", async || {
        world.settle().await;
        world.only_payment(&order).await.status == Status::Completed
    })
    .await;
    assert_eq!(world.charges(), [(2000, 0)]);
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
}

#[tokio::test]
async fn a_database_that_fails_after_the_charge_loses_nothing() {
    for (table, how) in [
        ("payments", Break::Raise),
        ("outbox", Break::Raise),
        ("outbox", Break::AtCommit),
        ("payments", Break::Disconnect),
        ("outbox", Break::Disconnect),
    ] {
        let world = World::new().await;
        let ann = world.app.sign_in();
        let order = world.an_order(&ann).await;
        let database = Database::of(world.app.db());
        world.stripe.plan(CONFIRM, Fault::HoldAnswer, 1).expect("a plan");
        let failing = async {
            world.stripe.until_held(1).await;
            database.break_writes(table, how).await;
            world.stripe.release(1);
        };
        let (answer, ()) = tokio::join!(pay(&ann, &order, "tok_visa"), failing);
        answer.refuses(500, "Something went wrong");
        assert_eq!(world.told().await, ["payment:started"]);
        database.mend(table).await;
        world.advance(ATTEMPT_MAX);
        assert_eq!(world.settle().await, 1);
        pay(&ann, &order, "tok_visa").await.is(201);
        assert_eq!((world.charges(), world.told().await.len()), (vec![(2000, 0)], 2), "{table} {how:?}");
    }
}

#[tokio::test]
async fn a_database_that_fails_at_the_claim_charges_nothing() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let (database, before) = (Database::of(world.app.db()), world.everything().await);
    for table in ["payments", "outbox"] {
        for how in [Break::Raise, Break::AtCommit, Break::Disconnect] {
            database.break_writes(table, how).await;
            pay(&ann, &order, "tok_visa").await.refuses(500, "Something went wrong");
            database.mend(table).await;
            assert_eq!(world.everything().await, before);
        }
    }
    assert_eq!((world.charges(), world.intents()), (vec![], vec![]));
    pay(&ann, &order, "tok_visa").await.is(201);
}

#[tokio::test]
async fn an_order_that_ends_while_its_intent_is_opened_is_not_charged() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(OPEN, Fault::HoldAnswer, 1).expect("a plan");
    let ending = async {
        world.stripe.until_held(1).await;
        world.app.deliver(&order.expiring(2)).await;
        assert_eq!(world.settle().await, 1);
        world.stripe.release(1);
    };
    let (answer, ()) = tokio::join!(pay(&ann, &order, "tok_visa"), ending);
    later(answer, NOT_CHARGED);
    assert_eq!((world.intents(), world.charges()), (vec!["canceled".to_owned()], vec![]));
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);
}

#[tokio::test]
async fn an_order_that_ends_while_it_is_confirmed_is_charged_or_not_and_whichever_it_is_told() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    // The confirmation waits at the provider, the cancellation passes it.
    world.stripe.plan(CONFIRM, Fault::Hold, 1).expect("a plan");
    let ending = async {
        world.stripe.until_held(1).await;
        world.app.deliver(&order.expiring(2)).await;
        assert_eq!(world.settle().await, 1);
        world.stripe.release(1);
    };
    let (answer, ()) = tokio::join!(pay(&ann, &order, "tok_visa"), ending);
    later(answer, NOT_CHARGED);
    assert_eq!((world.intents(), world.charges()), (vec!["canceled".to_owned()], vec![]));
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);

    // The confirmation is first, the cancellation finds it done.
    let world = Arc::new(World::new().await);
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(CONFIRM, Fault::HoldAnswer, 1).expect("a plan");
    let ending = async {
        world.stripe.until_held(1).await;
        world.app.deliver(&order.expiring(2)).await;
        assert_eq!(world.settle().await, 1);
        world.stripe.release(1);
    };
    let (answer, ()) = tokio::join!(pay(&ann, &order, "tok_visa"), ending);
    answer.is(201);
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
}

#[tokio::test]
async fn a_cancellation_that_fails_at_the_provider_is_tried_again() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    pay(&ann, &order, "tok_chargeDeclined").await.is(400);
    world.stripe.plan(CANCEL, Fault::Fail(500), EVERY_TRY).expect("a plan");
    assert_eq!(world.settle().await, 1);
    assert_eq!(world.settle().await, 0, "not at once");
    world.stripe.clear_plans();
    world.advance(time::Duration::seconds(30));
    assert_eq!(world.settle().await, 1);
    assert_eq!(world.intents(), ["canceled"]);
}
