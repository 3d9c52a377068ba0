//! The rules of a payment, each arrow of its state machine and everything that is none.

use events::orders::OrderStatus;
use events::{OrderId, Version};

use super::*;

fn now() -> Timestamp {
    Timestamp::from_milliseconds(1_800_000_000_000).unwrap()
}

fn order() -> Order {
    Order {
        id: OrderId::new(),
        version: Version::FIRST,
        user_id: UserId::new(),
        status: OrderStatus::Created,
        price: Cents(1999),
        expires_at: now() + Duration::minutes(15),
        closing: false,
    }
}

fn payment(kind: Kind, status: Status) -> Payment {
    let begun = Payment::begin(&order(), kind, "usd", None, now());
    Payment { status, stripe_id: Some("pi_1".to_owned()), ..begun }
}

const OPEN: Standing = Standing::Open { failure: None };

fn declined() -> Standing {
    Standing::Open { failure: Some("Your card was declined.".to_owned()) }
}

#[test]
fn money_that_came_completes_whatever_the_order_says() {
    for over in [false, true] {
        for kind in [Kind::Token, Kind::Intent] {
            for status in [Status::Created, Status::Failed] {
                assert_eq!(payment(kind, status).step(&Standing::Succeeded, over, now()), Step::Complete);
            }
        }
    }
}

#[test]
fn money_on_its_way_is_waited_for() {
    assert_eq!(payment(Kind::Token, Status::Created).step(&Standing::Processing, true, now()), Step::Later);
    assert_eq!(payment(Kind::Intent, Status::Failed).step(&Standing::Processing, true, now()), Step::Later);
}

#[test]
fn a_browser_keeps_its_intent_until_the_orders_time_is_up() {
    let payment = payment(Kind::Intent, Status::Created);
    for standing in [OPEN, declined()] {
        assert_eq!(payment.step(&standing, false, now() + Duration::minutes(14)), Step::Later);
        assert_eq!(payment.step(&standing, true, now()), Step::Cancel);
    }
}

#[test]
fn a_token_has_one_try_and_its_request_the_time_it_may_take() {
    let payment = payment(Kind::Token, Status::Created);
    assert_eq!(payment.step(&declined(), false, now()), Step::Cancel);
    assert_eq!(payment.step(&OPEN, false, now()), Step::Later, "the confirmation may be on its way");
    assert_eq!(payment.step(&OPEN, true, now()), Step::Cancel, "the order's time is up");
    assert_eq!(payment.step(&OPEN, false, now() + ATTEMPT_MAX), Step::Cancel, "the request is gone");
    let owing = Payment { answer_owed: true, ..payment };
    assert_eq!(owing.step(&OPEN, false, now()), Step::Cancel, "the request has given up");
}

#[test]
fn what_was_never_opened_closes_without_asking_once_nobody_is_at_it() {
    let payment = payment(Kind::Intent, Status::Created);
    assert_eq!(payment.step_unopened(false, now()), Step::Later);
    assert_eq!(payment.step_unopened(false, now() + ATTEMPT_MAX), Step::Close);
    assert_eq!(payment.step_unopened(true, now()), Step::Close);
}

#[test]
fn an_end_at_the_provider_is_an_end_here() {
    assert_eq!(payment(Kind::Intent, Status::Created).step(&Standing::Cancelled, false, now()), Step::Close);
    assert_eq!(payment(Kind::Intent, Status::Failed).step(&Standing::Cancelled, false, now()), Step::Rest);
    assert_eq!(payment(Kind::Token, Status::Failed).step(&OPEN, false, now()), Step::Cancel);
}

#[test]
fn what_is_paid_stays_paid_whatever_is_heard_later() {
    for status in [Status::Completed, Status::Refunded] {
        let mut paid = payment(Kind::Token, status);
        for standing in [OPEN, declined(), Standing::Processing, Standing::Cancelled, Standing::Succeeded] {
            assert_eq!(paid.step(&standing, true, now()), Step::Rest);
        }
        assert_eq!(paid.complete(false, now()), None);
        assert_eq!(paid.close(None, true, now()), None);
        assert_eq!(paid.status, status);
    }
}

#[test]
fn each_end_is_told_once() {
    let mut paid = payment(Kind::Token, Status::Created);
    assert_eq!(paid.complete(false, now()), Some(News::Paid));
    assert_eq!(paid.complete(false, now()), None);
    let mut closed = payment(Kind::Token, Status::Created);
    assert_eq!(closed.close(Some("no".to_owned()), false, now()), Some(News::Closed));
    assert_eq!(closed.close(None, false, now()), None);
    assert_eq!((closed.failure.as_deref(), closed.next_look_at), (Some("no"), None));
}

#[test]
fn an_intent_left_open_by_a_decline_is_looked_at_again() {
    let mut declined = payment(Kind::Token, Status::Created);
    declined.close(Some("no".to_owned()), true, now());
    assert_eq!(declined.next_look_at, Some(now()));
    let mut unopened = Payment { stripe_id: None, ..payment(Kind::Token, Status::Created) };
    unopened.close(None, true, now());
    assert_eq!(unopened.next_look_at, None, "there is nothing to look at");
}

#[test]
fn late_money_counts_unless_another_payment_does_then_it_goes_back() {
    let mut late = payment(Kind::Intent, Status::Failed);
    assert_eq!(late.complete(false, now()), Some(News::Paid));
    let mut second = payment(Kind::Intent, Status::Failed);
    assert_eq!(second.complete(true, now()), None);
    assert_eq!((second.status, second.refund_wanted_at), (Status::Failed, Some(now())));
}

#[test]
fn a_refund_is_wanted_once_and_told_once() {
    let mut paid = payment(Kind::Token, Status::Completed);
    assert!(paid.want_refund(now()));
    assert!(!paid.want_refund(now()));
    assert_eq!(paid.refunded("re_1".to_owned()), Some(News::Refunded));
    assert_eq!(paid.refunded("re_1".to_owned()), None);
    assert!(!paid.want_refund(now()));
    assert_eq!(paid.next_refund_at, None, "it is done");
}

#[test]
fn a_refund_that_failed_at_the_bank_gets_a_key_of_its_own() {
    let mut paid = payment(Kind::Token, Status::Completed);
    paid.want_refund(now());
    let first = paid.refund_key();
    paid.refund_failed(false, now());
    assert_ne!(paid.refund_key(), first);
    assert_eq!(paid.next_refund_at, Some(now() + REFUND_AGAIN));
}

#[test]
fn a_refund_may_fail_even_after_it_was_done() {
    for (rival, status) in [(false, Status::Completed), (true, Status::Failed)] {
        let mut paid = payment(Kind::Token, Status::Completed);
        paid.want_refund(now());
        paid.refunded("re_1".to_owned());
        paid.refund_soon(now());
        paid.refund_failed(rival, now());
        assert_eq!((paid.status, paid.stripe_refund_id.as_deref()), (status, None));
        assert_eq!(paid.refunded("re_2".to_owned()), Some(News::Refunded));
    }
}

#[test]
fn the_next_look_comes_later_and_later_but_never_after_the_orders_time() {
    let (order, mut payment) = (order(), payment(Kind::Intent, Status::Created));
    payment.looks = 1;
    assert_eq!(payment.next_look(&order, false, now()), now() + LOOK_PAUSE);
    payment.looks = 3;
    assert_eq!(payment.next_look(&order, false, now()), now() + LOOK_PAUSE * 4);
    payment.looks = i32::MAX;
    assert_eq!(payment.next_look(&order, false, now()), now() + LOOK_PAUSE_MAX);
    let late = order.expires_at - Duration::seconds(1);
    assert_eq!(payment.next_look(&order, false, late), order.expires_at);
    assert_eq!(payment.next_look(&order, true, now()), now() + HURRY_MAX, "the provider failed");
    payment.looks = 1;
    assert_eq!(payment.next_look(&order, false, order.expires_at), order.expires_at + HURRY);
}
