//! Redis is away, comes back, comes back empty, or stops to answer: nothing is lost, and everything goes on by itself.

use std::time::Duration;

use events::bus::PublishError;
use events::{Envelope, OrderId, Verdict};
use expiration::teller::{Outlet, Teller};
use testkit::{Redis, eventually, own_redis};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{LEASE, MINUTE, Received, cancelled, completed, created, from_now, overdue, service_at};

#[tokio::test]
async fn while_redis_is_away_every_event_comes_again_and_none_is_buried() {
    let mut redis = own_redis().await;
    let service = service_at(&redis.url);
    let (order, later) = (OrderId::new(), from_now(MINUTE));
    redis.stop().await;
    for _ in 0..2 {
        assert!(matches!(service.deliver(&created(order, later)).await, Verdict::Retry(_)));
        assert!(matches!(service.deliver(&cancelled(order)).await, Verdict::Retry(_)));
        assert!(matches!(service.deliver(&completed(order)).await, Verdict::Retry(_)));
        assert!(matches!(service.deliver(&overdue(order)).await, Verdict::Retry(_)));
    }
    let malformed =
        Envelope { id: Uuid::now_v7(), subject: "order:created".into(), payload: vec![], headers: [].into() };
    assert!(matches!(service.deliver_envelope(&malformed).await, Verdict::Retry(_)), "it can't be buried either");

    redis.restart().await;
    assert_eq!(service.deliver(&created(order, later)).await, Verdict::Done);
    assert_eq!(service.deliver_envelope(&malformed).await, Verdict::Dead);
    assert_eq!(service.due_in(MINUTE * 2).await, [order]);
}

#[tokio::test]
async fn timers_survive_a_restart_of_redis() {
    let mut redis = own_redis().await;
    let service = service_at(&redis.url);
    let (waiting, claimed) = (OrderId::new(), OrderId::new());
    service.timers.arm(claimed, from_now(MINUTE)).await.unwrap();
    let claims = service.timers.ahead(MINUTE * 2).claim(10, LEASE).await.unwrap().claims;
    service.timers.arm(waiting, from_now(MINUTE)).await.unwrap();

    redis.stop().await;
    redis.restart().await;
    // The first call may find the old connection dead.
    eventually("the connection is made anew", async || service.timers.backlog().await).await;
    assert_eq!(service.due_in(MINUTE * 2).await, [waiting], "the claim stands, too");
    assert_eq!(service.timers.complete(&claims).await.unwrap(), 1);
}

#[tokio::test]
async fn f14_when_redis_lost_everything_order_overdue_sets_the_timer_again() {
    let mut redis = own_redis().await;
    let service = service_at(&redis.url);
    let order = OrderId::new();
    service.deliver(&created(order, from_now(MINUTE))).await;
    redis.stop().await;
    redis.restart_empty().await;
    eventually("the connection is made anew", async || service.timers.backlog().await).await;
    assert_eq!(service.due_in(MINUTE * 2).await, [], "nobody here knows of it any more");

    assert_eq!(service.deliver(&overdue(order)).await, Verdict::Done);
    let broker = Received::default();
    assert_eq!(Teller::new(service.timers, broker.clone()).round().await.unwrap().told, 1);
    assert_eq!(broker.in_effect(), [order]);
}

/// A broker that receives, during whose first answer Redis dies.
struct RedisDies<'a>(Received, &'a Mutex<Redis>);

impl Outlet for RedisDies<'static> {
    async fn ready(&self) {}

    async fn tell(&self, envelopes: &[&Envelope]) -> Vec<Result<(), PublishError>> {
        let receipts = self.0.tell(envelopes).await;
        self.1.lock().await.stop().await;
        receipts
    }
}

#[tokio::test]
async fn redis_that_dies_between_publishing_and_removing_costs_a_repeat_under_the_same_id() {
    let redis: &'static Mutex<Redis> = Box::leak(Box::new(Mutex::new(own_redis().await)));
    let service = service_at(&redis.lock().await.url);
    let order = OrderId::new();
    service.timers.arm(order, from_now(MINUTE)).await.unwrap();
    let broker = Received::default();
    let teller = Teller::new(service.timers.ahead(MINUTE * 2), RedisDies(broker.clone(), redis));
    assert!(teller.round().await.is_err(), "it can't be removed");
    assert!(teller.round().await.is_err(), "nor anything be claimed");

    redis.lock().await.restart().await;
    let later = Teller::new(service.timers.ahead(MINUTE * 3), broker.clone());
    eventually("another worker takes over", async || later.round().await.is_ok_and(|round| round.told == 1)).await;
    assert_eq!(broker.events.lock().len(), 2);
    assert_eq!(broker.in_effect(), [order]);
    assert_eq!(service.timers.backlog().await.unwrap().set, 0);
    redis.lock().await.stop().await;
}

#[tokio::test]
async fn a_running_worker_goes_on_after_redis_was_away() {
    let mut redis = own_redis().await;
    let service = service_at(&redis.url);
    let broker = Received::default();
    let stop = CancellationToken::new();
    redis.stop().await;
    let running = tokio::spawn(Teller::new(service.timers.clone(), broker.clone()).run(stop.clone()));
    assert!(service.timers.backlog().await.is_err());
    redis.restart().await;
    let order = OrderId::new();
    eventually("the event is handled", async || {
        matches!(service.deliver(&created(order, from_now(Duration::ZERO))).await, Verdict::Done | Verdict::Repeat)
    })
    .await;
    eventually("it is told of", async || broker.in_effect() == [order]).await;
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_redis_that_takes_commands_and_answers_none_is_given_up_on() {
    let redis = own_redis().await;
    let service = service_at(&redis.url);
    service.timers.backlog().await.unwrap();
    let mut admin = redis::Client::open(&*redis.url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("CLIENT").arg(("PAUSE", 4_000, "ALL")).query_async(&mut admin).await.unwrap();
    assert!(service.timers.backlog().await.is_err(), "an answer that does not come is a failure");
    eventually("it is asked again over a new connection", async || service.timers.backlog().await).await;
}

#[tokio::test]
async fn scripts_that_redis_forgot_are_loaded_again() {
    let redis = own_redis().await;
    let service = service_at(&redis.url);
    service.timers.backlog().await.unwrap();
    let mut admin = redis::Client::open(&*redis.url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut admin).await.unwrap();
    service.timers.backlog().await.unwrap();
}
