//! Taking messages out of a stream: deleting, purging, rolling up, and forbidding that.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, StorageType, Stream};

use super::{
    at_hand, config, consumer, durable, publish, publish_many, refusal, send, sequences, state, stream, subject,
};
use crate::harness::World;
use crate::{needs, on_both_stores};

/// Messages 1 to 6 on `a`, `b`, `a`, `b`, `a`, `b`.
async fn alternating(world: &World, storage: StorageType) -> Stream {
    let change = |config: &mut Config| (config.storage, config.allow_rollup) = (storage, true);
    let stream = stream(world, "letters", change).await;
    for token in ["a", "b", "a", "b", "a", "b"] {
        publish(&world.js, &subject(&stream, token), token).await;
    }
    stream
}

async fn left(stream: &Stream) -> Vec<u64> {
    let reader = consumer(stream, async_nats::jetstream::consumer::pull::Config::default()).await;
    sequences(&at_hand(&reader).await)
}

on_both_stores!(
    a_deleted_message_is_gone,
    a_purge_takes_what_it_is_told,
    a_purged_stream_goes_on_counting,
    a_roll_up_replaces_what_was_before,
);

async fn a_deleted_message_is_gone(storage: StorageType) {
    let world = World::new().await;
    let stream = alternating(&world, storage).await;
    for sequence in [3, 1, 6] {
        assert!(stream.delete_message(sequence).await.unwrap());
        assert!(stream.get_raw_message(sequence).await.is_err());
    }
    assert_eq!(left(&stream).await, [2, 4, 5]);
    let now = state(&stream).await;
    assert_eq!((now.messages, now.first_sequence, now.last_sequence), (3, 2, 6));
    // Servers of different ages give different names to it.
    let known = [ErrorCode::STREAM_MESSAGE_DELETE_FAILED, ErrorCode::SEQUENCE_NOT_FOUND];
    for missing in [3, 99] {
        let twice = refusal(stream.delete_message(missing).await);
        assert!(known.contains(&twice), "{missing}: {twice:?}");
    }
    assert_eq!(publish(&world.js, &subject(&stream, "a"), "next").await, 7);
}

async fn a_purge_takes_what_it_is_told(storage: StorageType) {
    let world = World::new().await;
    let name = |token: &str, stream: &Stream| subject(stream, token);
    let stream = alternating(&world, storage).await;
    assert_eq!(stream.purge().filter(name("none", &stream)).await.unwrap().purged, 0);
    assert_eq!(stream.purge().filter(name("a", &stream)).await.unwrap().purged, 3);
    assert_eq!(left(&stream).await, [2, 4, 6]);
    world.js.delete_stream(&stream.cached_info().config.name).await.unwrap();

    let stream = alternating(&world, storage).await;
    assert_eq!(stream.purge().sequence(4).await.unwrap().purged, 3, "up to, not including");
    assert_eq!(left(&stream).await, [4, 5, 6]);
    world.js.delete_stream(&stream.cached_info().config.name).await.unwrap();

    let stream = alternating(&world, storage).await;
    assert_eq!(stream.purge().keep(2).await.unwrap().purged, 4);
    assert_eq!(left(&stream).await, [5, 6]);
    world.js.delete_stream(&stream.cached_info().config.name).await.unwrap();

    let stream = alternating(&world, storage).await;
    assert_eq!(stream.purge().filter(name("b", &stream)).keep(1).await.unwrap().purged, 2);
    assert_eq!(left(&stream).await, [1, 3, 5, 6]);
    assert_eq!(stream.purge().filter(name("a", &stream)).sequence(5).await.unwrap().purged, 2);
    assert_eq!(left(&stream).await, [5, 6]);
}

async fn a_purged_stream_goes_on_counting(storage: StorageType) {
    let world = World::new().await;
    let stream = alternating(&world, storage).await;
    let reader = consumer(&stream, durable("reader")).await;
    let purged = stream.purge().await.unwrap();
    assert!(purged.success);
    assert_eq!(purged.purged, 6);
    let empty = state(&stream).await;
    assert_eq!((empty.messages, empty.bytes), (0, 0));
    assert_eq!((empty.first_sequence, empty.last_sequence), (7, 6), "the next to come is the first");
    assert_eq!(reader.get_info().await.unwrap().num_pending, 0);
    assert_eq!(publish(&world.js, &subject(&stream, "a"), "next").await, 7);
    assert_eq!(sequences(&at_hand(&reader).await), [7]);
}

async fn a_roll_up_replaces_what_was_before(storage: StorageType) {
    let world = World::new().await;
    let stream = alternating(&world, storage).await;
    let roll_up = |of: &str| PublishMessage::build().payload("sum".into()).header("Nats-Rollup", of);
    send(&world.js, &subject(&stream, "a"), roll_up("sub")).await.unwrap();
    assert_eq!(left(&stream).await, [2, 4, 6, 7], "of its own subject");
    send(&world.js, &subject(&stream, "c"), roll_up("all")).await.unwrap();
    assert_eq!(left(&stream).await, [8], "of all");
    let state = state(&stream).await;
    assert_eq!((state.messages, state.first_sequence, state.last_sequence), (1, 8, 8));
}

#[tokio::test]
async fn rolling_up_must_be_allowed() {
    let world = World::new().await;
    let stream = stream(&world, "closed", |_| ()).await;
    let roll_up = PublishMessage::build().header("Nats-Rollup", "sub");
    let refused = send(&world.js, &subject(&stream, "a"), roll_up).await;
    assert_eq!(refusal(refused), ErrorCode::STREAM_ROLLUP_FAILED);
    assert_eq!(state(&stream).await.last_sequence, 0);

    needs!(world.client, 2, 12, "an answer to a roll-up of nonsense");
    let stream = alternating(&world, StorageType::File).await;
    let nonsense = PublishMessage::build().header("Nats-Rollup", "everything");
    let refused = send(&world.js, &subject(&stream, "a"), nonsense).await;
    assert_eq!(refusal(refused), ErrorCode::STREAM_ROLLUP_FAILED);
}

#[tokio::test]
async fn deleting_and_purging_can_be_denied() {
    let world = World::new().await;
    let stream = stream(&world, "kept", |config| (config.deny_delete, config.deny_purge) = (true, true)).await;
    publish_many(&world.js, &subject(&stream, "a"), 2).await;
    assert_eq!(refusal(stream.delete_message(1).await), ErrorCode::STREAM_MESSAGE_DELETE_FAILED);
    assert_eq!(refusal(stream.purge().await), ErrorCode::STREAM_PURGE_FAILED);
    assert_eq!(state(&stream).await.messages, 2);

    let allowed = Config { deny_delete: false, deny_purge: false, ..stream.cached_info().config.clone() };
    let refused = world.js.update_stream(allowed).await;
    assert_eq!(refusal(refused), ErrorCode::STREAM_INVALID_CONFIG, "once denied, denied for good");

    let name = world.name("contradictory");
    let contradictory = Config { allow_rollup: true, deny_purge: true, ..config(&name, &[&name]) };
    assert_eq!(refusal(world.js.create_stream(contradictory).await), ErrorCode::STREAM_INVALID_CONFIG);
}
