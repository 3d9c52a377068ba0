//! The life of a consumer: created, looked up, changed, paused, listed, deleted, forgotten.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::datetime;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{
    AckPolicy, Config, DeliverPolicy, PullConsumer, PushConsumer, ReplayPolicy, pull, push,
};
use async_nats::jetstream::context::ConsumerInfoErrorKind;
use async_nats::jetstream::stream::{ConsumerCreateStrictErrorKind, ConsumerUpdateErrorKind, StorageType};
use futures::TryStreamExt;

use super::{at_hand, consumer, durable, payloads, publish, publish_many, refusal, state, stream, take};
use crate::harness::{Server, World, eventually, soon};
use crate::{needs, on_both_stores};

#[tokio::test]
async fn a_new_durable_consumer_tells_every_setting() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let name = stream.cached_info().config.name.clone();
    publish_many(&world.js, &format!("{name}.a"), 3).await;
    let before = datetime::now();
    let consumer = consumer(&stream, durable("reader")).await;
    let info = consumer.cached_info();

    assert_eq!((info.stream_name.as_str(), info.name.as_str()), (name.as_str(), "reader"));
    assert!(info.created >= before - Duration::from_secs(1));
    let config = &info.config;
    assert_eq!(config.durable_name.as_deref(), Some("reader"));
    assert_eq!(config.deliver_policy, DeliverPolicy::All);
    assert_eq!(config.ack_policy, AckPolicy::Explicit);
    assert_eq!(config.replay_policy, ReplayPolicy::Instant);
    assert_eq!(config.ack_wait, Duration::from_secs(30));
    assert_eq!(config.max_deliver, -1);
    assert_eq!(config.max_ack_pending, 1000);
    assert_eq!(config.max_waiting, 512);
    assert_eq!(config.inactive_threshold, Duration::ZERO, "a durable consumer waits for its clients forever");

    assert_eq!((info.num_pending, info.num_ack_pending, info.num_redelivered, info.num_waiting), (3, 0, 0, 0));
    assert_eq!((info.delivered.stream_sequence, info.delivered.consumer_sequence), (0, 0));
    assert_eq!((info.ack_floor.stream_sequence, info.ack_floor.consumer_sequence), (0, 0));
    assert_eq!(state(&stream).await.consumer_count, 1);
}

#[tokio::test]
async fn a_consumer_without_a_name_is_given_one() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let first = consumer(&stream, pull::Config::default()).await;
    let second = consumer(&stream, pull::Config::default()).await;
    assert!(!first.cached_info().name.is_empty());
    assert_ne!(first.cached_info().name, second.cached_info().name);
    assert_eq!(first.cached_info().config.durable_name, None);
    assert_eq!(first.cached_info().config.inactive_threshold, Duration::from_secs(5));

    let named = pull::Config { name: Some("named".into()), ..pull::Config::default() };
    let named = consumer(&stream, named).await;
    assert_eq!(named.cached_info().name, "named");
    assert_eq!(named.cached_info().config.durable_name, None);
}

#[tokio::test]
async fn creating_a_consumer_again_changes_what_may_change() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let name = stream.cached_info().config.name.clone();
    publish_many(&world.js, &format!("{name}.a"), 5).await;
    let first = consumer(&stream, durable("reader")).await;
    take(&first, 2).await;

    let changed = pull::Config {
        description: Some("slow".into()),
        ack_wait: Duration::from_secs(60),
        max_ack_pending: 10,
        max_deliver: 4,
        headers_only: true,
        ..durable("reader")
    };
    let again = consumer(&stream, changed).await;
    let info = again.cached_info();
    assert_eq!(info.created, first.cached_info().created, "it is the same consumer");
    assert_eq!(info.num_ack_pending, 2);
    assert_eq!(info.config.description.as_deref(), Some("slow"));
    assert_eq!((info.config.ack_wait, info.config.max_ack_pending), (Duration::from_secs(60), 10));
    assert_eq!((info.config.max_deliver, info.config.headers_only), (4, true));
    assert_eq!(payloads(&take(&again, 1).await), [""], "the change holds from the next message on");

    for change in [
        pull::Config { deliver_policy: DeliverPolicy::New, ..durable("reader") },
        pull::Config { ack_policy: AckPolicy::None, ..durable("reader") },
        pull::Config { replay_policy: ReplayPolicy::Original, ..durable("reader") },
    ] {
        let refused = stream.create_consumer(change.clone()).await;
        assert_eq!(refusal(refused), ErrorCode::CONSUMER_CREATE, "{change:?}");
    }
}

#[tokio::test]
async fn a_filter_can_be_changed() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let name = stream.cached_info().config.name.clone();
    publish(&world.js, &format!("{name}.a"), "a").await;
    publish(&world.js, &format!("{name}.b"), "b").await;
    let filtered = |token: &str| pull::Config { filter_subject: format!("{name}.{token}"), ..durable("reader") };
    let reader = consumer(&stream, filtered("a")).await;
    assert_eq!(payloads(&take(&reader, 1).await), ["a"]);
    publish(&world.js, &format!("{name}.b"), "another b").await;
    let reader = consumer(&stream, filtered("b")).await;
    assert_eq!(reader.cached_info().config.filter_subject, format!("{name}.b"));
    let rest = take(&reader, 1).await;
    assert!(rest[0].subject.ends_with(".b"));
}

#[tokio::test]
async fn create_and_update_can_be_told_apart() {
    let world = World::new().await;
    needs!(world.client, 2, 10, "creating strictly");
    let stream = stream(&world, "orders", |_| ()).await;
    let missing = stream.update_consumer(durable("reader")).await.unwrap_err();
    assert_eq!(missing.kind(), ConsumerUpdateErrorKind::DoesNotExist);

    let first = stream.create_consumer_strict(durable("reader")).await.unwrap();
    let same = stream.create_consumer_strict(durable("reader")).await.unwrap();
    assert_eq!(same.cached_info().created, first.cached_info().created, "the very same may be created again");
    let other = pull::Config { max_ack_pending: 5, ..durable("reader") };
    let exists = stream.create_consumer_strict(other.clone()).await.unwrap_err();
    assert_eq!(exists.kind(), ConsumerCreateStrictErrorKind::AlreadyExists);
    let updated = stream.update_consumer(other).await.unwrap();
    assert_eq!(updated.cached_info().config.max_ack_pending, 5);
}

#[tokio::test]
async fn a_consumer_that_does_not_exist_is_not_found() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let missing = stream.consumer_info("nobody").await.unwrap_err();
    assert_eq!(missing.kind(), ConsumerInfoErrorKind::NotFound);
    assert!(stream.get_consumer::<pull::Config>("nobody").await.is_err());
    assert_eq!(refusal(stream.delete_consumer("nobody").await), ErrorCode::CONSUMER_NOT_FOUND);
    let nowhere = world.js.create_consumer_on_stream(durable("reader"), world.name("nowhere")).await;
    assert_eq!(refusal(nowhere), ErrorCode::STREAM_NOT_FOUND);
}

#[tokio::test]
async fn a_consumer_is_found_again_by_its_name() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let made = stream.get_or_create_consumer("reader", durable("reader")).await.unwrap();
    let other = pull::Config { max_ack_pending: 5, ..durable("reader") };
    let found = stream.get_or_create_consumer("reader", other).await.unwrap();
    assert_eq!(found.cached_info().config.max_ack_pending, made.cached_info().config.max_ack_pending);
    let found: PullConsumer = stream.get_consumer("reader").await.unwrap();
    assert_eq!(found.cached_info().created, made.cached_info().created);

    assert!(stream.delete_consumer("reader").await.unwrap().success);
    assert!(stream.consumer_info("reader").await.is_err());
    assert_eq!(state(&stream).await.consumer_count, 0);
}

#[tokio::test]
async fn consumers_are_listed() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    assert!(stream.consumer_names().try_collect::<Vec<_>>().await.unwrap().is_empty());
    for name in ["a", "b", "c"] {
        consumer(&stream, durable(name)).await;
    }
    let mut names: Vec<_> = stream.consumer_names().try_collect().await.unwrap();
    names.sort();
    assert_eq!(names, ["a", "b", "c"]);
    let mut infos: Vec<_> = stream.consumers().try_collect().await.unwrap();
    infos.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(infos.iter().map(|info| info.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(infos.iter().all(|info| info.stream_name == stream.cached_info().config.name));
}

#[tokio::test]
async fn a_long_list_of_consumers_comes_in_pages() {
    const CONSUMERS: usize = 300; // More than the 256 of one page.
    let server = Server::start(&[]);
    let world = World::of(&server).await;
    let stream = stream(&world, "orders", |config| config.storage = StorageType::Memory).await;
    let mut expected: Vec<_> = (0..CONSUMERS).map(|number| format!("c{number}")).collect();
    for name in &expected {
        consumer(&stream, pull::Config { memory_storage: true, ..durable(name) }).await;
    }
    expected.sort();
    let infos: Vec<_> = soon("all pages", stream.consumers().try_collect::<Vec<_>>()).await.unwrap();
    let mut names: Vec<_> = infos.into_iter().map(|info| info.name).collect();
    names.sort();
    assert_eq!(names, expected, "each once");
}

#[tokio::test]
async fn a_durable_consumer_keeps_the_notes_its_owner_gave_it() {
    let world = World::new().await;
    needs!(world.client, 2, 10, "metadata");
    let stream = stream(&world, "orders", |_| ()).await;
    let metadata = HashMap::from([("owner".to_string(), "billing".to_string())]);
    consumer(&stream, pull::Config { metadata, ..durable("reader") }).await;
    let info = stream.consumer_info("reader").await.unwrap();
    assert_eq!(info.config.metadata.get("owner").map(String::as_str), Some("billing"));
}

on_both_stores!(a_consumer_that_nobody_uses_is_forgotten);

async fn a_consumer_that_nobody_uses_is_forgotten(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "orders", |config| config.storage = storage).await;
    let inactive_threshold = Duration::from_millis(300);
    let idle = pull::Config { inactive_threshold, ..pull::Config::default() };
    let idle_name = consumer(&stream, idle).await.cached_info().name.clone();
    let busy = pull::Config { inactive_threshold, ..durable("busy") };
    let busy = consumer(&stream, busy).await;
    consumer(&stream, durable("patient")).await;

    // A request that waits is use enough.
    let waiting = busy.batch().max_messages(1).expires(Duration::from_secs(60)).messages().await.unwrap();
    eventually("the idle consumer is forgotten", async || stream.consumer_info(&idle_name).await.err()).await;
    tokio::time::sleep(2 * inactive_threshold).await;
    stream.consumer_info("busy").await.expect("someone waits for it");
    stream.consumer_info("patient").await.expect("it has no threshold");
    drop(waiting);
    eventually("a durable one with a threshold goes too", async || stream.consumer_info("busy").await.err()).await;
}

#[tokio::test]
async fn a_paused_consumer_delivers_nothing_until_it_is_resumed() {
    let world = World::new().await;
    needs!(world.client, 2, 11, "pausing a consumer");
    let stream = stream(&world, "orders", |_| ()).await;
    let subject = format!("{}.a", stream.cached_info().config.name);
    let reader = consumer(&stream, durable("reader")).await;
    let until = datetime::now() + Duration::from_secs(3600);
    let paused = stream.pause_consumer("reader", until).await.unwrap();
    assert!(paused.paused);
    assert_eq!(paused.pause_until, until);
    assert!(paused.pause_remaining.unwrap() > Duration::from_secs(3500));
    let info = reader.get_info().await.unwrap();
    assert!(info.paused && info.pause_remaining.is_some());

    publish(&world.js, &subject, "held back").await;
    let held = reader.batch().max_messages(1).expires(Duration::from_millis(300)).messages().await.unwrap();
    assert!(held.try_collect::<Vec<_>>().await.unwrap().is_empty());

    let resumed = stream.resume_consumer("reader").await.unwrap();
    assert!(!resumed.paused);
    assert_eq!(payloads(&take(&reader, 1).await), ["held back"]);
    assert!(!reader.get_info().await.unwrap().paused);
}

#[tokio::test]
async fn a_pause_ends_by_itself() {
    let world = World::new().await;
    needs!(world.client, 2, 11, "pausing a consumer");
    let stream = stream(&world, "orders", |_| ()).await;
    publish(&world.js, &format!("{}.a", stream.cached_info().config.name), "held back").await;
    let until = datetime::now() + Duration::from_millis(500);
    let reader = consumer(&stream, pull::Config { pause_until: Some(until), ..durable("reader") }).await;
    assert!(reader.cached_info().paused);
    assert_eq!(payloads(&take(&reader, 1).await), ["held back"]);
    assert!(datetime::now() >= until);

    let past = datetime::now() - Duration::from_secs(1);
    assert!(!stream.pause_consumer("reader", past).await.unwrap().paused);
    assert!(at_hand(&reader).await.is_empty());
}

#[tokio::test]
async fn a_configuration_that_makes_no_sense_is_refused() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let name = stream.cached_info().config.name.clone();
    let second = Duration::from_secs(1);
    let pull = || Config { durable_name: Some("reader".into()), ..Config::default() };
    let push = || Config { deliver_subject: Some(world.name("inbox")), ..pull() };
    let filter = |filter: &str| format!("{name}.{filter}");
    let refused = [
        (ErrorCode::CONSUMER_FILTER_NOT_SUBSET, Config { filter_subject: "elsewhere".into(), ..pull() }),
        (ErrorCode::CONSUMER_INVALID_POLICY, Config { deliver_policy: DeliverPolicy::LastPerSubject, ..pull() }),
        (ErrorCode::CONSUMER_MAX_DELIVER_BACKOFF, Config { max_deliver: 1, backoff: vec![second, second], ..pull() }),
        (ErrorCode::CONSUMER_DESCRIPTION_TOO_LONG, Config { description: Some("x".repeat(5000)), ..pull() }),
        (ErrorCode::CONSUMER_HEARTBEAT_REQUIRES_PUSH, Config { idle_heartbeat: second, ..pull() }),
        (ErrorCode::CONSUMER_FLOW_CONTROL_REQUIRES_PUSH, Config { flow_control: true, ..pull() }),
        (ErrorCode::CONSUMER_PULL_WITH_RATE_LIMIT, Config { rate_limit: 1000, ..pull() }),
        (ErrorCode::CONSUMER_PUSH_MAX_WAITING, Config { max_waiting: 5, ..push() }),
        (ErrorCode::CONSUMER_DELIVER_TO_WILDCARDS, Config { deliver_subject: Some("to.>".into()), ..pull() }),
        (ErrorCode::CONSUMER_DELIVER_CYCLE, Config { deliver_subject: Some(filter("a")), ..pull() }),
        (ErrorCode::CONSUMER_WITH_FLOW_CONTROL_NEEDS_HEARTBEATS, Config { flow_control: true, ..push() }),
        (ErrorCode::CONSUMER_SMALL_HEARTBEAT, Config { idle_heartbeat: Duration::from_millis(1), ..push() }),
    ];
    for (code, config) in refused {
        assert_eq!(refusal(stream.create_consumer(config.clone()).await), code, "{config:?}");
    }
    assert_eq!(state(&stream).await.consumer_count, 0, "nothing was created on the way");

    needs!(world.client, 2, 10, "several filter subjects");
    let filters = |filters: &[&str]| filters.iter().map(|token| filter(token)).collect::<Vec<_>>();
    let refused = [
        (ErrorCode::CONSUMER_OVERLAPPING_SUBJECT_FILTERS, Config { filter_subjects: filters(&["a", "*"]), ..pull() }),
        (ErrorCode::CONSUMER_EMPTY_FILTER, Config { filter_subjects: vec![filter("a"), String::new()], ..pull() }),
        (
            ErrorCode::CONSUMER_DUPLICATE_FILTER_SUBJECTS,
            Config { filter_subject: filter("a"), filter_subjects: filters(&["b", "c"]), ..pull() },
        ),
    ];
    for (code, config) in refused {
        assert_eq!(refusal(stream.create_consumer(config.clone()).await), code, "{config:?}");
    }
}

#[tokio::test]
async fn a_consumer_is_either_pulled_from_or_pushes() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    consumer(&stream, durable("reader")).await;
    let pushing = push::Config {
        deliver_subject: world.name("inbox"),
        durable_name: Some("reader".into()),
        ..push::Config::default()
    };
    assert_eq!(refusal(stream.create_consumer(pushing).await), ErrorCode::CONSUMER_CREATE);
    assert!(stream.get_consumer::<push::Config>("reader").await.is_err());

    let pushing = push::Config {
        deliver_subject: world.name("inbox"),
        durable_name: Some("pusher".into()),
        ..push::Config::default()
    };
    stream.create_consumer(pushing).await.unwrap();
    let pusher: PushConsumer = stream.get_consumer("pusher").await.unwrap();
    assert_eq!(pusher.cached_info().config.deliver_subject.as_deref(), Some(world.name("inbox").as_str()));
    assert!(!pusher.cached_info().push_bound, "nobody listens");
}
