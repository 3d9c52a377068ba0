//! The whole of it, with its workers, over a broker: orders go in, and what becomes of the money comes out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use events::bus::Pulse;
use events::listener::{Delivery, Desk};
use events::payments::PAYMENTS;
use events::{Bus, Envelope, Event, Stream, Verdict};
use payments::Config;
use payments::payment::Status;
use service::settings;
use stripe_sandbox::Deliveries;
use testkit::{Database, eventually};
use tokio_util::sync::CancellationToken;

use crate::world::{HOLD, Order, WEBHOOK_SECRET, World, open, pay, text};

/// Another service, that writes down what it hears of payments.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Desk for Heard {
    fn durable(&self) -> &'static str {
        "heard"
    }

    fn streams(&self) -> Vec<&'static Stream> {
        vec![&PAYMENTS]
    }

    async fn receive(&self, envelope: &Envelope, _: &Delivery) -> Verdict {
        self.0.lock().expect("nobody panics").push(envelope.subject.clone());
        Verdict::Done
    }
}

impl Heard {
    /// Waits until exactly these were heard.
    async fn all(&self, subjects: &[&str]) {
        eventually("events on the wire", async || {
            let heard = self.0.lock().expect("nobody panics").clone();
            if heard == subjects { Ok(()) } else { Err(heard) }
        })
        .await;
    }
}

/// The settings of a service on the world's database and provider.
fn config(world: &World, nats_url: &str) -> Config {
    let variables = [
        ("PAYMENTS_DATABASE_URL", Database::of(world.app.db()).url()),
        ("NATS_URL", nats_url.to_owned()),
        ("JWT_KEY", testkit::KEY.to_owned()),
        ("STRIPE_KEY", world.stripe.secret_key().to_owned()),
        ("STRIPE_URL", world.stripe.url.clone()),
        ("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()),
    ];
    let read = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    settings::read(read, []).expect("settings")
}

async fn publish<E: Event>(bus: &Bus, event: &E) {
    bus.publish(&Envelope::of(event).expect("an event is JSON")).await.expect("the broker's receipt");
}

/// An order that went in by the broker and has arrived.
async fn an_order(world: &World, bus: &Bus, buyer: &testkit::User) -> Order {
    let order = Order::new(buyer.id, 1999, world.clock.now() + HOLD);
    publish(bus, &order.created()).await;
    eventually("the order arrives", async || crate::order_created::known(world, &order).await).await;
    order
}

#[tokio::test]
async fn orders_go_in_and_what_becomes_of_the_money_comes_out() {
    let (broker, world) = (testkit::broker().await, World::live().await);
    world.stripe.set_deliveries(Deliveries::AtOnce);
    let config = config(&world, &broker.url);
    let running = service::start(&config.common, vec![payments::service(&config).await.unwrap()]).await.unwrap();
    let bus = Bus::connect(&broker.url, "test").await.unwrap();
    bus.ready().await;
    let (heard, stop) = (Arc::<Heard>::default(), CancellationToken::new());
    let hearing = tokio::spawn({
        let (bus, heard, stop) = (bus.clone(), heard.clone(), stop.clone());
        async move { bus.consume(heard, Pulse::default(), stop).await }
    });
    let ann = world.app.sign_in();

    // Paid with a token, and given back.
    let order = an_order(&world, &bus, &ann).await;
    pay(&ann, &order, "tok_visa").await.is(201);
    let mut expected = vec!["payment:started", "payment:created"];
    heard.all(&expected).await;
    publish(&bus, &order.refund(world.only_payment(&order).await.id)).await;
    expected.push("payment:refunded");
    heard.all(&expected).await;
    assert_eq!(world.charges(), [(1999, 1999)]);

    // Paid in the browser: the provider's webhook wakes the settle worker.
    let order = an_order(&world, &bus, &ann).await;
    let opened = open(&ann, &order).await.is(201);
    assert_eq!(world.confirm_in_browser(&text(&opened, "clientSecret"), "tok_visa").await, 200);
    expected.extend(["payment:started", "payment:created"]);
    heard.all(&expected).await;

    // Time is up amid a payment: the version that came too early waits for the one before it.
    let order = an_order(&world, &bus, &ann).await;
    open(&ann, &order).await.is(201);
    publish(&bus, &order.expiring(3)).await;
    publish(&bus, &order.updated(2)).await;
    expected.extend(["payment:started", "payment:closed"]);
    heard.all(&expected).await;
    assert_eq!(world.only_payment(&order).await.status, Status::Failed);
    assert_eq!(world.intents().last().map(String::as_str), Some("canceled"));

    stop.cancel();
    hearing.await.unwrap();
    running.stop(Duration::from_secs(10)).await;
    assert_eq!(world.app.published().await, [], "the broker has all of it");
}
