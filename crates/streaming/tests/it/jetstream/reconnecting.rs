//! Readers that go on when the server comes back.

use std::time::Duration;

use async_nats::jetstream::consumer::push;
use futures::{StreamExt, TryStreamExt};

use super::restart::End;
use super::{consumer, durable, payloads, publish, publish_many, sequences, stream, subject};
use crate::harness::{Server, World, soon};

#[tokio::test]
async fn who_pulls_goes_on_pulling() {
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    let stream = stream(&world, "orders", |_| ()).await;
    let reader = consumer(&stream, durable("reader")).await;
    let pulling = reader.stream().expires(Duration::from_secs(2)).heartbeat(Duration::from_millis(500));
    let mut pulling = pulling.messages().await.unwrap();
    publish(&world.js, &subject(&stream, "a"), "before").await;
    let before = soon("a message", pulling.next()).await.unwrap().unwrap();
    before.double_ack().await.unwrap();
    End::Stopped.come_to(&mut server, &world).await;
    publish(&world.js, &subject(&stream, "a"), "after").await;
    let next = async {
        loop {
            // Missed heartbeats are told, and then it goes on.
            if let Some(Ok(message)) = pulling.next().await {
                return message;
            }
        }
    };
    assert_eq!(payloads(&[soon("a message after the restart", next).await]), ["after"]);
}

#[tokio::test]
async fn an_ordered_consumer_goes_on_in_order() {
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    let stream = stream(&world, "orders", |_| ()).await;
    let ordered = push::OrderedConfig { deliver_subject: world.client.new_inbox(), ..push::OrderedConfig::default() };
    let mut messages = stream.create_consumer(ordered).await.unwrap().messages().await.unwrap();
    publish_many(&world.js, &subject(&stream, "a"), 3).await;
    for expected in ["0", "1", "2"] {
        assert_eq!(soon("a message", messages.next()).await.unwrap().unwrap().payload, expected);
    }
    // It must be looked at to notice that the connection is lost.
    let reading = tokio::spawn(messages.take(3).try_collect::<Vec<_>>());
    End::Stopped.come_to(&mut server, &world).await;
    publish_many(&world.js, &subject(&stream, "a"), 3).await;
    let rest = soon("the rest", reading).await.unwrap().unwrap();
    assert_eq!(sequences(&rest), [4, 5, 6]);
}
