//! Pulling: requests for messages, how they wait, and how they end.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::pull::{self, MessagesErrorKind};
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, push};
use async_nats::jetstream::stream::{StorageType, Stream};
use futures::{StreamExt, TryStreamExt};

use super::{at_hand, consumer, durable, payloads, publish, publish_many, sequences, stream, subject, take, take_one};
use crate::harness::{PATIENCE, World, eventually, never, soon};
use crate::on_both_stores;

const A_WHILE: Duration = Duration::from_millis(300);

/// A stream and a consumer of it.
pub(super) async fn orders(world: &World, config: pull::Config) -> (Stream, PullConsumer) {
    let stream = stream(world, "orders", |_| ()).await;
    let consumer = consumer(&stream, config).await;
    (stream, consumer)
}

on_both_stores!(a_fetch_takes_what_is_there_and_no_more, a_batch_waits_for_messages_until_it_is_full);

async fn a_fetch_takes_what_is_there_and_no_more(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "orders", |config| config.storage = storage).await;
    let consumer = consumer(&stream, durable("reader")).await;
    assert!(at_hand(&consumer).await.is_empty());
    publish_many(&world.js, &subject(&stream, "a"), 5).await;
    let fetch = consumer.fetch().max_messages(3).messages().await.unwrap();
    let three: Vec<_> = soon("three messages", fetch.try_collect()).await.unwrap();
    assert_eq!(payloads(&three), ["0", "1", "2"]);
    assert_eq!(payloads(&at_hand(&consumer).await), ["3", "4"]);
    assert!(at_hand(&consumer).await.is_empty());
}

async fn a_batch_waits_for_messages_until_it_is_full(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "orders", |config| config.storage = storage).await;
    let consumer = consumer(&stream, durable("reader")).await;
    publish(&world.js, &subject(&stream, "a"), "early").await;
    let mut batch = consumer.batch().max_messages(2).expires(PATIENCE).messages().await.unwrap();
    assert_eq!(soon("the first", batch.next()).await.unwrap().unwrap().payload, "early");
    publish(&world.js, &subject(&stream, "a"), "late").await;
    assert_eq!(soon("the second", batch.next()).await.unwrap().unwrap().payload, "late");
    assert!(soon("the end", batch.next()).await.is_none());
}

#[tokio::test]
async fn a_batch_ends_when_its_time_is_over() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    publish(&world.js, &subject(&stream, "a"), "only").await;
    let began = Instant::now();
    let batch = consumer.batch().max_messages(10).expires(A_WHILE).messages().await.unwrap();
    let messages: Vec<_> = soon("the end of the batch", batch.try_collect()).await.unwrap();
    assert_eq!(payloads(&messages), ["only"]);
    assert!(began.elapsed() >= A_WHILE, "it waited for more");
}

#[tokio::test]
async fn a_request_can_be_bounded_in_bytes() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    let payload = "x".repeat(400);
    for _ in 0..5 {
        publish(&world.js, &subject(&stream, "a"), &payload).await;
    }
    // With its subjects a message is more than its payload, so two fit and three do not.
    let mut batch = consumer.batch().max_messages(5).max_bytes(1400).expires(PATIENCE).messages().await.unwrap();
    let mut taken = Vec::new();
    let end = loop {
        match soon("a message or the end", batch.next()).await {
            Some(Ok(message)) => taken.push(message),
            end => break end,
        }
    };
    assert_eq!(sequences(&taken), [1, 2]);
    let end = end.expect("async-nats tells of it").unwrap_err().to_string();
    assert!(end.contains("409") && end.contains("Message Size Exceeds MaxBytes"), "{end}");
    assert_eq!(sequences(&[take_one(&consumer).await]), [3], "what did not fit is still there");
}

#[tokio::test]
async fn a_stream_of_messages_goes_on_from_request_to_request() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    let pulling = consumer.stream().max_messages_per_batch(4).expires(A_WHILE).messages().await.unwrap();
    let publishing = async {
        for round in 0..3 {
            publish_many(&world.js, &subject(&stream, "a"), 7).await;
            if round < 2 {
                tokio::time::sleep(2 * A_WHILE).await; // Requests expire meanwhile.
            }
        }
    };
    let reading = async {
        let mut seen = Vec::new();
        let mut pulling = pulling.take(21);
        while let Some(message) = pulling.next().await {
            let message = message.unwrap();
            message.ack().await.unwrap();
            seen.push(message.info().unwrap().stream_sequence);
        }
        seen
    };
    let ((), seen) = soon("21 messages", async { tokio::join!(publishing, reading) }).await;
    assert_eq!(seen, (1..=21).collect::<Vec<_>>());
    eventually("all is acknowledged", async || {
        let info = consumer.get_info().await.unwrap();
        (info.num_ack_pending == 0 && info.num_redelivered == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn heartbeats_keep_an_idle_stream_of_messages_alive() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    let heartbeat = Duration::from_millis(150);
    let pulling = consumer.stream().heartbeat(heartbeat).expires(Duration::from_secs(30)).messages();
    let mut pulling = pulling.await.unwrap();
    never("nothing is published", 5 * heartbeat, pulling.next()).await;
    publish(&world.js, &subject(&stream, "a"), "at last").await;
    assert_eq!(soon("the message", pulling.next()).await.unwrap().unwrap().payload, "at last");
}

#[tokio::test]
async fn who_pulls_learns_that_the_consumer_is_deleted() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    let mut pulling = consumer.messages().await.unwrap();
    let deleting = async {
        eventually("the request waits", async || {
            (stream.consumer_info("reader").await.unwrap().num_waiting == 1).then_some(())
        })
        .await;
        stream.delete_consumer("reader").await.unwrap();
    };
    let (told, ()) = soon("the news", async { tokio::join!(pulling.next(), deleting) }).await;
    assert_eq!(told.unwrap().unwrap_err().kind(), MessagesErrorKind::ConsumerDeleted);
    assert!(soon("the end", pulling.next()).await.is_none());
}

#[tokio::test]
async fn who_pulls_learns_that_the_stream_is_deleted() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    let mut pulling = consumer.messages().await.unwrap();
    let deleting = async {
        eventually("the request waits", async || {
            (stream.consumer_info("reader").await.unwrap().num_waiting == 1).then_some(())
        })
        .await;
        world.js.delete_stream(&stream.cached_info().config.name).await.unwrap();
    };
    let (told, ()) = soon("the news", async { tokio::join!(pulling.next(), deleting) }).await;
    assert_eq!(told.unwrap().unwrap_err().kind(), MessagesErrorKind::ConsumerDeleted);
}

#[tokio::test]
async fn who_pulls_from_a_consumer_that_does_not_exist_notices() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    stream.delete_consumer("reader").await.unwrap();
    let pulling = consumer.stream().heartbeat(Duration::from_millis(100)).expires(PATIENCE);
    let mut pulling = pulling.messages().await.unwrap();
    let told = soon("an answer", pulling.next()).await.unwrap();
    // A real server says nothing at all, which is as good once the heartbeats are missed.
    let told = told.unwrap_err().kind();
    let known = [MessagesErrorKind::NoResponders, MessagesErrorKind::MissingHeartbeat];
    assert!(known.contains(&told), "{told:?}");
}

#[tokio::test]
async fn a_consumer_that_pushes_cannot_be_pulled_from() {
    let world = World::new().await;
    let (stream, reader) = orders(&world, durable("reader")).await;
    let mut info = reader.cached_info().clone();
    let pushing = push::Config {
        deliver_subject: world.name("inbox"),
        durable_name: Some("pusher".into()),
        ..push::Config::default()
    };
    stream.create_consumer(pushing).await.unwrap();
    info.name = "pusher".into();
    let mistaken = PullConsumer::new(durable("pusher"), info, world.js.clone());
    let mut pulling = mistaken.messages().await.unwrap();
    let told = soon("an answer", pulling.next()).await.unwrap().unwrap_err();
    assert_eq!(told.kind(), MessagesErrorKind::PushBasedConsumer);
}

#[tokio::test]
async fn two_who_pull_share_the_work() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    let other: PullConsumer = async_nats::jetstream::new(world.another_client().await)
        .get_consumer_from_stream("reader", &stream.cached_info().config.name)
        .await
        .unwrap();
    let work = |consumer: PullConsumer| async move {
        let pulling = consumer.stream().max_messages_per_batch(5).expires(PATIENCE).messages().await.unwrap();
        let messages = pulling.take(50).try_collect::<Vec<_>>().await.unwrap();
        for message in &messages {
            message.double_ack().await.unwrap();
        }
        sequences(&messages)
    };
    let subject = subject(&stream, "a");
    let publishing = publish_many(&world.js, &subject, 150);
    let both = async { tokio::join!(publishing, work(consumer.clone()), work(other)) };
    let ((), first, second) = soon("the work", Box::pin(both)).await;
    let all: BTreeSet<_> = first.iter().chain(&second).copied().collect();
    assert_eq!(all.len(), 100, "no message went to both");
}

#[tokio::test]
async fn batches_can_follow_one_another() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    publish_many(&world.js, &subject(&stream, "a"), 6).await;
    let mut batches = consumer.sequence(2).unwrap();
    for expected in [["0", "1"], ["2", "3"], ["4", "5"]] {
        let batch = soon("a batch", batches.next()).await.unwrap().unwrap();
        let messages: Vec<_> = soon("its messages", batch.try_collect()).await.unwrap();
        assert_eq!(payloads(&messages), expected);
    }
}

#[tokio::test]
async fn thousands_of_messages_are_pulled_in_order() {
    const MESSAGES: usize = 5000;
    let world = World::new().await;
    let config = pull::Config { ack_policy: AckPolicy::None, ..durable("reader") };
    let (stream, consumer) = orders(&world, config).await;
    let pulling = consumer.stream().max_messages_per_batch(500).messages().await.unwrap();
    let reading = pulling.take(MESSAGES).try_collect::<Vec<_>>();
    let subject = subject(&stream, "a");
    let publishing = publish_many(&world.js, &subject, MESSAGES);
    let both = async { tokio::join!(publishing, reading) };
    let ((), messages) = soon("all messages", both).await;
    let messages = messages.unwrap();
    assert!(payloads(&messages).iter().enumerate().all(|(number, payload)| *payload == number.to_string()));
    assert!(take(&consumer, 0).await.is_empty());
}
