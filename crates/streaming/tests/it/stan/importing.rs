//! A store of the original under our server: its clients go on as if nothing had happened.
//!
//! | variable | meaning |
//! |---|---|
//! | `STAN_STORE` | the folder of a store that the original wrote; one written by the test if unset |
//! | `STAN_STORE_EXPECTED` | what is in it: channels, durables, and its `channelsz` with subscriptions, as JSON |

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use protocol::stan::stored::SubState;
use serde_json::{Value, json};

use super::monitoring::tell;
use super::{CLUSTER, Program, program};
use crate::harness::{Server, ours};

#[path = "../../../src/import/tests/writer.rs"]
mod writer;

use writer::{Sub, Writer, sub};

const PROGRAM: &str = env!("CARGO_BIN_EXE_streaming-server");

/// How often an import is killed.
const KILLS: u64 = 15;

fn import(store: &Path, target: &Path, words: &[&str]) -> Output {
    Command::new(PROGRAM).arg("import").arg(store).arg("-dir").arg(target).args(words).output().expect("the program")
}

/// What an import tells as JSON.
#[track_caller]
fn imported(store: &Path, target: &Path, words: &[&str]) -> Value {
    let output = import(store, target, &[words, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn serve(target: &Path, cluster: &str) -> Server {
    let target = target.to_str().expect("text");
    Server::start(&["-m", "-1", "-cid", cluster, "-st", "file", "-dir", target, "-mm", "0", "-mb", "0"])
}

/// A store of the test's own, and what is in it.
fn written(folder: &Path) -> Value {
    let store = Writer::new(folder);
    store.plain_slice("orders.created", 3, 41, 70);
    store.plain_slice("orders.created", 10, 71, 90);
    let mut subs = vec![Sub::New(sub(1, "one", "audit", "")), Sub::New(sub(2, "two", "", "d:group"))];
    for sequence in 41..=60 {
        subs.extend([Sub::Sent(1, sequence), Sub::Sent(2, sequence)]);
        if sequence % 3 == 0 {
            subs.extend([Sub::Acknowledged(1, sequence), Sub::Acknowledged(2, sequence)]);
        }
    }
    // One member more came and went; then the last one closed its connection.
    subs.extend([Sub::New(sub(3, "two", "", "d:group")), Sub::Gone(3)]);
    subs.push(Sub::Changed(SubState { client_id: String::new(), last_sent: 60, ..sub(2, "two", "", "d:group") }));
    store.subs("orders.created", &subs);
    store.subs("silent", &[]);
    let pending: Vec<u64> = (41..=60).filter(|sequence| sequence % 3 != 0).collect();
    let durable = |client: &str, queue: Option<&str>, name: &str| {
        json!({ "client_id": client, "channel": "orders.created", "queue": queue, "durable": name,
                "delivered_unacked": pending, "last_sent": 60 })
    };
    let shown = |client: &str, key: &str, name: &str| {
        json!({ "client_id": client, key: name, "is_durable": true, "is_offline": true, "max_inflight": 16,
                "ack_wait": 30, "last_sent": 60, "pending_count": pending.len(), "is_stalled": false })
    };
    json!({
        "cluster_id": writer::CLUSTER,
        "channels": {
            "orders.created": { "messages": 50, "first_seq": 41, "last_seq": 90 },
            "silent": { "messages": 0, "first_seq": 0, "last_seq": 0 },
        },
        "durables": [durable("one", None, "audit"), durable("two", Some("group"), "d")],
        "channelsz": [
            { "name": "orders.created", "msgs": 50, "first_seq": 41, "last_seq": 90, "subs_count": 2,
              "subscriptions": [shown("one", "durable_name", "audit"), shown("two", "queue_name", "d:group")] },
            { "name": "silent", "msgs": 0, "subs_count": 0 },
        ],
    })
}

/// The store under test, and what is in it.
fn store(folder: &Path) -> (PathBuf, Value) {
    match (std::env::var_os("STAN_STORE"), std::env::var_os("STAN_STORE_EXPECTED")) {
        (Some(store), Some(expected)) => {
            let expected = fs::read(expected).expect("what is in the store");
            (store.into(), serde_json::from_slice(&expected).expect("JSON"))
        }
        _ => (folder.to_owned(), written(folder)),
    }
}

/// Every field that `expected` has, `told` has too, lists in their order.
#[track_caller]
fn has(told: &Value, expected: &Value, besides: &[&str]) {
    match (told, expected) {
        (Value::Object(told), Value::Object(fields)) => {
            for (key, value) in fields.iter().filter(|(key, _)| !besides.contains(&key.as_str())) {
                has(told.get(key).unwrap_or_else(|| panic!("no {key} in {told:?}")), value, besides);
            }
        }
        (Value::Array(told), Value::Array(all)) => {
            assert_eq!(told.len(), all.len(), "{told:?}");
            told.iter().zip(all).for_each(|(told, expected)| has(told, expected, besides));
        }
        _ => assert_eq!(told, expected),
    }
}

#[test]
fn a_store_is_as_its_own_server_showed_it() {
    if !ours() {
        return;
    }
    let (home, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, expected) = store(home.path());
    let cluster = expected["cluster_id"].as_str().expect("an id");
    let found = imported(&store, target.path(), &["--dry-run"]);
    let done = imported(&store, target.path(), &[]);
    for told in [&found, &done] {
        assert_eq!(told["cluster_id"], cluster);
        has(&told["channels"], &expected["channelsz"], &["inbox", "ack_inbox", "is_stalled"]);
        for channel in told["channels"].as_array().expect("a list") {
            let is = &expected["channels"][channel["name"].as_str().expect("a name")];
            let wanted = (&is["messages"], &is["first_seq"], &is["last_seq"]);
            assert_eq!((&channel["msgs"], &channel["first_seq"], &channel["last_seq"]), wanted, "{channel}");
        }
    }
    let server = serve(target.path(), cluster);
    // A message's bytes are counted differently: ours has neither its own header nor its index.
    let told = tell(&server, "channelsz?subs=1");
    has(&told["channels"], &expected["channelsz"], &["bytes"]);
    let refused = import(&store, target.path(), &[]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("is in use by another process"), "{why}");
    drop(server);
    let again = imported(&store, target.path(), &[]);
    assert!(again["channels"].as_array().expect("a list").iter().all(|channel| channel["was_done"] == true), "{again}");
}

#[test]
fn durables_go_on_where_they_were() {
    if !program::is_installed() {
        return;
    }
    let (home, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, expected) = store(home.path());
    let cluster = expected["cluster_id"].as_str().expect("an id");
    imported(&store, target.path(), &[]);
    let server = serve(target.path(), cluster);
    for durable in expected["durables"].as_array().expect("a list") {
        let channel = durable["channel"].as_str().expect("a name");
        let mut client = Program::connected_to(&server, cluster, durable["client_id"].as_str().expect("a name"));
        client.subscribe(&json!({
            "channel": channel, "queue": durable["queue"], "tag": "s", "ack": "manual",
            "options": { "durable": durable["durable"], "maxInFlight": 1000, "start": "all" },
        }));
        let number = |value: &Value| value.as_u64().expect("a sequence");
        let pending = durable["delivered_unacked"].as_array().expect("a list").iter().map(|it| (number(it), true));
        let last = number(&expected["channels"][channel]["last_seq"]);
        let new = (number(&durable["last_sent"]) + 1..=last).map(|sequence| (sequence, false));
        let wanted: Vec<_> = pending.chain(new).collect();
        let next = |_: &_| {
            let message = client.expect("message");
            (number(&message["sequence"]), message["again"] == true)
        };
        let got: Vec<_> = wanted.iter().map(next).collect();
        assert_eq!(got, wanted, "{durable}");
        assert_eq!(client.messages_until_quiet(Duration::from_millis(100)), [], "and nothing else: {durable}");
        client.close();
    }
    for (channel, is) in expected["channels"].as_object().expect("channels") {
        let mut reader = Program::connected_to(&server, cluster, "reader");
        reader.subscribe(&json!({ "channel": channel, "tag": "s", "options": { "start": "all" } }));
        let count = is["messages"].as_u64().expect("a number");
        let all: Vec<_> = (0..count).map(|_| reader.expect("message")).collect();
        if let (Some(first), Some(payload)) = (all.first(), is.get("payload_of_1")) {
            assert_eq!(first["data"], *payload);
        }
        // The next message goes on behind the last one, also where all were dropped.
        reader.publish(channel, "next");
        let next = reader.expect("message");
        assert_eq!(next["sequence"].as_u64(), is["last_seq"].as_u64().map(|last| last + 1), "{channel}");
        reader.close();
    }
}

/// The original was stopped with clients connected: they find their connection and their subscriptions again.
#[test]
fn a_client_that_was_connected_may_go_on_without_connecting_again() {
    if !ours() {
        return;
    }
    let (home, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Writer::new(home.path());
    store.clients(&["ann", "bob"], &["bob"]);
    store.plain_slice("c", 1, 1, 5);
    store.subs("c", &[Sub::New(sub(1, "ann", "", "g")), Sub::New(sub(2, "bob", "", "g")), Sub::Sent(1, 1)]);
    let told = imported(home.path(), target.path(), &[]);
    assert_eq!(told["clients"], json!(["ann"]));
    let server = serve(target.path(), CLUSTER);
    let told = tell(&server, "clientsz?client=ann&subs=1");
    assert_eq!(told["hb_inbox"], "_INBOX.hb-ann");
    let subscription = &told["subscriptions"]["c"][0];
    assert_eq!((&subscription["inbox"], &subscription["queue_name"]), (&json!("_INBOX.in1"), &json!("g")));
    assert_eq!((&subscription["is_offline"], &subscription["last_sent"]), (&json!(false), &json!(1)));
}

#[test]
fn killed_at_any_moment_and_run_again_nothing_is_lost_or_doubled() {
    if !ours() {
        return;
    }
    let (home, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Writer::new(home.path());
    let channels = ["a", "b", "c", "d"];
    for channel in channels {
        store.plain_slice(channel, 1, 1, 3_000);
        store.plain_slice(channel, 2, 3_001, 5_000);
        store.subs(channel, &[Sub::New(sub(1, "bob", "d", "")), Sub::Sent(1, 1), Sub::Sent(1, 2)]);
    }
    let started = std::time::Instant::now();
    imported(home.path(), tempfile::tempdir().unwrap().path(), &[]);
    let whole = started.elapsed();
    for kill in 0..KILLS {
        let mut child = Command::new(PROGRAM)
            .args(["import", "--json"])
            .arg(home.path())
            .arg("-dir")
            .arg(target.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program");
        // Spread over the time that all of it takes: most of them hit the writing.
        std::thread::sleep(whole * u32::try_from(kill).expect("few") / u32::try_from(KILLS).expect("few"));
        let _ = child.kill();
        child.wait().expect("it is over");
    }
    imported(home.path(), target.path(), &[]);
    let again = imported(home.path(), target.path(), &[]);
    let server = serve(target.path(), CLUSTER);
    let told = tell(&server, "channelsz?subs=1");
    for (at, name) in channels.iter().enumerate() {
        assert_eq!(again["channels"][at]["was_done"], true, "{again}");
        let wanted = json!({ "name": name, "msgs": 5_000, "first_seq": 1, "last_seq": 5_000,
                             "subscriptions": [{ "durable_name": "d", "last_sent": 2, "pending_count": 2 }] });
        has(&told["channels"][at], &wanted, &[]);
    }
}
