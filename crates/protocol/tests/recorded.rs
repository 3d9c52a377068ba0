//! What `nats-server` 2.14.5 answered, byte for byte: our types must read it, and write the same again.
//!
//! `recorded/*.tsv` has a line for each exchange: subject, request, answer (a publish's request is left out).

#![allow(clippy::expect_used, clippy::unwrap_used)] // A recording that cannot be read is a broken test.

use protocol::jetstream::{
    api::{
        self, AccountInfo, ConsumerInfo, ConsumerList, ConsumerNames, ConsumerPaused, ConsumerReset,
        CreateConsumerRequest, Kind, Purged, StoredMessage, StreamCreated, StreamInfo, StreamInfoPage, StreamList,
        StreamNames, Success,
    },
    config::{ConsumerConfig, StreamConfig},
    error::ApiError,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

const RECORDED: &str = include_str!("recorded/jetstream-2.14.5.tsv");

/// Subject, request, answer.
fn exchanges() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    RECORDED.lines().map(|line| {
        let mut columns = line.split('\t');
        let mut column = || columns.next().expect("three columns");
        (column(), column(), column())
    })
}

/// What our `T` makes of an answer.
fn rewritten<T: Serialize + DeserializeOwned>(kind: Kind, answer: &str) -> String {
    let body: T = serde_json::from_str(answer).expect(answer);
    let mut out = Vec::new();
    api::write(&mut out, kind, &body);
    String::from_utf8(out).unwrap()
}

/// What we make of an answer that is an error.
fn rewritten_error(kind: Kind, error: &Value) -> String {
    let error: ApiError = serde_json::from_value(error.clone()).unwrap();
    let mut out = Vec::new();
    api::write_error(&mut out, kind, &error);
    String::from_utf8(out).unwrap()
}

fn rewritten_message(answer: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let answer: Value = serde_json::from_str(answer).unwrap();
    let message = &answer["message"];
    let text = |field: &str| message[field].as_str().unwrap_or_default();
    let bytes = |field: &str| STANDARD.decode(text(field)).unwrap();
    let time = protocol::time::parse_rfc3339(text("time")).unwrap();
    let seq = message["seq"].as_u64().unwrap();
    let (headers, data) = (&bytes("hdrs")[..], &bytes("data")[..]);
    let mut out = Vec::new();
    api::write(&mut out, Kind::StreamMsgGet, &StoredMessage { subject: text("subject"), seq, headers, data, time });
    String::from_utf8(out).unwrap()
}

#[test]
fn answers_are_read_and_written_again_byte_for_byte() {
    let mut tried = 0;
    for (subject, _, answer) in exchanges().filter(|(subject, ..)| subject.starts_with("$JS.API.")) {
        let verb = subject.trim_start_matches("$JS.API.").split('.').take(3).collect::<Vec<_>>();
        let (kind, write): (Kind, fn(Kind, &str) -> String) = match verb[..] {
            ["INFO"] => (Kind::AccountInfo, rewritten::<AccountInfo>),
            ["STREAM", "CREATE", _] => (Kind::StreamCreate, rewritten::<StreamCreated>),
            ["STREAM", "UPDATE", _] => (Kind::StreamUpdate, rewritten::<StreamInfo>),
            ["STREAM", "INFO", _] => (Kind::StreamInfo, rewritten::<StreamInfoPage>),
            ["STREAM", "NAMES"] => (Kind::StreamNames, rewritten::<StreamNames>),
            ["STREAM", "LIST"] => (Kind::StreamList, rewritten::<StreamList>),
            ["STREAM", "DELETE", _] => (Kind::StreamDelete, rewritten::<Success>),
            ["STREAM", "PURGE", _] => (Kind::StreamPurge, rewritten::<Purged>),
            ["STREAM", "MSG", "GET"] => (Kind::StreamMsgGet, |_, answer| rewritten_message(answer)),
            ["STREAM", "MSG", "DELETE"] => (Kind::StreamMsgDelete, rewritten::<Success>),
            ["CONSUMER", "CREATE", _] => (Kind::ConsumerCreate, rewritten::<ConsumerInfo>),
            ["CONSUMER", "INFO", _] => (Kind::ConsumerInfo, rewritten::<ConsumerInfo>),
            ["CONSUMER", "NAMES", _] => (Kind::ConsumerNames, rewritten::<ConsumerNames>),
            ["CONSUMER", "LIST", _] => (Kind::ConsumerList, rewritten::<ConsumerList>),
            ["CONSUMER", "DELETE", _] => (Kind::ConsumerDelete, rewritten::<Success>),
            ["CONSUMER", "PAUSE", _] => (Kind::ConsumerPause, rewritten::<ConsumerPaused>),
            ["CONSUMER", "RESET", _] => (Kind::ConsumerReset, rewritten::<ConsumerReset>),
            _ => panic!("nobody tries {subject}"),
        };
        let error = &serde_json::from_str::<Value>(answer).unwrap()["error"];
        let ours = if error.is_null() { write(kind, answer) } else { rewritten_error(kind, error) };
        assert_eq!(ours, answer, "{subject}");
        tried += 1;
    }
    assert!(tried > 35, "the recording is not empty");
}

#[test]
fn publishers_are_told_what_they_were_told() {
    for (subject, _, answer) in exchanges().filter(|(subject, ..)| !subject.starts_with("$JS.API.")) {
        let told: Value = serde_json::from_str(answer).unwrap();
        let stream = api::json_string(told["stream"].as_str().unwrap());
        let mut out = Vec::new();
        if told["error"].is_null() {
            api::pub_ack(&mut out, &stream, told["seq"].as_u64().unwrap(), told["duplicate"] == true);
        } else {
            api::pub_error(&mut out, &stream, &serde_json::from_value(told["error"].clone()).unwrap());
        }
        assert_eq!(String::from_utf8(out).unwrap(), answer, "{subject}");
    }
}

/// Without what the server says of itself.
fn plain<C: DeserializeOwned>(answer: &str) -> C {
    let mut answer: Value = serde_json::from_str(answer).unwrap();
    let config = answer["config"].as_object_mut().expect("a config");
    config["metadata"].as_object_mut().unwrap().retain(|key, _| !key.starts_with("_nats."));
    serde_json::from_value(answer["config"].take()).unwrap()
}

#[test]
fn configurations_become_what_they_became() {
    let mut stream = None;
    let mut tried = 0;
    for (subject, request, answer) in exchanges().filter(|(.., answer)| !answer.contains("\"error\":")) {
        if subject.starts_with("$JS.API.STREAM.CREATE.") || subject.starts_with("$JS.API.STREAM.UPDATE.") {
            let asked: StreamConfig = api::parse(request.as_bytes()).unwrap();
            let became = asked.normalized().unwrap();
            assert_eq!(became, plain(answer), "{subject}");
            assert_eq!(became.clone().normalized().unwrap(), became, "once is enough");
            let level = serde_json::from_str::<Value>(answer).unwrap()["config"]["metadata"]["_nats.req.level"].take();
            assert_eq!(level, became.required_level().to_string());
            stream = Some(became);
        } else if subject.starts_with("$JS.API.CONSUMER.CREATE.") {
            let asked: CreateConsumerRequest = api::parse(request.as_bytes()).unwrap();
            let stream = stream.as_ref().expect("its stream was created before");
            let became: ConsumerConfig = asked.config.normalized(stream).unwrap();
            assert_eq!(became, plain(answer), "{subject}");
            assert_eq!(became.clone().normalized(stream).unwrap(), became, "once is enough");
        } else {
            continue;
        }
        tried += 1;
    }
    assert!(tried >= 5, "the recording is not empty");
}

#[test]
fn a_consumer_that_was_refused_is_refused_with_the_same_words() {
    let (_, request, answer) = exchanges()
        .find(|(subject, _, answer)| *subject == "$JS.API.CONSUMER.CREATE.S" && answer.contains("\"error\":"))
        .expect("one was refused");
    let stream = StreamConfig { name: "S".into(), ..StreamConfig::default() }.normalized().unwrap();
    let asked: CreateConsumerRequest = api::parse(request.as_bytes()).unwrap();
    let refusal = asked.config.normalized(&stream).unwrap_err();
    let expected: Value = serde_json::from_str(answer).unwrap();
    assert_eq!(serde_json::to_value(&refusal).unwrap(), expected["error"]);
}
