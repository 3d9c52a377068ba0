//! What `JetStream` is, told by async-nats: one file a topic.

mod account;
mod acks;
mod advisories;
mod api_consumers;
mod api_raw;
mod api_refusals;
mod consumer_settings;
mod consumers;
mod deliver;
mod golden;
mod key_value;
mod limits;
mod object_store;
mod ordered;
mod pausing;
mod publishing;
mod pulling;
mod pushing;
mod reading;
mod reading_batches;
mod reconnecting;
mod removing;
mod repeating;
mod republishing;
mod requests;
mod restart;
mod retention;
mod schedules;
mod stream_settings;
mod streams;
mod ttl;
mod watching;

use std::collections::VecDeque;
use std::error::Error as _;
use std::fmt::{Debug, Display};
use std::time::Duration;

use async_nats::error::Error;
use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::jetstream::context::{
    AccountErrorKind, ConsumerInfoErrorKind, CreateStreamErrorKind, GetStreamErrorKind, PublishAckFuture,
    PublishErrorKind, RequestErrorKind,
};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::stream::{
    Config, ConsumerCreateStrictErrorKind, ConsumerErrorKind, ConsumerUpdateErrorKind, DeleteMessageErrorKind,
    LastRawMessageErrorKind, PurgeErrorKind, State, Stream,
};
use async_nats::jetstream::{self, Context, ErrorCode, Message};
use futures::TryStreamExt;

use crate::harness::{PATIENCE, World, soon};

/// A stream's configuration with a name and subjects, and all else as async-nats has it.
fn config(name: &str, subjects: &[&str]) -> Config {
    Config { name: name.into(), subjects: subjects.iter().map(ToString::to_string).collect(), ..Config::default() }
}

/// A stream that takes every subject under its own name.
async fn stream(world: &World, name: &str, change: impl FnOnce(&mut Config)) -> Stream {
    let name = world.name(name);
    let mut config = config(&name, &[&format!("{name}.>")]);
    change(&mut config);
    world.js.create_stream(config).await.expect("a stream")
}

/// A subject of the stream that [`stream`] made.
fn subject(stream: &Stream, token: &str) -> String {
    format!("{}.{token}", stream.cached_info().config.name)
}

/// A pull consumer that outlives its creator.
fn durable(name: &str) -> pull::Config {
    pull::Config { durable_name: Some(name.into()), ..pull::Config::default() }
}

/// Publishes and waits for the acknowledgement.
async fn send(js: &Context, subject: &str, message: PublishMessage) -> Result<PublishAck, Error<PublishErrorKind>> {
    let ack = js.send_publish(subject.to_string(), message).await.expect("the connection takes a message");
    soon("an acknowledgement", ack.into_future()).await
}

/// Publishes `payload` and tells the sequence it got.
async fn publish(js: &Context, subject: &str, payload: &str) -> u64 {
    let message = PublishMessage::build().payload(payload.to_string().into());
    send(js, subject, message).await.expect("a stored message").sequence
}

/// Publishes `count` messages on `subject`; the first says `0`.
async fn publish_many(js: &Context, subject: &str, count: usize) {
    // Acknowledgements that nobody awaits hold back more than 5000 messages.
    const WINDOW: usize = 1000;
    let mut acks = VecDeque::with_capacity(WINDOW);
    for number in 0..count {
        if acks.len() == WINDOW {
            settle(acks.pop_front()).await;
        }
        let ack = js.publish(subject.to_string(), number.to_string().into());
        acks.push_back(ack.await.expect("room for a message"));
    }
    while !acks.is_empty() {
        settle(acks.pop_front()).await;
    }
}

async fn settle(ack: Option<PublishAckFuture>) {
    if let Some(ack) = ack {
        soon("an acknowledgement", ack.into_future()).await.expect("a stored message");
    }
}

/// Creates `config` on `stream`.
async fn consumer(stream: &Stream, config: pull::Config) -> PullConsumer {
    stream.create_consumer(config).await.expect("a consumer")
}

/// Waits for the next `count` messages of `consumer`.
async fn take(consumer: &PullConsumer, count: usize) -> Vec<Message> {
    let batch = consumer.batch().max_messages(count).expires(PATIENCE).messages();
    let messages: Vec<Message> = batch.await.expect("a pull request").try_collect().await.expect("messages");
    assert_eq!(messages.len(), count, "not enough messages before the request expired");
    messages
}

/// Waits for the next message of `consumer`.
async fn take_one(consumer: &PullConsumer) -> Message {
    take(consumer, 1).await.remove(0)
}

/// What `consumer` has at hand right now.
async fn at_hand(consumer: &PullConsumer) -> Vec<Message> {
    let fetch = async {
        let batch = consumer.fetch().max_messages(1000).messages().await.expect("a pull request");
        batch.try_collect().await.expect("messages")
    };
    soon("the end of what is at hand", fetch).await
}

/// What `consumer` delivers while a request waits for it that long.
async fn take_for(consumer: &PullConsumer, time: Duration) -> Vec<Message> {
    let batch = consumer.batch().max_messages(1000).expires(time).messages();
    batch.await.expect("a pull request").try_collect().await.expect("messages")
}

/// What the messages say.
fn payloads(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| std::str::from_utf8(&message.payload).expect("text")).collect()
}

/// The stream sequences of the messages.
fn sequences(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.info().expect("an ack subject").stream_sequence).collect()
}

/// The stream's state now.
async fn state(stream: &Stream) -> State {
    stream.get_info().await.expect("the stream's state").state
}

/// The code of the error that the server must have answered with.
fn refusal<T>(result: Result<T, impl Refusal>) -> ErrorCode {
    match result {
        Ok(_) => panic!("the server took what it must refuse"),
        Err(error) => error.code().unwrap_or_else(|| panic!("the server did not refuse, this went wrong: {error}")),
    }
}

/// An error that may hold the server's own.
trait Refusal: Display {
    fn code(&self) -> Option<ErrorCode>;
}

/// The kinds of error that hold the server's answer in themselves.
macro_rules! refusals {
    ($($kind:ident),+ $(,)?) => { $(
        impl Refusal for Error<$kind> {
            fn code(&self) -> Option<ErrorCode> {
                match self.kind() {
                    $kind::JetStream(error) => Some(error.error_code()),
                    _ => code_of_source(self),
                }
            }
        }
    )+ };
}

refusals!(
    AccountErrorKind,
    ConsumerCreateStrictErrorKind,
    ConsumerErrorKind,
    ConsumerInfoErrorKind,
    ConsumerUpdateErrorKind,
    CreateStreamErrorKind,
    DeleteMessageErrorKind,
    GetStreamErrorKind,
    LastRawMessageErrorKind,
    PurgeErrorKind,
);

impl Refusal for Error<PublishErrorKind> {
    fn code(&self) -> Option<ErrorCode> {
        code_of_source(self)
    }
}

impl Refusal for Error<RequestErrorKind> {
    fn code(&self) -> Option<ErrorCode> {
        code_of_source(self)
    }
}

fn code_of_source<K: Clone + Debug + Display + PartialEq>(error: &Error<K>) -> Option<ErrorCode> {
    error.source()?.downcast_ref::<jetstream::Error>().map(jetstream::Error::error_code)
}
