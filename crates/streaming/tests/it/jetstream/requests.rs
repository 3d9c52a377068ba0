//! Requests for messages, word by word: how they wait, and how they end.

use std::time::Duration;

use async_nats::jetstream::consumer::pull::{self, BatchConfig, MessagesErrorKind};
use async_nats::jetstream::consumer::{PriorityPolicy, PullConsumer};
use async_nats::{Client, Message, Subscriber};
use futures::StreamExt;

use super::pulling::orders;
use super::{durable, publish, publish_many, subject, take_one};
use crate::harness::{PATIENCE, World, eventually, never, soon};
use crate::needs;

const A_WHILE: Duration = Duration::from_millis(300);

/// An inbox that requests can name.
async fn inbox(client: &Client) -> (String, Subscriber) {
    let inbox = client.new_inbox();
    let subscriber = client.subscribe(inbox.clone()).await.unwrap();
    (inbox, subscriber)
}

/// What a status message says: its code, a space, and its description.
fn status(message: &Message) -> String {
    let code = message.status.map_or(200, |status| status.as_u16());
    format!("{code} {}", message.description.as_deref().unwrap_or_default())
}

fn header<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.headers.as_ref()?.get(name).map(async_nats::HeaderValue::as_str)
}

#[tokio::test]
async fn a_request_is_answered_in_so_many_words() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    let (inbox, mut replies) = inbox(&world.client).await;
    let request = |batch| async {
        consumer.request_batch::<BatchConfig>(batch, inbox.as_str().into()).await.unwrap();
    };

    request(BatchConfig { batch: 1, no_wait: true, ..BatchConfig::default() }).await;
    assert_eq!(status(&soon("an answer", replies.next()).await.unwrap()), "404 No Messages");

    publish(&world.js, &subject(&stream, "a"), "hello").await;
    request(BatchConfig { batch: 3, expires: Some(A_WHILE), ..BatchConfig::default() }).await;
    let message = soon("a message", replies.next()).await.unwrap();
    assert_eq!((message.subject.as_str(), message.status), (subject(&stream, "a").as_str(), None));
    assert!(message.reply.unwrap().starts_with("$JS.ACK."));
    let timeout = soon("the timeout", replies.next()).await.unwrap();
    assert_eq!(status(&timeout), "408 Request Timeout");
    assert_eq!(header(&timeout, "Nats-Pending-Messages"), Some("2"), "of three");
    assert_eq!(header(&timeout, "Nats-Pending-Bytes"), Some("0"));

    // A heartbeat must leave room for two in the time of the request.
    let nervous = BatchConfig { batch: 1, expires: Some(A_WHILE), idle_heartbeat: A_WHILE, ..BatchConfig::default() };
    request(nervous).await;
    let refused = soon("a refusal", replies.next()).await.unwrap();
    assert_eq!(status(&refused), "400 Bad Request - heartbeat value too large");
}

#[tokio::test]
async fn an_empty_request_asks_for_one_message() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    publish_many(&world.js, &subject(&stream, "a"), 2).await;
    let next = format!("$JS.API.CONSUMER.MSG.NEXT.{}.reader", stream.cached_info().config.name);
    let (inbox, mut replies) = inbox(&world.client).await;
    world.client.publish_with_reply(next.clone(), inbox.clone(), "".into()).await.unwrap();
    assert_eq!(soon("one message", replies.next()).await.unwrap().payload, "0");
    never("one and no more", A_WHILE, replies.next()).await;
    world.client.publish_with_reply(next, inbox, "1".into()).await.unwrap();
    assert_eq!(soon("a bare number asks for as many", replies.next()).await.unwrap().payload, "1");
    assert_eq!(consumer.get_info().await.unwrap().num_waiting, 0);
}

#[tokio::test]
async fn an_idle_request_hears_the_servers_heart() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    publish(&world.js, &subject(&stream, "a"), "hello").await;
    take_one(&consumer).await;
    let (inbox, mut replies) = inbox(&world.client).await;
    let request = BatchConfig {
        batch: 1,
        expires: Some(Duration::from_secs(1)),
        idle_heartbeat: Duration::from_millis(200),
        ..BatchConfig::default()
    };
    consumer.request_batch(request, inbox.as_str().into()).await.unwrap();
    for _ in 0..2 {
        let beat = soon("a heartbeat", replies.next()).await.unwrap();
        assert_eq!(status(&beat), "100 Idle Heartbeat");
        assert_eq!(header(&beat, "Nats-Last-Consumer"), Some("1"));
        assert_eq!(header(&beat, "Nats-Last-Stream"), Some("1"));
    }
}

#[tokio::test]
async fn requests_are_bounded_by_the_consumer() {
    let world = World::new().await;
    let config = pull::Config {
        max_batch: 5,
        max_bytes: 1000,
        max_expires: Duration::from_secs(10),
        max_waiting: 2,
        ..durable("reader")
    };
    let (_stream, consumer) = orders(&world, config).await;
    let (inbox, mut replies) = inbox(&world.client).await;
    let fine =
        BatchConfig { batch: 5, max_bytes: 1000, expires: Some(Duration::from_secs(10)), ..BatchConfig::default() };
    let refusals = [
        (BatchConfig { batch: 6, ..fine.clone() }, "409 Exceeded MaxRequestBatch of 5"),
        (
            BatchConfig { expires: Some(Duration::from_secs(11)), ..fine.clone() },
            "409 Exceeded MaxRequestExpires of 10s",
        ),
        (BatchConfig { max_bytes: 1001, ..fine.clone() }, "409 Exceeded MaxRequestMaxBytes of 1000"),
    ];
    for (request, refusal) in refusals {
        consumer.request_batch(request, inbox.as_str().into()).await.unwrap();
        assert_eq!(status(&soon("a refusal", replies.next()).await.unwrap()), refusal);
    }

    for waiting in 1..=2 {
        consumer.request_batch(fine.clone(), inbox.as_str().into()).await.unwrap();
        assert_eq!(consumer.get_info().await.unwrap().num_waiting, waiting);
    }
    consumer.request_batch(fine, inbox.as_str().into()).await.unwrap();
    assert_eq!(status(&soon("a refusal", replies.next()).await.unwrap()), "409 Exceeded MaxWaiting");

    let mut pulling = consumer.stream().max_messages_per_batch(6).messages().await.unwrap();
    let told = soon("the refusal", pulling.next()).await.unwrap().unwrap_err();
    assert_eq!(told.kind(), MessagesErrorKind::RequestLimitExceeded);
}

#[tokio::test]
async fn requests_are_served_in_turn() {
    let world = World::new().await;
    let (stream, consumer) = orders(&world, durable("reader")).await;
    let one = BatchConfig { batch: 1, expires: Some(PATIENCE), ..BatchConfig::default() };
    let mut waiting = Vec::new();
    for number in 1..=3 {
        let (inbox, replies) = inbox(&world.client).await;
        consumer.request_batch(one.clone(), inbox.into()).await.unwrap();
        waiting.push(replies);
        assert_eq!(consumer.get_info().await.unwrap().num_waiting, number);
    }
    publish_many(&world.js, &subject(&stream, "a"), 3).await;
    for (number, replies) in waiting.iter_mut().enumerate() {
        assert_eq!(soon("its turn", replies.next()).await.unwrap().payload, number.to_string());
    }
}

#[tokio::test]
async fn a_request_whose_client_is_gone_takes_no_message() {
    let world = World::new().await;
    let (stream, reader) = orders(&world, durable("reader")).await;
    let gone = world.another_client().await;
    {
        let (inbox, _replies) = inbox(&gone).await;
        let request = BatchConfig { batch: 1, expires: Some(PATIENCE), ..BatchConfig::default() };
        let handle = PullConsumer::new(
            durable("reader"),
            reader.cached_info().clone(),
            async_nats::jetstream::new(gone.clone()),
        );
        handle.request_batch(request, inbox.into()).await.unwrap();
        eventually("the request waits", async || (reader.get_info().await.unwrap().num_waiting == 1).then_some(()))
            .await;
    }
    gone.drain().await.unwrap();
    drop(gone);
    eventually("nobody waits", async || (reader.get_info().await.unwrap().num_waiting == 0).then_some(())).await;
    publish(&world.js, &subject(&stream, "a"), "for who is there").await;
    let message = take_one(&reader).await;
    assert_eq!(message.info().unwrap().delivered, 1, "it was not spent on who is not");
}

#[tokio::test]
async fn a_consumer_whose_client_went_while_it_waited_is_forgotten() {
    let world = World::new().await;
    let (stream, consumer) =
        orders(&world, pull::Config { inactive_threshold: A_WHILE, ..pull::Config::default() }).await;
    let gone = world.another_client().await;
    let next =
        format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", stream.cached_info().config.name, consumer.cached_info().name);
    let (inbox, replies) = inbox(&gone).await;
    // Without an end: only its client's going ends it.
    gone.publish_with_reply(next, inbox, r#"{"batch":1}"#.into()).await.unwrap();
    gone.flush().await.unwrap();
    // To ask for the consumer itself would make the server look; to ask for its stream does not.
    let consumers = async || stream.get_info().await.unwrap().state.consumer_count;
    tokio::time::sleep(3 * A_WHILE).await;
    assert_eq!(consumers().await, 1, "somebody waits");
    drop((gone, replies));
    eventually("nobody waits for anything", async || (consumers().await == 0).then_some(())).await;
}

#[tokio::test]
async fn a_request_nobody_listens_for_takes_no_message() {
    let world = World::new().await;
    let (stream, reader) = orders(&world, durable("reader")).await;
    let next = format!("$JS.API.CONSUMER.MSG.NEXT.{}.reader", stream.cached_info().config.name);
    world.client.publish_with_reply(next, world.client.new_inbox(), "".into()).await.unwrap();
    publish(&world.js, &subject(&stream, "a"), "for who listens").await;
    let message = take_one(&reader).await;
    assert_eq!(message.info().unwrap().delivered, 1, "it was not sent to nobody");
}

#[tokio::test]
async fn a_request_names_its_priority_group() {
    let world = World::new().await;
    needs!(world.client, 2, 11, "priority groups");
    let overflow = pull::Config {
        priority_policy: PriorityPolicy::Overflow,
        priority_groups: vec!["near".into()],
        ..durable("reader")
    };
    let (stream, consumer) = orders(&world, overflow).await;
    publish_many(&world.js, &subject(&stream, "a"), 2).await;
    let ask = |group: &'static str, min_pending| {
        let batch = consumer.batch().max_messages(1).expires(A_WHILE).min_pending(min_pending);
        if group.is_empty() { batch } else { batch.group(group) }
    };
    for (group, refusal) in [("", "Priority Group missing"), ("far", "Invalid Priority Group")] {
        let mut batch = ask(group, 0).messages().await.unwrap();
        let told = soon("a refusal", batch.next()).await.unwrap().unwrap_err().to_string();
        assert!(told.contains(&format!("Bad Request - {refusal}")), "{told}");
    }
    for (min_pending, messages) in [(3, 0), (2, 1)] {
        let batch = ask("near", min_pending).messages().await.unwrap();
        assert_eq!(soon("the end", batch.count()).await, messages, "two are pending");
    }
}
