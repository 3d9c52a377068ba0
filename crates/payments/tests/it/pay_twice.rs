//! F2: paying twice charges once, one after the other and at the same time.

use std::num::NonZeroU32;

use events::PaymentId;
use futures::future::join_all;
use payments::payment::{Payment, Status};
use payments::{Terms, store};
use stripe_sandbox::Fault;
use testkit::Database;

use crate::world::{CANCEL, CONFIRM, OPEN, World, open, pay, text};

#[tokio::test]
async fn the_second_time_gives_the_first_ones_answer() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let first = pay(&ann, &order, "tok_visa").await.is(201);
    for token in ["tok_visa", "tok_mastercard", "tok_chargeDeclined"] {
        assert_eq!(pay(&ann, &order, token).await.is(201), first);
    }
    assert_eq!(world.charges(), [(2000, 0)]);
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
}

#[tokio::test]
async fn also_once_the_order_is_complete_or_its_time_is_up() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let first = pay(&ann, &order, "tok_visa").await.is(201);
    world.app.deliver(&order.completed(2)).await;
    world.advance(time::Duration::hours(1));
    assert_eq!(pay(&ann, &order, "tok_visa").await.is(201), first);
}

#[tokio::test]
async fn the_database_itself_refuses_a_second_payment_that_counts() {
    let world = World::new().await;
    let (order, paid) = world.a_paid_order(&world.app.sign_in()).await;
    let second = Payment { id: PaymentId::new(), status: Status::Created, stripe_id: None, ..paid };
    let mut db = world.app.db().acquire().await.expect("a connection");
    let refused = store::insert(&mut db, &second).await.expect_err("one order, one payment");
    let payments::Error::Database(error) = refused else { panic!("{refused}") };
    assert!(error.as_database_error().is_some_and(|error| error.constraint() == Some("payments_live")), "{error}");
    assert_eq!(world.payments_of(&order).await.len(), 1);
}

#[tokio::test]
async fn twenty_at_once_pay_once_and_hear_the_same() {
    let world = World::by(Terms { tries_per_account: NonZeroU32::MAX, ..Terms::default() }).await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let answers = join_all((0..20).map(|_| pay(&ann, &order, "tok_visa"))).await;
    let ids: Vec<_> = answers.into_iter().map(|answer| text(&answer.is(201), "id")).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!((world.charges(), world.intents().len()), (vec![(2000, 0)], 1));
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
}

#[tokio::test]
async fn twenty_at_once_with_different_cards_and_windows_pay_once() {
    let world = World::by(Terms { tries_per_account: NonZeroU32::MAX, ..Terms::default() }).await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let tokens = ["tok_visa", "tok_mastercard", "tok_amex", "tok_visa_debit"];
    let windows = (0..20).map(|n| pay(&ann, &order, tokens[n % tokens.len()]));
    for answer in join_all(windows).await {
        answer.is(201);
    }
    assert_eq!(world.charges(), [(2000, 0)]);
}

#[tokio::test]
async fn a_double_click_on_a_declined_card_hears_of_it_twice_and_tries_it_once() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(CONFIRM, Fault::Hold, 1).expect("a plan");
    // Both come to the order before either has it: the second finds the first one's try, and not its end.
    let kit = Database::of(world.app.db());
    let mut tx = world.app.db().begin().await.expect("a transaction");
    store::lock_order(&mut tx, order.id).await.expect("its row");
    let clicks =
        async { tokio::join!(pay(&ann, &order, "tok_chargeDeclined"), pay(&ann, &order, "tok_chargeDeclined")) };
    let bank = async {
        kit.until_waiting(2).await;
        tx.rollback().await.expect("the lock is free");
        world.stripe.until_held(1).await;
        kit.until_waiting(0).await;
        world.stripe.release(1);
    };
    let ((one, two), ()) = tokio::join!(clicks, bank);
    one.refuses(400, "Your card was declined.");
    two.refuses(400, "Your card was declined.");
    assert_eq!(world.intents().len(), 1);
}

#[tokio::test]
async fn another_card_waits_for_the_first_ones_end_and_then_has_its_turn() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(CONFIRM, Fault::Hold, 1).expect("a plan");
    let first = pay(&ann, &order, "tok_chargeDeclined");
    let second = async {
        world.stripe.until_held(1).await;
        let second = pay(&ann, &order, "tok_visa");
        let release = async { world.stripe.release(1) };
        tokio::join!(second, release).0
    };
    let (first, second) = tokio::join!(first, second);
    first.refuses(400, "Your card was declined.");
    second.is(201);
    assert_eq!(world.charges(), [(2000, 0)]);
}

#[tokio::test]
async fn who_waits_too_long_for_another_window_is_told_not_to_pay_again() {
    let world = World::impatient().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(CONFIRM, Fault::Hold, 1).expect("a plan");
    let first = pay(&ann, &order, "tok_visa");
    let second = async {
        world.stripe.until_held(1).await;
        pay(&ann, &order, "tok_mastercard").await
    };
    let (first, second) = tokio::join!(first, second);
    for answer in [first, second] {
        assert!(answer.header("retry-after").is_some());
        answer.refuses(
            503,
            "Your payment is still being confirmed. Nothing is lost: please do not pay again, look again in a moment",
        );
    }
    world.stripe.release(1);
    world.settle().await;
    // Whichever was first at the provider, the confirmation or the cancellation: one answer, and at most one charge.
    let ended = world.only_payment(&order).await.status;
    assert_eq!(world.charges().len(), usize::from(ended == Status::Completed));
    pay(&ann, &order, "tok_mastercard").await.is(201);
    assert_eq!(world.charges(), [(2000, 0)]);
}

#[tokio::test]
async fn a_token_pays_though_the_browser_has_an_intent_open_which_is_ended_first() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let secret = text(&open(&ann, &order).await.is(201), "clientSecret");
    pay(&ann, &order, "tok_visa").await.is(201);
    assert_eq!(world.intents(), ["canceled", "succeeded"]);
    assert_eq!(world.confirm_in_browser(&secret, "tok_visa").await, 400, "the browser comes too late");
    assert_eq!(world.charges(), [(2000, 0)]);
    let started_again = ["payment:started", "payment:closed", "payment:started", "payment:created"];
    assert_eq!(world.told().await, started_again);
}

#[tokio::test]
async fn a_token_pays_though_an_intent_is_just_being_opened_for_the_browser() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    world.stripe.plan(OPEN, Fault::HoldAnswer, 1).expect("a plan");
    let token = async {
        world.stripe.until_held(1).await;
        let paid = pay(&ann, &order, "tok_visa").await;
        world.stripe.release(1);
        paid
    };
    let (opened, paid) = tokio::join!(open(&ann, &order), token);
    paid.is(201);
    opened.refuses(400, "This order is already paid");
    assert_eq!(
        (world.intents(), world.charges()),
        (vec!["canceled".to_owned(), "succeeded".to_owned()], vec![(2000, 0)])
    );
}

#[tokio::test]
async fn a_token_after_the_browser_has_paid_finds_it_paid() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    assert_eq!(world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await, 200);
    assert_eq!(pay(&ann, &order, "tok_visa").await.is(201)["id"], opened["id"]);
    assert_eq!(world.charges(), [(2000, 0)]);
    assert_eq!(world.told().await, ["payment:started", "payment:created"]);
}

#[tokio::test]
async fn a_token_that_races_the_browser_charges_once_whoever_wins() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let order = world.an_order(&ann).await;
    let opened = open(&ann, &order).await.is(201);
    // The service has asked, and is about to cancel, when the browser confirms.
    world.stripe.plan(CANCEL, Fault::Hold, 1).expect("a plan");
    let browser = async {
        world.stripe.until_held(1).await;
        let confirmed = world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await;
        world.stripe.release(1);
        confirmed
    };
    let (answer, confirmed) = tokio::join!(pay(&ann, &order, "tok_mastercard"), browser);
    assert_eq!(confirmed, 200);
    assert_eq!(answer.is(201)["id"], opened["id"]);
    assert_eq!(world.charges(), [(2000, 0)]);
}
