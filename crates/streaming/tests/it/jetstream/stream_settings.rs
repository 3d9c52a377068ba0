//! The settings of a stream: their defaults, what may change, and what makes no sense.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::datetime;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Compression, Config, ConsumerLimits, DiscardPolicy, RetentionPolicy, StorageType};

use super::{config, durable, publish, refusal, send, state, stream};
use crate::harness::World;
use crate::{needs, on_both_stores};

on_both_stores!(a_new_stream_is_empty_and_tells_every_setting);

async fn a_new_stream_is_empty_and_tells_every_setting(storage: StorageType) {
    let world = World::new().await;
    let name = world.name("orders");
    let before = datetime::now();
    let stream = world.js.create_stream(Config { storage, ..config(&name, &[&name]) }).await.unwrap();
    let info = stream.cached_info();

    assert_eq!(info.config.name, name);
    assert_eq!(info.config.subjects, [name]);
    assert_eq!(info.config.storage, storage);
    assert_eq!(info.config.retention, RetentionPolicy::Limits);
    assert_eq!(info.config.discard, DiscardPolicy::Old);
    assert_eq!(info.config.num_replicas, 1, "none asked for means one");
    assert_eq!(info.config.max_messages, -1, "zero asked for means no limit, and no limit is told as -1");
    assert_eq!(info.config.max_bytes, -1);
    assert_eq!(info.config.max_messages_per_subject, -1);
    assert_eq!(info.config.max_message_size, -1);
    assert_eq!(info.config.max_consumers, -1);
    assert_eq!(info.config.max_age, Duration::ZERO);
    assert_eq!(info.config.duplicate_window, Duration::from_mins(2));
    assert!(!info.config.sealed && !info.config.deny_delete && !info.config.deny_purge && !info.config.allow_rollup);

    assert_eq!((info.state.messages, info.state.bytes), (0, 0));
    assert_eq!((info.state.first_sequence, info.state.last_sequence), (0, 0));
    assert_eq!(info.state.first_timestamp.year(), 1, "nothing was ever stored");
    assert_eq!(info.state.consumer_count, 0);
    // The clocks are one and the same, but ours was read as the request left.
    assert!(info.created >= before - Duration::from_secs(1) && info.created <= datetime::now());
}

#[tokio::test]
async fn without_subjects_a_stream_takes_its_own_name() {
    let world = World::new().await;
    let name = world.name("bare");
    let stream = world.js.create_stream(name.as_str()).await.unwrap();
    assert_eq!(stream.cached_info().config.subjects, [name.as_str()]);
    assert_eq!(publish(&world.js, &name, "hello").await, 1);
}

#[tokio::test]
async fn the_duplicate_window_is_never_longer_than_messages_live() {
    let world = World::new().await;
    let stream = stream(&world, "short", |config| config.max_age = Duration::from_secs(30)).await;
    assert_eq!(stream.cached_info().config.duplicate_window, Duration::from_secs(30));

    let name = world.name("wrong");
    let refused = world.js.create_stream(Config {
        max_age: Duration::from_secs(30),
        duplicate_window: Duration::from_secs(31),
        ..config(&name, &[&name])
    });
    assert_eq!(refusal(refused.await), ErrorCode::STREAM_INVALID_CONFIG);
}

#[tokio::test]
async fn no_two_streams_may_take_the_same_subject() {
    let world = World::new().await;
    let root = world.name("root");
    world.js.create_stream(config(&world.name("first"), &[&format!("{root}.*.placed")])).await.unwrap();
    for overlapping in ["eu.placed", "*.*", "eu.>", ">", "*.placed"] {
        let refused = world.js.create_stream(config(&world.name("second"), &[&format!("{root}.{overlapping}")])).await;
        assert_eq!(refusal(refused), ErrorCode::STREAM_SUBJECT_OVERLAP, "{overlapping}");
    }
    for distinct in ["eu.shipped", "eu.placed.twice", "*.placed.*"] {
        let name = world.name("second");
        world.js.create_stream(config(&name, &[&format!("{root}.{distinct}")])).await.unwrap();
        world.js.delete_stream(name).await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_lists_no_subject_twice() {
    let world = World::new().await;
    let name = world.name("twice");
    let refused = world.js.create_stream(config(&name, &["twice.a", "twice.a"])).await;
    assert_eq!(refusal(refused), ErrorCode::STREAM_INVALID_CONFIG);
    let refused = world.js.create_stream(config(&name, &["twice.*", "twice.a"])).await;
    assert_eq!(refusal(refused), ErrorCode::STREAM_INVALID_CONFIG);
}

#[tokio::test]
async fn some_settings_are_for_life() {
    let world = World::new().await;
    let name = world.name("orders");
    let original = config(&name, &[&name]);
    world.js.create_stream(&original).await.unwrap();
    let changes = [
        ("storage", Config { storage: StorageType::Memory, ..original.clone() }),
        ("to a work queue", Config { retention: RetentionPolicy::WorkQueue, ..original.clone() }),
    ];
    for (what, change) in changes {
        assert_eq!(refusal(world.js.update_stream(change).await), ErrorCode::STREAM_INVALID_CONFIG, "{what}");
    }
    let (other, taken) = (world.name("other"), world.name("taken"));
    world.js.create_stream(config(&other, &[&taken])).await.unwrap();
    let refused = world.js.update_stream(Config { subjects: vec![taken], ..original }).await;
    assert_eq!(refusal(refused), ErrorCode::STREAM_SUBJECT_OVERLAP);
}

#[tokio::test]
async fn a_sealed_stream_never_changes_again() {
    let world = World::new().await;
    let name = world.name("done");
    let stream = world.js.create_stream(config(&name, &[&name])).await.unwrap();
    publish(&world.js, &name, "the end").await;
    let sealed = world.js.update_stream(Config { sealed: true, ..config(&name, &[&name]) }).await.unwrap();
    assert!(sealed.config.sealed && sealed.config.deny_delete && sealed.config.deny_purge);

    assert_eq!(refusal(send(&world.js, &name, PublishMessage::build()).await), ErrorCode::STREAM_SEALED);
    assert_eq!(refusal(stream.delete_message(1).await), ErrorCode::STREAM_SEALED);
    assert_eq!(refusal(stream.purge().await), ErrorCode::STREAM_SEALED);
    let opened = world.js.update_stream(config(&name, &[&name])).await;
    assert_eq!(refusal(opened), ErrorCode::STREAM_INVALID_CONFIG);
    assert_eq!(stream.get_raw_message(1).await.unwrap().payload, "the end");
    assert!(world.js.delete_stream(name).await.unwrap().success, "but it can go");
}

#[tokio::test]
async fn a_stream_keeps_the_notes_its_owner_gave_it() {
    let world = World::new().await;
    needs!(world.client, 2, 10, "metadata");
    let stream = stream(&world, "noted", |config| {
        config.metadata = HashMap::from([("owner".into(), "orders".into())]);
        config.compression = Some(Compression::None);
    });
    let mut stream = stream.await;
    let config = stream.info().await.unwrap().config.clone();
    assert_eq!(config.metadata.get("owner").map(String::as_str), Some("orders"));
    assert_eq!(config.compression, Some(Compression::None));
}

#[tokio::test]
async fn the_first_sequence_can_be_chosen() {
    let world = World::new().await;
    needs!(world.client, 2, 10, "the first sequence");
    let stream = stream(&world, "later", |config| config.first_sequence = Some(1000)).await;
    let subject = format!("{}.a", stream.cached_info().config.name);
    let empty = state(&stream).await;
    assert_eq!((empty.messages, empty.first_sequence, empty.last_sequence), (0, 1000, 999));
    assert_eq!(publish(&world.js, &subject, "a").await, 1000);
    let one = state(&stream).await;
    assert_eq!((one.messages, one.first_sequence, one.last_sequence), (1, 1000, 1000));
}

#[tokio::test]
async fn a_stream_bounds_its_consumers() {
    let world = World::new().await;
    let stream = stream(&world, "few", |config| config.max_consumers = 1).await;
    stream.create_consumer(durable("first")).await.unwrap();
    assert_eq!(refusal(stream.create_consumer(durable("second")).await), ErrorCode::MAXIMUM_CONSUMERS_LIMIT);
    stream.create_consumer(durable("first")).await.expect("the one that is there counts once");
}

#[tokio::test]
async fn a_stream_bounds_what_its_consumers_may_ask_for() {
    let world = World::new().await;
    needs!(world.client, 2, 10, "consumer limits");
    let limits = ConsumerLimits { inactive_threshold: Duration::from_mins(1), max_ack_pending: 10 };
    let stream = stream(&world, "bounded", |config| config.consumer_limits = Some(limits.clone())).await;
    assert_eq!(stream.cached_info().config.consumer_limits, Some(limits));

    let mut consumer = durable("greedy");
    consumer.max_ack_pending = 11;
    assert_eq!(refusal(stream.create_consumer(consumer.clone()).await), ErrorCode::CONSUMER_MAX_PENDING_ACK_EXCESS);
    consumer.max_ack_pending = 10;
    consumer.inactive_threshold = Duration::from_secs(61);
    assert_eq!(refusal(stream.create_consumer(consumer.clone()).await), ErrorCode::CONSUMER_INACTIVE_THRESHOLD_EXCESS);
    consumer.inactive_threshold = Duration::from_mins(1);
    stream.create_consumer(consumer.clone()).await.unwrap();

    let modest = stream.create_consumer(durable("modest")).await.unwrap();
    let config = &modest.cached_info().config;
    assert_eq!(config.max_ack_pending, 10, "the limit is also what who asks for nothing gets");
    assert_eq!(config.inactive_threshold, Duration::from_mins(1));
}
