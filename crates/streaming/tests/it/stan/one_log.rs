//! One log for both faces: published on one side, read on the other.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::{self, AckKind, stream};
use futures::StreamExt;
use serde_json::json;

use super::{Program, server};
use crate::harness::soon;

#[tokio::test(flavor = "multi_thread")]
async fn published_by_nats_streaming_and_consumed_by_jetstream() {
    let Some(mut server) = server(&[]) else { return };
    let mut ann = Program::connected(&server, "ann");
    ann.publish("ticket:created", "1");
    ann.publish("ticket:created", "2");
    let js = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let channel = js.get_stream("ticket:created").await.unwrap();
    assert_eq!(channel.cached_info().config.subjects, ["ticket:created"]);
    let config = pull::Config {
        durable_name: Some("d".into()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: Duration::from_secs(1),
        ..pull::Config::default()
    };
    let consumer = channel.create_consumer(config).await.unwrap();
    let mut messages = consumer.messages().await.unwrap();
    for (payload, deliveries, ack) in [("1", 1, AckKind::Ack), ("2", 1, AckKind::Nak(None)), ("2", 2, AckKind::Ack)] {
        let message = soon("a message", messages.next()).await.unwrap().unwrap();
        assert_eq!((message.payload.as_ref(), message.subject.as_str()), (payload.as_bytes(), "ticket:created"));
        assert_eq!(message.info().unwrap().delivered, deliveries);
        message.ack_with(ack).await.unwrap();
    }
    drop(messages);
    server.restart();
    ann.expect("reconnected");
    ann.publish("ticket:created", "3");
    let js = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let consumer: jetstream::consumer::PullConsumer =
        js.get_stream("ticket:created").await.unwrap().get_consumer("d").await.unwrap();
    let message = soon("a message", consumer.messages().await.unwrap().next()).await.unwrap().unwrap();
    assert_eq!(message.payload.as_ref(), b"3");
}

#[tokio::test(flavor = "multi_thread")]
async fn published_by_jetstream_and_consumed_by_nats_streaming_in_a_view() {
    let Some(server) = server(&[]) else { return };
    let js = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let config = stream::Config {
        name: "TICKETS".into(),
        subjects: vec!["ticket:created".into(), "ticket:updated".into()],
        ..stream::Config::default()
    };
    let mut tickets = js.create_stream(config).await.unwrap();
    for (subject, payload) in [("ticket:created", "1"), ("ticket:updated", "x"), ("ticket:created", "2")] {
        js.publish(subject, payload.into()).await.unwrap().await.unwrap();
    }
    let mut ann = Program::connected(&server, "ann");
    let options = json!({ "start": "all", "durable": "d", "ackWait": 1000 });
    ann.subscribe(&json!({ "channel": "ticket:created", "tag": "s", "ack": "never", "options": options }));
    assert_eq!(ann.message(), ("1".into(), false));
    let second = ann.expect("message");
    assert_eq!((&second["data"], &second["sequence"]), (&json!("2"), &json!(3)), "sequences are the stream's");
    assert_eq!(ann.message(), ("1".into(), true));
    ann.tell(&json!({ "do": "ack", "tag": "s", "sequence": 1 }));
    ann.tell(&json!({ "do": "ack", "tag": "s", "sequence": 3 }));
    ann.publish("ticket:created", "3");
    ann.expect_where("message", |event| event["data"] == "3");
    assert_eq!(tickets.info().await.unwrap().state.messages, 4, "the channel is a view of the stream");
    let consumer = tickets.consumer_info("stan:d:ticket%3Acreated:ann:d").await.unwrap();
    assert_eq!((consumer.num_pending, consumer.delivered.stream_sequence), (0, 4));
}
