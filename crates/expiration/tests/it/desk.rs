//! What each event does to a timer: once, twice, early and late.

use std::time::Duration;

use events::{Envelope, OrderId, Verdict};

use crate::{MINUTE, cancelled, completed, created, from_now, overdue, service};

#[tokio::test]
async fn a_created_order_is_told_of_when_its_time_is_up() {
    let service = service().await;
    let order = OrderId::new();
    assert_eq!(service.deliver(&created(order, from_now(MINUTE * 15))).await, Verdict::Done);
    assert_eq!(service.due_in(MINUTE * 14).await, []);
    assert_eq!(service.due_in(MINUTE * 16).await, [order]);
}

#[tokio::test]
async fn an_order_heard_of_after_its_time_is_told_of_at_once() {
    let service = service().await;
    let order = OrderId::new();
    let past = from_now(Duration::ZERO) - time::Duration::hours(3);
    assert_eq!(service.deliver(&created(order, past)).await, Verdict::Done);
    assert_eq!(service.due_in(Duration::ZERO).await, [order]);
}

#[tokio::test]
async fn order_created_twice_sets_one_timer() {
    let service = service().await;
    let event = created(OrderId::new(), from_now(MINUTE));
    assert_eq!(service.deliver(&event).await, Verdict::Done);
    assert_eq!(service.deliver(&event).await, Verdict::Repeat);
    assert_eq!(service.due_in(MINUTE * 2).await, [event.id]);
    assert_eq!(service.due_in(MINUTE * 2).await, []);
}

#[tokio::test]
async fn an_order_that_is_over_is_not_told_of() {
    let service = service().await;
    let (given_up, paid) = (OrderId::new(), OrderId::new());
    service.deliver(&created(given_up, from_now(MINUTE))).await;
    service.deliver(&created(paid, from_now(MINUTE))).await;
    for _ in 0..2 {
        assert_eq!(service.deliver(&cancelled(given_up)).await, Verdict::Done);
        assert_eq!(service.deliver(&completed(paid)).await, Verdict::Done);
    }
    assert_eq!(service.due_in(MINUTE * 2).await, []);
}

#[tokio::test]
async fn order_created_after_the_end_of_its_order_sets_nothing() {
    let service = service().await;
    let (given_up, paid) = (OrderId::new(), OrderId::new());
    service.deliver(&cancelled(given_up)).await;
    service.deliver(&completed(paid)).await;
    assert_eq!(service.deliver(&created(given_up, from_now(MINUTE))).await, Verdict::Repeat);
    assert_eq!(service.deliver(&created(paid, from_now(MINUTE))).await, Verdict::Repeat);
    assert_eq!(service.due_in(MINUTE * 2).await, []);
}

#[tokio::test]
async fn f14_order_overdue_makes_a_timer_due_at_once_also_one_that_was_lost() {
    let service = service().await;
    let (lost, late, over) = (OrderId::new(), OrderId::new(), OrderId::new());
    service.deliver(&created(late, from_now(MINUTE * 60))).await;
    service.deliver(&cancelled(over)).await;
    for order in [lost, late, over] {
        assert_eq!(service.deliver(&overdue(order)).await, Verdict::Done);
    }
    assert_eq!(service.deliver(&overdue(lost)).await, Verdict::Repeat, "it is due already");
    let mut due = service.due_in(Duration::ZERO).await;
    due.sort();
    assert_eq!(due, [lost, late, over]);
}

#[tokio::test]
async fn what_nobody_here_listens_to_is_ignored() {
    let service = service().await;
    let event = created(OrderId::new(), from_now(Duration::ZERO));
    for subject in ["order:updated", "order:expiring", "refund:requested", "order:something-new"] {
        let envelope = Envelope { subject: subject.into(), ..Envelope::of(&event).unwrap() };
        assert_eq!(service.deliver_envelope(&envelope).await, Verdict::Ignored);
    }
    assert_eq!(service.due_in(MINUTE).await, []);
}
