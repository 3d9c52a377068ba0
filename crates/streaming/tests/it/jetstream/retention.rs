//! How long a message stays when it is kept for its consumers only.

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull, push};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{AckKind, ErrorCode};

use super::{
    consumer, durable, publish, publish_many, refusal, send, sequences, state, stream, subject, take, take_one,
};
use crate::harness::{World, eventually, version};
use crate::on_both_stores;

fn filtered(stream: &Stream, name: &str, token: &str) -> pull::Config {
    pull::Config { filter_subject: subject(stream, token), ..durable(name) }
}

/// Waits until the stream holds so many messages.
async fn holds(stream: &Stream, messages: u64) {
    let what = format!("the stream holds {messages}");
    eventually(&what, async || (state(stream).await.messages == messages).then_some(())).await;
}

on_both_stores!(
    without_interest_a_message_is_not_kept,
    a_message_stays_until_all_who_are_interested_have_it,
    interest_ends_with_the_consumer,
    a_message_leaves_the_work_queue_when_it_is_done,
    a_work_queue_can_be_full,
);

fn interest(storage: StorageType) -> impl FnOnce(&mut Config) {
    move |config| (config.storage, config.retention) = (storage, RetentionPolicy::Interest)
}

fn work_queue(storage: StorageType) -> impl FnOnce(&mut Config) {
    move |config| (config.storage, config.retention) = (storage, RetentionPolicy::WorkQueue)
}

async fn without_interest_a_message_is_not_kept(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "news", interest(storage)).await;
    assert_eq!(publish(&world.js, &subject(&stream, "a"), "unheard").await, 1);
    let unheard = state(&stream).await;
    assert_eq!((unheard.messages, unheard.last_sequence), (0, 1), "acknowledged, numbered, and gone");

    consumer(&stream, filtered(&stream, "reader", "a")).await;
    publish(&world.js, &subject(&stream, "b"), "of no interest").await;
    assert_eq!(state(&stream).await.messages, 0);
    publish(&world.js, &subject(&stream, "a"), "of interest").await;
    assert_eq!(state(&stream).await.messages, 1);
}

async fn a_message_stays_until_all_who_are_interested_have_it(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "news", interest(storage)).await;
    let all = consumer(&stream, durable("all")).await;
    let some = consumer(&stream, filtered(&stream, "some", "a")).await;
    publish(&world.js, &subject(&stream, "a"), "for both").await;
    publish(&world.js, &subject(&stream, "b"), "for one").await;

    let by_all = take(&all, 2).await;
    by_all[0].double_ack().await.unwrap();
    assert_eq!(state(&stream).await.messages, 2, "the other has yet to read it");
    by_all[1].double_ack().await.unwrap();
    holds(&stream, 1).await;
    take_one(&some).await.double_ack().await.unwrap();
    holds(&stream, 0).await;
    assert_eq!(publish(&world.js, &subject(&stream, "b"), "next").await, 3);
}

async fn interest_ends_with_the_consumer(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "news", interest(storage)).await;
    let quick = consumer(&stream, durable("quick")).await;
    consumer(&stream, durable("slow")).await;
    publish_many(&world.js, &subject(&stream, "a"), 3).await;
    for message in take(&quick, 3).await {
        message.double_ack().await.unwrap();
    }
    assert_eq!(state(&stream).await.messages, 3);
    stream.delete_consumer("slow").await.unwrap();
    holds(&stream, 0).await;
}

async fn a_message_leaves_the_work_queue_when_it_is_done(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "work", work_queue(storage)).await;
    publish_many(&world.js, &subject(&stream, "a"), 4).await;
    assert_eq!(state(&stream).await.messages, 4, "work waits for a worker");
    let worker = consumer(&stream, durable("worker")).await;
    let work = take(&worker, 3).await;
    assert_eq!(state(&stream).await.messages, 4, "taken is not done");
    work[1].double_ack().await.unwrap();
    holds(&stream, 3).await;
    work[2].double_ack_with(AckKind::Term).await.unwrap();
    holds(&stream, 2).await;
    work[0].double_ack_with(AckKind::Nak(None)).await.unwrap();
    let mut rest = sequences(&take(&worker, 2).await);
    rest.sort_unstable();
    assert_eq!(rest, [1, 4]);
    assert_eq!(state(&stream).await.messages, 2);

    stream.delete_consumer("worker").await.unwrap();
    assert_eq!(state(&stream).await.messages, 2, "the next worker finds what is not done");
    let next = consumer(&stream, durable("next")).await;
    assert_eq!(sequences(&take(&next, 2).await), [1, 4]);
}

async fn a_work_queue_can_be_full(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "work", |config| {
        work_queue(storage)(config);
        config.max_messages = 2;
        config.discard = DiscardPolicy::New;
    });
    let stream = stream.await;
    let worker = consumer(&stream, durable("worker")).await;
    publish_many(&world.js, &subject(&stream, "a"), 2).await;
    let full = send(&world.js, &subject(&stream, "a"), PublishMessage::build()).await;
    assert_eq!(refusal(full), ErrorCode::STREAM_STORE_FAILED);
    take_one(&worker).await.double_ack().await.unwrap();
    holds(&stream, 1).await;
    publish(&world.js, &subject(&stream, "a"), "room again").await;
}

#[tokio::test]
async fn no_two_workers_are_given_the_same_work() {
    let world = World::new().await;
    let stream = stream(&world, "work", work_queue(StorageType::File)).await;
    consumer(&stream, durable("everything")).await;
    let second = stream.create_consumer(durable("second")).await;
    assert_eq!(refusal(second), ErrorCode::CONSUMER_WQ_MULTIPLE_UNFILTERED);
    let second = stream.create_consumer(filtered(&stream, "second", "a")).await;
    assert!(matches!(
        refusal(second),
        ErrorCode::CONSUMER_WQ_MULTIPLE_UNFILTERED | ErrorCode::CONSUMER_WQ_CONSUMER_NOT_UNIQUE
    ));

    stream.delete_consumer("everything").await.unwrap();
    consumer(&stream, filtered(&stream, "first", "a.*")).await;
    let two_sided = if version(&world.client) >= (2, 10) { &["*.b"][..] } else { &[] };
    for overlapping in ["a.b", "a.*", ">"].iter().chain(two_sided) {
        let second = stream.create_consumer(filtered(&stream, "second", overlapping)).await;
        assert_eq!(refusal(second), ErrorCode::CONSUMER_WQ_CONSUMER_NOT_UNIQUE, "{overlapping}");
    }
    consumer(&stream, filtered(&stream, "second", "b.*")).await;
}

#[tokio::test]
async fn work_must_be_acknowledged_one_by_one_and_from_the_beginning() {
    let world = World::new().await;
    let stream = stream(&world, "work", work_queue(StorageType::File)).await;
    let inbox = world.name("inbox");
    let forgetful = pull::Config { ack_policy: AckPolicy::None, ..durable("worker") };
    assert_eq!(refusal(stream.create_consumer(forgetful).await), ErrorCode::CONSUMER_PULL_REQUIRES_ACK);
    for ack_policy in [AckPolicy::None, AckPolicy::All] {
        let careless = push::Config {
            deliver_subject: inbox.clone(),
            durable_name: Some("worker".into()),
            ack_policy,
            ..push::Config::default()
        };
        let refused = stream.create_consumer(careless).await;
        assert_eq!(refusal(refused), ErrorCode::CONSUMER_WQ_REQUIRES_EXPLICIT_ACK, "{ack_policy:?}");
    }
    let late = pull::Config { deliver_policy: DeliverPolicy::New, ..durable("worker") };
    assert_eq!(refusal(stream.create_consumer(late).await), ErrorCode::CONSUMER_WQ_CONSUMER_NOT_DELIVER_ALL);
}
