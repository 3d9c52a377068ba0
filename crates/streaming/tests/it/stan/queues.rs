//! Listeners that share: the notes' queue group, with everything that may happen to its members.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::{Program, server};

const QUIET: Duration = Duration::from_millis(500);

fn listen(ack: &str, ack_wait: u64) -> serde_json::Value {
    let options = json!({ "start": "all", "durable": "listener-service", "ackWait": ack_wait });
    json!({ "channel": "ticket:created", "queue": "listeners", "tag": "s", "ack": ack, "options": options })
}

#[test]
fn two_listeners_share_and_each_message_goes_to_one() {
    let Some(server) = server(&[]) else { return };
    let mut listeners = ["a", "b"].map(|name| Program::connected(&server, name));
    for listener in &mut listeners {
        listener.subscribe(&listen("manual", 30_000));
    }
    let mut publisher = Program::connected(&server, "publisher");
    for n in 0..20 {
        publisher.publish("ticket:created", &n.to_string());
    }
    let [a, b] = listeners.each_mut().map(|listener| listener.messages_until_quiet(QUIET));
    assert!(!a.is_empty() && !b.is_empty(), "{} and {}", a.len(), b.len());
    let all: BTreeSet<_> = a.iter().chain(&b).map(|(data, _)| data.clone()).collect();
    assert_eq!((a.len() + b.len(), all.len()), (20, 20));
}

#[test]
fn what_one_does_not_acknowledge_the_other_gets() {
    let Some(server) = server(&[]) else { return };
    let (mut lazy, mut busy) = (Program::connected(&server, "lazy"), Program::connected(&server, "busy"));
    lazy.subscribe(&listen("never", 1000));
    let mut publisher = Program::connected(&server, "publisher");
    publisher.publish("ticket:created", "1");
    assert_eq!(lazy.message(), ("1".into(), false));
    busy.subscribe(&listen("manual", 1000));
    assert_eq!(busy.message(), ("1".into(), true));
    assert_eq!(lazy.messages_until_quiet(Duration::from_millis(1500)), []);
}

#[test]
fn a_killed_listeners_messages_come_to_the_other() {
    let Some(server) = server(&super::HEARTBEATS) else { return };
    let (mut killed, mut other) = (Program::connected(&server, "killed"), Program::connected(&server, "other"));
    killed.subscribe(&listen("never", 60_000));
    let mut publisher = Program::connected(&server, "publisher");
    for n in ["1", "2", "3"] {
        publisher.publish("ticket:created", n);
    }
    assert_eq!(killed.messages(3), ["1", "2", "3"]);
    other.subscribe(&listen("manual", 60_000));
    killed.kill();
    assert_eq!(other.messages(3), ["1", "2", "3"], "when its heartbeats failed, not when its ack wait is over");
}

#[test]
fn a_listener_whose_connection_broke_gets_nothing_that_another_could_take() {
    let Some(server) = server(&[]) else { return };
    let (mut killed, mut other) = (Program::connected(&server, "killed"), Program::connected(&server, "other"));
    killed.subscribe(&listen("manual", 60_000));
    other.subscribe(&listen("manual", 60_000));
    killed.kill();
    let mut publisher = Program::connected(&server, "publisher");
    for n in 0..10 {
        publisher.publish("ticket:created", &n.to_string());
    }
    assert_eq!(other.messages(10).len(), 10, "at once, and not after a minute");
}

#[test]
fn a_group_ends_with_its_last_member_unless_it_is_durable() {
    let Some(server) = server(&[]) else { return };
    let mut publisher = Program::connected(&server, "publisher");
    let plain = json!({ "channel": "c", "queue": "q", "tag": "s", "options": { "start": "all" } });
    let durable = json!({ "channel": "c", "queue": "q", "tag": "s", "options": { "start": "all", "durable": "d" } });
    publisher.publish("c", "1");
    for (listen, news, expected) in [(&plain, "2", "1"), (&durable, "3", "3")] {
        let mut first = Program::connected(&server, "first");
        first.subscribe(listen);
        while first.message().0 != if *listen == plain { "1" } else { "2" } {}
        first.close();
        publisher.publish("c", news);
        let mut second = Program::connected(&server, "second");
        second.subscribe(listen);
        assert_eq!(second.message(), (expected.into(), false), "{listen}");
        second.tell(&json!({ "do": "unsubscribe", "tag": "s" }));
        second.expect("unsubscribed");
        second.close();
    }
    // Unsubscribed by its last member it is forgotten.
    let mut third = Program::connected(&server, "third");
    third.subscribe(&durable);
    assert_eq!(third.messages(3), ["1", "2", "3"]);
}

#[test]
fn a_durable_group_is_kept_by_close_and_dropped_by_the_last_to_unsubscribe() {
    let Some(server) = server(&[]) else { return };
    let mut publisher = Program::connected(&server, "publisher");
    publisher.publish("ticket:created", "1");
    let listen = listen("manual", 30_000);
    let [mut a, mut b] = ["a", "b"].map(|name| Program::connected(&server, name));
    a.subscribe(&listen);
    b.subscribe(&listen);
    assert_eq!(a.messages(1), ["1"]);
    // Not the last: the group goes on, where it was.
    a.end("unsubscribe", "s");
    publisher.publish("ticket:created", "2");
    assert_eq!(b.messages(1), ["2"]);
    b.end("close_subscription", "s");
    publisher.publish("ticket:created", "3");
    a.subscribe(&listen);
    assert_eq!(a.messages_until_quiet(QUIET), [("3".into(), false)], "closed by its last member, it was kept");
    a.end("unsubscribe", "s");
    b.subscribe(&listen);
    assert_eq!(b.messages(3), ["1", "2", "3"], "unsubscribed by its last member, it was dropped");
}

#[test]
fn a_late_acknowledgement_counts_although_another_member_has_the_message_by_now() {
    let Some(server) = server(&[]) else { return };
    let [mut late, mut other] = ["late", "other"].map(|name| Program::connected(&server, name));
    late.subscribe(&listen("never", 1000));
    let mut publisher = Program::connected(&server, "publisher");
    publisher.publish("ticket:created", "1");
    assert_eq!(late.message(), ("1".into(), false));
    other.subscribe(&listen("never", 1000));
    assert_eq!(other.message(), ("1".into(), true));
    late.tell(&json!({ "do": "ack", "tag": "s", "sequence": 1 }));
    assert_eq!(other.messages_until_quiet(Duration::from_millis(1500)), []);
    assert_eq!(late.messages_until_quiet(Duration::from_millis(100)), []);
}
