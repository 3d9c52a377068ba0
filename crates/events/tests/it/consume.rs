//! In, over the broker: acknowledged after the commit, delivered again when not, and never silent for good.

use std::sync::Arc;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{Consumer, PullConsumer};
use events::bus::Pulse;
use events::listener::PgDesk;
use events::tickets::TicketUpdated;
use events::{Bus, Envelope, Listeners, TicketId, dead_letters};
use sqlx::PgPool;
use testkit::{Broker, broker, eventually};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::world::{Tally, Turn, database, jetstream, tally, updated};

const DURABLE: &str = "tests-service";

/// A consumer that works until the guard is dropped.
async fn consume(db: &PgPool, broker: &Broker, listener: Tally) -> (Pulse, DropGuard) {
    let bus = Bus::connect(&broker.url, "consumer").await.unwrap();
    let desk = PgDesk::new(db.clone(), Listeners::new(DURABLE).on::<TicketUpdated>(listener));
    let (pulse, stop) = (Pulse::default(), CancellationToken::new());
    tokio::spawn({
        let (pulse, stop) = (pulse.clone(), stop.clone());
        async move { bus.consume(Arc::new(desk), pulse, stop).await }
    });
    (pulse, stop.drop_guard())
}

async fn publisher(broker: &Broker) -> Bus {
    let bus = Bus::connect(&broker.url, "publisher").await.unwrap();
    bus.ready().await;
    bus
}

async fn publish(bus: &Bus, versions: impl IntoIterator<Item = i64>) {
    for version in versions {
        bus.publish(&Envelope::of(&updated(TicketId::new(), version)).unwrap()).await.unwrap();
    }
}

async fn tallied(db: &PgPool, versions: impl IntoIterator<Item = i64>) {
    let versions: Vec<_> = versions.into_iter().collect();
    eventually("all is handled", async || tally(db).await.len() >= versions.len()).await;
    assert_eq!(tally(db).await, versions);
}

async fn durable(broker: &Broker) -> PullConsumer {
    let consumer: Consumer<Config> =
        jetstream(broker).await.get_consumer_from_stream(DURABLE, "TICKETS").await.unwrap();
    consumer
}

#[tokio::test]
async fn events_are_handled_and_acknowledged() {
    let (db, broker) = (database().await, broker().await);
    publish(&publisher(&broker).await, 1..=50).await;
    let (pulse, _consumer) = consume(&db, &broker, Tally::default()).await;
    tallied(&db, 1..=50).await;
    assert!(pulse.silent().is_empty());
    let mut durable = durable(&broker).await;
    eventually("all is acknowledged", async || durable.info().await.unwrap().num_ack_pending == 0).await;
    assert_eq!(durable.info().await.unwrap().ack_floor.stream_sequence, 50);
}

#[tokio::test]
async fn f12_a_failing_listener_gets_the_event_again_and_others_do_not_wait_for_it() {
    let (db, broker) = (database().await, broker().await);
    publish(&publisher(&broker).await, 1..=3).await;
    let (_, _consumer) = consume(&db, &broker, Tally::answers(&[Turn::Fail, Turn::Early])).await;
    tallied(&db, 1..=3).await;
}

#[tokio::test]
async fn f12_a_malformed_event_is_buried_and_the_consumer_lives_on() {
    let (db, broker) = (database().await, broker().await);
    let bus = publisher(&broker).await;
    let malformed = Envelope { payload: b"{".to_vec(), ..Envelope::of(&updated(TicketId::new(), 1)).unwrap() };
    bus.publish(&malformed).await.unwrap();
    publish(&bus, [2]).await;
    let (_, _consumer) = consume(&db, &broker, Tally::default()).await;
    tallied(&db, [2]).await;
    let letters = dead_letters::list(&db, dead_letters::Which::All).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].envelope.id, malformed.id);
    assert_eq!(letters[0].delivery.sequence, 1);
}

#[tokio::test]
async fn replicas_share_the_work_and_what_a_stopped_one_left_comes_to_another() {
    let (db, broker) = (database().await, broker().await);
    let bus = publisher(&broker).await;
    let (_, first) = consume(&db, &broker, Tally::default()).await;
    let (_, _second) = consume(&db, &broker, Tally::default()).await;
    publish(&bus, 1..=100).await;
    drop(first);
    publish(&bus, 101..=200).await;
    tallied(&db, 1..=200).await;
}

#[tokio::test]
async fn f32_consumers_go_on_when_the_broker_is_back() {
    let (db, mut broker) = (database().await, broker().await);
    if !broker.can_restart() {
        return;
    }
    let (pulse, _consumer) = consume(&db, &broker, Tally::default()).await;
    publish(&publisher(&broker).await, 1..=10).await;
    tallied(&db, 1..=10).await;
    broker.stop().await;
    eventually("readiness tells", async || pulse.silent() == ["TICKETS"]).await;
    broker.restart().await;
    publish(&publisher(&broker).await, 11..=20).await;
    tallied(&db, 1..=20).await;
    eventually("readiness tells", async || pulse.silent().is_empty()).await;
}

#[tokio::test]
async fn f32_a_durable_that_an_operator_deleted_is_made_again() {
    let (db, broker) = (database().await, broker().await);
    let bus = publisher(&broker).await;
    let (_, _consumer) = consume(&db, &broker, Tally::default()).await;
    publish(&bus, 1..=5).await;
    tallied(&db, 1..=5).await;
    jetstream(&broker).await.delete_consumer_from_stream(DURABLE, "TICKETS").await.unwrap();
    publish(&bus, 6..=10).await;
    // The new durable delivers all from the first on: the inbox knows what was handled.
    tallied(&db, 1..=10).await;
}

#[tokio::test]
async fn an_event_from_a_publisher_of_another_make_is_handled_once() {
    let (db, broker) = (database().await, broker().await);
    let _bus = publisher(&broker).await;
    let jetstream = jetstream(&broker).await;
    let payload = |version| serde_json::to_vec(&updated(TicketId::new(), version)).unwrap();
    jetstream.publish("ticket:updated", payload(1).into()).await.unwrap().await.unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", "not a UUID");
    jetstream.publish_with_headers("ticket:updated", headers, payload(2).into()).await.unwrap().await.unwrap();
    let (_, _consumer) = consume(&db, &broker, Tally::default()).await;
    tallied(&db, [1, 2]).await;
    jetstream.delete_consumer_from_stream(DURABLE, "TICKETS").await.unwrap();
    publish(&publisher(&broker).await, [3]).await;
    tallied(&db, [1, 2, 3]).await;
}
