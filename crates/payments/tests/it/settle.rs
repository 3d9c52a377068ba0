//! The settle worker: what it finds out, what it ends, what it leaves alone, and that many may share it.

use futures::future::join_all;
use payments::payment::{ATTEMPT_MAX, Status};
use payments::workers::settle::settle_once;
use stripe_sandbox::{Fault, Outcome};
use testkit::{Break, Database};
use time::Duration;

use crate::world::{ASK, CANCEL, EVERY_TRY, HOLD, World, open, pay, text};

#[tokio::test]
async fn an_intent_that_is_open_in_a_browser_is_looked_at_now_and_then_and_left_open() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    let mut looks = 0;
    for _ in 0..(HOLD.whole_seconds() / 5 - 1) {
        world.advance(Duration::seconds(5));
        looks += world.settle().await;
    }
    assert_eq!((world.intents(), world.told().await.len()), (vec!["requires_payment_method".to_owned()], 1));
    // After 15, 30, 60, 120, 240, 480, 780 seconds.
    assert_eq!(looks, 7, "later and later");
    world.advance(Duration::seconds(5));
    assert_eq!(world.settle().await, 1, "when the order's time is up, it is over");
    assert_eq!(world.intents(), ["canceled"]);
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);
}

#[tokio::test]
async fn money_on_its_way_when_time_is_up_is_neither_cancelled_nor_given_up() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    world.stripe.next_payment(Outcome::Processing).expect("a plan");
    world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await;
    world.app.deliver(&order.expiring(2)).await;
    for _ in 0..20 {
        world.settle().await;
        world.advance(Duration::seconds(30));
    }
    assert_eq!(
        (world.intents(), world.told().await),
        (vec!["processing".to_owned()], vec!["payment:started".to_owned()])
    );
    let intent = world.only_payment(&order).await.stripe_id.expect("an intent");
    world.stripe.settle(&intent, None).expect("the bank's answer");
    world.settle().await;
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
}

#[tokio::test]
async fn a_payment_that_succeeded_though_it_counted_as_failed_is_told_late() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    let id = world.only_payment(&order).await.id;
    // As if somebody had closed it by hand.
    payments::record::closed(&world.payments, id, None, false).await.expect("a change");
    world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await;
    world.stripe.deliver_all().await.expect("webhooks");
    assert_eq!(world.settle().await, 1);
    assert_eq!(world.payment(id).await.status, Status::Completed);
    assert_eq!(world.told().await, ["payment:started", "payment:closed", "payment:created"]);
}

#[tokio::test]
async fn a_second_payment_of_an_order_that_is_paid_goes_back_by_itself() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    let stray = world.only_payment(&order).await.id;
    payments::record::closed(&world.payments, stray, None, false).await.expect("a change");
    pay(&ann, &order, "tok_visa").await.is(201);
    world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_mastercard").await;
    world.stripe.deliver_all().await.expect("webhooks");
    world.settle().await;
    assert_eq!(world.refund().await, 1);
    assert_eq!(world.charges(), [(2000, 0), (2000, 2000)]);
    let statuses: Vec<_> = world.payments_of(&order).await.iter().map(|payment| payment.status).collect();
    assert_eq!(statuses, [Status::Refunded, Status::Completed]);
    assert_eq!(world.told().await.last().map(String::as_str), Some("payment:refunded"));
}

#[tokio::test]
async fn what_was_opened_since_it_was_looked_at_is_not_closed_as_unopened() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    let id = world.only_payment(&order).await.id;
    let closed = payments::record::closed_unopened(&world.payments, id).await.expect("no change");
    assert_eq!((closed.status, world.told().await.len()), (Status::Created, 1), "its secret is given away");
}

#[tokio::test]
async fn while_the_provider_is_away_it_is_asked_less_and_less_but_never_given_up() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    world.app.deliver(&order.expiring(2)).await;
    world.stripe.plan(ASK, Fault::Fail(503), u32::MAX).expect("a plan");
    let mut looks = 0;
    for _ in 0..30 {
        looks += world.settle().await;
        world.advance(Duration::seconds(10));
    }
    assert!((11..=16).contains(&looks), "{looks} looks in five minutes: every 30 s after the first few");
    world.stripe.clear_plans();
    world.advance(Duration::seconds(30));
    world.settle().await;
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);
}

#[tokio::test]
async fn an_answer_lost_while_cancelling_is_found_out() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    world.app.deliver(&order.expiring(2)).await;
    world.stripe.plan(CANCEL, Fault::LoseAnswer, EVERY_TRY).expect("a plan");
    world.settle().await;
    world.advance(Duration::seconds(30));
    world.settle().await;
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);
}

#[tokio::test]
async fn replicas_share_the_work_and_each_payment_is_told_once() {
    let world = World::new().await;
    let mut orders = Vec::new();
    for _ in 0..12 {
        let ann = world.app.sign_in();
        let order = world.an_order(&ann).await;
        open(&ann, &order).await.is(201);
        world.app.deliver(&order.expiring(2)).await;
        orders.push(order);
    }
    let other = world.replica();
    let looks = [&world.payments, &other, &world.payments, &other].map(settle_once);
    let looked: usize = join_all(looks).await.into_iter().map(|looked| looked.expect("settling")).sum();
    assert_eq!(looked, 12, "each by one of them");
    let told = world.told().await;
    assert_eq!(told.iter().filter(|subject| *subject == "payment:closed").count(), 12, "{told:?}");
    assert_eq!(world.intents(), vec!["canceled"; 12]);
}

#[tokio::test]
async fn what_a_process_took_up_and_died_of_is_taken_up_again() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    world.app.deliver(&order.expiring(2)).await;
    world.stripe.plan(ASK, Fault::Hold, 1).expect("a plan");
    let worker = tokio::spawn({
        let app = world.payments.clone();
        async move { settle_once(&app).await }
    });
    world.stripe.until_held(1).await;
    worker.abort();
    assert_eq!(world.settle().await, 0, "somebody is at it");
    world.advance(Duration::minutes(1));
    assert_eq!(world.settle().await, 1, "its lease is over");
    assert_eq!(world.told().await, ["payment:started", "payment:closed"]);
}

#[tokio::test]
async fn a_hint_that_comes_during_a_look_is_not_lost() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    world.advance(Duration::seconds(15));
    // The look has its answer, "open", but not heard it yet, when the browser pays and the webhook comes.
    world.stripe.plan(ASK, Fault::HoldAnswer, 1).expect("a plan");
    let paying = async {
        world.stripe.until_held(1).await;
        world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await;
        world.stripe.deliver_all().await.expect("webhooks");
        world.stripe.release(1);
    };
    tokio::join!(world.settle(), paying);
    assert_eq!(world.settle().await, 1, "at once, and not in half a minute");
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
}

#[tokio::test]
async fn a_database_that_fails_while_it_is_written_down_changes_nothing() {
    for (table, how) in [("outbox", Break::Raise), ("outbox", Break::AtCommit), ("outbox", Break::Disconnect)] {
        let world = World::new().await;
        let ann = world.app.sign_in();
        let order = world.an_order(&ann).await;
        let opened = open(&ann, &order).await.is(201);
        world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await;
        world.advance(ATTEMPT_MAX);
        let database = Database::of(world.app.db());
        database.break_writes(table, how).await;
        assert_eq!(world.settle().await, 1);
        database.mend(table).await;
        assert_eq!(world.only_payment(&order).await.status, Status::Created, "{how:?}");
        world.advance(Duration::minutes(1));
        assert_eq!(world.settle().await, 1);
        assert_eq!(world.told().await, ["payment:started", "payment:created"]);
    }
}

#[tokio::test]
async fn an_intent_that_is_gone_at_the_provider_is_asked_for_again_and_again() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    open(&ann, &order).await.is(201);
    sqlx::query("update payments set stripe_id = 'pi_gone'").execute(world.app.db()).await.expect("a change");
    world.app.deliver(&order.cancelled(2)).await;
    assert_eq!(world.settle().await, 1);
    world.advance(Duration::seconds(30));
    assert_eq!(world.settle().await, 1, "whether money came nobody knows");
    assert_eq!(world.told().await, ["payment:started"]);
}
