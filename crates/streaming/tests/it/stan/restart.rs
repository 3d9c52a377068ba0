//! The server goes and comes back: with files its clients need not notice, in memory they are told.

use std::collections::BTreeMap;
use std::time::Duration;

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
const CLIENTS: usize = 50;
/// Messages of each publisher.
const MESSAGES: usize = 20;
/// Nothing more comes after so long, redeliveries included.
const QUIET: Duration = Duration::from_secs(4);

#[test]
fn fifty_publishers_and_fifty_listeners_lose_and_double_nothing() {
    let Some(server) = server(&[]) else { return };
    let mut listeners = listeners(&server);
    let mut publishers = Program::crowd(&server, "publisher", CLIENTS);
    for n in 0..MESSAGES {
        publish(&mut publishers, n);
    }
    let received = gather(&mut listeners);
    assert_eq!(received.len(), CLIENTS * MESSAGES);
    assert!(received.values().all(|came| came.len() == 1 && !came[0].again), "{received:?}");
}

#[test]
fn nor_do_they_lose_anything_when_the_server_is_killed() {
    let Some(mut server) = server(&[]) else { return };
    let mut listeners = listeners(&server);
    let mut publishers = Program::crowd(&server, "publisher", CLIENTS);
    let mut kills = 0;
    for n in 0..MESSAGES {
        publish(&mut publishers, n);
        if n % 7 == 5 {
            std::thread::sleep(Duration::from_millis(20));
            server.kill9();
            kills += 1;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // What was on its way when the server died is not acknowledged, and a program would publish it again.
    let received = gather(&mut listeners);
    let acknowledged = publishers.published();
    let lost: Vec<_> = acknowledged.iter().filter(|data| !received.contains_key(*data)).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), acknowledged.len());
    assert!(acknowledged.len() > CLIENTS * MESSAGES / 2, "only {} were acknowledged", acknowledged.len());
    for (data, came) in &received {
        assert!(came.iter().all(|one| one.sequence == came[0].sequence), "{data} is stored twice: {came:?}");
    }
    // What was on its way at a kill comes again, and no more often than that.
    let most = received.values().map(Vec::len).max().unwrap_or_default();
    assert!(most <= 1 + kills, "{kills} kills, and something came {most} times");
}

#[test]
fn a_torn_end_of_the_store_is_cut_off_and_told_and_the_rest_is_there() {
    let Some(mut server) = server(&[]) else { return };
    let mut ann = Program::connected(&server, "ann");
    for data in ["1", "2", "3"] {
        ann.publish("c", data);
    }
    let options = json!({ "start": "all", "durable": "d" });
    let listen = json!({ "channel": "c", "tag": "s", "ack": "manual", "options": options });
    ann.subscribe(&listen);
    assert_eq!(ann.messages(3), ["1", "2", "3"]);
    ann.close();
    server.stop();
    // As a power cut leaves it: of the last write only a part has come to the disk.
    let log = server.last_file_of_stream("c");
    let whole = std::fs::read(&log).expect("the log");
    let written = whole.iter().rposition(|byte| *byte != 0).expect("it holds messages") + 1;
    let torn = [&whole[..written], &whole[written - 20..written - 3]].concat();
    std::fs::write(&log, torn).expect("written");
    server.start_again();
    let told = server.says(": cut ");
    assert!(told.starts_with(&format!("17 bytes of an unfinished write at offset {written}")), "{told}");
    let mut ann = Program::connected(&server, "ann");
    ann.publish("c", "4");
    ann.subscribe(&listen);
    assert_eq!(ann.messages_until_quiet(Duration::from_millis(400)), [("4".into(), false)], "where it was");
    ann.subscribe(&json!({ "channel": "c", "tag": "all", "options": { "start": "all" } }));
    assert_eq!(ann.messages(4), ["1", "2", "3", "4"]);
}

fn listeners(server: &Server) -> Program {
    let mut listeners = Program::crowd(server, "listener", CLIENTS);
    let options = json!({ "start": "all", "durable": "d", "ackWait": 2000 });
    for by in 0..CLIENTS {
        listeners.subscribe(&json!({
            "by": by, "tag": by, "channel": "c", "queue": "q", "ack": "manual", "options": options
        }));
    }
    listeners
}

/// Each publisher publishes its `n`-th message.
fn publish(publishers: &mut Program, n: usize) {
    for by in 0..CLIENTS {
        let data = format!("{by}/{n}");
        publishers.tell(&json!({ "do": "publish", "by": by, "channel": "c", "data": data, "tag": data }));
    }
}

/// A message as it came.
#[derive(Debug)]
struct Came {
    sequence: u64,
    /// It is said that it came before.
    again: bool,
}

/// How often each message was received.
fn gather(listeners: &mut Program) -> BTreeMap<String, Vec<Came>> {
    let mut received: BTreeMap<String, Vec<Came>> = BTreeMap::new();
    for event in listeners.events_until_quiet(QUIET) {
        let sequence = event["sequence"].as_u64().expect("a number");
        let data = event["data"].as_str().expect("text").to_owned();
        received.entry(data).or_default().push(Came { sequence, again: event["again"] == true });
    }
    received
}
