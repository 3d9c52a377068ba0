//! Ordered consumers: everything once, in order, whatever happens on the way.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull, push};
use async_nats::jetstream::stream::StorageType;
use futures::{StreamExt, TryStreamExt};

use super::{payloads, publish, publish_many, sequences, stream, subject};
use crate::harness::{World, soon};
use crate::on_both_stores;

fn pushed(world: &World) -> push::OrderedConfig {
    push::OrderedConfig { deliver_subject: world.client.new_inbox(), ..push::OrderedConfig::default() }
}

on_both_stores!(messages_are_pushed_in_order, messages_are_pulled_in_order);

async fn messages_are_pushed_in_order(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "orders", |config| config.storage = storage).await;
    publish_many(&world.js, &subject(&stream, "a"), 500).await;
    let consumer = stream.create_consumer(pushed(&world)).await.unwrap();
    let config = &consumer.cached_info().config;
    assert_eq!((config.ack_policy, config.max_deliver), (AckPolicy::None, 1));
    assert!(config.flow_control && config.memory_storage && config.durable_name.is_none());
    assert_eq!(config.idle_heartbeat, Duration::from_secs(5));
    assert_eq!(config.inactive_threshold, Duration::from_secs(30));

    let messages = consumer.messages().await.unwrap();
    let subject = subject(&stream, "a");
    let publishing = publish_many(&world.js, &subject, 500);
    let reading = messages.take(1000).try_collect::<Vec<_>>();
    let both = async { tokio::join!(publishing, reading) };
    let ((), messages) = soon("a thousand messages", both).await;
    assert_eq!(sequences(&messages.unwrap()), (1..=1000).collect::<Vec<_>>());
}

async fn messages_are_pulled_in_order(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "orders", |config| config.storage = storage).await;
    publish_many(&world.js, &subject(&stream, "a"), 500).await;
    let consumer = stream.create_consumer(pull::OrderedConfig::default()).await.unwrap();
    assert_eq!(consumer.cached_info().config.ack_policy, AckPolicy::None);
    let messages = consumer.messages().await.unwrap();
    let subject = subject(&stream, "a");
    let publishing = publish_many(&world.js, &subject, 500);
    let reading = messages.take(1000).try_collect::<Vec<_>>();
    let both = async { tokio::join!(publishing, reading) };
    let ((), messages) = soon("a thousand messages", both).await;
    assert_eq!(sequences(&messages.unwrap()), (1..=1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn order_begins_where_it_is_told() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    publish_many(&world.js, &subject(&stream, "a"), 5).await;
    let deliver_policy = DeliverPolicy::ByStartSequence { start_sequence: 3 };

    let pulled = pull::OrderedConfig { deliver_policy, ..pull::OrderedConfig::default() };
    let pulled = stream.create_consumer(pulled).await.unwrap().messages().await.unwrap();
    let pulled: Vec<_> = soon("three messages", pulled.take(3).try_collect()).await.unwrap();
    assert_eq!(payloads(&pulled), ["2", "3", "4"]);

    let latest = push::OrderedConfig {
        deliver_policy: DeliverPolicy::LastPerSubject,
        filter_subject: subject(&stream, "a"),
        ..pushed(&world)
    };
    let mut latest = stream.create_consumer(latest).await.unwrap().messages().await.unwrap();
    assert_eq!(soon("the latest", latest.next()).await.unwrap().unwrap().payload, "4");
}

#[tokio::test]
async fn an_ordered_pull_outlives_its_consumer() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let consumer = stream.create_consumer(pull::OrderedConfig::default()).await.unwrap();
    let name = consumer.cached_info().name.clone();
    let mut messages = consumer.messages().await.unwrap();
    publish_many(&world.js, &subject(&stream, "a"), 3).await;
    for expected in ["0", "1", "2"] {
        assert_eq!(soon("a message", messages.next()).await.unwrap().unwrap().payload, expected);
    }
    stream.delete_consumer(&name).await.unwrap();
    publish(&world.js, &subject(&stream, "a"), "after").await;
    let after = soon("a message from the consumer's successor", messages.next()).await.unwrap().unwrap();
    assert_eq!((after.payload.as_ref(), after.info().unwrap().stream_sequence), (b"after".as_slice(), 4));
}

#[tokio::test]
async fn an_ordered_push_outlives_its_connection() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let mut messages = stream.create_consumer(pushed(&world)).await.unwrap().messages().await.unwrap();
    publish_many(&world.js, &subject(&stream, "a"), 3).await;
    for expected in ["0", "1", "2"] {
        assert_eq!(soon("a message", messages.next()).await.unwrap().unwrap().payload, expected);
    }
    let publisher = async_nats::jetstream::new(world.another_client().await);
    world.client.force_reconnect().await.unwrap();
    publish_many(&publisher, &subject(&stream, "a"), 5).await;
    let rest: Vec<_> = soon("the rest", messages.take(5).try_collect()).await.unwrap();
    assert_eq!(sequences(&rest), [4, 5, 6, 7, 8], "nothing twice, nothing missing");
}

#[tokio::test]
async fn an_ordered_push_notices_that_it_was_replaced() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let consumer = stream.create_consumer(pushed(&world)).await.unwrap();
    let deliver_subject = consumer.cached_info().config.deliver_subject.clone().unwrap();
    let name = consumer.cached_info().name.clone();
    let mut messages = consumer.messages().await.unwrap();
    publish_many(&world.js, &subject(&stream, "a"), 2).await;
    for expected in ["0", "1"] {
        assert_eq!(soon("a message", messages.next()).await.unwrap().unwrap().payload, expected);
    }
    // Another consumer with its own count sends to the same subject: the numbers no longer fit.
    stream.delete_consumer(&name).await.unwrap();
    publish_many(&world.js, &subject(&stream, "a"), 3).await;
    let usurper = push::OrderedConfig {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: 5 },
        deliver_subject,
        ..pushed(&world)
    };
    stream.create_consumer(usurper).await.unwrap();
    let rest: Vec<_> = soon("the rest", messages.take(3).try_collect()).await.unwrap();
    assert_eq!(sequences(&rest), [3, 4, 5], "it went back for what it had missed");
}
