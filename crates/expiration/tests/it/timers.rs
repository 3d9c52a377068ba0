//! When a timer is claimed, by whom, and what a claim is worth.

use std::collections::BTreeSet;
use std::time::Duration;

use events::{OrderId, Timestamp};
use expiration::timers::Timers;

use crate::{LEASE, MINUTE, from_now, service};

async fn armed(timers: &Timers, minutes: u32) -> OrderId {
    let order = OrderId::new();
    assert!(timers.arm(order, from_now(MINUTE * minutes)).await.unwrap());
    order
}

#[tokio::test]
async fn a_timer_is_not_claimed_before_its_time() {
    let timers = service().await.timers;
    let order = armed(&timers, 15).await;

    let early = timers.ahead(MINUTE * 14).claim(10, LEASE).await.unwrap();
    assert_eq!(early.claims, []);
    let next = early.next.unwrap();
    assert!(next <= MINUTE && !next.is_zero(), "a worker rests until the timer is due: {next:?}");

    let claims = timers.ahead(MINUTE * 16).claim(10, LEASE).await.unwrap().claims;
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].order, order);
}

#[tokio::test]
async fn however_often_one_looks_a_timer_is_not_claimed_a_millisecond_early() {
    let timers = service().await.timers;
    for wait in [5, 20, 60] {
        let order = OrderId::new();
        timers.arm(order, from_now(Duration::from_millis(wait))).await.unwrap();
        let claim = loop {
            let look = timers.claim(10, LEASE).await.unwrap();
            if let Some(claim) = look.claims.first() {
                break *claim;
            }
            assert!(look.next.is_some_and(|next| !next.is_zero()), "who rests until the next is due gets it then");
        };
        // Redis runs on the same kernel: its clock is ours.
        assert!(claim.due <= Timestamp::now(), "claimed early");
        assert_eq!(claim.order, order);
        timers.complete(&[claim]).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_due_first_is_claimed_first() {
    let timers = service().await.timers;
    let (third, first, second) = (armed(&timers, 9).await, armed(&timers, 3).await, armed(&timers, 6).await);
    let look = timers.ahead(MINUTE * 10).claim(2, LEASE).await.unwrap();
    assert_eq!(look.claims.iter().map(|claim| claim.order).collect::<Vec<_>>(), [first, second]);
    assert_eq!(look.next, Some(Duration::ZERO), "there is more, so nobody rests");
    assert_eq!(timers.ahead(MINUTE * 10).claim(2, LEASE).await.unwrap().claims[0].order, third);
}

#[tokio::test]
async fn without_timers_there_is_nothing_to_wait_for() {
    let timers = service().await.timers;
    assert_eq!(timers.claim(10, LEASE).await.unwrap().next, None);
}

#[tokio::test]
async fn a_timer_is_set_once() {
    let timers = service().await.timers;
    let order = armed(&timers, 5).await;
    assert!(!timers.arm(order, from_now(MINUTE * 50)).await.unwrap());
    assert_eq!(timers.ahead(MINUTE * 6).claim(10, LEASE).await.unwrap().claims.len(), 1);
}

#[tokio::test]
async fn two_workers_never_claim_the_same_timer() {
    let timers = service().await.timers;
    let mut expected = BTreeSet::new();
    for _ in 0..300 {
        expected.insert(armed(&timers, 1).await);
    }
    let workers = (0..8).map(|_| {
        let timers = timers.ahead(MINUTE * 2);
        tokio::spawn(async move {
            let mut orders = Vec::new();
            loop {
                let claims = timers.claim(7, LEASE).await.unwrap().claims;
                if claims.is_empty() {
                    return orders;
                }
                orders.extend(claims.iter().map(|claim| claim.order));
            }
        })
    });
    let mut claimed = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        claimed.extend(worker.await.unwrap());
    }
    assert_eq!(claimed.len(), expected.len());
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn a_killed_workers_claim_comes_to_another_one_lease_later() {
    let timers = service().await.timers;
    let order = armed(&timers, 1).await;
    let killed = timers.ahead(MINUTE * 2).claim(10, LEASE).await.unwrap().claims;
    assert_eq!(killed.len(), 1);

    let before = timers.ahead(MINUTE * 2 + LEASE / 2).claim(10, LEASE).await.unwrap();
    assert_eq!(before.claims, [], "the lease is still running");
    let after = timers.ahead(MINUTE * 2 + LEASE * 2).claim(10, LEASE).await.unwrap().claims;
    assert_eq!(after[0].order, order);
    assert_eq!(after[0].due, killed[0].due, "it is still the same moment that is told of");
}

#[tokio::test]
async fn a_claim_that_was_taken_over_completes_nothing() {
    let timers = service().await.timers;
    armed(&timers, 1).await;
    let stale = timers.ahead(MINUTE * 2).claim(10, LEASE).await.unwrap().claims;
    let fresh = timers.ahead(MINUTE * 3).claim(10, LEASE).await.unwrap().claims;

    assert_eq!(timers.complete(&stale).await.unwrap(), 0, "another has it");
    assert_eq!(timers.release(&stale).await.unwrap(), 0, "and it is not the first one's to give back");
    assert_eq!(timers.ahead(MINUTE * 3).claim(10, LEASE).await.unwrap().claims, [], "the lease stands");
    assert_eq!(timers.complete(&fresh).await.unwrap(), 1);
    assert_eq!(timers.backlog().await.unwrap().set, 0);
}

#[tokio::test]
async fn a_claim_whose_lease_ran_out_still_completes_if_nobody_took_over() {
    let timers = service().await.timers;
    armed(&timers, 1).await;
    let claims = timers.ahead(MINUTE * 2).claim(10, LEASE).await.unwrap().claims;
    assert_eq!(timers.ahead(MINUTE * 5).complete(&claims).await.unwrap(), 1, "it was told, and need not be again");
}

#[tokio::test]
async fn what_is_given_back_is_due_as_before() {
    let timers = service().await.timers;
    let order = armed(&timers, 1).await;
    let claims = timers.ahead(MINUTE * 2).claim(10, LEASE).await.unwrap().claims;
    assert_eq!(timers.release(&claims).await.unwrap(), 1);
    assert_eq!(timers.complete(&claims).await.unwrap(), 0, "the claim is worth nothing now");
    let again = timers.ahead(MINUTE * 2).claim(10, LEASE).await.unwrap().claims;
    assert_eq!((again[0].order, again[0].due), (order, claims[0].due));
}

#[tokio::test]
async fn a_dropped_timer_is_gone_also_while_it_is_claimed() {
    let timers = service().await.timers;
    let waiting = armed(&timers, 1).await;
    assert!(timers.drop(waiting).await.unwrap());
    assert_eq!(timers.ahead(MINUTE * 2).claim(10, LEASE).await.unwrap().claims, []);

    let claimed = armed(&timers, 1).await;
    let claims = timers.ahead(MINUTE * 2).claim(10, LEASE).await.unwrap().claims;
    assert!(timers.drop(claimed).await.unwrap());
    assert_eq!(timers.complete(&claims).await.unwrap(), 0);
    assert_eq!(timers.release(&claims).await.unwrap(), 0, "giving it back must not set it again");
    assert_eq!(timers.ahead(MINUTE * 9).claim(10, LEASE).await.unwrap().claims, []);
}

#[tokio::test]
async fn an_order_that_is_over_is_remembered_for_a_day() {
    let timers = service().await.timers;
    let order = OrderId::new();
    assert!(!timers.drop(order).await.unwrap(), "there was no timer yet");
    assert!(!timers.arm(order, from_now(MINUTE)).await.unwrap());

    timers.ahead(MINUTE * 60 * 23).claim(10, LEASE).await.unwrap();
    assert!(!timers.arm(order, from_now(MINUTE)).await.unwrap());
    timers.ahead(MINUTE * 60 * 25).claim(10, LEASE).await.unwrap();
    assert_eq!(timers.backlog().await.unwrap().dropped, 0, "what is remembered is bounded by time");
    assert!(timers.arm(order, from_now(MINUTE)).await.unwrap());
}

#[tokio::test]
async fn a_timer_asked_for_anew_is_due_at_once_whatever_was_before() {
    let timers = service().await.timers;
    let unknown = OrderId::new();
    assert!(timers.rearm(unknown).await.unwrap(), "Redis may have lost it");
    let far = armed(&timers, 60).await;
    assert!(timers.rearm(far).await.unwrap(), "orders' clock decides, not ours");
    let over = OrderId::new();
    timers.drop(over).await.unwrap();
    assert!(timers.rearm(over).await.unwrap(), "only orders knows how it stands");

    let claims = timers.claim(10, LEASE).await.unwrap().claims;
    let orders: BTreeSet<_> = claims.iter().map(|claim| claim.order).collect();
    assert_eq!(orders, BTreeSet::from([unknown, far, over]));
    assert!(!timers.rearm(far).await.unwrap(), "it is being told at this moment");
    assert_eq!(timers.complete(&claims).await.unwrap(), 3);
    assert!(timers.rearm(far).await.unwrap(), "it was told, and still it is asked for");
    assert!(!timers.rearm(far).await.unwrap(), "it is due already");
}

#[tokio::test]
async fn what_is_due_and_not_told_can_be_counted() {
    let timers = service().await.timers;
    for minutes in [1, 1, 1, 30] {
        armed(&timers, minutes).await;
    }
    timers.drop(OrderId::new()).await.unwrap();
    let soon = timers.ahead(MINUTE * 3);
    soon.claim(1, LEASE).await.unwrap();
    let backlog = soon.backlog().await.unwrap();
    assert_eq!((backlog.set, backlog.ready, backlog.claimed, backlog.dropped), (4, 2, 1, 1));
    assert!(backlog.late >= MINUTE, "the first waits for two minutes: {:?}", backlog.late);
    assert_eq!(timers.backlog().await.unwrap().late, Duration::ZERO);
}
