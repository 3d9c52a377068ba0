//! The whole of it over a broker: an order goes in on its stream, the ticket's change comes out on ours.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use events::bus::Pulse;
use events::listener::{Delivery, Desk};
use events::tickets::TICKETS;
use events::{Bus, Envelope, Event, Stream, Verdict};
use serde_json::{Value, json};
use service::settings;
use testkit::{Database, TestApp, eventually};
use tickets::Config;
use tokio_util::sync::CancellationToken;

use crate::{Order, a_ticket, shown, tickets};

/// Another service, that writes down what it hears of tickets.
#[derive(Default)]
struct Heard(Mutex<Vec<(String, Value)>>);

impl Desk for Heard {
    fn durable(&self) -> &'static str {
        "heard"
    }

    fn streams(&self) -> Vec<&'static Stream> {
        vec![&TICKETS]
    }

    async fn receive(&self, envelope: &Envelope, _: &Delivery) -> Verdict {
        let event = serde_json::from_slice(&envelope.payload).expect("an event is JSON");
        self.0.lock().expect("nobody panics").push((envelope.subject.clone(), event));
        Verdict::Done
    }
}

impl Heard {
    /// Subject and version of each, once there are so many.
    async fn so_many(&self, count: usize) -> Vec<(String, i64)> {
        eventually("events on the wire", async || self.0.lock().expect("nobody panics").len() >= count).await;
        let heard = self.0.lock().expect("nobody panics");
        heard.iter().map(|(subject, event)| (subject.clone(), event["version"].as_i64().expect("a version"))).collect()
    }
}

/// The settings of a service on the database of `app`.
fn config(app: &TestApp, nats_url: &str) -> Config {
    let (database_url, nats_url) = (Database::of(app.db()).url(), nats_url.to_owned());
    let variables = move |name: &str| match name {
        "TICKETS_DATABASE_URL" => Some(database_url.clone()),
        "NATS_URL" => Some(nats_url.clone()),
        "JWT_KEY" => Some(testkit::KEY.to_owned()),
        _ => None,
    };
    settings::read(variables, []).expect("settings")
}

async fn publish<E: Event>(bus: &Bus, event: &E) {
    bus.publish(&Envelope::of(event).expect("an event is JSON")).await.expect("the broker's receipt");
}

#[tokio::test]
async fn orders_go_in_and_changes_of_tickets_come_out() {
    let (broker, app) = (testkit::broker().await, tickets().await);
    let config = config(&app, &broker.url);
    let running = service::start(&config.common, vec![tickets::service(&config).await.unwrap()]).await.unwrap();
    let bus = Bus::connect(&broker.url, "test").await.unwrap();
    bus.ready().await;
    let (heard, stop) = (Arc::<Heard>::default(), CancellationToken::new());
    let hearing = tokio::spawn({
        let (bus, heard, stop) = (bus.clone(), heard.clone(), stop.clone());
        async move { bus.consume(heard, Pulse::default(), stop).await }
    });

    let ann = app.sign_in();
    let ticket = a_ticket(&ann).await;
    let first = Order::of(&ticket);
    publish(&bus, &first.created()).await;
    let listed_and_held = [("ticket:created".to_owned(), 1), ("ticket:updated".to_owned(), 2)];
    assert_eq!(heard.so_many(2).await, listed_and_held);
    assert_eq!(shown(&app, &ticket).await["orderId"], json!(first.id));

    // In the wrong order: another order's hold waits for the release, and that for the payment before it.
    let second = Order::of(&ticket);
    publish(&bus, &second.created()).await;
    publish(&bus, &first.cancelled(3)).await;
    publish(&bus, &first.updated(2)).await;
    let versions: Vec<i64> = heard.so_many(3).await.into_iter().map(|(_, version)| version).collect();
    assert_eq!(versions, [1, 2, 3]);
    assert_eq!(shown(&app, &ticket).await["orderId"], json!(second.id));

    stop.cancel();
    hearing.await.unwrap();
    running.stop(Duration::from_secs(10)).await;
    assert_eq!(app.published().await, [], "the broker has all of it");
}
