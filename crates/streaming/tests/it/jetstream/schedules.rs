//! Messages that are stored now and published later.

use std::time::Duration;

use async_nats::datetime::{self, DateTime};
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::message::{PublishMessage, StreamMessage};
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType, Stream};
use futures::StreamExt;
use time::format_description::well_known::Rfc3339;

use super::{config, consumer, durable, refusal, send, state, stream, subject, take_one};
use crate::harness::{Server, World, eventually, never};
use crate::{needs, on_both_stores};

const A_WHILE: Duration = Duration::from_millis(300);

/// A stream that takes schedules, and lets messages have a time to live.
pub(super) async fn calendar(world: &World, storage: StorageType) -> Stream {
    stream(world, "calendar", |config| {
        config.storage = storage;
        config.allow_message_schedules = true;
        config.allow_message_ttl = true;
        config.allow_direct = true;
    })
    .await
}

/// A message that is to be published on `target` when `schedule` says.
pub(super) fn scheduled(stream: &Stream, schedule: &str, target: &str) -> PublishMessage {
    PublishMessage::build()
        .payload("later".into())
        .header("Nats-Schedule", schedule)
        .header("Nats-Schedule-Target", subject(stream, target))
}

fn at(time: DateTime) -> String {
    format!("@at {}", time.format(&Rfc3339).unwrap())
}

fn soon_to_come() -> DateTime {
    datetime::now() + Duration::from_millis(800)
}

pub(super) fn long_ago() -> String {
    at(datetime::now() - Duration::from_mins(1))
}

fn far_away() -> String {
    at(datetime::now() + Duration::from_hours(1))
}

pub(super) fn header<'a>(message: &'a StreamMessage, name: &str) -> Option<&'a str> {
    message.headers.get(name).map(async_nats::HeaderValue::as_str)
}

pub(super) async fn last(stream: &Stream, token: &str) -> Option<StreamMessage> {
    stream.get_last_raw_message_by_subject(&subject(stream, token)).await.ok()
}

/// Waits for the last message on the subject to be there.
pub(super) async fn arrives(stream: &Stream, token: &str) -> StreamMessage {
    eventually(&format!("a message on {token}"), async || last(stream, token).await).await
}

on_both_stores!(
    what_is_due_is_published_at_once,
    what_is_not_yet_due_waits,
    a_second_schedule_replaces_the_first,
    a_schedule_can_be_called_off,
);

async fn what_is_due_is_published_at_once(storage: StorageType) {
    let world = World::new().await;
    needs!(world.client, 2, 12, "scheduled messages");
    let stream = calendar(&world, storage).await;
    let message =
        scheduled(&stream, &long_ago(), "now").header("Colour", "red").message_id("once").expected_last_sequence(0);
    let ack = send(&world.js, &subject(&stream, "plan.1"), message).await.unwrap();
    assert_eq!((ack.sequence, ack.duplicate), (1, false));
    let published = arrives(&stream, "now").await;
    assert_eq!((published.sequence, published.payload.as_ref()), (2, b"later".as_slice()));
    assert_eq!(header(&published, "Colour"), Some("red"), "what the publisher said of it is kept");
    assert_eq!(header(&published, "Nats-Scheduler"), Some(subject(&stream, "plan.1").as_str()));
    assert_eq!(header(&published, "Nats-Schedule-Next"), Some("purge"));
    for gone in ["Nats-Schedule", "Nats-Schedule-Target", "Nats-Msg-Id", "Nats-Expected-Last-Sequence", "Nats-Rollup"] {
        assert_eq!(header(&published, gone), None, "{gone} was about the schedule");
    }

    eventually("the schedule is gone", async || last(&stream, "plan.1").await.is_none().then_some(())).await;
    let state = state(&stream).await;
    assert_eq!((state.messages, state.last_sequence), (1, 2));
}

async fn what_is_not_yet_due_waits(storage: StorageType) {
    let world = World::new().await;
    needs!(world.client, 2, 12, "scheduled messages");
    let stream = calendar(&world, storage).await;
    let due = soon_to_come();
    send(&world.js, &subject(&stream, "plan"), scheduled(&stream, &at(due), "later")).await.unwrap();
    assert!(last(&stream, "later").await.is_none());
    assert_eq!(last(&stream, "plan").await.unwrap().payload, "later", "until then it can be read where it waits");
    let published = arrives(&stream, "later").await;
    assert!(published.time >= due, "published at {}, due at {due}", published.time);
}

#[tokio::test]
async fn only_the_stream_s_own_readers_are_given_what_was_scheduled() {
    let world = World::new().await;
    needs!(world.client, 2, 12, "scheduled messages");
    let stream = calendar(&world, StorageType::File).await;
    let mut plain = world.client.subscribe(subject(&stream, "now")).await.unwrap();
    let filtered =
        async_nats::jetstream::consumer::pull::Config { filter_subject: subject(&stream, "now"), ..durable("reader") };
    let reader = consumer(&stream, filtered).await;
    send(&world.js, &subject(&stream, "plan"), scheduled(&stream, &long_ago(), "now")).await.unwrap();
    let message = take_one(&reader).await;
    assert_eq!(
        (message.payload.as_ref(), message.subject.as_str()),
        (b"later".as_slice(), subject(&stream, "now").as_str())
    );
    never("nothing was published outside the stream", A_WHILE, plain.next()).await;
    assert_eq!(stream.direct_get_last_for_subject(subject(&stream, "now")).await.unwrap().payload, "later");
}

#[tokio::test]
async fn a_schedule_must_be_allowed_and_make_sense() {
    let world = World::new().await;
    needs!(world.client, 2, 12, "scheduled messages");
    let closed = stream(&world, "closed", |_| ()).await;
    let refused = send(&world.js, &subject(&closed, "plan"), scheduled(&closed, &long_ago(), "now")).await;
    assert_eq!(refusal(refused), ErrorCode::MESSAGE_SCHEDULES_DISABLED);

    let stream = calendar(&world, StorageType::File).await;
    for nonsense in ["garbage", "@at", "@at tomorrow", "@every", "@every 500ms", "@every soon", "* * *", "*/5 * * * *"]
    {
        let refused = send(&world.js, &subject(&stream, "plan"), scheduled(&stream, nonsense, "now")).await;
        assert_eq!(refusal(refused), ErrorCode::MESSAGE_SCHEDULES_PATTERN_INVALID, "{nonsense:?}");
    }
    let to = |target: String| {
        PublishMessage::build().header("Nats-Schedule", far_away()).header("Nats-Schedule-Target", target)
    };
    let targets = [
        to(world.name("elsewhere")),
        to(subject(&stream, "plan")),
        to(subject(&stream, "*")),
        to(subject(&stream, ">")),
        to(String::new()),
        PublishMessage::build().header("Nats-Schedule", far_away()),
    ];
    for (index, message) in targets.into_iter().enumerate() {
        let refused = send(&world.js, &subject(&stream, "plan"), message).await;
        assert_eq!(refusal(refused), ErrorCode::MESSAGE_SCHEDULES_TARGET_INVALID, "{index}");
    }
    let with = |name: &'static str, value: &'static str| scheduled(&stream, &far_away(), "now").header(name, value);
    for nonsense in ["soon", "500ms"] {
        let refused = send(&world.js, &subject(&stream, "plan"), with("Nats-Schedule-TTL", nonsense)).await;
        assert_eq!(refusal(refused), ErrorCode::MESSAGE_SCHEDULES_TTL_INVALID, "{nonsense}");
    }
    let state = state(&stream).await;
    assert_eq!(state.last_sequence, 0, "nothing of that was stored");

    needs!(world.client, 2, 14, "repeating schedules");
    let refused = send(&world.js, &subject(&stream, "plan"), with("Nats-Schedule-Rollup", "everything")).await;
    assert_eq!(refusal(refused), ErrorCode::MESSAGE_SCHEDULES_ROLLUP_INVALID);
}

#[tokio::test]
async fn a_stream_that_takes_schedules_takes_them_for_good() {
    let world = World::new().await;
    needs!(world.client, 2, 12, "scheduled messages");
    let name = world.name("calendar");
    let asked = Config { allow_message_schedules: true, deny_purge: true, ..config(&name, &[&name]) };
    let stream = world.js.create_stream(asked).await.unwrap();
    let told = &stream.cached_info().config;
    assert!(told.allow_message_schedules && told.allow_rollup && !told.deny_purge, "schedules replace one another");
    let refused = Config { discard: DiscardPolicy::New, ..stream.cached_info().config.clone() };
    assert_eq!(
        refusal(world.js.update_stream(refused).await),
        ErrorCode::STREAM_INVALID_CONFIG,
        "nor may it refuse what is new"
    );
    let without = world.js.update_stream(config(&name, &[&name])).await;
    assert_eq!(refusal(without), ErrorCode::STREAM_INVALID_CONFIG);
}

async fn a_second_schedule_replaces_the_first(storage: StorageType) {
    let world = World::new().await;
    needs!(world.client, 2, 12, "scheduled messages");
    let stream = calendar(&world, storage).await;
    let plan = subject(&stream, "plan");
    send(&world.js, &plan, scheduled(&stream, &at(soon_to_come()), "first")).await.unwrap();
    send(&world.js, &plan, scheduled(&stream, &at(soon_to_come()), "second")).await.unwrap();
    assert_eq!(state(&stream).await.messages, 1, "one schedule a subject");
    arrives(&stream, "second").await;
    tokio::time::sleep(A_WHILE).await;
    assert!(last(&stream, "first").await.is_none());
}

async fn a_schedule_can_be_called_off(storage: StorageType) {
    let world = World::new().await;
    needs!(world.client, 2, 12, "scheduled messages");
    let stream = calendar(&world, storage).await;
    let due = at(soon_to_come());
    for token in ["purged", "deleted", "kept"] {
        let plan = subject(&stream, &format!("plan.{token}"));
        send(&world.js, &plan, scheduled(&stream, &due, token)).await.unwrap();
    }
    stream.purge().filter(subject(&stream, "plan.purged")).await.unwrap();
    stream.delete_message(2).await.unwrap();
    arrives(&stream, "kept").await;
    tokio::time::sleep(A_WHILE).await;
    assert!(last(&stream, "purged").await.is_none());
    assert!(last(&stream, "deleted").await.is_none());
}

#[tokio::test]
async fn a_message_can_call_off_a_schedule() {
    let world = World::new().await;
    needs!(world.client, 2, 14, "calling off a schedule by a message");
    let stream = calendar(&world, StorageType::File).await;
    let plan = subject(&stream, "plan");
    send(&world.js, &plan, scheduled(&stream, &far_away(), "never")).await.unwrap();
    let off = |scheduler: Option<&str>, next: Option<&str>| {
        let message = scheduler
            .into_iter()
            .fold(PublishMessage::build(), |message, scheduler| message.header("Nats-Scheduler", scheduler));
        next.into_iter().fold(message, |message, next| message.header("Nats-Schedule-Next", next))
    };
    let (away, any) = (subject(&stream, "off"), subject(&stream, "*"));
    let refused = [
        (&plan, off(Some(&plan), Some("purge")), "by itself"),
        (&away, off(Some(""), Some("purge")), "of nobody"),
        (&away, off(None, Some("purge")), "of nobody at all"),
        (&away, off(Some(&any), Some("purge")), "of anybody"),
        (&away, off(Some(&plan), None), "without saying so"),
        (&away, off(Some(&plan), Some("later")), "saying something else"),
    ];
    for (subject, message, what) in refused {
        let refused = send(&world.js, subject, message).await;
        assert_eq!(refusal(refused), ErrorCode::MESSAGE_SCHEDULES_SCHEDULER_INVALID, "{what}");
    }
    assert!(last(&stream, "plan").await.is_some());
    send(&world.js, &away, off(Some(&plan), Some("purge"))).await.unwrap();
    eventually("it is called off", async || last(&stream, "plan").await.is_none().then_some(())).await;
    assert!(last(&stream, "off").await.is_some());
}

#[tokio::test]
async fn a_stream_without_times_to_live_schedules_none() {
    let world = World::new().await;
    needs!(world.client, 2, 12, "scheduled messages");
    let stream = stream(&world, "calendar", |config| config.allow_message_schedules = true).await;
    let message = scheduled(&stream, &far_away(), "now").header("Nats-Schedule-TTL", "1m");
    let refused = send(&world.js, &subject(&stream, "plan"), message).await;
    assert_eq!(refusal(refused), ErrorCode::MESSAGE_TTL_DISABLED);
}

#[tokio::test]
async fn what_is_published_can_be_mortal() {
    let world = World::new().await;
    needs!(world.client, 2, 12, "scheduled messages");
    let stream = calendar(&world, StorageType::File).await;
    let message = scheduled(&stream, &long_ago(), "now").header("Nats-Schedule-TTL", "1s");
    send(&world.js, &subject(&stream, "plan"), message).await.unwrap();
    let published = arrives(&stream, "now").await;
    assert_eq!(header(&published, "Nats-TTL"), Some("1s"));
    assert_eq!(header(&published, "Nats-Schedule-TTL"), None);
    eventually("its time is over", async || last(&stream, "now").await.is_none().then_some(())).await;
}

#[tokio::test]
async fn a_schedule_outlives_the_server() {
    let mut server = Server::start(&[]);
    let world = World::of(&server).await;
    needs!(world.client, 2, 12, "scheduled messages");
    let stream = calendar(&world, StorageType::File).await;
    let due = datetime::now() + Duration::from_millis(500);
    send(&world.js, &subject(&stream, "plan.1"), scheduled(&stream, &at(due), "meanwhile")).await.unwrap();
    server.stop();
    tokio::time::sleep(Duration::from_millis(600)).await;
    server.start_again();
    world.answers().await;
    let published = arrives(&stream, "meanwhile").await;
    assert!(published.time >= due);

    let due = datetime::now() + Duration::from_secs(1);
    send(&world.js, &subject(&stream, "plan.2"), scheduled(&stream, &at(due), "after")).await.unwrap();
    server.restart();
    world.answers().await;
    let published = arrives(&stream, "after").await;
    assert!(published.time >= due, "published at {}, due at {due}", published.time);
    let state = eventually("both schedules are gone", async || {
        let state = state(&stream).await;
        (state.messages == 2).then_some(state)
    });
    assert_eq!(state.await.last_sequence, 4, "each once");
}
