//! What outlives the server's end: asked to stop, or killed.

use std::time::Duration;

use async_nats::datetime;
use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, RetentionPolicy, StorageType, Stream};
use futures::TryStreamExt;

use super::{
    at_hand, config, consumer, durable, payloads, publish, publish_many, send, sequences, state, stream, subject, take,
    take_one,
};
use crate::harness::{Server, World, eventually, ours, skipped, soon};
use crate::needs;

/// How a server ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Stopped,
    Killed,
}

impl End {
    /// Ends the server and starts it again.
    pub(super) async fn come_to(self, server: &mut Server, world: &World) {
        match self {
            End::Stopped => server.restart(),
            End::Killed => server.kill9(),
        }
        world.answers().await;
    }

    /// A real `nats-server` acknowledges before it writes, so only ours can be held to it here.
    fn can_be_told(self) -> bool {
        let told = ours() || matches!(self, End::Stopped);
        if !told {
            skipped("what a killed nats-server had acknowledged may be lost");
        }
        told
    }
}

/// Runs a test twice: the server is asked to stop, or killed.
macro_rules! at_either_end {
    ($($test:ident),+ $(,)?) => { $(
        mod $test {
            #[tokio::test]
            async fn after_a_stop() {
                super::$test(super::End::Stopped).await;
            }

            #[tokio::test]
            async fn after_a_kill() {
                if super::End::Killed.can_be_told() {
                    super::$test(super::End::Killed).await;
                }
            }
        }
    )+ };
}

at_either_end!(
    a_stream_is_as_it_was,
    a_durable_consumer_goes_on_where_it_was,
    what_was_removed_stays_removed,
    a_repeat_is_still_recognised,
    a_key_value_bucket_is_as_it_was,
);

async fn a_stream_is_as_it_was(end: End) {
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    let mut stream = stream(&world, "orders", |config| {
        config.description = Some("kept".into());
        config.max_messages_per_subject = 20;
    })
    .await;
    publish_many(&world.js, &subject(&stream, "a"), 30).await;
    let message = PublishMessage::build().payload("headed".into()).header("Colour", "red");
    send(&world.js, &subject(&stream, "b"), message).await.unwrap();
    stream.delete_message(15).await.unwrap();
    let before = stream.info().await.unwrap().clone();
    let stored = stream.get_raw_message(31).await.unwrap();

    end.come_to(&mut server, &world).await;
    let after = stream.info().await.unwrap().clone();
    assert_eq!((after.config, after.created), (before.config, before.created));
    assert_eq!(after.state, before.state);
    assert!(stream.get_raw_message(15).await.is_err());
    let again = stream.get_raw_message(31).await.unwrap();
    assert_eq!((again.payload, again.headers, again.time), (stored.payload, stored.headers, stored.time));
    assert_eq!(publish(&world.js, &subject(&stream, "b"), "next").await, 32);
    let reader = consumer(&stream, durable("reader")).await;
    let expected: Vec<u64> = (11..=32).filter(|sequence| *sequence != 15).collect();
    assert_eq!(sequences(&at_hand(&reader).await), expected);
}

async fn a_durable_consumer_goes_on_where_it_was(end: End) {
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    let stream = stream(&world, "orders", |_| ()).await;
    publish_many(&world.js, &subject(&stream, "a"), 10).await;
    let config = pull::Config { ack_wait: Duration::from_millis(500), ..durable("reader") };
    let reader = consumer(&stream, config).await;
    let messages = take(&reader, 6).await;
    for acknowledged in [0, 1, 2, 4] {
        messages[acknowledged].double_ack().await.unwrap();
    }
    let before = reader.get_info().await.unwrap();

    end.come_to(&mut server, &world).await;
    let after = reader.get_info().await.unwrap();
    assert_eq!(after.config, before.config);
    assert_eq!(after.ack_floor.stream_sequence, 3);
    assert_eq!(after.delivered.stream_sequence, 6);
    assert_eq!((after.num_ack_pending, after.num_pending), (2, 4));
    messages[3].double_ack().await.expect("an acknowledgement may come after the restart");

    let mut rest = take(&reader, 5).await;
    rest.sort_by_key(|message| message.info().unwrap().stream_sequence);
    assert_eq!(sequences(&rest), [6, 7, 8, 9, 10]);
    assert_eq!(rest[0].info().unwrap().delivered, 2, "it was out when the server ended");
    for message in &rest {
        message.double_ack().await.unwrap();
    }
    let info = reader.get_info().await.unwrap();
    assert_eq!((info.num_ack_pending, info.num_pending, info.ack_floor.stream_sequence), (0, 0, 10));
}

async fn what_was_removed_stays_removed(end: End) {
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    let purged = stream(&world, "purged", |config| config.allow_rollup = true).await;
    publish_many(&world.js, &subject(&purged, "a"), 5).await;
    purged.purge().await.unwrap();
    let rolled = stream(&world, "rolled", |config| config.allow_rollup = true).await;
    publish_many(&world.js, &subject(&rolled, "a"), 5).await;
    let roll_up = PublishMessage::build().header("Nats-Rollup", "sub");
    send(&world.js, &subject(&rolled, "a"), roll_up).await.unwrap();
    let queue = stream(&world, "queue", |config| config.retention = RetentionPolicy::WorkQueue).await;
    publish_many(&world.js, &subject(&queue, "a"), 5).await;
    for done in take(&consumer(&queue, durable("worker")).await, 3).await {
        done.double_ack().await.unwrap();
    }
    let deleted = stream(&world, "deleted", |_| ()).await;
    publish_many(&world.js, &subject(&deleted, "a"), 5).await;
    world.js.delete_stream(&deleted.cached_info().config.name).await.unwrap();
    consumer(&purged, durable("forgotten")).await;
    purged.delete_consumer("forgotten").await.unwrap();

    end.come_to(&mut server, &world).await;
    let numbers = async |stream: &Stream| {
        let state = state(stream).await;
        (state.messages, state.first_sequence, state.last_sequence)
    };
    assert_eq!(numbers(&purged).await, (0, 6, 5));
    assert_eq!(numbers(&rolled).await, (1, 6, 6));
    assert_eq!(numbers(&queue).await, (2, 4, 5));
    assert!(deleted.get_info().await.is_err());
    assert!(purged.consumer_info("forgotten").await.is_err());
    assert_eq!(publish(&world.js, &subject(&purged, "a"), "next").await, 6);
}

async fn a_repeat_is_still_recognised(end: End) {
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    let stream = stream(&world, "orders", |_| ()).await;
    let once = || PublishMessage::build().payload("once".into()).message_id("order-7");
    send(&world.js, &subject(&stream, "a"), once()).await.unwrap();
    end.come_to(&mut server, &world).await;
    let repeat = send(&world.js, &subject(&stream, "a"), once()).await.unwrap();
    assert_eq!((repeat.sequence, repeat.duplicate), (1, true));
    let last = PublishMessage::build().expected_last_message_id("order-7");
    send(&world.js, &subject(&stream, "a"), last).await.expect("the last id is known too");
}

async fn a_key_value_bucket_is_as_it_was(end: End) {
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    needs!(world.client, 2, 10, "what is reserved, without which async-nats reads no account,");
    let config = async_nats::jetstream::kv::Config {
        bucket: world.name("bucket"),
        history: 3,
        ..async_nats::jetstream::kv::Config::default()
    };
    let bucket = world.js.create_key_value(config).await.unwrap();
    let first = bucket.create("a", "1".into()).await.unwrap();
    bucket.update("a", "2".into(), first).await.unwrap();
    bucket.put("b", "x".into()).await.unwrap();
    bucket.purge("b").await.unwrap();
    end.come_to(&mut server, &world).await;
    let a = bucket.entry("a").await.unwrap().unwrap();
    assert_eq!((a.value.as_ref(), a.revision), (b"2".as_slice(), 2));
    assert_eq!(bucket.get("b").await.unwrap(), None);
    bucket.update("a", "lost".into(), first).await.unwrap_err();
    bucket.update("a", "3".into(), 2).await.unwrap();
    let history: Vec<_> = soon("the history", bucket.history("a").await.unwrap().try_collect()).await.unwrap();
    assert_eq!(history.iter().map(|entry| entry.revision).collect::<Vec<_>>(), [1, 2, 5]);
}

#[tokio::test]
async fn what_is_in_memory_is_gone() {
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    let memory = stream(&world, "memory", |config| config.storage = StorageType::Memory).await;
    publish_many(&world.js, &subject(&memory, "a"), 5).await;
    End::Stopped.come_to(&mut server, &world).await;
    assert!(memory.get_info().await.is_err(), "the stream itself is forgotten with its messages");
    let name = &memory.cached_info().config.name;
    let again = world.js.create_stream(config(name, &[name])).await.unwrap();
    assert_eq!(again.cached_info().state.messages, 0);
}

#[tokio::test]
async fn messages_grow_old_while_the_server_is_away() {
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    let stream = stream(&world, "short", |config| config.max_age = Duration::from_millis(600)).await;
    publish_many(&world.js, &subject(&stream, "a"), 3).await;
    server.stop();
    tokio::time::sleep(Duration::from_millis(700)).await;
    server.start_again();
    world.answers().await;
    eventually("they are gone", async || (state(&stream).await.messages == 0).then_some(())).await;
    assert_eq!(publish(&world.js, &subject(&stream, "a"), "next").await, 4);
}

#[tokio::test]
async fn a_pause_outlives_the_server() {
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    needs!(world.client, 2, 11, "pausing a consumer");
    let stream = stream(&world, "orders", |_| ()).await;
    publish(&world.js, &subject(&stream, "a"), "held back").await;
    let reader = consumer(&stream, durable("reader")).await;
    let until = datetime::now() + Duration::from_hours(1);
    stream.pause_consumer("reader", until).await.unwrap();
    End::Stopped.come_to(&mut server, &world).await;
    let info = reader.get_info().await.unwrap();
    assert!(info.paused);
    assert_eq!(info.config.pause_until, Some(until));
    stream.resume_consumer("reader").await.unwrap();
    assert_eq!(payloads(&[take_one(&reader).await]), ["held back"]);
}

#[tokio::test]
async fn a_consumer_without_a_durable_name_is_forgotten_in_time() {
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    let stream = stream(&world, "orders", |_| ()).await;
    let passing = pull::Config { inactive_threshold: Duration::from_millis(500), ..pull::Config::default() };
    let passing: PullConsumer = consumer(&stream, passing).await;
    End::Stopped.come_to(&mut server, &world).await;
    eventually("it is forgotten", async || passing.get_info().await.err()).await;
}

#[tokio::test]
async fn many_messages_are_all_there() {
    const MESSAGES: usize = 20_000;
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    let change = |config: &mut Config| config.allow_direct = true;
    let stream = stream(&world, "orders", change).await;
    publish_many(&world.js, &subject(&stream, "a"), MESSAGES).await;
    let before = state(&stream).await;
    End::Stopped.come_to(&mut server, &world).await;
    assert_eq!(state(&stream).await, before);
    for sequence in [1, 2, 9_999, 10_000, MESSAGES as u64] {
        let message = stream.direct_get(sequence).await.unwrap();
        assert_eq!(message.payload, (sequence - 1).to_string());
    }
}
