//! Key-value buckets.

use std::time::Duration;

use async_nats::jetstream::kv::{self, CreateErrorKind, Entry, Operation, Store, UpdateErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};

use super::config as stream_config;
use crate::harness::{World, eventually, soon, version};
use crate::{needs, on_both_stores};

/// A bucket with room for `history` values of each key.
pub(super) async fn bucket(world: &World, storage: StorageType, history: i64) -> Store {
    let bucket = world.name("bucket");
    create(world, kv::Config { bucket, history, storage, ..kv::Config::default() }).await
}

async fn create(world: &World, config: kv::Config) -> Store {
    if version(&world.client) >= (2, 10) {
        return world.js.create_key_value(config).await.unwrap();
    }
    // async-nats asks for the account first, and cannot read what older servers answer. The
    // bucket is but a stream, so it can be made without asking.
    let stream = Config {
        storage: config.storage,
        max_messages_per_subject: config.history.max(1),
        max_age: config.max_age,
        max_message_size: config.max_value_size,
        discard: DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        ..stream_config(&format!("KV_{}", config.bucket), &[&format!("$KV.{}.>", config.bucket)])
    };
    world.js.create_stream(stream).await.unwrap();
    world.js.get_key_value(config.bucket).await.unwrap()
}

pub(super) fn value(text: &str) -> Bytes {
    text.to_string().into()
}

/// Key, value, revision and operation: what matters of an entry.
pub(super) fn brief(entry: &Entry) -> (&str, &str, u64, Operation) {
    (&entry.key, std::str::from_utf8(&entry.value).unwrap(), entry.revision, entry.operation)
}

pub(super) async fn next(entries: &mut (impl Stream<Item = Result<Entry, kv::WatcherError>> + Unpin)) -> Entry {
    soon("an entry", entries.next()).await.expect("the watch goes on").unwrap()
}

on_both_stores!(
    a_value_is_put_and_got,
    a_key_is_created_once,
    a_value_is_replaced_only_where_it_is_known,
    a_deleted_key_keeps_its_history_and_a_purged_one_does_not,
    keys_are_listed_without_those_that_are_gone,
);

async fn a_value_is_put_and_got(storage: StorageType) {
    let world = World::new().await;
    let bucket = bucket(&world, storage, 5).await;
    assert_eq!(bucket.get("colour").await.unwrap(), None);
    assert_eq!(bucket.entry("colour").await.unwrap(), None);
    assert_eq!(bucket.put("colour", value("red")).await.unwrap(), 1);
    assert_eq!(bucket.put("a/b=c_d-e.f", value("odd key")).await.unwrap(), 2);
    assert_eq!(bucket.put("colour", value("blue")).await.unwrap(), 3);
    assert_eq!(bucket.put("empty", value("")).await.unwrap(), 4);

    assert_eq!(bucket.get("colour").await.unwrap(), Some(value("blue")));
    assert_eq!(bucket.get("a/b=c_d-e.f").await.unwrap(), Some(value("odd key")));
    assert_eq!(bucket.get("empty").await.unwrap(), Some(value("")));
    let entry = bucket.entry("colour").await.unwrap().unwrap();
    assert_eq!(brief(&entry), ("colour", "blue", 3, Operation::Put));
    let before = bucket.entry_for_revision("colour", 1).await.unwrap().unwrap();
    assert_eq!(brief(&before), ("colour", "red", 1, Operation::Put));
    assert!(before.created <= entry.created);
    assert_eq!(bucket.entry_for_revision("colour", 2).await.unwrap(), None, "that is another key's");
    assert_eq!(bucket.entry_for_revision("colour", 99).await.unwrap(), None);
}

async fn a_key_is_created_once(storage: StorageType) {
    let world = World::new().await;
    let bucket = bucket(&world, storage, 1).await;
    assert_eq!(bucket.create("lock", value("mine")).await.unwrap(), 1);
    let taken = bucket.create("lock", value("yours")).await.unwrap_err();
    assert_eq!(taken.kind(), CreateErrorKind::AlreadyExists);
    assert_eq!(bucket.get("lock").await.unwrap(), Some(value("mine")));

    bucket.delete("lock").await.unwrap();
    bucket.create("lock", value("yours")).await.unwrap();
    bucket.purge("lock").await.unwrap();
    bucket.create("lock", value("ours")).await.unwrap();
    assert_eq!(bucket.get("lock").await.unwrap(), Some(value("ours")));
}

async fn a_value_is_replaced_only_where_it_is_known(storage: StorageType) {
    let world = World::new().await;
    let bucket = bucket(&world, storage, 3).await;
    let first = bucket.put("count", value("1")).await.unwrap();
    bucket.put("other", value("x")).await.unwrap();
    let second = bucket.update("count", value("2"), first).await.unwrap();
    assert_eq!(second, 3);
    for stale in [first, 2, 99] {
        let lost = bucket.update("count", value("lost"), stale).await.unwrap_err();
        assert_eq!(lost.kind(), UpdateErrorKind::WrongLastRevision, "{stale}");
        let lost = bucket.delete_expect_revision("count", Some(stale)).await.unwrap_err();
        assert_eq!(lost.kind(), UpdateErrorKind::WrongLastRevision, "{stale}");
        let lost = bucket.purge_expect_revision("count", Some(stale)).await.unwrap_err();
        assert_eq!(lost.kind(), UpdateErrorKind::WrongLastRevision, "{stale}");
    }
    assert_eq!(bucket.get("count").await.unwrap(), Some(value("2")));
    bucket.delete_expect_revision("count", Some(second)).await.unwrap();
    assert_eq!(bucket.get("count").await.unwrap(), None);
}

async fn a_deleted_key_keeps_its_history_and_a_purged_one_does_not(storage: StorageType) {
    let world = World::new().await;
    let bucket = bucket(&world, storage, 3).await;
    let history = async |key: &str| -> Vec<Entry> {
        soon("the history", bucket.history(key).await.unwrap().try_collect()).await.unwrap()
    };
    assert!(history("colour").await.is_empty());
    for colour in ["red", "green", "blue", "black"] {
        bucket.put("colour", value(colour)).await.unwrap();
    }
    bucket.put("other", value("x")).await.unwrap();
    let kept = history("colour").await;
    let expected = [("colour", "green", 2), ("colour", "blue", 3), ("colour", "black", 4)];
    assert_eq!(
        kept.iter().map(brief).collect::<Vec<_>>(),
        expected.map(|(key, value, revision)| (key, value, revision, Operation::Put)),
        "no more than asked for"
    );

    bucket.delete("colour").await.unwrap();
    let kept = history("colour").await;
    assert_eq!(kept.len(), 3);
    assert_eq!(brief(&kept[1]), ("colour", "black", 4, Operation::Put));
    assert_eq!(brief(&kept[2]), ("colour", "", 6, Operation::Delete));
    assert_eq!(bucket.get("colour").await.unwrap(), None);
    assert_eq!(bucket.entry("colour").await.unwrap().unwrap().operation, Operation::Delete);

    bucket.purge("colour").await.unwrap();
    let kept = history("colour").await;
    assert_eq!(kept.iter().map(brief).collect::<Vec<_>>(), [("colour", "", 7, Operation::Purge)]);
    assert_eq!(bucket.get("colour").await.unwrap(), None);
    assert_eq!(bucket.get("other").await.unwrap(), Some(value("x")));
}

async fn keys_are_listed_without_those_that_are_gone(storage: StorageType) {
    let world = World::new().await;
    let bucket = bucket(&world, storage, 2).await;
    let keys = async || -> Vec<String> {
        let mut keys: Vec<_> = soon("the keys", bucket.keys().await.unwrap().try_collect()).await.unwrap();
        keys.sort();
        keys
    };
    assert!(keys().await.is_empty());
    for key in ["a", "b", "a", "c.d", "a"] {
        bucket.put(key, value("x")).await.unwrap();
    }
    bucket.delete("b").await.unwrap();
    assert_eq!(keys().await, ["a", "c.d"]);
    bucket.purge("c.d").await.unwrap();
    assert_eq!(keys().await, ["a"]);
    for number in 0..300 {
        bucket.put(format!("many.{number}"), value("x")).await.unwrap();
    }
    assert_eq!(keys().await.len(), 301);
}

#[tokio::test]
async fn of_many_who_create_a_key_one_does() {
    let world = World::new().await;
    let bucket = bucket(&world, StorageType::File, 1).await;
    let attempts = (0..20).map(|number| bucket.create("lock", number.to_string().into()));
    let outcomes = soon("every outcome", futures::future::join_all(attempts)).await;
    let winners: Vec<_> = outcomes.iter().enumerate().filter(|(_, outcome)| outcome.is_ok()).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(bucket.get("lock").await.unwrap(), Some(winners[0].0.to_string().into()));
    let losers = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    assert!(losers.into_iter().all(|lost| lost.kind() == CreateErrorKind::AlreadyExists));
}

#[tokio::test]
async fn a_bucket_tells_its_settings_and_contents() {
    let world = World::new().await;
    let config = kv::Config {
        bucket: world.name("bucket"),
        history: 7,
        max_age: Duration::from_hours(1),
        ..kv::Config::default()
    };
    create(&world, config).await.put("a", value("x")).await.unwrap();
    let found = world.js.get_key_value(world.name("bucket")).await.unwrap();
    let status = found.status().await.unwrap();
    assert_eq!(status.bucket(), world.name("bucket"));
    assert_eq!((status.values(), status.history()), (1, 7));
    assert_eq!(status.max_age(), Duration::from_hours(1));
    let config = status.info.config;
    assert!(config.allow_rollup && config.deny_delete && config.allow_direct && !config.deny_purge);

    world.js.delete_key_value(world.name("bucket")).await.unwrap();
    assert!(world.js.get_key_value(world.name("bucket")).await.is_err());
    assert!(found.put("a", value("x")).await.is_err());
}

#[tokio::test]
async fn a_value_too_large_is_refused() {
    let world = World::new().await;
    let config = kv::Config { bucket: world.name("bucket"), max_value_size: 50, ..kv::Config::default() };
    let bucket = create(&world, config).await;
    bucket.put("small", "x".repeat(50).into()).await.unwrap();
    bucket.put("large", "x".repeat(51).into()).await.unwrap_err();
    assert_eq!(bucket.get("large").await.unwrap(), None);
}

#[tokio::test]
async fn values_grow_old_with_their_bucket() {
    let world = World::new().await;
    let max_age = Duration::from_millis(400);
    let bucket = create(&world, kv::Config { bucket: world.name("bucket"), max_age, ..kv::Config::default() }).await;
    bucket.put("a", value("x")).await.unwrap();
    assert!(bucket.get("a").await.unwrap().is_some());
    eventually("it is gone", async || bucket.entry("a").await.unwrap().is_none().then_some(())).await;
    bucket.create("a", value("y")).await.expect("the key is free");
}

#[tokio::test]
async fn a_key_with_a_time_to_live_leaves_a_marker() {
    let world = World::new().await;
    needs!(world.client, 2, 11, "limit markers");
    let config = kv::Config {
        bucket: world.name("bucket"),
        limit_markers: Some(Duration::from_mins(1)),
        ..kv::Config::default()
    };
    let bucket = create(&world, config).await;
    let mut watch = bucket.watch("lease").await.unwrap();
    bucket.create_with_ttl("lease", value("mine"), Duration::from_secs(1)).await.unwrap();
    assert_eq!(brief(&next(&mut watch).await), ("lease", "mine", 1, Operation::Put));
    assert_eq!(brief(&next(&mut watch).await), ("lease", "", 2, Operation::Purge), "its time is over");
    assert_eq!(bucket.get("lease").await.unwrap(), None);
    bucket.create("lease", value("yours")).await.expect("the key is free again");

    bucket.purge_with_ttl("lease", Duration::from_secs(1)).await.unwrap();
    assert_eq!(bucket.entry("lease").await.unwrap().unwrap().operation, Operation::Purge);
    eventually("the purge itself is gone", async || bucket.entry("lease").await.unwrap().is_none().then_some(())).await;
}

#[tokio::test]
async fn a_bucket_can_be_given_more_history() {
    let world = World::new().await;
    needs!(world.client, 2, 10, "what is reserved, without which async-nats reads no account,");
    let config = |history| kv::Config { bucket: world.name("bucket"), history, ..kv::Config::default() };
    world.js.create_key_value(config(1)).await.unwrap();
    let bucket = world.js.update_key_value(config(3)).await.unwrap();
    for number in 0..4 {
        bucket.put("a", value(&number.to_string())).await.unwrap();
    }
    let history: Vec<_> = soon("the history", bucket.history("a").await.unwrap().try_collect()).await.unwrap();
    assert_eq!(history.len(), 3);
    let bucket = world.js.create_or_update_key_value(config(2)).await.unwrap();
    let history: Vec<_> = soon("the history", bucket.history("a").await.unwrap().try_collect()).await.unwrap();
    assert_eq!(history.iter().map(|entry| entry.revision).collect::<Vec<_>>(), [3, 4]);
}
