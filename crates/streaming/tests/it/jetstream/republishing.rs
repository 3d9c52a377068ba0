//! What a stream does with subjects: it republishes what it stores, and renames what it takes.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, Republish, StorageType, SubjectTransform};
use futures::StreamExt;

use super::{config, publish, refusal, send, state};
use crate::harness::{World, soon};
use crate::{needs, on_both_stores};

fn republish(source: &str, destination: &str, headers_only: bool) -> Republish {
    Republish { source: source.into(), destination: destination.into(), headers_only }
}

on_both_stores!(what_is_stored_is_published_again);

async fn what_is_stored_is_published_again(storage: StorageType) {
    let world = World::new().await;
    let (name, out) = (world.name("orders"), world.name("out"));
    let stream = Config {
        storage,
        republish: Some(republish(&format!("{name}.*.placed"), &format!("{out}.{{{{wildcard(1)}}}}"), false)),
        ..config(&name, &[&format!("{name}.>")])
    };
    let stream = world.js.create_stream(stream).await.unwrap();
    assert_eq!(stream.cached_info().config.republish.as_ref().unwrap().source, format!("{name}.*.placed"));
    let mut again = world.client.subscribe(format!("{out}.>")).await.unwrap();
    publish(&world.js, &format!("{name}.eu.paid"), "of another kind").await;
    let message = PublishMessage::build().payload("first".into()).header("Colour", "red");
    send(&world.js, &format!("{name}.eu.placed"), message).await.unwrap();
    publish(&world.js, &format!("{name}.eu.placed"), "second").await;

    // (payload, its own sequence, that of the one before on its subject)
    for (payload, sequence, before) in [("first", "2", "0"), ("second", "3", "2")] {
        let message = soon("a copy", again.next()).await.unwrap();
        assert_eq!(
            (message.subject.as_str(), message.payload.as_ref()),
            (format!("{out}.eu").as_str(), payload.as_bytes())
        );
        let headers = message.headers.unwrap();
        let header = |header: &str| headers.get(header).map(|value| value.as_str().to_string());
        assert_eq!(header("Nats-Stream").as_ref(), Some(&name));
        assert_eq!(header("Nats-Subject"), Some(format!("{name}.eu.placed")));
        assert_eq!(header("Nats-Sequence").as_deref(), Some(sequence));
        assert_eq!(header("Nats-Last-Sequence").as_deref(), Some(before));
        assert_eq!(header("Colour").as_deref(), (payload == "first").then_some("red"));
    }
}

#[tokio::test]
async fn only_the_headers_can_be_published_again() {
    let world = World::new().await;
    let (name, out) = (world.name("orders"), world.name("out"));
    let stream = Config { republish: Some(republish(">", &format!("{out}.>"), true)), ..config(&name, &[&name]) };
    world.js.create_stream(stream).await.unwrap();
    let mut again = world.client.subscribe(format!("{out}.>")).await.unwrap();
    publish(&world.js, &name, "twelve bytes").await;
    let message = soon("a copy", again.next()).await.unwrap();
    assert_eq!(message.subject.as_str(), format!("{out}.{name}"));
    assert!(message.payload.is_empty());
    assert_eq!(message.headers.unwrap().get("Nats-Msg-Size").map(async_nats::HeaderValue::as_str), Some("12"));
}

#[tokio::test]
async fn a_stream_cannot_publish_to_itself() {
    let world = World::new().await;
    let name = world.name("orders");
    let circular = Config {
        republish: Some(republish(">", &format!("{name}.again.>"), false)),
        ..config(&name, &[&format!("{name}.>")])
    };
    assert_eq!(refusal(world.js.create_stream(circular).await), ErrorCode::STREAM_INVALID_CONFIG);
}

#[tokio::test]
async fn subjects_are_renamed_on_the_way_in() {
    let world = World::new().await;
    needs!(world.client, 2, 10, "subject transforms");
    let name = world.name("orders");
    let transform = SubjectTransform {
        source: format!("{name}.*.*"),
        destination: format!("{name}.by.{{{{wildcard(2)}}}}.{{{{wildcard(1)}}}}"),
    };
    let stream = Config { subject_transform: Some(transform.clone()), ..config(&name, &[&format!("{name}.>")]) };
    let stream = world.js.create_stream(stream).await.unwrap();
    assert_eq!(stream.cached_info().config.subject_transform, Some(transform));
    publish(&world.js, &format!("{name}.eu.placed"), "renamed").await;
    publish(&world.js, &format!("{name}.other"), "as it is").await;
    assert_eq!(stream.get_raw_message(1).await.unwrap().subject.as_str(), format!("{name}.by.placed.eu"));
    assert_eq!(stream.get_raw_message(2).await.unwrap().subject.as_str(), format!("{name}.other"));
    assert_eq!(state(&stream).await.subjects_count, 2);
}
