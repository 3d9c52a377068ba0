//! `refund:requested`: the money goes back, once.

use events::{Envelope, PaymentId, Verdict};
use payments::payment::Status;
use testkit::fails_safely;

use crate::world::{World, open, pay};

#[tokio::test]
async fn a_paid_payment_is_wanted_back() {
    let world = World::new().await;
    let (order, payment) = world.a_paid_order(&world.app.sign_in()).await;
    assert_eq!(world.app.deliver(&order.refund(payment.id)).await, Verdict::Done);
    let wanted = world.payment(payment.id).await;
    assert_eq!((wanted.status, wanted.refund_wanted_at), (Status::Completed, Some(world.clock.now())));
    assert_eq!(world.charges(), [(2000, 0)], "the provider is not called in a listener");
    assert_eq!(world.refund().await, 1);
    assert_eq!(world.charges(), [(2000, 2000)]);
}

#[tokio::test]
async fn asked_for_many_times_it_goes_back_once() {
    let world = World::new().await;
    let (order, payment) = world.a_paid_order(&world.app.sign_in()).await;
    let envelope = Envelope::of(&order.refund(payment.id)).expect("an envelope");
    assert_eq!(world.app.receive(&envelope, 1).await, Verdict::Done);
    assert_eq!(world.app.deliver_again(&envelope).await, Verdict::Repeat);
    assert_eq!(world.app.deliver(&order.refund(payment.id)).await, Verdict::Done);
    assert_eq!(world.refund().await, 1);
    assert_eq!(world.app.deliver(&order.refund(payment.id)).await, Verdict::Done, "after it is done");
    assert_eq!((world.refund().await, world.charges()), (0, vec![(2000, 2000)]));
    assert_eq!(world.told().await.iter().filter(|subject| *subject == "payment:refunded").count(), 1);
}

#[tokio::test]
async fn of_a_payment_that_is_not_known_or_not_paid_it_is_for_a_person_to_look_at() {
    let world = World::new().await;
    let ann = world.app.sign_in();
    let (declined, opened) = (world.an_order(&ann).await, world.an_order(&ann).await);
    pay(&ann, &declined, "tok_chargeDeclined").await.is(400);
    open(&ann, &opened).await.is(201);
    let failed = declined.refund(world.only_payment(&declined).await.id);
    let under_way = opened.refund(world.only_payment(&opened).await.id);
    for event in [declined.refund(PaymentId::new()), failed, under_way] {
        let envelope = Envelope::of(&event).expect("an envelope");
        assert!(matches!(world.app.receive(&envelope, 1).await, Verdict::Retry(_)));
        assert_eq!(world.app.receive(&envelope, events::listener::DELIVERIES_MAX).await, Verdict::Dead);
    }
    assert_eq!(world.app.deliver_raw("refund:requested", b"{}").await, Verdict::Dead);
    assert_eq!(world.refund().await, 0);
}

#[tokio::test]
async fn it_fails_safely() {
    let world = World::new().await;
    let (order, payment) = world.a_paid_order(&world.app.sign_in()).await;
    fails_safely(&world.app, &order.refund(payment.id), &["payments"]).await;
}
