//! The server goes and comes back: with files its clients need not notice, in memory they are told.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{CLUSTER, Program, program, server};
use crate::harness::Server;

#[test]
fn clients_subscriptions_and_what_is_pending_survive() {
    for kill in [false, true] {
        let Some(mut server) = server(&[]) else { return };
        let mut ann = Program::connected(&server, "ann");
        let options = json!({ "start": "all", "ackWait": 2000 });
        ann.subscribe(&json!({ "channel": "c", "tag": "held", "ack": "never", "options": options }));
        ann.subscribe(&json!({ "channel": "c", "tag": "acked", "ack": "manual", "options": options }));
        ann.publish("c", "1");
        ann.expect_where("message", |event| event["tag"] == "held");
        ann.expect_where("message", |event| event["tag"] == "acked");
        // Acknowledgements that nobody confirms reach the disk a moment later.
        std::thread::sleep(Duration::from_millis(100));
        if kill {
            server.kill9();
        } else {
            server.restart();
        }
        ann.expect("reconnected");
        let again = ann.expect("message");
        assert_eq!((&again["tag"], &again["again"]), (&json!("held"), &json!(true)));
        ann.publish("c", "2");
        ann.expect_where("message", |event| event["tag"] == "acked" && event["data"] == "2");
        let mut twin = Program::start(&server, "ann");
        assert_eq!(twin.expect("error")["error"], "stan: clientID already registered");
    }
}

#[test]
fn in_memory_nothing_is_left_and_clients_hear_of_it() {
    if !program::is_installed() {
        return;
    }
    let mut server = Server::start(&["-cid", CLUSTER, "-st", "memory"]);
    let mut ann = Program::connected(&server, "ann");
    ann.publish("c", "1");
    server.restart();
    assert_eq!(ann.expect("lost")["error"], "client has been replaced or is no longer registered");
}

/// Publishers and listeners at work at a time.
const CLIENTS: usize = 10;
/// How long each of many is looked at.
const GLANCE: Duration = Duration::from_millis(10);
/// Messages of each publisher.
const MESSAGES: usize = 40;

#[test]
fn many_at_once_lose_and_double_nothing() {
    let Some(server) = server(&[]) else { return };
    let received = crowd(&server);
    assert!(received.values().all(|count| *count == 1), "{received:?}");
}

#[test]
fn many_at_once_lose_nothing_though_the_server_is_killed() {
    let Some(mut server) = server(&[]) else { return };
    let listeners = listeners(&server);
    let mut publishers = publishers(&server);
    for n in 0..MESSAGES {
        for (p, publisher) in publishers.iter_mut().enumerate() {
            let data = format!("{p}/{n}");
            publisher.tell(&json!({ "do": "publish", "channel": "c", "data": data, "tag": data }));
        }
        if n % 10 == 5 {
            std::thread::sleep(Duration::from_millis(20));
            server.kill9();
        }
    }
    // What was on its way when the server died is not acknowledged, and a program would publish it again.
    let received = gather(listeners, Duration::from_secs(4));
    let acknowledged: Vec<_> = publishers.iter_mut().flat_map(Program::published).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|data| !received.contains_key(*data)).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), acknowledged.len());
    assert!(acknowledged.len() > CLIENTS * MESSAGES / 2, "only {} were acknowledged", acknowledged.len());
}

fn listeners(server: &Server) -> Vec<Program> {
    let options = json!({ "start": "all", "durable": "d", "ackWait": 2000 });
    let listen = json!({ "channel": "c", "queue": "q", "tag": "s", "ack": "manual", "options": options });
    let mut listeners: Vec<_> = (0..CLIENTS).map(|n| Program::start(server, &format!("listener-{n}"))).collect();
    for listener in &mut listeners {
        listener.expect("connected");
        listener.subscribe(&listen);
    }
    listeners
}

fn publishers(server: &Server) -> Vec<Program> {
    let mut publishers: Vec<_> = (0..CLIENTS).map(|n| Program::start(server, &format!("publisher-{n}"))).collect();
    for publisher in &mut publishers {
        publisher.expect("connected");
    }
    publishers
}

/// Publishes by all, and tells how often each message was received.
fn crowd(server: &Server) -> BTreeMap<String, usize> {
    let listeners = listeners(server);
    let mut publishers = publishers(server);
    for n in 0..MESSAGES {
        for (p, publisher) in publishers.iter_mut().enumerate() {
            let data = format!("{p}/{n}");
            publisher.tell(&json!({ "do": "publish", "channel": "c", "data": data, "tag": data }));
        }
    }
    let received = gather(listeners, Duration::from_secs(2));
    assert_eq!(received.len(), CLIENTS * MESSAGES);
    received
}

/// What they receive until none of them receives anything for so long.
fn gather(mut listeners: Vec<Program>, quiet: Duration) -> BTreeMap<String, usize> {
    let mut received = BTreeMap::new();
    let mut last = Instant::now();
    while last.elapsed() < quiet {
        for (data, _) in listeners.iter_mut().flat_map(|listener| listener.messages_until_quiet(GLANCE)) {
            *received.entry(data).or_default() += 1;
            last = Instant::now();
        }
    }
    received
}
