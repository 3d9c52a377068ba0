//! Publishing: acknowledgements, repeats, and what a publisher may expect of the stream.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, StorageType};
use futures::StreamExt;

use super::{
    at_hand, config, consumer, durable, payloads, publish, publish_many, refusal, send, state, stream, subject,
    take_one,
};
use crate::harness::{World, eventually, never, soon};
use crate::on_both_stores;

fn message(payload: &str) -> PublishMessage {
    PublishMessage::build().payload(payload.to_string().into())
}

on_both_stores!(
    every_message_gets_the_next_number,
    publishers_at_the_same_time_get_numbers_of_their_own,
    a_repeat_is_recognised,
    headers_and_payload_come_back_as_they_were,
    a_message_may_be_as_large_as_the_server_takes,
    a_publisher_may_expect_something_of_the_stream,
);

async fn every_message_gets_the_next_number(storage: StorageType) {
    const MESSAGES: u64 = 5000;
    let world = World::new().await;
    let stream = stream(&world, "log", |config| config.storage = storage).await;
    let name = stream.cached_info().config.name.clone();
    let mut acks = Vec::new();
    for number in 0..MESSAGES {
        let ack = world.js.publish(subject(&stream, "a"), number.to_string().into());
        acks.push(ack.await.unwrap());
    }
    for (number, ack) in acks.into_iter().enumerate() {
        let ack = soon("an acknowledgement", ack.into_future()).await.unwrap();
        assert_eq!((ack.stream.as_str(), ack.sequence, ack.duplicate), (name.as_str(), number as u64 + 1, false));
    }
    assert_eq!(state(&stream).await.messages, MESSAGES);
    for sequence in [1, 2, MESSAGES / 2, MESSAGES] {
        assert_eq!(stream.get_raw_message(sequence).await.unwrap().payload, (sequence - 1).to_string());
    }
}

async fn publishers_at_the_same_time_get_numbers_of_their_own(storage: StorageType) {
    const PUBLISHERS: u64 = 8;
    const EACH: u64 = 50;
    let world = World::new().await;
    let stream = stream(&world, "log", |config| config.storage = storage).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..PUBLISHERS {
        let js = async_nats::jetstream::new(world.another_client().await);
        let subject = subject(&stream, &number.to_string());
        tasks.spawn(async move {
            let mut sequences = Vec::new();
            for _ in 0..EACH {
                sequences.push(publish(&js, &subject, "hello").await);
            }
            sequences
        });
    }
    let by_publisher = soon("every publisher", tasks.join_all()).await;
    for sequences in &by_publisher {
        assert!(sequences.is_sorted(), "one after the other");
    }
    let all: BTreeSet<u64> = by_publisher.into_iter().flatten().collect();
    assert_eq!(all, (1..=PUBLISHERS * EACH).collect(), "each number once");
}

#[tokio::test]
async fn where_no_stream_listens_nothing_is_stored() {
    let world = World::new().await;
    let lost = send(&world.js, &world.name("nowhere"), message("lost")).await.unwrap_err();
    assert_eq!(lost.kind(), PublishErrorKind::StreamNotFound);
}

async fn a_repeat_is_recognised(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "log", |config| {
        config.storage = storage;
        config.duplicate_window = Duration::from_millis(500);
    });
    let stream = stream.await;
    let (a, b) = (subject(&stream, "a"), subject(&stream, "b"));
    let once = || message("once").message_id("order-7");
    let first = send(&world.js, &a, once()).await.unwrap();
    assert_eq!((first.sequence, first.duplicate), (1, false));
    assert_eq!(publish(&world.js, &a, "between").await, 2);
    for subject in [&a, &b] {
        let repeat = send(&world.js, subject, once()).await.unwrap();
        assert_eq!((repeat.sequence, repeat.duplicate), (1, true), "an id is the stream's, not the subject's");
    }
    assert_eq!(state(&stream).await.messages, 2);
    let other = send(&world.js, &a, message("once").message_id("order-8")).await.unwrap();
    assert_eq!((other.sequence, other.duplicate), (3, false));

    stream.delete_message(1).await.unwrap();
    let repeat = send(&world.js, &a, once()).await.unwrap();
    assert_eq!((repeat.sequence, repeat.duplicate), (1, true), "also when the first is gone");
    eventually("the window is over", async || {
        let ack = send(&world.js, &a, once()).await.unwrap();
        (!ack.duplicate).then_some(())
    })
    .await;
}

async fn a_publisher_may_expect_something_of_the_stream(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "log", |config| config.storage = storage).await;
    let name = stream.cached_info().config.name.clone();
    let (a, b, none) = (subject(&stream, "a"), subject(&stream, "b"), subject(&stream, "none"));
    send(&world.js, &a, message("1").expected_last_sequence(0).message_id("one")).await.unwrap();
    publish(&world.js, &b, "2").await;

    // (subject, what is expected, what the server says to it)
    let refused = [
        (&a, message("x").expected_stream("other"), ErrorCode::STREAM_NOT_MATCH, "expected stream does not match"),
        (&a, message("x").expected_last_sequence(1), ErrorCode::STREAM_WRONG_LAST_SEQUENCE, "wrong last sequence: 2"),
        (&a, message("x").expected_last_sequence(3), ErrorCode::STREAM_WRONG_LAST_SEQUENCE, "wrong last sequence: 2"),
        (
            &a,
            message("x").expected_last_subject_sequence(2),
            ErrorCode::STREAM_WRONG_LAST_SEQUENCE,
            "wrong last sequence: 1",
        ),
        (
            &a,
            message("x").expected_last_subject_sequence(0),
            ErrorCode::STREAM_WRONG_LAST_SEQUENCE,
            "wrong last sequence: 1",
        ),
        (
            &none,
            message("x").expected_last_subject_sequence(1),
            ErrorCode::STREAM_WRONG_LAST_SEQUENCE,
            "wrong last sequence: 0",
        ),
    ];
    for (subject, expecting, code, description) in refused {
        let refused = send(&world.js, subject, expecting).await.unwrap_err();
        assert!(refused.to_string().contains(description), "{refused}");
        if code == ErrorCode::STREAM_WRONG_LAST_SEQUENCE {
            assert_eq!(refused.kind(), PublishErrorKind::WrongLastSequence);
        }
        assert_eq!(refusal(Err::<(), _>(refused)), code);
    }
    assert_eq!(state(&stream).await.last_sequence, 2, "nothing of that was stored");

    let met = [
        (&a, message("3").expected_stream(&name)),
        (&a, message("4").expected_last_sequence(3)),
        (&b, message("5").expected_last_subject_sequence(2)),
        (&none, message("6").expected_last_subject_sequence(0)),
    ];
    for (subject, expecting) in met {
        send(&world.js, subject, expecting).await.unwrap();
    }

    send(&world.js, &a, message("7").message_id("seven")).await.unwrap();
    let refused = send(&world.js, &a, message("x").expected_last_message_id("six")).await.unwrap_err();
    assert_eq!(refused.kind(), PublishErrorKind::WrongLastMessageId);
    assert!(refused.to_string().contains("wrong last msg ID: seven"), "{refused}");
    send(&world.js, &a, message("8").expected_last_message_id("seven")).await.unwrap();
}

#[tokio::test]
async fn a_repeat_is_recognised_before_its_expectations_are_looked_at() {
    let world = World::new().await;
    let stream = stream(&world, "log", |_| ()).await;
    let conditional = || message("once").message_id("id").expected_last_sequence(0);
    send(&world.js, &subject(&stream, "a"), conditional()).await.unwrap();
    // A publisher that missed the acknowledgement asks again, and must not be told that it lost.
    let repeat = send(&world.js, &subject(&stream, "a"), conditional()).await.unwrap();
    assert_eq!((repeat.sequence, repeat.duplicate), (1, true));
}

async fn headers_and_payload_come_back_as_they_were(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "log", |config| config.storage = storage).await;
    let mut headers = HeaderMap::new();
    headers.insert("Colour", "rötlich, mit Stich");
    headers.append("Twice", "one");
    headers.append("Twice", "two");
    headers.insert("Empty", "");
    headers.insert("x-lower", "  spaces around  ");
    let payload: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let sent = PublishMessage::build().payload(payload.clone().into()).headers(headers);
    send(&world.js, &subject(&stream, "a"), sent).await.unwrap();
    send(&world.js, &subject(&stream, "a"), PublishMessage::build()).await.unwrap();

    let consumer = consumer(&stream, durable("reader")).await;
    let message = take_one(&consumer).await;
    let stored = stream.get_raw_message(1).await.unwrap();
    assert_eq!((&message.payload[..], &stored.payload[..]), (&payload[..], &payload[..]));
    for headers in [message.headers.as_ref().unwrap(), &stored.headers] {
        let one = |name: &str| headers.get(name).map(|value| value.as_str().trim().to_string());
        assert_eq!(one("Colour").as_deref(), Some("rötlich, mit Stich"));
        assert_eq!(one("Empty").as_deref(), Some(""));
        assert_eq!(one("x-lower").as_deref(), Some("spaces around"));
    }
    let twice = message.headers.as_ref().unwrap().get_all("Twice");
    assert_eq!(twice.map(ToString::to_string).collect::<Vec<_>>(), ["one", "two"]);
    let empty = take_one(&consumer).await;
    assert!(empty.payload.is_empty() && empty.headers.is_none());
}

async fn a_message_may_be_as_large_as_the_server_takes(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "log", |config| config.storage = storage).await;
    let subject = subject(&stream, "a");
    let max = world.client.max_payload();
    let bytes = |length: usize| bytes::Bytes::from(vec![b'x'; length]);
    let headed = PublishMessage::build().header("Colour", "red").payload(bytes(max - 100));
    for largest in [PublishMessage::build().payload(bytes(max)), headed] {
        send(&world.js, &subject, largest).await.unwrap();
    }
    let refused = world.js.publish(subject.clone(), bytes(max + 1)).await.unwrap_err();
    assert_eq!(refused.kind(), PublishErrorKind::MaxPayloadExceeded);

    let consumer = consumer(&stream, durable("reader")).await;
    for (sequence, length) in [(1, max), (2, max - 100)] {
        assert_eq!(take_one(&consumer).await.payload, bytes(length));
        assert_eq!(stream.get_raw_message(sequence).await.unwrap().payload, bytes(length));
    }
}

#[tokio::test]
async fn a_plain_publisher_and_a_plain_subscriber_take_part() {
    let world = World::new().await;
    let stream = stream(&world, "log", |_| ()).await;
    let mut plain = world.client.subscribe(subject(&stream, ">")).await.unwrap();
    world.client.publish(subject(&stream, "a"), "no ack wanted".into()).await.unwrap();
    assert_eq!(soon("the message itself", plain.next()).await.unwrap().payload, "no ack wanted");
    publish(&world.js, &subject(&stream, "b"), "acknowledged").await;
    let message = soon("the next one", plain.next()).await.unwrap();
    assert_eq!(
        (message.subject.as_str(), message.payload.as_ref()),
        (subject(&stream, "b").as_str(), b"acknowledged".as_slice())
    );
    let consumer = consumer(&stream, durable("reader")).await;
    assert_eq!(payloads(&at_hand(&consumer).await), ["no ack wanted", "acknowledged"]);
}

#[tokio::test]
async fn a_stream_may_keep_silent_about_what_it_stores() {
    let world = World::new().await;
    let name = world.name("silent");
    let stream = world.js.create_stream(Config { no_ack: true, ..config(&name, &[&name]) }).await.unwrap();
    let ack = world.js.publish(name.clone(), "hello".into()).await.unwrap();
    never("no acknowledgement comes", Duration::from_millis(200), ack.into_future()).await;
    assert_eq!(state(&stream).await.messages, 1);
}

#[tokio::test]
async fn one_publisher_keeps_its_order() {
    let world = World::new().await;
    let stream = stream(&world, "log", |_| ()).await;
    publish_many(&world.js, &subject(&stream, "a"), 500).await;
    let consumer = consumer(&stream, durable("reader")).await;
    let messages = at_hand(&consumer).await;
    let expected: Vec<_> = (0..500).map(|number| number.to_string()).collect();
    assert_eq!(payloads(&messages), expected);
}
