//! The life of a stream: created, looked up, changed, listed, deleted.

use std::collections::HashMap;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, StorageType};
use futures::TryStreamExt;

use super::{config, durable, publish, publish_many, refusal, send, state, stream};
use crate::harness::{Server, World, soon};
use crate::on_both_stores;

#[tokio::test]
async fn creating_a_stream_again_is_fine_if_nothing_differs() {
    let world = World::new().await;
    let name = world.name("orders");
    let first = world.js.create_stream(config(&name, &[&name])).await.unwrap();
    publish(&world.js, &name, "kept").await;

    let again = world.js.create_stream(config(&name, &[&name])).await.unwrap();
    assert_eq!(again.cached_info().created, first.cached_info().created);
    assert_eq!(again.cached_info().state.messages, 1);

    let other = world.js.create_stream(Config { max_messages: 7, ..config(&name, &[&name]) }).await;
    assert_eq!(refusal(other), ErrorCode::STREAM_NAME_EXIST);
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let world = World::new().await;
    let name = world.name("nowhere");
    let gone = world.js.get_stream(&name).await.unwrap_err();
    assert!(matches!(gone.kind(), GetStreamErrorKind::JetStream(error) if error.code() == 404));
    assert_eq!(refusal(Err::<(), _>(gone)), ErrorCode::STREAM_NOT_FOUND);
    let gone = world.js.update_stream(config(&name, &[&name])).await.unwrap_err();
    assert_eq!(gone.kind(), CreateStreamErrorKind::NotFound);
    assert!(world.js.delete_stream(&name).await.is_err());
}

#[tokio::test]
async fn get_or_create_leaves_a_stream_that_is_there_as_it_is() {
    let world = World::new().await;
    let name = world.name("orders");
    let made = world.js.get_or_create_stream(Config { max_messages: 5, ..config(&name, &[&name]) }).await.unwrap();
    let found = world.js.get_or_create_stream(Config { max_messages: 9, ..config(&name, &[&name]) }).await.unwrap();
    assert_eq!(found.cached_info().config.max_messages, 5);
    assert_eq!(found.cached_info().created, made.cached_info().created);

    let updated =
        world.js.create_or_update_stream(Config { max_messages: 9, ..config(&name, &[&name]) }).await.unwrap();
    assert_eq!(updated.config.max_messages, 9);
    let name = world.name("another");
    let created = world.js.create_or_update_stream(config(&name, &[&name])).await.unwrap();
    assert_eq!(created.config.name, name);
}

on_both_stores!(an_update_takes_effect_at_once);

async fn an_update_takes_effect_at_once(storage: StorageType) {
    let world = World::new().await;
    let (name, more) = (world.name("orders"), world.name("more"));
    let stream = world.js.create_stream(Config { storage, ..config(&name, &[&name]) }).await.unwrap();
    publish_many(&world.js, &name, 10).await;

    let info = world.js.update_stream(Config {
        storage,
        description: Some("the last three".into()),
        max_messages: 3,
        ..config(&name, &[&name, &more])
    });
    let info = info.await.unwrap();
    assert_eq!(info.config.description.as_deref(), Some("the last three"));
    assert_eq!(info.config.subjects, [name.clone(), more.clone()]);
    let state = state(&stream).await;
    assert_eq!(
        (state.messages, state.first_sequence, state.last_sequence),
        (3, 8, 10),
        "the new limit holds for the old"
    );
    assert_eq!(publish(&world.js, &more, "on the new subject").await, 11);

    world.js.update_stream(Config { storage, max_messages: 3, ..config(&name, &[&more]) }).await.unwrap();
    let lost = send(&world.js, &name, PublishMessage::build()).await.unwrap_err();
    assert_eq!(lost.kind(), PublishErrorKind::StreamNotFound, "nobody listens on the subject that was taken away");
}

#[tokio::test]
async fn a_deleted_stream_leaves_nothing_behind() {
    let world = World::new().await;
    let name = world.name("orders");
    let stream = world.js.create_stream(config(&name, &[&name])).await.unwrap();
    stream.create_consumer(durable("reader")).await.unwrap();
    publish_many(&world.js, &name, 3).await;
    assert!(world.js.delete_stream(&name).await.unwrap().success);

    let lost = send(&world.js, &name, PublishMessage::build()).await.unwrap_err();
    assert_eq!(lost.kind(), PublishErrorKind::StreamNotFound);
    let again = world.js.create_stream(config(&name, &[&name])).await.unwrap();
    assert_eq!((again.cached_info().state.messages, again.cached_info().state.consumer_count), (0, 0));
    assert_eq!(publish(&world.js, &name, "anew").await, 1);
}

#[tokio::test]
async fn streams_are_found_by_name_and_by_subject() {
    let world = World::new().await;
    let mut expected: Vec<_> = (0..4).map(|number| world.name(&format!("s{number}"))).collect();
    for name in &expected {
        world.js.create_stream(config(name, &[&format!("{name}.>")])).await.unwrap();
    }
    expected.sort();

    let mut names: Vec<String> = world.js.stream_names().try_collect().await.unwrap();
    names.retain(|name| expected.contains(name));
    names.sort();
    assert_eq!(names, expected);

    let listed: Vec<_> = world.js.streams().try_collect().await.unwrap();
    let mut listed: Vec<_> =
        listed.into_iter().map(|info| info.config.name).filter(|name| expected.contains(name)).collect();
    listed.sort();
    assert_eq!(listed, expected);

    for name in &expected {
        assert_eq!(&world.js.stream_by_subject(format!("{name}.any")).await.unwrap(), name);
        assert_eq!(&world.js.stream_by_subject(format!("{name}.>")).await.unwrap(), name);
    }
    assert!(world.js.stream_by_subject(world.name("nobody")).await.is_err());
}

#[tokio::test]
async fn a_long_list_of_streams_comes_in_pages() {
    const STREAMS: usize = 300; // More than the 256 of one page.
    let server = Server::start(&[]);
    let world = World::of(&server).await;
    for number in 0..STREAMS {
        let name = format!("s{number}");
        world.js.create_stream(Config { storage: StorageType::Memory, ..config(&name, &[&name]) }).await.unwrap();
    }
    let mut listed: Vec<_> = soon("all pages", world.js.streams().try_collect::<Vec<_>>()).await.unwrap();
    listed.sort_by_key(|info| info.config.name[1..].parse::<usize>().unwrap());
    let names: Vec<_> = listed.into_iter().map(|info| info.config.name).collect();
    assert_eq!(names, (0..STREAMS).map(|number| format!("s{number}")).collect::<Vec<_>>(), "each once");
}

on_both_stores!(the_state_counts_what_is_there);

async fn the_state_counts_what_is_there(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "counted", |config| config.storage = storage).await;
    let name = stream.cached_info().config.name.clone();
    let (a, b) = (format!("{name}.a"), format!("{name}.b"));
    publish(&world.js, &a, "12345").await;
    let one = state(&stream).await.bytes;
    assert!(one > 5, "a message is more than its payload");
    for _ in 0..3 {
        publish(&world.js, &a, "12345").await;
    }
    publish(&world.js, &b, "12345").await;
    let all = state(&stream).await;
    assert_eq!((all.messages, all.bytes), (5, 5 * one));
    assert_eq!((all.first_sequence, all.last_sequence, all.subjects_count), (1, 5, 2));
    assert!(all.first_timestamp < all.last_timestamp);

    stream.delete_message(3).await.unwrap();
    stream.delete_message(1).await.unwrap();
    let holed = state(&stream).await;
    assert_eq!(
        (holed.messages, holed.bytes, holed.deleted_count),
        (3, 3 * one, Some(1)),
        "a hole lies between two messages"
    );
    assert_eq!((holed.first_sequence, holed.last_sequence), (2, 5));

    let detailed = stream.info_builder().with_deleted(true).subjects(">").fetch().await.unwrap();
    assert_eq!(detailed.info.state.deleted, Some(vec![3]));
    let counts: HashMap<String, usize> = detailed.try_collect().await.unwrap();
    assert_eq!(counts, HashMap::from([(a.clone(), 2), (b.clone(), 1)]));

    let only: HashMap<String, usize> = stream.info_with_subjects(&b).await.unwrap().try_collect().await.unwrap();
    assert_eq!(only, HashMap::from([(b, 1)]));
    let none: HashMap<String, usize> = stream.info_with_subjects("none.*").await.unwrap().try_collect().await.unwrap();
    assert!(none.is_empty());
}
