//! Pushing: messages sent to a subject as they come, to one listener or to a group.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{AckPolicy, PushConsumer, push};
use async_nats::jetstream::stream::Stream;
use async_nats::{Message, StatusCode, Subscriber};
use futures::{StreamExt, TryStreamExt};

use super::{payloads, publish, publish_many, refusal, sequences, stream, subject};
use crate::harness::{World, eventually, never, soon};

const A_WHILE: Duration = Duration::from_millis(300);

fn pusher(world: &World) -> push::Config {
    push::Config {
        deliver_subject: world.client.new_inbox(),
        durable_name: Some("pusher".into()),
        ..push::Config::default()
    }
}

/// A stream and a consumer that pushes.
async fn orders(world: &World, config: push::Config) -> (Stream, PushConsumer) {
    let stream = stream(world, "orders", |_| ()).await;
    let consumer = stream.create_consumer(config).await.unwrap();
    (stream, consumer)
}

fn header<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.headers.as_ref()?.get(name).map(async_nats::HeaderValue::as_str)
}

#[tokio::test]
async fn messages_are_pushed_to_who_listens() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, pusher(&world)).await;
    publish_many(&world.js, &subject(&stream, "a"), 2).await;
    let info = consumer.get_info().await.unwrap();
    assert!(!info.push_bound);
    assert_eq!((info.num_pending, info.delivered.stream_sequence), (2, 0), "nobody listens, so nothing is sent");

    let mut messages = consumer.messages().await.unwrap();
    for expected in ["0", "1"] {
        let message = soon("a message", messages.next()).await.unwrap().unwrap();
        assert_eq!(
            (message.payload.as_ref(), message.subject.as_str()),
            (expected.as_bytes(), subject(&stream, "a").as_str())
        );
        message.ack().await.unwrap();
    }
    assert!(consumer.get_info().await.unwrap().push_bound);
    publish(&world.js, &subject(&stream, "a"), "live").await;
    assert_eq!(soon("a live message", messages.next()).await.unwrap().unwrap().payload, "live");

    drop(messages);
    eventually("nobody listens any more", async || (!consumer.get_info().await.unwrap().push_bound).then_some(()))
        .await;
    publish(&world.js, &subject(&stream, "a"), "kept").await;
    let mut messages = consumer.messages().await.unwrap();
    assert_eq!(soon("what was kept", messages.next()).await.unwrap().unwrap().payload, "kept");
}

#[tokio::test]
async fn a_pushed_message_that_is_not_acknowledged_is_pushed_again() {
    let world = World::new().await;
    let config = push::Config { ack_wait: Duration::from_millis(300), ..pusher(&world) };
    let (stream, consumer) = orders(&world, config).await;
    let mut messages = consumer.messages().await.unwrap();
    publish(&world.js, &subject(&stream, "a"), "hello").await;
    for delivered in 1..=3 {
        let message = soon("the message", messages.next()).await.unwrap().unwrap();
        assert_eq!(message.info().unwrap().delivered, delivered);
        if delivered == 3 {
            message.double_ack().await.unwrap();
        }
    }
    never("it is settled", Duration::from_millis(600), messages.next()).await;
}

#[tokio::test]
async fn only_so_many_pushed_messages_are_out_at_a_time() {
    let world = World::new().await;
    let config = push::Config { max_ack_pending: 3, ..pusher(&world) };
    let (stream, consumer) = orders(&world, config).await;
    publish_many(&world.js, &subject(&stream, "a"), 5).await;
    let mut messages = consumer.messages().await.unwrap();
    let mut first = Vec::new();
    for _ in 0..3 {
        first.push(soon("a message", messages.next()).await.unwrap().unwrap());
    }
    never("three are out", A_WHILE, messages.next()).await;
    first[1].ack().await.unwrap();
    assert_eq!(soon("one in, one out", messages.next()).await.unwrap().unwrap().payload, "3");
    never("three are out again", A_WHILE, messages.next()).await;
}

#[tokio::test]
async fn a_group_shares_what_is_pushed() {
    const MESSAGES: usize = 60;
    let world = World::new().await;
    let config = push::Config { deliver_group: Some("workers".into()), ..pusher(&world) };
    let (stream, consumer) = orders(&world, config).await;
    let other: PushConsumer = async_nats::jetstream::new(world.another_client().await)
        .get_consumer_from_stream("pusher", &stream.cached_info().config.name)
        .await
        .unwrap();
    let mut members = [consumer.messages().await.unwrap(), other.messages().await.unwrap()];
    // Whoever has an answer to a later request has been heard with the subscription before it.
    for consumer in [&consumer, &other] {
        eventually("the group is there", async || consumer.get_info().await.unwrap().push_bound.then_some(())).await;
    }
    let [first, second] = &mut members;
    publish_many(&world.js, &subject(&stream, "a"), MESSAGES).await;

    let (mut by_first, mut by_second) = (Vec::new(), Vec::new());
    let sharing = async {
        while by_first.len() + by_second.len() < MESSAGES {
            tokio::select! {
                message = first.next() => by_first.push(message.unwrap().unwrap()),
                message = second.next() => by_second.push(message.unwrap().unwrap()),
            }
        }
    };
    soon("every message", sharing).await;
    assert!(!by_first.is_empty() && !by_second.is_empty(), "{} and {}", by_first.len(), by_second.len());
    let all: BTreeSet<_> = sequences(&by_first).into_iter().chain(sequences(&by_second)).collect();
    assert_eq!(all, (1..=MESSAGES as u64).collect(), "each went to one of them");
}

#[tokio::test]
async fn who_is_not_in_the_group_gets_nothing() {
    let world = World::new().await;
    let config = push::Config { deliver_group: Some("workers".into()), ..pusher(&world) };
    let (stream, consumer) = orders(&world, config).await;
    let deliver_subject = consumer.cached_info().config.deliver_subject.clone().unwrap();
    let mut alone = world.client.subscribe(deliver_subject).await.unwrap();
    publish(&world.js, &subject(&stream, "a"), "for workers").await;
    never("a plain subscription is no member", A_WHILE, alone.next()).await;
    assert!(!consumer.get_info().await.unwrap().push_bound);
    let mut worker = consumer.messages().await.unwrap();
    assert_eq!(soon("the message", worker.next()).await.unwrap().unwrap().payload, "for workers");
}

#[tokio::test]
async fn an_idle_consumer_lets_its_heart_be_heard() {
    let world = World::new().await;
    let heartbeat = Duration::from_millis(200);
    let config = push::Config { idle_heartbeat: heartbeat, ack_policy: AckPolicy::None, ..pusher(&world) };
    let (stream, consumer) = orders(&world, config).await;
    let mut wire =
        world.client.subscribe(consumer.cached_info().config.deliver_subject.clone().unwrap()).await.unwrap();
    publish_many(&world.js, &subject(&stream, "a"), 2).await;
    for expected in ["0", "1"] {
        let message = soon("a message", next_message(&mut wire)).await;
        assert_eq!(message.payload, expected);
    }
    for _ in 0..2 {
        let beat = soon("a heartbeat", wire.next()).await.unwrap();
        assert_eq!(
            (beat.status, beat.description.as_deref()),
            (Some(StatusCode::IDLE_HEARTBEAT), Some("Idle Heartbeat"))
        );
        assert_eq!((header(&beat, "Nats-Last-Consumer"), header(&beat, "Nats-Last-Stream")), (Some("2"), Some("2")));
        assert_eq!(beat.reply, None);
    }
    drop(wire);

    let mut messages = consumer.messages().await.unwrap();
    never("async-nats is content", 5 * heartbeat, messages.next()).await;
}

/// The next that is no status.
async fn next_message(wire: &mut Subscriber) -> Message {
    loop {
        let message = wire.next().await.unwrap();
        if message.status.is_none() {
            return message;
        }
    }
}

#[tokio::test]
async fn who_does_not_keep_up_is_not_drowned() {
    const MESSAGES: usize = 600;
    const SIZE: usize = 64 * 1024; // 37 MiB in all: more than any window.
    let world = World::new().await;
    let config = push::Config {
        ack_policy: AckPolicy::None,
        flow_control: true,
        idle_heartbeat: Duration::from_millis(300),
        ..pusher(&world)
    };
    let (stream, consumer) = orders(&world, config).await;
    let payload = "x".repeat(SIZE);
    for _ in 0..MESSAGES {
        publish(&world.js, &subject(&stream, "a"), &payload).await;
    }
    let deliver_subject = consumer.cached_info().config.deliver_subject.clone().unwrap();
    let mut wire = world.client.subscribe(deliver_subject).await.unwrap();
    let (mut received, mut asked) = (0, None);
    let stalled = loop {
        let message = soon("a message", wire.next()).await.unwrap();
        match message.status {
            None => received += 1,
            Some(status) => {
                assert_eq!(status, StatusCode::IDLE_HEARTBEAT, "100 is the code of both");
                if let Some(subject) = message.reply.clone() {
                    assert_eq!(message.description.as_deref(), Some("FlowControl Request"));
                    assert!(asked.replace(subject).is_none(), "one question at a time");
                } else if let Some(stalled) = header(&message, "Nats-Consumer-Stalled") {
                    break stalled.to_string();
                }
            }
        }
    };
    assert!(received > 0 && received < MESSAGES, "{received} messages came without an answer");
    let asked = asked.expect("the server asked before it stopped");
    assert_eq!(stalled, asked.as_str(), "the heartbeat tells whom to answer");
    assert!(stalled.starts_with("$JS.FC."));

    world.client.publish(stalled, "".into()).await.unwrap();
    while received < MESSAGES {
        let message = soon("the rest", wire.next()).await.unwrap();
        match (message.status, message.reply) {
            (None, _) => received += 1,
            (Some(_), Some(question)) => world.client.publish(question, "".into()).await.unwrap(),
            (Some(_), None) => {}
        }
    }
}

#[tokio::test]
async fn async_nats_keeps_the_flow_going() {
    const MESSAGES: usize = 400;
    let world = World::new().await;
    let config = push::Config {
        ack_policy: AckPolicy::None,
        flow_control: true,
        idle_heartbeat: Duration::from_secs(1),
        ..pusher(&world)
    };
    let (stream, consumer) = orders(&world, config).await;
    let payload = "x".repeat(64 * 1024);
    for _ in 0..MESSAGES {
        publish(&world.js, &subject(&stream, "a"), &payload).await;
    }
    let messages = consumer.messages().await.unwrap().take(MESSAGES).try_collect::<Vec<_>>();
    let messages = soon("all of it", messages).await.unwrap();
    assert_eq!(sequences(&messages), (1..=MESSAGES as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_rate_limit_slows_delivery_down() {
    const BYTES_PER_SECOND: u64 = 10_000;
    let world = World::new().await;
    // What one message may weigh is what may come in one burst.
    let stream = stream(&world, "orders", |config| config.max_message_size = 2000).await;
    let limited = push::Config { rate_limit: 8 * BYTES_PER_SECOND, ack_policy: AckPolicy::None, ..pusher(&world) };
    let consumer = stream.create_consumer(limited).await.unwrap();
    let payload = "x".repeat(1000);
    for _ in 0..10 {
        publish(&world.js, &subject(&stream, "a"), &payload).await;
    }
    let began = Instant::now();
    let messages = consumer.messages().await.unwrap().take(10);
    soon("10 kB", messages.try_collect::<Vec<_>>()).await.unwrap();
    assert!(began.elapsed() > Duration::from_millis(500), "{:?} for 10 kB", began.elapsed());
}

#[tokio::test]
async fn a_durable_consumer_moves_to_another_subject() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, pusher(&world)).await;
    publish_many(&world.js, &subject(&stream, "a"), 2).await;
    let mut messages = consumer.messages().await.unwrap();
    for _ in 0..2 {
        soon("a message", messages.next()).await.unwrap().unwrap().double_ack().await.unwrap();
    }
    let taken = stream.create_consumer(pusher(&world)).await;
    assert_eq!(refusal(taken), ErrorCode::CONSUMER_NAME_EXIST, "someone still listens");
    drop(messages);
    eventually("it is free", async || (!consumer.get_info().await.unwrap().push_bound).then_some(())).await;

    let moved = stream.create_consumer(pusher(&world)).await.unwrap();
    assert_ne!(moved.cached_info().config.deliver_subject, consumer.cached_info().config.deliver_subject);
    let mut messages = moved.messages().await.unwrap();
    publish(&world.js, &subject(&stream, "a"), "here now").await;
    let message = soon("a message", messages.next()).await.unwrap().unwrap();
    assert_eq!(payloads(&[message]), ["here now"], "it goes on where it was");
}
