//! The refund worker: money goes back once, and it does not rest before it has.

use events::PaymentId;
use events::payments::PaymentRefunded;
use futures::future::join_all;
use payments::payment::Status;
use payments::workers::refund::refund_once;
use serde_json::json;
use stripe_sandbox::Fault;
use testkit::{Break, Database};
use time::Duration;

use crate::world::{EVERY_TRY, Order, REFUND, World, pay};

/// A paid order whose money is wanted back.
async fn wanted(world: &World, token: &str) -> (Order, PaymentId) {
    let ann = world.app.sign_in();
    let order = world.an_order_at(&ann, 1999).await;
    pay(&ann, &order, token).await.is(201);
    let id = world.only_payment(&order).await.id;
    world.app.deliver(&order.refund(id)).await;
    world.app.forget_published().await;
    (order, id)
}

#[tokio::test]
async fn the_whole_amount_goes_back_and_is_told() {
    let world = World::new().await;
    let (order, id) = wanted(&world, "tok_visa").await;
    assert_eq!(world.refund().await, 1);
    assert_eq!(world.charges(), [(1999, 1999)]);
    let payment = world.payment(id).await;
    assert_eq!((payment.status, payment.next_refund_at), (Status::Refunded, None));
    let refund = payment.stripe_refund_id.expect("a refund");
    let event = json!({ "id": id, "orderId": order.id, "stripeRefundId": refund });
    assert_eq!(world.app.published().await, [("payment:refunded".to_owned(), event)]);
    assert_eq!(world.refund().await, 0);
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_by_the_same_key() {
    for fault in [Fault::LoseAnswer, Fault::LoseRequest, Fault::Fail(503), Fault::Fail(429)] {
        let world = World::new().await;
        wanted(&world, "tok_visa").await;
        world.stripe.plan(REFUND, fault, 2).expect("a plan");
        assert_eq!(world.refund().await, 1);
        assert_eq!((world.charges(), world.told().await.len()), (vec![(1999, 1999)], 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_asked_for_ever_and_pays_back_once() {
    for fault in [Fault::LoseAnswer, Fault::LoseRequest, Fault::Fail(500)] {
        let world = World::new().await;
        let (_, id) = wanted(&world, "tok_visa").await;
        world.stripe.plan(REFUND, fault, EVERY_TRY).expect("a plan");
        for _ in 0..12 {
            assert_eq!(world.refund().await, 1);
            assert_eq!(world.refund().await, 0, "not at once");
            world.advance(Duration::minutes(10));
        }
        world.stripe.clear_plans();
        if fault == Fault::Fail(500) {
            // The provider remembers its fault for as long as it remembers the key.
            world.advance(Duration::days(2));
        }
        assert_eq!(world.refund().await, 1);
        assert_eq!(world.payment(id).await.status, Status::Refunded, "{fault:?}");
        assert_eq!((world.charges(), world.told().await), (vec![(1999, 1999)], vec!["payment:refunded".to_owned()]));
    }
}

#[tokio::test]
async fn a_process_that_dies_after_asking_asks_for_the_same_refund_again() {
    let world = World::new().await;
    let (_, id) = wanted(&world, "tok_visa").await;
    world.stripe.plan(REFUND, Fault::HoldAnswer, 1).expect("a plan");
    let worker = tokio::spawn({
        let app = world.payments.clone();
        async move { refund_once(&app).await }
    });
    world.stripe.until_held(1).await;
    worker.abort();
    world.stripe.release(1);
    world.advance(Duration::minutes(1));
    assert_eq!(world.refund().await, 1);
    assert_eq!((world.charges(), world.payment(id).await.status), (vec![(1999, 1999)], Status::Refunded));
}

#[tokio::test]
async fn one_whose_key_the_provider_has_forgotten_is_found() {
    let world = World::new().await;
    let (_, id) = wanted(&world, "tok_visa").await;
    world.stripe.plan(REFUND, Fault::LoseAnswer, EVERY_TRY).expect("a plan");
    assert_eq!(world.refund().await, 1);
    world.stripe.clear_plans();
    // Keys live for a day. Asked for anew, the provider refuses: all of it was given back.
    world.advance(Duration::days(2));
    assert_eq!(world.refund().await, 1);
    assert_eq!((world.charges(), world.payment(id).await.status), (vec![(1999, 1999)], Status::Refunded));
}

#[tokio::test]
async fn a_database_that_fails_while_it_is_written_down_changes_nothing() {
    for (table, how) in [("outbox", Break::Raise), ("outbox", Break::AtCommit), ("outbox", Break::Disconnect)] {
        let world = World::new().await;
        let (_, id) = wanted(&world, "tok_visa").await;
        let database = Database::of(world.app.db());
        database.break_writes(table, how).await;
        assert_eq!(world.refund().await, 1);
        database.mend(table).await;
        assert_eq!(world.payment(id).await.status, Status::Completed);
        world.advance(Duration::minutes(1));
        assert_eq!(world.refund().await, 1);
        assert_eq!((world.charges(), world.told().await.len()), (vec![(1999, 1999)], 1), "{how:?}");
    }
}

#[tokio::test]
async fn replicas_share_the_work_and_each_refund_is_told_once() {
    let world = World::new().await;
    for _ in 0..10 {
        let ann = world.app.sign_in();
        let (order, payment) = world.a_paid_order(&ann).await;
        world.app.deliver(&order.refund(payment.id)).await;
    }
    let other = world.replica();
    let tries = [&world.payments, &other, &world.payments, &other].map(refund_once);
    let refunded: usize = join_all(tries).await.into_iter().map(|refunded| refunded.expect("refunding")).sum();
    assert_eq!(refunded, 10, "each by one of them");
    assert_eq!(world.charges(), [(2000, 2000); 10]);
    assert_eq!(world.app.published_of::<PaymentRefunded>().await.len(), 10);
}

#[tokio::test]
async fn one_that_is_on_its_way_is_told_when_it_has_arrived() {
    let world = World::new().await;
    let (_, id) = wanted(&world, "tok_pendingRefund").await;
    world.refund().await;
    let payment = world.payment(id).await;
    assert_eq!((payment.status, world.told().await.len()), (Status::Completed, 0));
    let refund = payment.stripe_refund_id.expect("its name is known");
    world.stripe.settle_refund(&refund, true).expect("the bank's answer");
    world.stripe.deliver_all().await.expect("webhooks");
    assert_eq!(world.refund().await, 1, "the webhook says when to ask");
    assert_eq!((world.payment(id).await.status, world.told().await.len()), (Status::Refunded, 1));
}

#[tokio::test]
async fn one_that_is_on_its_way_is_asked_for_without_a_webhook_too() {
    let world = World::new().await;
    let (_, id) = wanted(&world, "tok_pendingRefund").await;
    world.refund().await;
    let refund = world.payment(id).await.stripe_refund_id.expect("its name is known");
    world.stripe.settle_refund(&refund, true).expect("the bank's answer");
    world.advance(Duration::minutes(10));
    assert_eq!(world.refund().await, 1);
    assert_eq!(world.payment(id).await.status, Status::Refunded);
}

#[tokio::test]
async fn one_that_fails_at_the_bank_is_asked_for_anew() {
    let world = World::new().await;
    let (_, id) = wanted(&world, "tok_pendingRefund").await;
    world.refund().await;
    let first = world.payment(id).await.stripe_refund_id.expect("its name is known");
    world.stripe.settle_refund(&first, false).expect("the bank's answer");
    world.stripe.deliver_all().await.expect("webhooks");
    assert_eq!(world.refund().await, 1);
    assert_eq!((world.payment(id).await.stripe_refund_id, world.charges()), (None, vec![(1999, 0)]));
    world.advance(Duration::hours(1));
    assert_eq!(world.refund().await, 1);
    let second = world.payment(id).await.stripe_refund_id.expect("another one");
    assert_ne!(second, first);
    world.stripe.settle_refund(&second, true).expect("the bank's answer");
    world.stripe.deliver_all().await.expect("webhooks");
    world.refund().await;
    assert_eq!((world.payment(id).await.status, world.charges()), (Status::Refunded, vec![(1999, 1999)]));
}

#[tokio::test]
async fn one_that_fails_after_it_was_done_is_asked_for_anew() {
    let world = World::new().await;
    let (_, id) = wanted(&world, "tok_refundFail").await;
    world.refund().await;
    let refund = world.payment(id).await.stripe_refund_id.expect("its name is known");
    assert_eq!(world.payment(id).await.status, Status::Refunded);
    world.stripe.settle_refund(&refund, false).expect("the bank's answer");
    world.stripe.deliver_all().await.expect("webhooks");
    assert_eq!(world.refund().await, 1);
    assert_eq!(world.payment(id).await.status, Status::Completed);
    world.advance(Duration::hours(1));
    world.refund().await;
    assert_eq!((world.payment(id).await.status, world.charges()), (Status::Refunded, vec![(1999, 1999)]));
}
