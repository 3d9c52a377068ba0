//! The settings of a consumer: their defaults, what may change, and what makes no sense.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::datetime;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{AckPolicy, Config, DeliverPolicy, PushConsumer, ReplayPolicy, pull, push};

use super::{consumer, durable, payloads, publish, publish_many, refusal, state, stream, take};
use crate::harness::World;
use crate::needs;

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
async fn creating_a_consumer_again_changes_what_may_change() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let name = stream.cached_info().config.name.clone();
    publish_many(&world.js, &format!("{name}.a"), 5).await;
    let first = consumer(&stream, durable("reader")).await;
    take(&first, 2).await;

    let changed = pull::Config {
        description: Some("slow".into()),
        ack_wait: Duration::from_mins(1),
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
    assert_eq!((info.config.ack_wait, info.config.max_ack_pending), (Duration::from_mins(1), 10));
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
async fn a_durable_consumer_keeps_the_notes_its_owner_gave_it() {
    let world = World::new().await;
    needs!(world.client, 2, 10, "metadata");
    let stream = stream(&world, "orders", |_| ()).await;
    let metadata = HashMap::from([("owner".to_string(), "billing".to_string())]);
    consumer(&stream, pull::Config { metadata, ..durable("reader") }).await;
    let info = stream.consumer_info("reader").await.unwrap();
    assert_eq!(info.config.metadata.get("owner").map(String::as_str), Some("billing"));
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
    // Newer servers let a consumer wait for a subject that the stream may take one day.
    if let Err(refused) = stream.create_consumer(Config { filter_subject: "elsewhere".into(), ..pull() }).await {
        assert_eq!(refusal(Err::<(), _>(refused)), ErrorCode::CONSUMER_FILTER_NOT_SUBSET);
    }

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
