//! The worker that tells: everything that is due, once in effect, whatever fails on the way.

use std::collections::BTreeSet;
use std::time::Duration;

use events::OrderId;
use expiration::teller::{BATCH, Teller};
use expiration::timers::Timers;
use testkit::eventually;
use tokio_util::sync::CancellationToken;

use crate::{Behaviour, LEASE, MINUTE, Received, from_now, service};

async fn armed(timers: &Timers) -> OrderId {
    let order = OrderId::new();
    assert!(timers.arm(order, from_now(MINUTE)).await.unwrap());
    order
}

#[tokio::test]
async fn what_is_due_is_told_and_then_gone() {
    let (timers, broker) = (service().await.timers, Received::default());
    let order = armed(&timers).await;
    let early = Teller::new(timers.clone(), broker.clone()).round().await.unwrap();
    assert_eq!(early.told, 0);

    let teller = Teller::new(timers.ahead(MINUTE * 2), broker.clone());
    assert_eq!(teller.round().await.unwrap().told, 1);
    assert_eq!(teller.round().await.unwrap().told, 0);
    assert_eq!(broker.in_effect(), [order]);
    assert_eq!(timers.backlog().await.unwrap().set, 0);
}

#[tokio::test]
async fn a_worker_killed_between_publishing_and_removing_publishes_again_under_the_same_id() {
    let (timers, broker) = (service().await.timers, Received::default());
    let order = armed(&timers).await;
    broker.now(Behaviour::Swallows);
    let killed = Teller::new(timers.ahead(MINUTE * 2), broker.clone());
    let killed = tokio::spawn(async move { killed.round().await });
    eventually("the broker has the event", async || !broker.events.lock().is_empty()).await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());

    broker.now(Behaviour::Receives);
    let before = Teller::new(timers.ahead(MINUTE * 2 + LEASE / 2), broker.clone());
    assert_eq!(before.round().await.unwrap().told, 0, "the lease is still running");
    let another = Teller::new(timers.ahead(MINUTE * 2 + LEASE * 2), broker.clone());
    assert_eq!(another.round().await.unwrap().told, 1);
    assert_eq!(broker.events.lock().len(), 2, "at least once");
    assert_eq!(broker.in_effect(), [order], "and once in effect");
}

#[tokio::test]
async fn what_is_asked_for_anew_is_another_event() {
    let (timers, broker) = (service().await.timers, Received::default());
    let order = armed(&timers).await;
    let teller = Teller::new(timers.ahead(MINUTE * 2), broker.clone());
    teller.round().await.unwrap();
    timers.rearm(order).await.unwrap();
    teller.round().await.unwrap();
    assert_eq!(broker.in_effect(), [order, order], "orders has marked the first as seen, and yet it asks");
}

#[tokio::test]
async fn what_the_broker_does_not_take_is_due_again_at_once() {
    let (timers, broker) = (service().await.timers, Received::default());
    let order = armed(&timers).await;
    let teller = Teller::new(timers.ahead(MINUTE * 2), broker.clone());
    broker.now(Behaviour::Refuses);
    let round = teller.round().await.unwrap();
    assert_eq!((round.told, round.failed), (0, 1));

    broker.now(Behaviour::Receives);
    assert_eq!(teller.round().await.unwrap().told, 1);
    assert_eq!(broker.in_effect(), [order]);
}

#[tokio::test]
async fn a_dropped_timer_is_not_told_of() {
    let (timers, broker) = (service().await.timers, Received::default());
    let order = armed(&timers).await;
    timers.drop(order).await.unwrap();
    assert_eq!(Teller::new(timers.ahead(MINUTE * 2), broker.clone()).round().await.unwrap().told, 0);
}

#[tokio::test]
async fn a_timer_that_is_set_while_the_worker_rests_wakes_it() {
    let (timers, broker) = (service().await.timers, Received::default());
    let far = OrderId::new();
    timers.arm(far, from_now(MINUTE * 60)).await.unwrap();
    // By itself it would look again in half an hour.
    let teller = Teller::new(timers.clone(), broker.clone()).resting(MINUTE * 30);
    let stop = CancellationToken::new();
    let running = tokio::spawn(teller.run(stop.clone()));
    for told in 1..=3 {
        timers.arm(OrderId::new(), from_now(Duration::ZERO)).await.unwrap();
        eventually("the new timer is told of", async || broker.in_effect().len() == told).await;
    }
    stop.cancel();
    running.await.unwrap();
    assert_eq!(timers.backlog().await.unwrap().set, 1, "the far one waits for its time");
}

#[tokio::test]
async fn a_worker_that_is_stopped_ends_though_the_broker_is_away() {
    struct Away;
    impl expiration::teller::Outlet for Away {
        async fn ready(&self) {
            std::future::pending::<()>().await;
        }
        async fn tell(&self, _: &[&events::Envelope]) -> Vec<Result<(), events::bus::PublishError>> {
            unreachable!("it is never ready")
        }
    }
    let timers = service().await.timers;
    timers.arm(OrderId::new(), from_now(Duration::ZERO)).await.unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(Teller::new(timers.clone(), Away).run(stop.clone()));
    stop.cancel();
    running.await.unwrap();
    assert_eq!(timers.backlog().await.unwrap().claimed, 0, "what can't be told is left for others");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_due_at_once_are_all_told_by_two_workers() {
    const CROWD: usize = 20_000;
    let (timers, broker) = (service().await.timers, Received::default());
    let mut expected = BTreeSet::new();
    for _ in 0..CROWD / 500 {
        let orders: Vec<_> = (0..500).map(|_| OrderId::new()).collect();
        let armed = orders.iter().map(|order| timers.arm(*order, from_now(MINUTE)));
        assert!(futures::future::join_all(armed).await.into_iter().all(|armed| armed.unwrap()));
        expected.extend(orders);
    }
    let stop = CancellationToken::new();
    let soon = timers.ahead(MINUTE * 2);
    let workers: Vec<_> =
        (0..2).map(|_| tokio::spawn(Teller::new(soon.clone(), broker.clone()).run(stop.clone()))).collect();
    eventually("nothing is left", async || soon.backlog().await.unwrap().set == 0).await;
    stop.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
    let told = broker.in_effect();
    assert_eq!(told.len(), CROWD, "each once, in {BATCH}s");
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(broker.events.lock().len(), CROWD, "and published once, since nobody was killed");
}
