//! Messages with a time to live of their own, and the markers that tell they are gone.

use std::time::{Duration, Instant};

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, StorageType, Stream};

use super::{publish, refusal, send, state, stream, subject};
use crate::harness::{World, eventually};
use crate::{needs, on_both_stores};

fn living(ttl: &str) -> PublishMessage {
    PublishMessage::build().payload("hello".into()).header("Nats-TTL", ttl)
}

fn mortal(storage: StorageType) -> impl FnOnce(&mut Config) {
    move |config| (config.storage, config.allow_message_ttl) = (storage, true)
}

/// Waits until message `sequence` is gone.
async fn goes(stream: &Stream, sequence: u64) {
    eventually("the message is gone", async || stream.get_raw_message(sequence).await.err()).await;
}

on_both_stores!(
    a_message_lives_as_long_as_it_was_told,
    a_message_can_outlive_its_stream_s_age,
    a_marker_tells_that_the_last_of_a_subject_grew_old,
);

async fn a_message_lives_as_long_as_it_was_told(storage: StorageType) {
    let world = World::new().await;
    needs!(world.client, 2, 11, "a time to live for each message");
    let stream = stream(&world, "mortal", mortal(storage)).await;
    send(&world.js, &subject(&stream, "a"), living("1")).await.unwrap();
    send(&world.js, &subject(&stream, "a"), living("1h")).await.unwrap();
    send(&world.js, &subject(&stream, "a"), PublishMessage::build().ttl(Duration::from_secs(1))).await.unwrap();
    publish(&world.js, &subject(&stream, "a"), "immortal").await;
    assert_eq!(state(&stream).await.messages, 4);
    goes(&stream, 1).await;
    goes(&stream, 3).await;
    let state = state(&stream).await;
    assert_eq!((state.messages, state.first_sequence, state.last_sequence), (2, 2, 4));
    let rest = stream.get_raw_message(2).await.unwrap();
    assert_eq!(rest.headers.get("Nats-TTL").map(async_nats::HeaderValue::as_str), Some("1h"), "the header is kept");
}

async fn a_message_can_outlive_its_stream_s_age(storage: StorageType) {
    let world = World::new().await;
    needs!(world.client, 2, 11, "a time to live for each message");
    let change = |config: &mut Config| {
        mortal(storage)(config);
        config.max_age = Duration::from_millis(500);
    };
    let stream = stream(&world, "mortal", change).await;
    send(&world.js, &subject(&stream, "a"), living("never")).await.unwrap();
    publish(&world.js, &subject(&stream, "a"), "mortal").await;
    goes(&stream, 2).await;
    assert_eq!(stream.get_raw_message(1).await.unwrap().payload, "hello");
}

#[tokio::test]
async fn a_time_to_live_must_be_allowed_and_make_sense() {
    let world = World::new().await;
    needs!(world.client, 2, 11, "a time to live for each message");
    let immortal = stream(&world, "immortal", |_| ()).await;
    let refused = send(&world.js, &subject(&immortal, "a"), living("1s")).await;
    assert_eq!(refusal(refused), ErrorCode::MESSAGE_TTL_DISABLED);
    let stream = stream(&world, "mortal", mortal(StorageType::File)).await;
    for nonsense in ["0", "-1", "soon", "100ms", "1x"] {
        let refused = send(&world.js, &subject(&stream, "a"), living(nonsense)).await;
        assert_eq!(refusal(refused), ErrorCode::MESSAGE_TTL_INVALID, "{nonsense}");
    }
    assert_eq!(state(&stream).await.messages, 0);
}

async fn a_marker_tells_that_the_last_of_a_subject_grew_old(storage: StorageType) {
    let world = World::new().await;
    needs!(world.client, 2, 11, "delete markers");
    let change = |config: &mut Config| {
        mortal(storage)(config);
        config.subject_delete_marker_ttl = Some(Duration::from_mins(1));
        // With room for more than one, a message lives at least as long as its marker would.
        config.max_messages_per_subject = 1;
    };
    let stream = stream(&world, "mortal", change).await;
    assert!(stream.cached_info().config.allow_rollup, "markers need roll-ups, so they come with them");
    send(&world.js, &subject(&stream, "a"), living("1")).await.unwrap();
    send(&world.js, &subject(&stream, "b"), living("1")).await.unwrap();
    publish(&world.js, &subject(&stream, "b"), "the last of b").await;
    goes(&stream, 1).await;
    let marker =
        eventually("the marker", async || stream.get_last_raw_message_by_subject(&subject(&stream, "a")).await.ok())
            .await;
    let header = |name: &str| marker.headers.get(name).map(|value| value.as_str().to_string());
    assert_eq!(marker.sequence, 4);
    assert!(marker.payload.is_empty());
    assert_eq!(header("Nats-Marker-Reason").as_deref(), Some("MaxAge"));
    assert_eq!(header("Nats-TTL").as_deref(), Some("1m0s"));
    let b = stream.get_last_raw_message_by_subject(&subject(&stream, "b")).await.unwrap();
    assert_eq!(b.payload, "the last of b", "what was replaced did not grow old");
}

#[tokio::test]
async fn a_message_lives_no_shorter_than_its_marker_would() {
    let world = World::new().await;
    needs!(world.client, 2, 12, "a minimum to the time to live where there are markers");
    let stream = stream(&world, "mortal", |config| {
        mortal(StorageType::Memory)(config);
        config.subject_delete_marker_ttl = Some(Duration::from_secs(2));
    })
    .await;
    let began = Instant::now();
    send(&world.js, &subject(&stream, "a"), living("1")).await.unwrap();
    goes(&stream, 1).await;
    assert!(began.elapsed() >= Duration::from_secs(2), "a marker might have been missed");
}
