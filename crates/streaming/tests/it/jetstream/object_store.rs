//! Object stores: files of any size, cut into chunks.

use std::collections::HashMap;

use async_nats::jetstream::object_store::{
    Config, GetErrorKind, InfoErrorKind, ObjectMetadata, ObjectStore, UpdateMetadata,
};
use async_nats::jetstream::stream::StorageType;
use futures::{StreamExt, TryStreamExt};
use tokio::io::AsyncReadExt;

use crate::harness::{World, soon};
use crate::on_both_stores;

/// async-nats' own size of a chunk.
const CHUNK: usize = 128 * 1024;

async fn store(world: &World, storage: StorageType) -> ObjectStore {
    let config = Config { bucket: world.name("objects"), storage, ..Config::default() };
    world.js.create_object_store(config).await.unwrap()
}

/// Bytes whose period divides no chunk's size, so that chunks cannot be mistaken for one another.
fn content(bytes: usize) -> Vec<u8> {
    (0..251_u8).cycle().take(bytes).collect()
}

async fn read(store: &ObjectStore, name: &str) -> Vec<u8> {
    let mut content = Vec::new();
    let mut object = store.get(name).await.unwrap();
    soon("the whole object", object.read_to_end(&mut content)).await.unwrap();
    content
}

/// How many messages the store's stream holds.
async fn messages(world: &World) -> u64 {
    let stream = world.js.get_stream(format!("OBJ_{}", world.name("objects"))).await.unwrap();
    stream.cached_info().state.messages
}

async fn names(store: &ObjectStore) -> Vec<String> {
    let mut list = store.list().await.unwrap();
    let mut names = Vec::new();
    while let Some(info) = soon("the list", list.next()).await {
        names.push(info.unwrap().name);
    }
    names.sort();
    names
}

on_both_stores!(an_object_comes_back_as_it_was, a_deleted_object_leaves_no_chunks, a_replaced_object_leaves_no_chunks);

async fn an_object_comes_back_as_it_was(storage: StorageType) {
    let world = World::new().await;
    let store = store(&world, storage).await;
    for (name, size) in [("small", 10), ("exact", CHUNK), ("large", 10 * CHUNK + 1)] {
        let sent = content(size);
        let info = store.put(name, &mut sent.as_slice()).await.unwrap();
        assert_eq!((info.name.as_str(), info.size), (name, size));
        let found = store.info(name).await.unwrap();
        assert_eq!((found.size, found.chunks, &found.digest), (size, info.chunks, &info.digest));
        assert!(read(&store, name).await == sent, "{name} came back different");
    }
    assert!(store.info("large").await.unwrap().chunks > 10);
    assert_eq!(names(&store).await, ["exact", "large", "small"]);
    let again = world.js.get_object_store(world.name("objects")).await.unwrap();
    assert!(read(&again, "large").await == content(10 * CHUNK + 1));
}

async fn a_deleted_object_leaves_no_chunks(storage: StorageType) {
    let world = World::new().await;
    let store = store(&world, storage).await;
    store.put("kept", &mut content(100).as_slice()).await.unwrap();
    store.put("gone", &mut content(3 * CHUNK).as_slice()).await.unwrap();
    store.delete("gone").await.unwrap();
    assert_eq!(store.get("gone").await.unwrap_err().kind(), GetErrorKind::NotFound);
    assert_eq!(names(&store).await, ["kept"]);
    assert_eq!(messages(&world).await, 3, "a chunk, what is known of it, and that the other is gone");
    assert_eq!(read(&store, "kept").await, content(100));
    assert_eq!(store.info("never").await.unwrap_err().kind(), InfoErrorKind::NotFound);
}

async fn a_replaced_object_leaves_no_chunks(storage: StorageType) {
    let world = World::new().await;
    let store = store(&world, storage).await;
    store.put("file", &mut content(3 * CHUNK).as_slice()).await.unwrap();
    let info = store.put("file", &mut content(200).as_slice()).await.unwrap();
    assert_eq!(read(&store, "file").await, content(200));
    assert_eq!(messages(&world).await, info.chunks as u64 + 1);
}

#[tokio::test]
async fn an_object_carries_notes_and_can_be_renamed() {
    let world = World::new().await;
    let store = store(&world, StorageType::File).await;
    let notes = ObjectMetadata {
        name: "file".into(),
        description: Some("a file".into()),
        chunk_size: Some(1000),
        metadata: HashMap::from([("colour".into(), "red".into())]),
        ..ObjectMetadata::default()
    };
    let info = store.put(notes, &mut content(5000).as_slice()).await.unwrap();
    assert_eq!(info.description.as_deref(), Some("a file"));
    assert!(info.chunks >= 5, "cut as asked: {}", info.chunks);
    let renamed = UpdateMetadata { name: "document".into(), ..UpdateMetadata::default() };
    store.update_metadata("file", renamed).await.unwrap();
    assert_eq!(names(&store).await, ["document"]);
    assert_eq!(read(&store, "document").await, content(5000));
    assert!(store.info("file").await.is_err());
}

#[tokio::test]
async fn a_link_leads_to_its_object() {
    let world = World::new().await;
    let store = store(&world, StorageType::File).await;
    let object = store.put("file", &mut content(5000).as_slice()).await.unwrap();
    let link = store.add_link("shortcut", &object).await.unwrap();
    assert_eq!(link.options.unwrap().link.unwrap().name.as_deref(), Some("file"));
    assert_eq!(read(&store, "shortcut").await, content(5000));
    store.add_bucket_link("elsewhere", world.name("objects")).await.unwrap();
    assert_eq!(store.get("elsewhere").await.unwrap_err().kind(), GetErrorKind::BucketLink);
}

#[tokio::test]
async fn a_watch_sees_objects_come_and_go() {
    let world = World::new().await;
    let store = store(&world, StorageType::File).await;
    store.put("before", &mut content(10).as_slice()).await.unwrap();
    let mut news = store.watch().await.unwrap();
    let mut all = store.watch_with_history().await.unwrap();
    store.put("file", &mut content(10).as_slice()).await.unwrap();
    store.delete("file").await.unwrap();
    for (name, deleted) in [("file", false), ("file", true)] {
        let info = soon("the news", news.next()).await.unwrap().unwrap();
        assert_eq!((info.name.as_str(), info.deleted), (name, deleted));
    }
    let first = soon("what was there", all.try_next()).await.unwrap().unwrap();
    assert_eq!(first.name, "before");
}

#[tokio::test]
async fn a_sealed_store_takes_no_more() {
    let world = World::new().await;
    let mut store = store(&world, StorageType::File).await;
    store.put("file", &mut content(10).as_slice()).await.unwrap();
    store.seal().await.unwrap();
    store.put("another", &mut content(10).as_slice()).await.unwrap_err();
    store.delete("file").await.unwrap_err();
    assert_eq!(read(&store, "file").await, content(10));
    world.js.delete_object_store(world.name("objects")).await.unwrap();
    assert!(world.js.get_object_store(world.name("objects")).await.is_err());
}
