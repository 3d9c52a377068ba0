//! The limits of a stream, and what gives way when one is reached.

use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};

use super::{
    at_hand, config, consumer, durable, publish, publish_many, refusal, send, sequences, state, stream, subject,
};
use crate::harness::{World, eventually};
use crate::on_both_stores;

on_both_stores!(
    the_oldest_gives_way_to_one_message_too_many,
    the_oldest_gives_way_to_one_byte_too_many,
    the_oldest_of_a_subject_gives_way,
    a_full_stream_can_refuse_what_is_new,
    a_stream_can_refuse_what_a_subject_has_no_room_for,
    messages_grow_old,
    a_message_too_large_is_refused,
);

async fn the_oldest_gives_way_to_one_message_too_many(storage: StorageType) {
    let world = World::new().await;
    let change = |config: &mut Config| (config.storage, config.max_messages) = (storage, 3);
    let stream = stream(&world, "bounded", change).await;
    publish_many(&world.js, &subject(&stream, "a"), 5).await;
    let state = state(&stream).await;
    assert_eq!((state.messages, state.first_sequence, state.last_sequence), (3, 3, 5));
    assert_eq!(sequences(&at_hand(&consumer(&stream, durable("reader")).await).await), [3, 4, 5]);
}

async fn the_oldest_gives_way_to_one_byte_too_many(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "bounded", |config| config.storage = storage).await;
    publish(&world.js, &subject(&stream, "a"), "12345").await;
    let one = i64::try_from(state(&stream).await.bytes).unwrap();
    let bounded = Config { max_bytes: 3 * one, ..stream.cached_info().config.clone() };
    world.js.update_stream(bounded).await.unwrap();
    for _ in 0..4 {
        publish(&world.js, &subject(&stream, "a"), "12345").await;
    }
    let full = state(&stream).await;
    assert_eq!((full.messages, full.first_sequence, full.last_sequence), (3, 3, 5));
    publish(&world.js, &subject(&stream, "a"), "123456").await;
    let state = state(&stream).await;
    assert_eq!(
        (state.messages, state.first_sequence, state.last_sequence),
        (2, 5, 6),
        "one byte more takes one more place"
    );
}

async fn the_oldest_of_a_subject_gives_way(storage: StorageType) {
    let world = World::new().await;
    // This is how key-value buckets are kept: new is preferred, and a subject still makes room.
    for discard in [DiscardPolicy::Old, DiscardPolicy::New] {
        let name = format!("latest-{discard:?}");
        let stream = stream(&world, &name, |config| {
            config.storage = storage;
            config.max_messages_per_subject = 2;
            config.discard = discard;
        });
        let stream = stream.await;
        for token in ["a", "b", "a", "a", "c", "a"] {
            publish(&world.js, &subject(&stream, token), token).await;
        }
        let state = state(&stream).await;
        assert_eq!((state.messages, state.first_sequence, state.last_sequence), (4, 2, 6));
        assert_eq!((state.subjects_count, state.deleted_count), (3, Some(1)));
        assert_eq!(sequences(&at_hand(&consumer(&stream, durable("reader")).await).await), [2, 4, 5, 6]);
    }
}

async fn a_full_stream_can_refuse_what_is_new(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "full", |config| {
        config.storage = storage;
        config.max_messages = 2;
        config.discard = DiscardPolicy::New;
    });
    let stream = stream.await;
    let subject = subject(&stream, "a");
    publish_many(&world.js, &subject, 2).await;
    let refused = send(&world.js, &subject, PublishMessage::build()).await.unwrap_err();
    assert!(refused.to_string().contains("maximum messages exceeded"), "{refused}");
    assert_eq!(refusal(Err::<(), _>(refused)), ErrorCode::STREAM_STORE_FAILED);
    let full = state(&stream).await;
    assert_eq!((full.messages, full.last_sequence), (2, 2), "what is refused takes no number");
    stream.delete_message(1).await.unwrap();
    assert_eq!(publish(&world.js, &subject, "room again").await, 3);

    let bytes = i64::try_from(state(&stream).await.bytes).unwrap();
    let bounded = Config { max_messages: -1, max_bytes: bytes, ..stream.cached_info().config.clone() };
    world.js.update_stream(bounded).await.unwrap();
    let refused = send(&world.js, &subject, PublishMessage::build()).await.unwrap_err();
    assert!(refused.to_string().contains("maximum bytes exceeded"), "{refused}");
    assert_eq!(refusal(Err::<(), _>(refused)), ErrorCode::STREAM_STORE_FAILED);
}

async fn a_stream_can_refuse_what_a_subject_has_no_room_for(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "full", |config| {
        config.storage = storage;
        config.max_messages_per_subject = 1;
        config.discard = DiscardPolicy::New;
        config.discard_new_per_subject = true;
    });
    let stream = stream.await;
    publish(&world.js, &subject(&stream, "a"), "first").await;
    let refused = send(&world.js, &subject(&stream, "a"), PublishMessage::build()).await.unwrap_err();
    assert!(refused.to_string().contains("maximum messages per subject exceeded"), "{refused}");
    assert_eq!(refusal(Err::<(), _>(refused)), ErrorCode::STREAM_STORE_FAILED);
    assert_eq!(publish(&world.js, &subject(&stream, "b"), "another subject").await, 2);
    stream.delete_message(1).await.unwrap();
    assert_eq!(publish(&world.js, &subject(&stream, "a"), "room again").await, 3);
}

async fn messages_grow_old(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "short", |config| {
        config.storage = storage;
        config.max_age = Duration::from_millis(400);
    });
    let stream = stream.await;
    publish_many(&world.js, &subject(&stream, "a"), 3).await;
    assert_eq!(state(&stream).await.messages, 3);
    eventually("they are gone", async || (state(&stream).await.messages == 0).then_some(())).await;
    let state = state(&stream).await;
    assert_eq!((state.bytes, state.first_sequence, state.last_sequence), (0, 4, 3));
    assert_eq!(publish(&world.js, &subject(&stream, "a"), "new").await, 4, "numbers are never given twice");
}

async fn a_message_too_large_is_refused(storage: StorageType) {
    let world = World::new().await;
    let change = |config: &mut Config| (config.storage, config.max_message_size) = (storage, 100);
    let stream = stream(&world, "small", change).await;
    let subject = subject(&stream, "a");
    let of = |bytes: usize| PublishMessage::build().payload("x".repeat(bytes).into());
    send(&world.js, &subject, of(100)).await.unwrap();
    assert_eq!(refusal(send(&world.js, &subject, of(101)).await), ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM);
    let headed = of(100).header("Colour", "red");
    assert_eq!(
        refusal(send(&world.js, &subject, headed).await),
        ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM,
        "headers count"
    );
    assert_eq!(state(&stream).await.messages, 1);
}

#[tokio::test]
async fn limits_that_make_no_sense_are_refused() {
    let world = World::new().await;
    let name = world.name("senseless");
    let refused = [
        Config { max_age: Duration::from_millis(1), ..config(&name, &[&name]) },
        Config { discard_new_per_subject: true, ..config(&name, &[&name]) },
        Config { discard_new_per_subject: true, discard: DiscardPolicy::New, ..config(&name, &[&name]) },
    ];
    for config in refused {
        let refused = world.js.create_stream(&config).await;
        assert_eq!(refusal(refused), ErrorCode::STREAM_INVALID_CONFIG, "{config:?}");
    }
}
