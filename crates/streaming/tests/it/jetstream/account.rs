//! What the account tells of itself, and the limits a server sets.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::stream::{Config, StorageType};

use super::{config, consumer, durable, publish_many, refusal, stream};
use crate::harness::{Server, World};
use crate::needs;

#[tokio::test]
async fn the_account_adds_everything_up() {
    let server = Server::start(&[]);
    let world = World::of(&server).await;
    needs!(world.client, 2, 10, "what is reserved, without which async-nats reads no account,");
    let empty = world.js.query_account().await.unwrap();
    assert_eq!((empty.streams, empty.consumers, empty.memory, empty.storage), (0, 0, 0, 0));
    assert_eq!((empty.reserved_memory, empty.reserved_storage), (0, 0));
    let limits = &empty.limits;
    assert_eq!((limits.max_memory, limits.max_storage), (None, None));
    assert_eq!((limits.max_streams, limits.max_consumers), (None, None));
    assert!(!limits.max_bytes_required);
    assert_eq!(empty.domain, None);

    let files = stream(&world, "files", |_| ()).await;
    let memory = stream(&world, "memory", |config| config.storage = StorageType::Memory).await;
    consumer(&files, durable("reader")).await;
    publish_many(&world.js, &format!("{}.a", files.cached_info().config.name), 10).await;
    publish_many(&world.js, &format!("{}.a", memory.cached_info().config.name), 5).await;
    assert!(world.js.get_stream("nowhere").await.is_err());

    let account = world.js.query_account().await.unwrap();
    assert_eq!((account.streams, account.consumers), (2, 1));
    assert_eq!(account.storage, files.get_info().await.unwrap().state.bytes);
    assert_eq!(account.memory, memory.get_info().await.unwrap().state.bytes);
    assert!(account.requests.total > empty.requests.total);
    assert!(account.requests.errors > empty.requests.errors, "a stream was not found");

    world.js.delete_stream(&files.cached_info().config.name).await.unwrap();
    let account = world.js.query_account().await.unwrap();
    assert_eq!((account.streams, account.consumers, account.storage), (1, 0, 0));
}

#[tokio::test]
async fn a_server_promises_no_more_room_than_it_has() {
    const MEBIBYTE: i64 = 1024 * 1024;
    let server = Server::with_config("jetstream { max_file_store: 1048576, max_memory_store: 1048576 }");
    let world = World::of(&server).await;
    let name = world.name("large");
    let large = |storage| Config { max_bytes: 2 * MEBIBYTE, storage, ..config(&name, &[&name]) };
    let refused = world.js.create_stream(large(StorageType::File)).await;
    assert_eq!(refusal(refused), ErrorCode::STORAGE_RESOURCES_EXCEEDED);
    let refused = world.js.create_stream(large(StorageType::Memory)).await;
    assert_eq!(refusal(refused), ErrorCode::MEMORY_RESOURCES_EXCEEDED);

    let fitting = Config { max_bytes: MEBIBYTE / 2, ..config(&name, &[&name]) };
    world.js.create_stream(fitting).await.unwrap();
    needs!(world.client, 2, 10, "what is reserved, without which async-nats reads no account,");
    let account = world.js.query_account().await.unwrap();
    assert_eq!(account.reserved_storage, 1024 * 1024 / 2, "what was promised counts as taken");
}

#[tokio::test]
async fn a_server_stores_no_more_than_it_has_room_for() {
    const MESSAGES: usize = 64;
    let server = Server::with_config("jetstream { max_file_store: 1048576, max_memory_store: 1048576 }");
    let world = World::of(&server).await;
    for storage in [StorageType::File, StorageType::Memory] {
        let (name, payload) = (world.name("greedy"), vec![b'x'; 32 * 1024]);
        let stream = world.js.create_stream(Config { storage, ..config(&name, &[&name]) }).await.unwrap();
        let mut stored = 0;
        for _ in 0..MESSAGES {
            let receipt = world.js.publish(name.clone(), payload.clone().into()).await.unwrap();
            stored += usize::from(receipt.await.is_ok());
        }
        assert!((20..40).contains(&stored), "{stored} messages of 32 KiB in 1 MiB");
        stream.purge().await.unwrap();
        world.js.publish(name, payload.into()).await.unwrap().await.expect("there is room again");
        world.js.delete_stream(&stream.cached_info().config.name).await.unwrap();
    }
}
