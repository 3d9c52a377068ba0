//! Watching a key-value bucket.

use std::time::Duration;

use async_nats::jetstream::kv::Operation;
use async_nats::jetstream::stream::StorageType;
use futures::StreamExt;

use super::key_value::{brief, bucket, next, value};
use crate::harness::{World, never};
use crate::{needs, on_both_stores};

on_both_stores!(a_watch_sees_changes_as_they_happen);

async fn a_watch_sees_changes_as_they_happen(storage: StorageType) {
    let world = World::new().await;
    let bucket = bucket(&world, storage, 5).await;
    bucket.put("a", value("before")).await.unwrap();
    let mut one = bucket.watch("a").await.unwrap();
    let mut all = bucket.watch_all().await.unwrap();
    let mut some = bucket.watch("x.*").await.unwrap();
    bucket.put("a", value("1")).await.unwrap();
    bucket.put("x.y", value("2")).await.unwrap();
    bucket.delete("a").await.unwrap();
    bucket.purge("x.y").await.unwrap();

    for expected in [("a", "1", 2, Operation::Put), ("a", "", 4, Operation::Delete)] {
        assert_eq!(brief(&next(&mut one).await), expected);
    }
    for expected in [("x.y", "2", 3, Operation::Put), ("x.y", "", 5, Operation::Purge)] {
        assert_eq!(brief(&next(&mut some).await), expected);
    }
    for revision in 2..=5 {
        assert_eq!(next(&mut all).await.revision, revision);
    }
    never("nothing else happened", Duration::from_millis(100), one.next()).await;
}

#[tokio::test]
async fn a_watch_can_begin_with_what_is_there() {
    let world = World::new().await;
    let bucket = bucket(&world, StorageType::File, 5).await;
    for (key, text) in [("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")] {
        bucket.put(key, value(text)).await.unwrap();
    }
    let mut current = bucket.watch_with_history(">").await.unwrap();
    for (expected, seen_current) in [(("b", "2", 2), false), (("a", "3", 3), false), (("c", "4", 4), true)] {
        let entry = next(&mut current).await;
        let (key, value, revision) = expected;
        assert_eq!(brief(&entry), (key, value, revision, Operation::Put));
        assert_eq!(entry.seen_current, seen_current, "{key} is the last of what was there");
    }
    bucket.put("a", value("5")).await.unwrap();
    let live = next(&mut current).await;
    assert_eq!((brief(&live), live.seen_current), (("a", "5", 5, Operation::Put), true));

    let mut replay = bucket.watch_from_revision("a", 2).await.unwrap();
    for expected in [("a", "3", 3, Operation::Put), ("a", "5", 5, Operation::Put)] {
        assert_eq!(brief(&next(&mut replay).await), expected);
    }
    let mut replay = bucket.watch_all_from_revision(4).await.unwrap();
    assert_eq!([next(&mut replay).await.revision, next(&mut replay).await.revision], [4, 5]);

    needs!(world.client, 2, 10, "several filter subjects");
    let mut both = bucket.watch_many_with_history(["a", "c"]).await.unwrap();
    assert_eq!([next(&mut both).await.revision, next(&mut both).await.revision], [4, 5]);
}
