//! The whole of it over a broker: a ticket and its payment go in on their streams, the order's changes come out on ours.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use events::bus::Pulse;
use events::listener::{Delivery, Desk};
use events::orders::ORDERS;
use events::tickets::TicketUpdated;
use events::{Bus, Cents, Envelope, Event, Stream, UserId, Verdict, Version};
use orders::Config;
use serde_json::{Value, json};
use service::{Program, settings};
use testkit::{Database, eventually};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::{World, a_listing, orders, paid, started, time_up};

/// Another service, that writes down what it hears of orders.
#[derive(Default)]
struct Heard(Mutex<Vec<(String, Value)>>);

impl Desk for Heard {
    fn durable(&self) -> &'static str {
        "heard"
    }

    fn streams(&self) -> Vec<&'static Stream> {
        vec![&ORDERS]
    }

    async fn receive(&self, envelope: &Envelope, _: &Delivery) -> Verdict {
        let event = serde_json::from_slice(&envelope.payload).unwrap();
        self.0.lock().unwrap().push((envelope.subject.clone(), event));
        Verdict::Done
    }
}

/// The other services, on a connection of their own.
struct Neighbours {
    bus: Bus,
    heard: Arc<Heard>,
    stop: CancellationToken,
    hearing: JoinHandle<()>,
}

impl Neighbours {
    async fn at(url: &str) -> Self {
        let bus = Bus::connect(url, "neighbours").await.unwrap();
        bus.ready().await;
        let (heard, stop) = (Arc::<Heard>::default(), CancellationToken::new());
        let hearing = tokio::spawn({
            let (bus, heard, stop) = (bus.clone(), heard.clone(), stop.clone());
            async move { bus.consume(heard, Pulse::default(), stop).await }
        });
        Self { bus, heard, stop, hearing }
    }

    async fn tell<E: Event>(&self, event: &E) {
        let envelope = Envelope::of(event).unwrap();
        // The same envelope each time: however often it is sent, it is one event.
        eventually(E::SUBJECT, async || self.bus.publish(&envelope).await).await;
    }

    /// The subjects heard so far, once `last` is the last of them.
    async fn hear(&self, last: &str) -> Vec<String> {
        let heard = || self.heard.0.lock().unwrap().iter().map(|(subject, _)| subject.clone()).collect::<Vec<_>>();
        eventually(last, async || heard().last().is_some_and(|subject| subject == last)).await;
        heard()
    }

    async fn leave(self) {
        self.stop.cancel();
        self.hearing.await.unwrap();
    }
}

/// Settings of the service on the database of `world`.
fn config(world: &World, nats_url: &str) -> Config {
    let (database_url, nats_url) = (Database::of(world.db()).url(), nats_url.to_owned());
    let variables = move |name: &str| match name {
        "ORDERS_DATABASE_URL" => Some(database_url.clone()),
        "NATS_URL" => Some(nats_url.clone()),
        "JWT_KEY" => Some(testkit::KEY.to_owned()),
        _ => None,
    };
    settings::read(variables, []).unwrap()
}

#[tokio::test]
async fn tickets_and_payments_go_in_and_orders_come_out() {
    let (mut broker, world) = (testkit::broker().await, orders().await);
    let settings = config(&world, &broker.url).common;
    let running = service::start(&settings, vec![orders::build(world.service.clone())]).await.unwrap();
    let neighbours = Neighbours::at(&broker.url).await;

    // The change overtakes the listing.
    let listing = a_listing(UserId::new());
    let change = TicketUpdated {
        id: listing.id,
        title: "Lear".into(),
        price: Cents(5000),
        user_id: listing.user_id,
        order_id: None,
        version: Version(2),
    };
    neighbours.tell(&change).await;
    neighbours.tell(&listing).await;
    let known = "select version from tickets";
    eventually("the ticket is known as it is now", async || {
        sqlx::query_scalar::<_, i64>(known).fetch_optional(world.db()).await.unwrap() == Some(2)
    })
    .await;

    if broker.can_restart() {
        // A broker that is away stops nobody from ordering.
        broker.stop().await;
    }
    let order = world.order(&world.sign_in(), listing.id).await;
    if broker.can_restart() {
        broker.restart().await;
    }
    assert_eq!(neighbours.hear("order:created").await, ["order:created"]);
    assert_eq!(neighbours.heard.0.lock().unwrap()[0].1["ticket"], json!({ "id": listing.id, "price": 50 }));

    neighbours.tell(&started(order)).await;
    neighbours.hear("order:updated").await;
    world.pass_the_hold();
    neighbours.tell(&time_up(order)).await;
    neighbours.hear("order:expiring").await;
    neighbours.tell(&paid(order)).await;
    let told = neighbours.hear("order:completed").await;
    assert_eq!(told, ["order:created", "order:updated", "order:expiring", "order:completed"]);
    let versions: Vec<Value> =
        neighbours.heard.0.lock().unwrap().iter().map(|(_, event)| event["version"].clone()).collect();
    assert_eq!(versions, [1, 2, 3, 4]);

    neighbours.leave().await;
    running.stop(Duration::from_secs(10)).await;
}

#[tokio::test]
async fn its_settings_make_a_service() {
    let world = orders().await;
    let service = config(&world, "nats://127.0.0.1:1").service().await.unwrap();
    assert_eq!((service.name, service.workers.len()), ("orders", 1));
    let streams: Vec<_> = service.listeners().unwrap().streams().iter().map(|stream| stream.name).collect();
    assert_eq!(streams, ["ACCOUNTS", "EXPIRATION", "PAYMENTS", "TICKETS"]);
}
