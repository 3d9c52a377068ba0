//! The whole service over the wire: `order:created` in, `expiration:complete` out, and the broker away in between.

use std::sync::Arc;
use std::time::Duration;

use events::bus::Pulse;
use events::expiration::{EXPIRATION, ExpirationComplete};
use events::listener::{Delivery, Desk};
use events::{Bus, Envelope, OrderId, Stream, Verdict};
use parking_lot::Mutex;
use testkit::eventually;
use tokio_util::sync::CancellationToken;

use crate::{cancelled, config, created, from_now, service_at};

/// `orders`, as far as it can be seen from here.
#[derive(Default)]
struct Orders(Mutex<Vec<Envelope>>);

impl Desk for Orders {
    fn durable(&self) -> &'static str {
        "orders-service"
    }

    fn streams(&self) -> Vec<&'static Stream> {
        vec![&EXPIRATION]
    }

    async fn receive(&self, envelope: &Envelope, _: &Delivery) -> Verdict {
        self.0.lock().push(envelope.clone());
        Verdict::Done
    }
}

impl Orders {
    fn told(&self) -> Vec<OrderId> {
        let event = |envelope: &Envelope| serde_json::from_slice::<ExpirationComplete>(&envelope.payload).unwrap();
        self.0.lock().iter().map(|envelope| event(envelope).order_id).collect()
    }

    /// The orders told of, each delivery under an id seen before left out: what an inbox makes of it.
    fn in_effect(&self) -> Vec<OrderId> {
        let mut seen = std::collections::BTreeSet::new();
        let ids: Vec<_> = self.0.lock().iter().map(|envelope| envelope.id).collect();
        self.told().into_iter().zip(ids).filter(|(_, id)| seen.insert(*id)).map(|(order, _)| order).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_created_comes_back_as_expiration_complete_also_when_the_broker_was_away() {
    let (mut broker, redis) = (testkit::broker().await, testkit::redis().await);
    let config = config(&broker.url, &redis);
    let running = service::start(&config.common, vec![expiration::service(&config).await.unwrap()]).await.unwrap();

    let bus = Bus::connect(&broker.url, "orders").await.unwrap();
    let (stop, orders) = (CancellationToken::new(), Arc::new(Orders::default()));
    let recording = {
        let (bus, stop, orders) = (bus.clone(), stop.clone(), orders.clone());
        tokio::spawn(async move { bus.consume(orders, Pulse::default(), stop).await })
    };
    bus.ready().await;

    let (first, given_up) = (OrderId::new(), OrderId::new());
    for envelope in [
        Envelope::of(&cancelled(given_up)).unwrap(),
        Envelope::of(&created(given_up, from_now(Duration::ZERO))).unwrap(),
        Envelope::of(&created(first, from_now(Duration::from_millis(50)))).unwrap(),
    ] {
        bus.publish(&envelope).await.unwrap();
    }
    eventually("the first is told of", async || orders.in_effect() == [first]).await;
    eventually("everything is there", async || running.health.report().await.ready).await;

    if broker.can_restart() {
        broker.stop().await;
        let (second, timers) = (OrderId::new(), service_at(&redis).timers);
        timers.arm(second, from_now(Duration::ZERO)).await.unwrap();
        eventually("it is noticed that the broker is away", async || !running.health.report().await.ready).await;
        broker.restart().await;
        eventually("the second is told of", async || orders.in_effect() == [first, second]).await;
        eventually("nothing is left to tell", async || timers.backlog().await.unwrap().set == 0).await;
    }
    assert!(!orders.told().contains(&given_up), "what was cancelled is never told of");
    stop.cancel();
    recording.await.unwrap();
    running.stop(testkit::PATIENCE).await;
}
