//! What `/streaming/…` tells, and the notes' experiment: a restarted listener's old subscription vanishes.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::{HEARTBEATS, Program, server};
use crate::harness::{Server, eventually};

/// The answer's status and body.
fn get(server: &Server, path: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(server.monitor()).expect("a connection");
    write!(socket, "GET /streaming/{path} HTTP/1.0\r\n\r\n").expect("sent");
    let mut text = String::new();
    socket.read_to_string(&mut text).expect("an answer");
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, text.split_once("\r\n\r\n").expect("a body").1.to_owned())
}

/// The clients that are connected, by name.
pub fn clients(server: &Server) -> Vec<String> {
    let told = tell(server, "clientsz");
    let all = told["clients"].as_array().expect("a list").iter();
    all.map(|client| client["id"].as_str().expect("text").to_owned()).collect()
}

/// What is told there, JSON.
pub fn tell(server: &Server, path: &str) -> Value {
    let (status, body) = get(server, path);
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).expect("JSON")
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_listeners_old_subscription_vanishes() {
    let Some(server) = server(&HEARTBEATS) else { return };
    let options = json!({ "start": "all" });
    let listen = json!({ "channel": "ticket:created", "queue": "q", "tag": "s", "options": options });
    let mut old = Program::connected(&server, "old");
    old.subscribe(&listen);
    let clients = || {
        let told = tell(&server, "channelsz?channel=ticket:created&subs=1");
        let all = told["subscriptions"].as_array().expect("a list").iter();
        all.map(|subscription| subscription["client_id"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(clients(), ["old"]);
    old.kill();
    let mut new = Program::connected(&server, "new");
    new.subscribe(&listen);
    eventually("the old one is gone", async || (clients() == ["new"]).then_some(())).await;
    new.close();
    let told = tell(&server, "channelsz?channel=ticket:created&subs=1");
    assert_eq!(told["subs_count"], 0, "said good-bye, it is gone at once");
}

#[test]
fn it_is_told_in_the_originals_fields() {
    let Some(server) = server(&[]) else { return };
    let mut ann = Program::connected(&server, "ann");
    ann.publish("foo", "hello");
    let options = json!({ "start": "all", "durable": "dur", "maxInFlight": 10, "ackWait": 1000 });
    ann.subscribe(&json!({ "channel": "foo", "tag": "s", "options": options }));
    assert_eq!(ann.messages(1), ["hello"]);
    let told = tell(&server, "serverz");
    let counts = ["clients", "subscriptions", "channels", "total_msgs", "in_msgs", "out_msgs"].map(|key| &told[key]);
    assert_eq!(counts, [1; 6].map(|n| json!(n)).each_ref(), "{told}");
    assert_eq!((&told["cluster_id"], &told["state"]), (&json!("ticketing"), &json!("STANDALONE")));
    let told = tell(&server, "storez");
    assert_eq!(told["type"], "FILE");
    assert_eq!(
        told["limits"],
        json!({ "max_channels": 100, "max_msgs": 1_000_000, "max_bytes": 1_024_000_000, "max_age": 0,
                "max_subscriptions": 1000, "max_inactivity": 0 })
    );
    let told = tell(&server, "clientsz");
    assert_eq!(keys(&told["clients"][0]), ["hb_inbox", "id", "subs_count"]);
    let told = tell(&server, "clientsz?client=ann&subs=1");
    let subscription = &told["subscriptions"]["foo"][0];
    for (key, value) in [
        ("client_id", json!("ann")),
        ("durable_name", json!("dur")),
        ("is_durable", json!(true)),
        ("is_offline", json!(false)),
        ("max_inflight", json!(10)),
        ("ack_wait", json!(1)),
        ("last_sent", json!(1)),
        ("is_stalled", json!(false)),
    ] {
        assert_eq!(subscription[key], value, "{key}");
    }
    assert_eq!(subscription.get("queue_name"), None);
    assert_eq!(tell(&server, "channelsz")["names"], json!(["foo"]));
    let told = tell(&server, "channelsz?channel=foo");
    assert_eq!(
        ["msgs", "first_seq", "last_seq", "subs_count"].map(|key| &told[key]),
        [1; 4].map(|n| json!(n)).each_ref()
    );
    ann.close();
    let told = tell(&server, "channelsz?subs=1");
    assert_eq!(told["channels"][0]["subscriptions"][0]["is_offline"], true, "{told}");
    assert_eq!(get(&server, "channelsz?channel=nope"), (404, "Channel nope not found\n".into()));
    assert_eq!(get(&server, "clientsz?client=zz"), (404, "Client zz not found\n".into()));
    assert_eq!(get(&server, "isFTActive").0, 204);
}
