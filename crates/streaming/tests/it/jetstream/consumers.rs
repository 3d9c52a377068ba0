//! The life of a consumer: created, looked up, changed, paused, listed, deleted, forgotten.

use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::jetstream::context::ConsumerInfoErrorKind;
use async_nats::jetstream::stream::{ConsumerCreateStrictErrorKind, ConsumerUpdateErrorKind, StorageType};
use futures::TryStreamExt;

use super::{consumer, durable, refusal, state, stream};
use crate::harness::{Server, World, eventually, soon};
use crate::{needs, on_both_stores};

#[tokio::test]
async fn a_consumer_without_a_name_is_given_one() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let first = consumer(&stream, pull::Config::default()).await;
    let second = consumer(&stream, pull::Config::default()).await;
    assert!(!first.cached_info().name.is_empty());
    assert_ne!(first.cached_info().name, second.cached_info().name);
    assert_eq!(first.cached_info().config.durable_name, None);
    assert_eq!(first.cached_info().config.inactive_threshold, Duration::from_secs(5));

    let named = pull::Config { name: Some("named".into()), ..pull::Config::default() };
    let named = consumer(&stream, named).await;
    assert_eq!(named.cached_info().name, "named");
    assert_eq!(named.cached_info().config.durable_name, None);
}

#[tokio::test]
async fn create_and_update_can_be_told_apart() {
    let world = World::new().await;
    needs!(world.client, 2, 10, "creating strictly");
    let stream = stream(&world, "orders", |_| ()).await;
    let missing = stream.update_consumer(durable("reader")).await.unwrap_err();
    assert_eq!(missing.kind(), ConsumerUpdateErrorKind::DoesNotExist);

    let first = stream.create_consumer_strict(durable("reader")).await.unwrap();
    let same = stream.create_consumer_strict(durable("reader")).await.unwrap();
    assert_eq!(same.cached_info().created, first.cached_info().created, "the very same may be created again");
    let other = pull::Config { max_ack_pending: 5, ..durable("reader") };
    let exists = stream.create_consumer_strict(other.clone()).await.unwrap_err();
    assert_eq!(exists.kind(), ConsumerCreateStrictErrorKind::AlreadyExists);
    let updated = stream.update_consumer(other).await.unwrap();
    assert_eq!(updated.cached_info().config.max_ack_pending, 5);
}

#[tokio::test]
async fn a_consumer_that_does_not_exist_is_not_found() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let missing = stream.consumer_info("nobody").await.unwrap_err();
    assert_eq!(missing.kind(), ConsumerInfoErrorKind::NotFound);
    assert!(stream.get_consumer::<pull::Config>("nobody").await.is_err());
    assert_eq!(refusal(stream.delete_consumer("nobody").await), ErrorCode::CONSUMER_NOT_FOUND);
    let nowhere = world.js.create_consumer_on_stream(durable("reader"), world.name("nowhere")).await;
    assert_eq!(refusal(nowhere), ErrorCode::STREAM_NOT_FOUND);
}

#[tokio::test]
async fn a_consumer_is_found_again_by_its_name() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let made = stream.get_or_create_consumer("reader", durable("reader")).await.unwrap();
    let other = pull::Config { max_ack_pending: 5, ..durable("reader") };
    let found = stream.get_or_create_consumer("reader", other).await.unwrap();
    assert_eq!(found.cached_info().config.max_ack_pending, made.cached_info().config.max_ack_pending);
    let found: PullConsumer = stream.get_consumer("reader").await.unwrap();
    assert_eq!(found.cached_info().created, made.cached_info().created);

    assert!(stream.delete_consumer("reader").await.unwrap().success);
    assert!(stream.consumer_info("reader").await.is_err());
    assert_eq!(state(&stream).await.consumer_count, 0);
}

#[tokio::test]
async fn consumers_are_listed() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    assert!(stream.consumer_names().try_collect::<Vec<_>>().await.unwrap().is_empty());
    for name in ["a", "b", "c"] {
        consumer(&stream, durable(name)).await;
    }
    let mut names: Vec<_> = stream.consumer_names().try_collect().await.unwrap();
    names.sort();
    assert_eq!(names, ["a", "b", "c"]);
    let mut infos: Vec<_> = stream.consumers().try_collect().await.unwrap();
    infos.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(infos.iter().map(|info| info.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(infos.iter().all(|info| info.stream_name == stream.cached_info().config.name));
}

#[tokio::test]
async fn a_long_list_of_consumers_comes_in_pages() {
    const CONSUMERS: usize = 300; // More than the 256 of one page.
    let server = Server::start(&[]);
    let world = World::of(&server).await;
    let stream = stream(&world, "orders", |config| config.storage = StorageType::Memory).await;
    let mut expected: Vec<_> = (0..CONSUMERS).map(|number| format!("c{number}")).collect();
    for name in &expected {
        consumer(&stream, pull::Config { memory_storage: true, ..durable(name) }).await;
    }
    expected.sort();
    let infos: Vec<_> = soon("all pages", stream.consumers().try_collect::<Vec<_>>()).await.unwrap();
    let mut names: Vec<_> = infos.into_iter().map(|info| info.name).collect();
    names.sort();
    assert_eq!(names, expected, "each once");
}

on_both_stores!(a_consumer_that_nobody_uses_is_forgotten);

async fn a_consumer_that_nobody_uses_is_forgotten(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "orders", |config| config.storage = storage).await;
    let inactive_threshold = Duration::from_millis(300);
    let idle = pull::Config { inactive_threshold, ..pull::Config::default() };
    let idle_name = consumer(&stream, idle).await.cached_info().name.clone();
    let busy = pull::Config { inactive_threshold, ..durable("busy") };
    let busy = consumer(&stream, busy).await;
    consumer(&stream, durable("patient")).await;

    // A request that waits is use enough.
    let waiting = busy.batch().max_messages(1).expires(Duration::from_mins(1)).messages().await.unwrap();
    eventually("the idle consumer is forgotten", async || stream.consumer_info(&idle_name).await.err()).await;
    tokio::time::sleep(2 * inactive_threshold).await;
    stream.consumer_info("busy").await.expect("someone waits for it");
    stream.consumer_info("patient").await.expect("it has no threshold");
    drop(waiting);
    eventually("a durable one with a threshold goes too", async || stream.consumer_info("busy").await.err()).await;
}
