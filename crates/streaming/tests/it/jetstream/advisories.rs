//! What a server tells unasked of its streams and consumers.

use std::time::Duration;

use async_nats::Subscriber;
use async_nats::datetime;
use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream::Config;
use futures::StreamExt;
use serde_json::Value;

use super::{config, consumer, durable, publish_many, stream, subject, take};
use crate::harness::{World, soon};
use crate::needs;

/// The next advisory's subject, after what all have in common, and its body.
async fn next(advisories: &mut Subscriber) -> (String, Value) {
    let advisory = soon("an advisory", advisories.next()).await.unwrap();
    let body: Value = serde_json::from_slice(&advisory.payload).unwrap();
    assert!(body["id"].as_str().is_some_and(|id| !id.is_empty()));
    let time = body["timestamp"].as_str().expect("a time");
    assert!(datetime::parse_rfc3339(time).is_ok(), "{time}");
    let subject = advisory.subject.strip_prefix("$JS.EVENT.ADVISORY.").expect("an advisory's subject");
    (subject.to_string(), body)
}

#[tokio::test]
async fn the_life_of_a_stream_is_told() {
    let world = World::new().await;
    let name = world.name("told");
    let mut advisories = world.client.subscribe(format!("$JS.EVENT.ADVISORY.STREAM.*.{name}")).await.unwrap();
    world.js.create_stream(config(&name, &[&name])).await.unwrap();
    world.js.create_stream(config(&name, &[&name])).await.expect("it is there, which is no news");
    world.js.update_stream(Config { max_messages: 5, ..config(&name, &[&name]) }).await.unwrap();
    world.js.delete_stream(&name).await.unwrap();
    for (verb, action) in [("CREATED", "create"), ("UPDATED", "modify"), ("DELETED", "delete")] {
        let (subject, body) = next(&mut advisories).await;
        assert_eq!(subject, format!("STREAM.{verb}.{name}"));
        assert_eq!(body["type"], "io.nats.jetstream.advisory.v1.stream_action");
        assert_eq!((&body["stream"], &body["action"]), (&Value::from(name.as_str()), &Value::from(action)));
    }
}

#[tokio::test]
async fn the_life_of_a_consumer_is_told() {
    let world = World::new().await;
    let stream = stream(&world, "told", |_| ()).await;
    let name = stream.cached_info().config.name.clone();
    let filter = format!("$JS.EVENT.ADVISORY.CONSUMER.*.{name}.*");
    let mut advisories = world.client.subscribe(filter).await.unwrap();
    consumer(&stream, durable("reader")).await;
    consumer(&stream, durable("reader")).await;
    stream.delete_consumer("reader").await.unwrap();
    let forgotten = pull::Config { inactive_threshold: Duration::from_millis(100), ..durable("forgotten") };
    consumer(&stream, forgotten).await;
    for (verb, action, consumer) in [
        ("CREATED", "create", "reader"),
        ("DELETED", "delete", "reader"),
        ("CREATED", "create", "forgotten"),
        ("DELETED", "delete", "forgotten"),
    ] {
        let (subject, body) = next(&mut advisories).await;
        assert_eq!(subject, format!("CONSUMER.{verb}.{name}.{consumer}"));
        assert_eq!(body["type"], "io.nats.jetstream.advisory.v1.consumer_action");
        assert_eq!((&body["stream"], &body["consumer"]), (&Value::from(name.as_str()), &Value::from(consumer)));
        assert_eq!(body["action"], action);
    }
}

#[tokio::test]
async fn a_pause_is_told_and_its_end() {
    let world = World::new().await;
    needs!(world.client, 2, 11, "pausing a consumer");
    let stream = stream(&world, "told", |_| ()).await;
    let name = stream.cached_info().config.name.clone();
    consumer(&stream, durable("reader")).await;
    let filter = format!("$JS.EVENT.ADVISORY.CONSUMER.PAUSE.{name}.reader");
    let mut advisories = world.client.subscribe(filter).await.unwrap();
    stream.pause_consumer("reader", datetime::now() + Duration::from_millis(500)).await.unwrap();
    for paused in [true, false] {
        let (_, body) = next(&mut advisories).await;
        assert_eq!(body["type"], "io.nats.jetstream.advisory.v1.consumer_pause");
        assert_eq!((&body["consumer"], &body["paused"]), (&Value::from("reader"), &Value::from(paused)));
    }
}

#[tokio::test]
async fn each_message_given_up_is_told_with_its_own_reason() {
    const MESSAGES: usize = 50;
    let world = World::new().await;
    needs!(world.client, 2, 11, "a reason");
    let stream = stream(&world, "told", |_| ()).await;
    let name = stream.cached_info().config.name.clone();
    let reader = consumer(&stream, durable("reader")).await;
    publish_many(&world.js, &subject(&stream, "a"), MESSAGES).await;
    let filter = format!("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.{name}.reader");
    let mut advisories = world.client.subscribe(filter).await.unwrap();
    let messages = take(&reader, MESSAGES).await;
    // All in one go: the server takes many of them together. The second word on a message comes too late.
    for reason in ["", " late"] {
        for (number, message) in messages.iter().enumerate() {
            let text = if number == 0 { "+TERM".to_owned() } else { format!("+TERM reason {number}{reason}") };
            world.client.publish(message.reply.clone().unwrap(), text.into()).await.unwrap();
        }
    }
    for number in 0..MESSAGES {
        let (_, body) = next(&mut advisories).await;
        assert_eq!(body["stream_seq"], number + 1);
        let reason = if number == 0 { Value::Null } else { format!("reason {number}").into() };
        assert_eq!(body["reason"], reason);
    }
}
