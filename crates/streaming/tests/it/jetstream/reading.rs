//! Reading single messages without a consumer: through the API, and directly.

use std::time::Duration;

use async_nats::client::Request;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, DirectGetErrorKind, LastRawMessageErrorKind, StorageType, Stream};

use super::{publish, send, stream, subject};
use crate::harness::World;
use crate::on_both_stores;

/// Messages 1 to 5 on `a`, `b`, `a`, `c`, `a`, of which the fourth is deleted.
async fn letters(world: &World, storage: StorageType) -> Stream {
    let change = |config: &mut Config| (config.storage, config.allow_direct) = (storage, true);
    let stream = stream(world, "letters", change).await;
    for (number, token) in ["a", "b", "a", "c", "a"].into_iter().enumerate() {
        let message = PublishMessage::build().payload(format!("{token}{}", number + 1).into()).header("Token", token);
        send(&world.js, &subject(&stream, token), message).await.unwrap();
    }
    stream.delete_message(4).await.unwrap();
    stream
}

on_both_stores!(a_message_is_read_through_the_api, a_message_is_read_directly);

async fn a_message_is_read_through_the_api(storage: StorageType) {
    let world = World::new().await;
    let stream = letters(&world, storage).await;
    let message = stream.get_raw_message(2).await.unwrap();
    assert_eq!((message.subject.as_str(), message.sequence), (subject(&stream, "b").as_str(), 2));
    assert_eq!(message.payload, "b2");
    assert_eq!(message.headers.get("Token").map(async_nats::HeaderValue::as_str), Some("b"));

    let last = stream.get_last_raw_message_by_subject(&subject(&stream, "a")).await.unwrap();
    assert_eq!((last.sequence, last.payload.as_ref()), (5, b"a5".as_slice()));
    assert!(last.time > message.time);
    let first = stream.get_next_raw_message_by_subject(subject(&stream, "a"));
    assert_eq!(first.await.unwrap().sequence, 1);
    for (from, found) in [(1, 1), (2, 3), (3, 3), (4, 5)] {
        let next = stream.get_first_raw_message_by_subject(subject(&stream, "a"), from);
        assert_eq!(next.await.unwrap().sequence, found, "from {from} on");
    }
    let any = stream.get_first_raw_message_by_subject(subject(&stream, "*"), 4).await.unwrap();
    assert_eq!(any.sequence, 5, "wildcards are fine");

    let missing = [
        stream.get_raw_message(4).await.err(),
        stream.get_raw_message(6).await.err(),
        stream.get_last_raw_message_by_subject(&subject(&stream, "c")).await.err(),
        stream.get_last_raw_message_by_subject(&subject(&stream, "none")).await.err(),
        stream.get_first_raw_message_by_subject(subject(&stream, "b"), 3).await.err(),
    ];
    for (index, missing) in missing.into_iter().enumerate() {
        assert_eq!(missing.unwrap().kind(), LastRawMessageErrorKind::NoMessageFound, "{index}");
    }
}

async fn a_message_is_read_directly(storage: StorageType) {
    let world = World::new().await;
    let stream = letters(&world, storage).await;
    let message = stream.direct_get(2).await.unwrap();
    let stored = stream.get_raw_message(2).await.unwrap();
    assert_eq!((message.subject.as_str(), message.sequence), (subject(&stream, "b").as_str(), 2));
    assert_eq!((message.payload.as_ref(), message.time), (b"b2".as_slice(), stored.time));
    let header = |name: &str| message.headers.get(name).map(|value| value.as_str().to_string());
    assert_eq!(header("Token").as_deref(), Some("b"));
    assert_eq!(header("Nats-Stream").as_ref(), Some(&stream.cached_info().config.name));

    let last = stream.direct_get_last_for_subject(subject(&stream, "a")).await.unwrap();
    assert_eq!((last.sequence, last.payload.as_ref()), (5, b"a5".as_slice()));
    let first = stream.direct_get_first_for_subject(subject(&stream, "a")).await.unwrap();
    assert_eq!(first.sequence, 1);
    for (from, found) in [(1, 1), (2, 3), (4, 5)] {
        let next = stream.direct_get_next_for_subject(subject(&stream, "a"), Some(from)).await.unwrap();
        assert_eq!(next.sequence, found, "from {from} on");
    }

    let missing = [
        stream.direct_get(4).await.err(),
        stream.direct_get(6).await.err(),
        stream.direct_get_last_for_subject(subject(&stream, "c")).await.err(),
        stream.direct_get_last_for_subject(subject(&stream, "none")).await.err(),
        stream.direct_get_next_for_subject(subject(&stream, "b"), Some(3)).await.err(),
    ];
    for (index, missing) in missing.into_iter().enumerate() {
        assert_eq!(missing.unwrap().kind(), DirectGetErrorKind::NotFound, "{index}");
    }
}

#[tokio::test]
async fn a_direct_read_without_headers_of_its_own() {
    let world = World::new().await;
    let stream = stream(&world, "plain", |config| config.allow_direct = true).await;
    let payload: Vec<u8> = (0..=255).collect();
    let message = PublishMessage::build().payload(payload.clone().into());
    send(&world.js, &subject(&stream, "a"), message).await.unwrap();
    let message = stream.direct_get(1).await.unwrap();
    assert_eq!(message.payload, payload);
    assert_eq!(message.headers.len(), 4, "stream, subject, sequence and time: {:?}", message.headers);
}

#[tokio::test]
async fn direct_reading_must_be_allowed() {
    let world = World::new().await;
    let stream = stream(&world, "closed", |_| ()).await;
    publish(&world.js, &subject(&stream, "a"), "hello").await;
    let name = stream.cached_info().config.name.clone();
    let read = || {
        let request = Request::new().payload(r#"{"seq":1}"#.into()).timeout(Some(Duration::from_millis(500)));
        world.client.send_request(format!("$JS.API.DIRECT.GET.{name}"), request)
    };
    // No responders, or no response: either way nobody reads the message.
    assert!(read().await.is_err());
    let open = Config { allow_direct: true, ..stream.cached_info().config.clone() };
    world.js.update_stream(open).await.unwrap();
    assert_eq!(read().await.unwrap().payload, "hello");
    world.js.update_stream(stream.cached_info().config.clone()).await.unwrap();
    assert!(read().await.is_err());
}
