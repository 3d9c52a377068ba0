//! Who may connect under which name, who counts as gone, and when.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{HEARTBEATS, Program, server};

#[test]
fn a_name_is_taken_while_its_bearer_lives_and_free_when_it_died() {
    let Some(server) = server(&[]) else { return };
    let first = Program::connected(&server, "ann");
    let mut second = Program::start(&server, "ann");
    assert_eq!(second.expect("error")["error"], "stan: clientID already registered");
    first.kill();
    // Well before any heartbeat would have told: they are half a minute apart.
    Program::connected(&server, "ann").close();
    Program::connected(&server, "ann").close();
}

#[test]
fn one_that_hangs_loses_its_name_to_one_that_answers() {
    let Some(server) = server(&[]) else { return };
    let mut first = Program::connected(&server, "ann");
    first.freeze();
    let began = Instant::now();
    let _second = Program::connected(&server, "ann");
    assert!(began.elapsed() > Duration::from_millis(450), "it has half a second to answer");
    first.thaw();
    assert_eq!(first.expect("lost")["error"], "client has been replaced or is no longer registered");
}

#[test]
fn a_silent_client_is_removed_with_what_it_held() {
    let Some(server) = server(&HEARTBEATS) else { return };
    let listen = json!({ "channel": "c", "queue": "q", "tag": "s", "ack": "never", "options": { "ackWait": 60_000 } });
    let mut silent = Program::connected(&server, "silent");
    silent.subscribe(&listen);
    let mut publisher = Program::connected(&server, "publisher");
    publisher.publish("c", "1");
    assert_eq!(silent.message(), ("1".into(), false));
    let mut other = Program::connected(&server, "other");
    other.subscribe(&listen);
    silent.freeze();
    assert_eq!(other.message(), ("1".into(), true), "a minute before its ack wait is over");
    silent.thaw();
    silent.expect("lost");
}

#[test]
fn names_and_requests_that_cannot_be_are_refused_in_the_known_words() {
    let Some(server) = server(&["-mc", "1", "-msu", "1"]) else { return };
    let mut bad = Program::start(&server, "ann b");
    assert_eq!(
        bad.expect("error")["error"],
        "stan: invalid clientID: only alphanumeric and `-` or `_` characters allowed"
    );
    let mut ann = Program::connected(&server, "ann");
    let mut refused = |command: serde_json::Value| {
        ann.tell(&command);
        let kind = if command["do"] == "publish" { "published" } else { "refused" };
        ann.expect_where(kind, |event| event["tag"] == command["tag"])["error"].clone()
    };
    let subscribe = |tag: &str, channel: &str| json!({ "do": "subscribe", "channel": channel, "tag": tag });
    assert_eq!(refused(subscribe("a", "foo.*")), "stan: invalid subject");
    assert_eq!(refused(json!({ "do": "publish", "channel": "foo", "data": "x", "tag": "c" })), json!(null));
    assert_eq!(refused(json!({ "do": "publish", "channel": "other", "data": "x", "tag": "d" })), "too many channels");
    assert_eq!(
        refused(json!({ "do": "publish", "channel": "FOO", "data": "x", "tag": "e" })),
        "rejecting channel \"FOO\" because channel \"foo\" alreay exists (different cases not allowed)"
    );
    ann.subscribe(&subscribe("f", "foo"));
    ann.tell(&subscribe("g", "foo"));
    assert_eq!(ann.expect("refused")["error"], "too many subscriptions per channel");
}
