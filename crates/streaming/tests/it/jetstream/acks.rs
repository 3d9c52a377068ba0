//! Acknowledgements: what moves a consumer on, and what makes it deliver once more.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::{AckPolicy, Info, PullConsumer, pull};
use async_nats::jetstream::stream::{StorageType, Stream};
use futures::StreamExt;

use super::{
    at_hand, consumer, durable, payloads, publish, publish_many, sequences, stream, subject, take, take_for, take_one,
};
use crate::harness::{World, eventually, soon};
use crate::on_both_stores;

/// Long enough for a test to act before it passes, short enough to wait for.
const ACK_WAIT: Duration = Duration::from_millis(400);

/// Long enough for a message to arrive that would.
const A_WHILE: Duration = Duration::from_millis(200);

/// A stream with `count` messages and a consumer of it.
async fn world_with(storage: StorageType, count: usize, config: pull::Config) -> (World, Stream, PullConsumer) {
    let world = World::new().await;
    let stream = stream(&world, "orders", |config| config.storage = storage).await;
    publish_many(&world.js, &subject(&stream, "a"), count).await;
    let consumer = consumer(&stream, config).await;
    (world, stream, consumer)
}

/// Waits until the consumer's state is as told.
async fn settles(consumer: &PullConsumer, what: &str, as_told: impl Fn(&Info) -> bool) -> Info {
    eventually(what, async || Some(consumer.get_info().await.unwrap()).filter(|info| as_told(info))).await
}

fn delivered(message: &async_nats::jetstream::Message) -> i64 {
    message.info().unwrap().delivered
}

on_both_stores!(
    each_message_is_acknowledged_by_itself,
    one_acknowledgement_may_stand_for_all_before,
    without_acknowledgements_delivery_is_all_there_is,
    what_is_not_acknowledged_in_time_comes_again,
    a_negative_acknowledgement_brings_a_message_back_at_once,
    a_delivery_too_many_is_not_made,
);

async fn each_message_is_acknowledged_by_itself(storage: StorageType) {
    let (_world, _stream, consumer) = world_with(storage, 4, durable("reader")).await;
    let messages = take(&consumer, 3).await;
    let info = consumer.get_info().await.unwrap();
    assert_eq!((info.num_ack_pending, info.num_pending), (3, 1));
    assert_eq!((info.delivered.consumer_sequence, info.delivered.stream_sequence), (3, 3));
    assert_eq!(info.ack_floor.stream_sequence, 0);

    messages[1].double_ack().await.unwrap();
    let info = consumer.get_info().await.unwrap();
    assert_eq!(info.num_ack_pending, 2);
    assert_eq!(info.ack_floor.stream_sequence, 0, "the first is still out");

    messages[0].double_ack().await.unwrap();
    let info = consumer.get_info().await.unwrap();
    assert_eq!(info.num_ack_pending, 1);
    assert_eq!((info.ack_floor.stream_sequence, info.ack_floor.consumer_sequence), (2, 2), "both are settled");

    messages[0].double_ack().await.expect("to say it twice does no harm");
    messages[2].ack().await.unwrap();
    let info = settles(&consumer, "the third is settled", |info| info.num_ack_pending == 0).await;
    assert_eq!((info.ack_floor.stream_sequence, info.num_redelivered), (3, 0));
}

async fn one_acknowledgement_may_stand_for_all_before(storage: StorageType) {
    let config = pull::Config { ack_policy: AckPolicy::All, ..durable("reader") };
    let (_world, _stream, consumer) = world_with(storage, 5, config).await;
    let messages = take(&consumer, 5).await;
    messages[2].double_ack().await.unwrap();
    let info = consumer.get_info().await.unwrap();
    assert_eq!((info.num_ack_pending, info.ack_floor.stream_sequence), (2, 3));
    messages[0].double_ack().await.expect("it was included already");
    messages[4].double_ack().await.unwrap();
    assert_eq!(consumer.get_info().await.unwrap().num_ack_pending, 0);
}

async fn without_acknowledgements_delivery_is_all_there_is(storage: StorageType) {
    let config = pull::Config { ack_policy: AckPolicy::None, ..durable("reader") };
    let (_world, _stream, consumer) = world_with(storage, 3, config).await;
    take(&consumer, 2).await;
    let info = consumer.get_info().await.unwrap();
    assert_eq!((info.num_ack_pending, info.num_pending), (0, 1));
    assert_eq!(info.ack_floor.stream_sequence, 2, "delivered is as good as acknowledged");
}

async fn what_is_not_acknowledged_in_time_comes_again(storage: StorageType) {
    let config = pull::Config { ack_wait: ACK_WAIT, ..durable("reader") };
    let (_world, _stream, consumer) = world_with(storage, 2, config).await;
    let began = Instant::now();
    let first = take(&consumer, 2).await;
    assert_eq!(first.iter().map(delivered).collect::<Vec<_>>(), [1, 1]);
    first[0].double_ack().await.unwrap();

    let again = take_one(&consumer).await;
    assert!(began.elapsed() >= ACK_WAIT, "too soon");
    assert_eq!((sequences(std::slice::from_ref(&again)), delivered(&again)), (vec![2], 2));
    assert_eq!(again.info().unwrap().consumer_sequence, 3, "every delivery counts");
    let info = consumer.get_info().await.unwrap();
    assert_eq!((info.num_redelivered, info.num_ack_pending), (1, 1));

    first[1].double_ack().await.expect("the acknowledgement of the first delivery counts too");
    let info = consumer.get_info().await.unwrap();
    assert_eq!((info.num_redelivered, info.num_ack_pending), (0, 0));
    tokio::time::sleep(2 * ACK_WAIT).await;
    assert!(at_hand(&consumer).await.is_empty(), "settled once and for all");
}

async fn a_negative_acknowledgement_brings_a_message_back_at_once(storage: StorageType) {
    let (_world, _stream, consumer) = world_with(storage, 2, durable("reader")).await;
    let first = take_one(&consumer).await;
    first.ack_with(AckKind::Nak(None)).await.unwrap();
    let again = eventually("the message is back", async || {
        let message = take_one(&consumer).await;
        (sequences(std::slice::from_ref(&message)) == [1]).then_some(message)
    });
    let again = again.await;
    assert_eq!(delivered(&again), 2);
    again.double_ack().await.unwrap();
}

#[tokio::test]
async fn a_negative_acknowledgement_may_ask_for_a_delay() {
    const DELAY: Duration = Duration::from_millis(500);
    let (_world, _stream, consumer) = world_with(StorageType::File, 1, durable("reader")).await;
    let first = take_one(&consumer).await;
    let began = Instant::now();
    first.double_ack_with(AckKind::Nak(Some(DELAY))).await.unwrap();
    assert!(at_hand(&consumer).await.is_empty(), "not yet");
    let again = take_one(&consumer).await;
    assert!(began.elapsed() >= DELAY, "too soon");
    assert_eq!(delivered(&again), 2);
}

#[tokio::test]
async fn work_in_progress_is_given_more_time() {
    let config = pull::Config { ack_wait: ACK_WAIT, ..durable("reader") };
    let (_world, _stream, consumer) = world_with(StorageType::File, 1, config).await;
    let message = take_one(&consumer).await;
    for _ in 0..6 {
        tokio::time::sleep(ACK_WAIT / 3).await;
        message.double_ack_with(AckKind::Progress).await.unwrap();
        assert!(at_hand(&consumer).await.is_empty(), "twice the time has passed, but it is being worked on");
    }
    assert_eq!(consumer.get_info().await.unwrap().num_ack_pending, 1);
    assert_eq!(delivered(&take_one(&consumer).await), 2, "then the time is up");
}

#[tokio::test]
async fn a_terminated_message_never_comes_again() {
    let config = pull::Config { ack_wait: ACK_WAIT, ..durable("reader") };
    let (world, stream, consumer) = world_with(StorageType::File, 1, config).await;
    let advisory = format!("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.{}.reader", stream.cached_info().config.name);
    let mut advisories = world.client.subscribe(advisory).await.unwrap();
    take_one(&consumer).await.double_ack_with(AckKind::Term).await.unwrap();

    let advisory = soon("the advisory", advisories.next()).await.unwrap();
    let advisory: serde_json::Value = serde_json::from_slice(&advisory.payload).unwrap();
    assert_eq!(advisory["type"], "io.nats.jetstream.advisory.v1.terminated");
    assert_eq!(advisory["stream"], stream.cached_info().config.name);
    assert_eq!(advisory["consumer"], "reader");
    assert_eq!((advisory["stream_seq"].as_u64(), advisory["consumer_seq"].as_u64()), (Some(1), Some(1)));
    assert_eq!(advisory["deliveries"], 1);

    assert_eq!(consumer.get_info().await.unwrap().num_ack_pending, 0);
    tokio::time::sleep(2 * ACK_WAIT).await;
    assert!(at_hand(&consumer).await.is_empty());
}

async fn a_delivery_too_many_is_not_made(storage: StorageType) {
    let config = pull::Config { ack_wait: ACK_WAIT / 2, max_deliver: 2, ..durable("reader") };
    let (world, stream, consumer) = world_with(storage, 2, config).await;
    let name = &stream.cached_info().config.name;
    let advisory = format!("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{name}.reader");
    let mut advisories = world.client.subscribe(advisory).await.unwrap();

    let mut deliveries = BTreeMap::<u64, Vec<i64>>::new();
    for message in take(&consumer, 2).await.into_iter().chain(take(&consumer, 2).await) {
        deliveries.entry(message.info().unwrap().stream_sequence).or_default().push(delivered(&message));
    }
    assert_eq!(deliveries, BTreeMap::from([(1, vec![1, 2]), (2, vec![1, 2])]));

    // Whether someone asks for more must not matter, but a real server looks only then.
    let waiting = consumer.batch().max_messages(1).expires(4 * ACK_WAIT).messages().await.unwrap();
    let mut given_up = Vec::new();
    for _ in 0..2 {
        let advisory = soon("the advisory", advisories.next()).await.unwrap();
        let advisory: serde_json::Value = serde_json::from_slice(&advisory.payload).unwrap();
        assert_eq!(advisory["type"], "io.nats.jetstream.advisory.v1.max_deliver");
        assert_eq!((&advisory["stream"], &advisory["consumer"]), (&name.as_str().into(), &"reader".into()));
        assert_eq!(advisory["deliveries"], 2);
        given_up.push(advisory["stream_seq"].as_u64().unwrap());
    }
    given_up.sort_unstable();
    assert_eq!(given_up, [1, 2]);
    assert!(waiting.collect::<Vec<_>>().await.is_empty(), "neither is delivered a third time");
    publish(&world.js, &subject(&stream, "a"), "next").await;
    assert_eq!(payloads(&[take_one(&consumer).await]), ["next"], "the consumer goes on with what follows");
}

#[tokio::test]
async fn a_backoff_tells_how_long_each_redelivery_waits() {
    let backoff = vec![Duration::from_millis(200), Duration::from_millis(500)];
    let config = pull::Config { backoff: backoff.clone(), max_deliver: 4, ..durable("reader") };
    let (_world, _stream, consumer) = world_with(StorageType::File, 1, config).await;
    assert_eq!(consumer.cached_info().config.ack_wait, backoff[0], "the first step stands in for the ack wait");
    assert_eq!(consumer.cached_info().config.backoff, backoff);
    let mut waits = Vec::new();
    take_one(&consumer).await;
    for expected in [2, 3, 4] {
        let began = Instant::now();
        assert_eq!(delivered(&take_one(&consumer).await), expected);
        waits.push(began.elapsed());
    }
    // The server's clock started a little before ours, when it sent what we then received.
    for (wait, step) in waits.iter().zip([backoff[0], backoff[1], backoff[1]]) {
        assert!(*wait > step * 3 / 4, "waited {wait:?} where {step:?} was told");
    }
}

#[tokio::test]
async fn only_so_many_messages_are_out_at_a_time() {
    let config = pull::Config { max_ack_pending: 2, ..durable("reader") };
    let (_world, _stream, consumer) = world_with(StorageType::File, 5, config).await;
    let out = take_for(&consumer, A_WHILE).await;
    assert_eq!(sequences(&out), [1, 2]);
    assert!(take_for(&consumer, A_WHILE).await.is_empty(), "both are still out");
    out[0].double_ack().await.unwrap();
    assert_eq!(sequences(&take_for(&consumer, A_WHILE).await), [3], "one back, one out");
    out[1].double_ack_with(AckKind::Nak(None)).await.unwrap();
    assert_eq!(sequences(&take_for(&consumer, A_WHILE).await), [2], "what comes again takes the place it had");
}

#[tokio::test]
async fn an_acknowledgement_can_ask_for_the_next_message() {
    let (world, _stream, consumer) = world_with(StorageType::File, 3, durable("reader")).await;
    let first = take_one(&consumer).await;
    let inbox = world.client.new_inbox();
    let mut next = world.client.subscribe(inbox.clone()).await.unwrap();
    world.client.publish_with_reply(first.reply.clone().unwrap(), inbox, "+NXT".into()).await.unwrap();
    let second = soon("the next message", next.next()).await.unwrap();
    assert_eq!(second.payload, "1");
    let info = settles(&consumer, "the first is settled", |info| info.num_ack_pending == 1).await;
    assert_eq!((info.ack_floor.stream_sequence, info.delivered.stream_sequence), (1, 2));
}

#[tokio::test]
async fn a_message_that_is_deleted_meanwhile_does_not_come_again() {
    let config = pull::Config { ack_wait: ACK_WAIT, ..durable("reader") };
    let (world, stream, consumer) = world_with(StorageType::File, 2, config).await;
    let messages = take(&consumer, 2).await;
    stream.delete_message(1).await.unwrap();
    let again = take_one(&consumer).await;
    assert_eq!(sequences(std::slice::from_ref(&again)), [2]);
    again.double_ack().await.unwrap();
    messages[0].double_ack().await.expect("an acknowledgement that comes too late");
    publish(&world.js, &subject(&stream, "a"), "next").await;
    take_one(&consumer).await.double_ack().await.unwrap();
    let info = consumer.get_info().await.unwrap();
    assert_eq!((info.num_ack_pending, info.ack_floor.stream_sequence), (0, 3));
}
