//! Schedules that repeat themselves, and what else came with them.

use std::time::Duration;

use async_nats::datetime::{self};
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::stream::{StorageType, Stream};

use super::schedules::{arrives, calendar, header, last, long_ago, scheduled};
use super::{at_hand, consumer, durable, publish, refusal, send, subject, take_one};
use crate::harness::{World, eventually, never};
use crate::{needs, on_both_stores};

on_both_stores!(a_schedule_can_repeat_itself);

async fn a_schedule_can_repeat_itself(storage: StorageType) {
    let world = World::new().await;
    needs!(world.client, 2, 14, "repeating schedules");
    let stream = calendar(&world, storage).await;
    send(&world.js, &subject(&stream, "plan"), scheduled(&stream, "@every 1s", "tick")).await.unwrap();
    let ticks = pull_from(&stream, "tick").await;
    let first = take_one(&ticks).await;
    let second = take_one(&ticks).await;
    for tick in [&first, &second] {
        let next = tick.headers.as_ref().unwrap().get("Nats-Schedule-Next").unwrap().as_str();
        let next = datetime::parse_rfc3339(next).expect("a time");
        assert!(next > tick.info().unwrap().published, "the next is still to come");
    }
    let between = second.info().unwrap().published - first.info().unwrap().published;
    // Each is due at a full second, and the first may have come late.
    assert!(between >= Duration::from_millis(500), "{between}");
    assert!(last(&stream, "plan").await.is_some(), "it goes on");
    stream.purge().filter(subject(&stream, "plan")).await.unwrap();
    at_hand(&ticks).await; // One more may have been on its way.
    never("it went on", Duration::from_millis(1300), take_one(&ticks)).await;
}

async fn pull_from(stream: &Stream, token: &str) -> async_nats::jetstream::consumer::PullConsumer {
    let config =
        async_nats::jetstream::consumer::pull::Config { filter_subject: subject(stream, token), ..durable("reader") };
    consumer(stream, config).await
}

#[tokio::test]
async fn a_schedule_can_be_written_as_cron_does() {
    let world = World::new().await;
    needs!(world.client, 2, 14, "cron schedules");
    let stream = calendar(&world, StorageType::File).await;
    send(&world.js, &subject(&stream, "plan"), scheduled(&stream, "* * * * * *", "tick")).await.unwrap();
    let published = arrives(&stream, "tick").await;
    let next = header(&published, "Nats-Schedule-Next").expect("it goes on");
    let next = datetime::parse_rfc3339(next).expect("a time");
    assert_eq!(next.nanosecond(), 0, "on the second");
    assert!(next > published.time - Duration::from_secs(1));
    for named in ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually", "0 30 9 * * 1-5"] {
        let message = scheduled(&stream, named, "tick").header("Nats-Schedule-Time-Zone", "Europe/Berlin");
        send(&world.js, &subject(&stream, "plan"), message).await.unwrap_or_else(|error| panic!("{named}: {error}"));
    }
    for zone in ["Middle/Earth", "+02:00", ""] {
        let nowhere = scheduled(&stream, "@daily", "tick").header("Nats-Schedule-Time-Zone", zone);
        let refused = send(&world.js, &subject(&stream, "plan"), nowhere).await;
        assert_eq!(refusal(refused), ErrorCode::MESSAGE_SCHEDULES_TIME_ZONE_INVALID, "{zone:?}");
    }
    for unzoned in ["@every 1h", "@at 2030-01-01T00:00:00Z"] {
        let message = scheduled(&stream, unzoned, "tick").header("Nats-Schedule-Time-Zone", "Europe/Berlin");
        let refused = send(&world.js, &subject(&stream, "plan"), message).await;
        assert_eq!(refusal(refused), ErrorCode::MESSAGE_SCHEDULES_PATTERN_INVALID, "{unzoned} has no zone");
    }
}

#[tokio::test]
async fn what_is_published_can_replace_what_was() {
    let world = World::new().await;
    needs!(world.client, 2, 14, "rolling up by schedule");
    let stream = calendar(&world, StorageType::File).await;
    publish(&world.js, &subject(&stream, "now"), "old").await;
    let message = scheduled(&stream, &long_ago(), "now").header("Nats-Schedule-Rollup", "sub");
    send(&world.js, &subject(&stream, "plan"), message).await.unwrap();
    eventually("it is replaced", async || stream.get_raw_message(1).await.err()).await;
    assert_eq!(arrives(&stream, "now").await.payload, "later");
}

#[tokio::test]
async fn what_is_published_can_be_taken_from_another_subject() {
    let world = World::new().await;
    needs!(world.client, 2, 14, "schedules with a source");
    let stream = calendar(&world, StorageType::File).await;
    publish(&world.js, &subject(&stream, "source"), "old").await;
    publish(&world.js, &subject(&stream, "source"), "fresh").await;
    let message =
        |source: &str| scheduled(&stream, &long_ago(), "now").header("Nats-Schedule-Source", subject(&stream, source));
    let refused = send(&world.js, &subject(&stream, "plan"), message("*")).await;
    assert_eq!(refusal(refused), ErrorCode(10203));
    send(&world.js, &subject(&stream, "plan"), message("source")).await.unwrap();
    assert_eq!(arrives(&stream, "now").await.payload, "fresh");

    let nothing_there = message("nothing").header("Nats-Schedule-Target", subject(&stream, "else"));
    send(&world.js, &subject(&stream, "plan"), nothing_there).await.unwrap();
    assert_eq!(arrives(&stream, "else").await.payload, "later", "its own words stand in for a source without any");
}
