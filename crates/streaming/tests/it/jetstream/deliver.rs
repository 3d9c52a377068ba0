//! What a consumer is given: where it begins, what it picks, and in which shape.

use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, ReplayPolicy, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::StorageType;

use super::{
    at_hand, consumer, durable, payloads, publish, publish_many, send, sequences, stream, subject, take, take_one,
};
use crate::harness::World;
use crate::{needs, on_both_stores};

/// A consumer whose messages need no acknowledgement.
fn reader(deliver_policy: DeliverPolicy) -> pull::Config {
    pull::Config { deliver_policy, ack_policy: AckPolicy::None, ..pull::Config::default() }
}

on_both_stores!(
    a_consumer_begins_where_it_is_told,
    a_consumer_begins_at_a_point_in_time,
    a_consumer_gets_what_its_filter_picks,
    the_last_of_each_subject_comes_first_then_all_that_follows,
    several_filters_pick_more,
);

async fn a_consumer_begins_where_it_is_told(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "orders", |config| config.storage = storage).await;
    let subject = subject(&stream, "a");
    publish_many(&world.js, &subject, 5).await;
    stream.delete_message(3).await.unwrap();

    let from = |start_sequence| DeliverPolicy::ByStartSequence { start_sequence };
    let expectations: [(DeliverPolicy, &[u64]); 7] = [
        (DeliverPolicy::All, &[1, 2, 4, 5]),
        (DeliverPolicy::Last, &[5]),
        (DeliverPolicy::New, &[]),
        (from(2), &[2, 4, 5]),
        (from(3), &[4, 5]),
        (from(5), &[5]),
        (from(9), &[]),
    ];
    let mut readers = Vec::new();
    for (policy, expected) in expectations {
        let reader = consumer(&stream, reader(policy)).await;
        assert_eq!(reader.cached_info().num_pending, expected.len() as u64, "{policy:?}");
        assert_eq!(sequences(&at_hand(&reader).await), expected, "{policy:?}");
        readers.push((policy, reader));
    }
    publish(&world.js, &subject, "new").await;
    for (policy, reader) in readers {
        if policy == from(9) {
            continue; // What it asked for is still to come.
        }
        assert_eq!(sequences(&[take_one(&reader).await]), [6], "{policy:?} goes on with what is new");
    }
}

async fn a_consumer_begins_at_a_point_in_time(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "orders", |config| config.storage = storage).await;
    publish_many(&world.js, &subject(&stream, "a"), 4).await;
    let third = stream.get_raw_message(3).await.unwrap().time;
    let from = |start_time| reader(DeliverPolicy::ByStartTime { start_time });

    let inclusive = consumer(&stream, from(third)).await;
    assert_eq!(sequences(&at_hand(&inclusive).await), [3, 4]);
    let between = consumer(&stream, from(third + Duration::from_nanos(1))).await;
    assert_eq!(sequences(&at_hand(&between).await), [4]);
    let before = consumer(&stream, from(third - Duration::from_hours(1))).await;
    assert_eq!(sequences(&at_hand(&before).await), [1, 2, 3, 4]);
}

async fn a_consumer_gets_what_its_filter_picks(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "orders", |config| config.storage = storage).await;
    for token in ["eu.placed", "us.placed", "eu.paid", "eu.placed"] {
        publish(&world.js, &subject(&stream, token), token).await;
    }
    let expectations: [(&str, &[u64]); 5] =
        [("eu.placed", &[1, 4]), ("*.placed", &[1, 2, 4]), ("eu.>", &[1, 3, 4]), ("us.*", &[2]), ("*.shipped", &[])];
    for (filter, expected) in expectations {
        let filtered = pull::Config { filter_subject: subject(&stream, filter), ..reader(DeliverPolicy::All) };
        let filtered = consumer(&stream, filtered).await;
        assert_eq!(filtered.cached_info().num_pending, expected.len() as u64, "{filter}");
        let messages = at_hand(&filtered).await;
        assert_eq!(sequences(&messages), expected, "{filter}");
        for (message, pending) in messages.iter().zip((0..expected.len() as u64).rev()) {
            assert_eq!(message.info().unwrap().pending, pending, "{filter}: only what it picks is still pending");
        }
    }
    let last = pull::Config { filter_subject: subject(&stream, "*.paid"), ..reader(DeliverPolicy::Last) };
    assert_eq!(sequences(&at_hand(&consumer(&stream, last).await).await), [3], "the last that it picks");
}

async fn the_last_of_each_subject_comes_first_then_all_that_follows(storage: StorageType) {
    let world = World::new().await;
    let stream = stream(&world, "orders", |config| config.storage = storage).await;
    for token in ["a", "b", "a", "c", "b", "a"] {
        publish(&world.js, &subject(&stream, token), token).await;
    }
    let latest = pull::Config { filter_subject: subject(&stream, ">"), ..reader(DeliverPolicy::LastPerSubject) };
    let latest = consumer(&stream, latest).await;
    assert_eq!(latest.cached_info().num_pending, 3);
    assert_eq!(sequences(&at_hand(&latest).await), [4, 5, 6], "in the order of the stream");
    publish(&world.js, &subject(&stream, "b"), "b").await;
    publish(&world.js, &subject(&stream, "b"), "b").await;
    assert_eq!(sequences(&take(&latest, 2).await), [7, 8], "from there on nothing is left out");
}

async fn several_filters_pick_more(storage: StorageType) {
    let world = World::new().await;
    needs!(world.client, 2, 10, "several filter subjects");
    let stream = stream(&world, "orders", |config| config.storage = storage).await;
    for token in ["a.1", "b.1", "c.1", "a.2", "b.2", "c.2"] {
        publish(&world.js, &subject(&stream, token), token).await;
    }
    let filter_subjects = vec![subject(&stream, "a.*"), subject(&stream, "c.2")];
    let both = pull::Config { filter_subjects: filter_subjects.clone(), ..reader(DeliverPolicy::All) };
    let both = consumer(&stream, both).await;
    assert_eq!(both.cached_info().config.filter_subjects, filter_subjects);
    assert_eq!(both.cached_info().num_pending, 3);
    let messages = at_hand(&both).await;
    assert_eq!(payloads(&messages), ["a.1", "a.2", "c.2"]);
    assert_eq!(messages.iter().map(|message| message.info().unwrap().pending).collect::<Vec<_>>(), [2, 1, 0]);

    let latest = pull::Config { filter_subjects, ..reader(DeliverPolicy::LastPerSubject) };
    assert_eq!(payloads(&at_hand(&consumer(&stream, latest).await).await), ["a.1", "a.2", "c.2"]);
}

#[tokio::test]
async fn a_message_tells_where_it_comes_from() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let (a, b) = (subject(&stream, "a"), subject(&stream, "b"));
    publish(&world.js, &a, "left out").await;
    publish(&world.js, &b, "first").await;
    publish(&world.js, &b, "second").await;
    let filtered = pull::Config { filter_subject: b.clone(), ..durable("reader") };
    let messages = take(&consumer(&stream, filtered).await, 2).await;
    for (index, message) in messages.iter().enumerate() {
        let info = message.info().unwrap();
        let stored = stream.get_raw_message(info.stream_sequence).await.unwrap();
        assert_eq!(message.subject.as_str(), b, "the message's own subject, not the consumer's");
        assert_eq!((info.stream, info.consumer), (stream.cached_info().config.name.as_str(), "reader"));
        assert_eq!((info.stream_sequence, info.consumer_sequence), (index as u64 + 2, index as u64 + 1));
        assert_eq!((info.delivered, info.pending), (1, 1 - index as u64));
        assert_eq!(info.published, stored.time);
        assert_eq!(message.payload, stored.payload);
    }
}

#[tokio::test]
async fn headers_only_leaves_the_payload_behind_and_tells_its_size() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    let message = PublishMessage::build().payload("twelve bytes".into()).header("Colour", "red");
    send(&world.js, &subject(&stream, "a"), message).await.unwrap();
    publish(&world.js, &subject(&stream, "a"), "").await;
    let brief = pull::Config { headers_only: true, ..reader(DeliverPolicy::All) };
    let messages = at_hand(&consumer(&stream, brief).await).await;
    let header = |index: usize, name: &str| {
        messages[index].headers.as_ref().and_then(|headers| headers.get(name)).map(ToString::to_string)
    };
    assert_eq!(payloads(&messages), ["", ""]);
    assert_eq!(header(0, "Colour").as_deref(), Some("red"));
    assert_eq!(header(0, "Nats-Msg-Size").as_deref(), Some("12"));
    assert_eq!(header(1, "Nats-Msg-Size").as_deref(), Some("0"));
}

#[tokio::test]
async fn a_replay_can_keep_the_original_pace() {
    const PAUSE: Duration = Duration::from_millis(300);
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    publish(&world.js, &subject(&stream, "a"), "first").await;
    tokio::time::sleep(PAUSE).await;
    publish(&world.js, &subject(&stream, "a"), "second").await;
    let spacing = {
        let (first, second) = (stream.get_raw_message(1).await.unwrap(), stream.get_raw_message(2).await.unwrap());
        Duration::try_from(second.time - first.time).unwrap()
    };
    let paced = pull::Config { replay_policy: ReplayPolicy::Original, ..reader(DeliverPolicy::All) };
    let paced = consumer(&stream, paced).await;
    take_one(&paced).await;
    let began = Instant::now();
    take_one(&paced).await;
    // The first reached us a moment after the server's own clock for the pause began.
    assert!(began.elapsed() > spacing / 2, "the second came at once");
}

#[tokio::test]
async fn messages_that_are_gone_are_passed_over() {
    let world = World::new().await;
    let stream = stream(&world, "orders", |_| ()).await;
    publish_many(&world.js, &subject(&stream, "a"), 6).await;
    let reader = consumer(&stream, durable("reader")).await;
    assert_eq!(sequences(&take(&reader, 1).await), [1]);
    stream.delete_message(2).await.unwrap();
    stream.purge().sequence(5).await.unwrap();
    assert_eq!(sequences(&take(&reader, 2).await), [5, 6]);
    assert_eq!(reader.get_info().await.unwrap().num_pending, 0);
}
