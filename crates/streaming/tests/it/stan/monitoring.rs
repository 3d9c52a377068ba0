//! What `/streaming/…` tells, and the notes' experiment: a restarted listener's old subscription vanishes.
//!
//! The shapes below are those of answers recorded from NATS Streaming 0.25.6: which fields, in which order, of which
//! kind, how they are indented, and what is left out when it is empty. `prometheus-nats-exporter` and dashboards read
//! them.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::{CLUSTER, HEARTBEATS, Program, server};
use crate::harness::{Server, eventually};

/// What was answered.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

fn ask(server: &Server, path: &str) -> Reply {
    let mut socket = TcpStream::connect(server.monitor()).expect("a connection");
    let slash = if path.is_empty() { "" } else { "/" };
    write!(socket, "GET /streaming{slash}{path} HTTP/1.0\r\n\r\n").expect("sent");
    let mut text = String::new();
    socket.read_to_string(&mut text).expect("an answer");
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    let (head, body) = text.split_once("\r\n\r\n").expect("a body");
    Reply { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

/// The clients that are connected, by name.
pub fn clients(server: &Server) -> Vec<String> {
    let told = tell(server, "clientsz");
    let all = told["clients"].as_array().expect("a list").iter();
    all.map(|client| client["id"].as_str().expect("text").to_owned()).collect()
}

/// The text at `path`, which is JSON for whoever asks.
#[track_caller]
fn body(server: &Server, path: &str) -> String {
    let reply = ask(server, path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    for header in ["content-type: application/json", "access-control-allow-origin: *"] {
        assert!(reply.head.contains(header), "{path}: {}", reply.head);
    }
    reply.body
}

/// What is told at `path`, under `/streaming`.
#[track_caller]
pub fn tell(server: &Server, path: &str) -> Value {
    serde_json::from_str(&body(server, path)).expect("JSON")
}

/// `json` line by line with its indentation and its names, but empty texts, zeros, and `true` for either truth.
fn shape(json: &str) -> String {
    let lines = json.lines().map(|line| {
        let (name, value) = line.split_once(": ").map_or(("", line), |(name, value)| (name, value));
        let (value, comma) = value.strip_suffix(',').map_or((value, ""), |value| (value, ","));
        let blank = match value.trim_start().chars().next() {
            Some('"') if name.is_empty() => &format!("{}\"\"", &value[..value.len() - value.trim_start().len()]),
            Some('"') => "\"\"",
            Some('0'..='9' | '-') => "0",
            Some('t' | 'f') => "true",
            _ => value,
        };
        let colon = if name.is_empty() { "" } else { ": " };
        format!("{name}{colon}{blank}{comma}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn has_shape(server: &Server, path: &str, recorded: &str) {
    assert_eq!(shape(&body(server, path)), recorded.trim(), "{path}");
}

/// A client `me` with a durable and a member of a durable queue group on `foo`, and one that only came.
fn as_recorded(server: &Server) -> [Program; 2] {
    let mut me = Program::connected(server, "me");
    me.publish("foo", "hello");
    let durable = json!({ "start": "all", "durable": "dur", "maxInFlight": 10, "ackWait": 1000 });
    me.subscribe(&json!({ "channel": "foo", "tag": "d", "options": durable }));
    assert_eq!(me.messages(1), ["hello"]);
    let group = json!({ "start": "last", "durable": "qd", "maxInFlight": 10, "ackWait": 30_000 });
    me.subscribe(&json!({ "channel": "foo", "queue": "q", "tag": "q", "options": group }));
    assert_eq!(me.messages(1), ["hello"]);
    [me, Program::connected(server, "other")]
}

const SERVERZ: &str = r#"
{
  "cluster_id": "",
  "server_id": "",
  "version": "",
  "go": "",
  "state": "",
  "now": "",
  "start_time": "",
  "uptime": "",
  "clients": 0,
  "subscriptions": 0,
  "channels": 0,
  "total_msgs": 0,
  "total_bytes": 0,
  "in_msgs": 0,
  "in_bytes": 0,
  "out_msgs": 0,
  "out_bytes": 0,
  "open_fds": 0,
  "max_fds": 0
}"#;

#[test]
fn serverz_is_as_recorded() {
    let Some(server) = server(&[]) else { return };
    let _clients = as_recorded(&server);
    has_shape(&server, "serverz", SERVERZ);
    let told = tell(&server, "serverz");
    for (key, value) in [
        ("cluster_id", json!(CLUSTER)),
        ("version", json!("0.25.6")),
        ("state", json!("STANDALONE")),
        ("clients", json!(2)),
        ("subscriptions", json!(2)),
        ("channels", json!(1)),
        ("total_msgs", json!(1)),
        ("in_msgs", json!(1)),
        ("out_msgs", json!(2)),
    ] {
        assert_eq!(told[key], value, "{key}");
    }
    let bytes = ["total_bytes", "in_bytes", "out_bytes"].map(|key| told[key].as_u64().expect("a number"));
    assert!(bytes.iter().all(|bytes| *bytes >= 5), "{told}");
    assert_eq!(told["server_id"].as_str().map(str::len), Some(22));
    assert_eq!(told["server_id"], tell(&server, "storez")["server_id"]);
}

const STOREZ: &str = r#"
{
  "cluster_id": "",
  "server_id": "",
  "now": "",
  "type": "",
  "limits": {
    "max_channels": 0,
    "max_msgs": 0,
    "max_bytes": 0,
    "max_age": 0,
    "max_subscriptions": 0,
    "max_inactivity": 0
  },
  "total_msgs": 0,
  "total_bytes": 0
}"#;

/// What a channel's own limits look like among the others.
const STOREZ_CHANNELS: &str = r#"
    "max_inactivity": 0,
    "channels": {
      "orders.*": {
        "max_msgs": 0,
        "max_bytes": 0,
        "max_age": 0,
        "max_subscriptions": 0,
        "max_inactivity": 0
      }
    }
  },"#;

#[test]
fn storez_is_as_recorded() {
    let Some(server) = server(&[]) else { return };
    let _clients = as_recorded(&server);
    has_shape(&server, "storez", STOREZ);
    let told = tell(&server, "storez");
    assert_eq!((&told["type"], &told["total_msgs"]), (&json!("FILE"), &json!(1)));
    assert_eq!(
        told["limits"],
        json!({ "max_channels": 100, "max_msgs": 1_000_000, "max_bytes": 1_024_000_000, "max_age": 0,
                "max_subscriptions": 1000, "max_inactivity": 0 })
    );
}

#[test]
fn limits_of_channels_stand_by_their_names() {
    let server = Server::with_config(
        "http: 127.0.0.1:-1
         streaming { id: c, store: memory, store_limits { max_msgs: 7, max_age: 2s, channels { \"orders.*\": { mm: 3 } } } }",
    );
    let text = body(&server, "storez");
    assert!(shape(&text).contains(STOREZ_CHANNELS.trim_matches('\n')), "{text}");
    let told: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(told["type"], "MEMORY");
    assert_eq!((&told["limits"]["max_msgs"], &told["limits"]["max_age"]), (&json!(7), &json!(2_000_000_000)));
    let own = &told["limits"]["channels"]["orders.*"];
    assert_eq!((&own["max_msgs"], &own["max_age"]), (&json!(3), &json!(2_000_000_000)), "the rest is inherited");
}

const CLIENTSZ: &str = r#"
{
  "cluster_id": "",
  "server_id": "",
  "now": "",
  "offset": 0,
  "limit": 0,
  "count": 0,
  "total": 0,
  "clients": [
    {
      "id": "",
      "hb_inbox": "",
      "subs_count": 0
    },
    {
      "id": "",
      "hb_inbox": "",
      "subs_count": 0
    }
  ]
}"#;

const CLIENT_WITH_SUBSCRIPTIONS: &str = r#"
{
  "id": "",
  "hb_inbox": "",
  "subs_count": 0,
  "subscriptions": {
    "foo": [
      {
        "client_id": "",
        "inbox": "",
        "ack_inbox": "",
        "durable_name": "",
        "is_durable": true,
        "is_offline": true,
        "max_inflight": 0,
        "ack_wait": 0,
        "last_sent": 0,
        "pending_count": 0,
        "is_stalled": true
      },
      {
        "client_id": "",
        "inbox": "",
        "ack_inbox": "",
        "queue_name": "",
        "is_durable": true,
        "is_offline": true,
        "max_inflight": 0,
        "ack_wait": 0,
        "last_sent": 0,
        "pending_count": 0,
        "is_stalled": true
      }
    ]
  }
}"#;

#[test]
fn clientsz_is_as_recorded() {
    let Some(server) = server(&[]) else { return };
    let _clients = as_recorded(&server);
    has_shape(&server, "clientsz", CLIENTSZ);
    has_shape(&server, "clientsz?client=me&subs=1", CLIENT_WITH_SUBSCRIPTIONS);
    let ids = |told: &Value| -> Vec<String> {
        let clients = told["clients"].as_array().expect("a list").iter();
        clients.map(|client| client["id"].as_str().expect("text").to_owned()).collect()
    };
    assert_eq!(ids(&tell(&server, "clientsz")), ["me", "other"]);
    for (question, expected, offset, limit) in [
        ("limit=1", &["me"][..], 0, 1),
        ("limit=1&offset=1", &["other"], 1, 1),
        ("offset=7", &[], 7, 1024),
        ("limit=x&offset=-1&subs=maybe", &["me", "other"], 0, 1024),
    ] {
        let told = tell(&server, &format!("clientsz?{question}"));
        assert_eq!(ids(&told), expected, "{question}");
        let page = ["offset", "limit", "count", "total"].map(|key| told[key].clone());
        assert_eq!(page, [json!(offset), json!(limit), json!(expected.len()), json!(2)], "{question}");
    }
    let all = tell(&server, "clientsz?subs=1");
    assert_eq!(all["clients"][0], tell(&server, "clientsz?client=me&subs=1"));
    assert_eq!(all["clients"][1].get("subscriptions"), None, "it has none");
    assert_eq!(tell(&server, "clientsz?client=me").get("subscriptions"), None, "nobody asked");
}

const CHANNELSZ: &str = r#"
{
  "cluster_id": "",
  "server_id": "",
  "now": "",
  "offset": 0,
  "limit": 0,
  "count": 0,
  "total": 0,
  "names": [
    ""
  ]
}"#;

const CHANNELSZ_WITH_SUBSCRIPTIONS: &str = r#"
{
  "cluster_id": "",
  "server_id": "",
  "now": "",
  "offset": 0,
  "limit": 0,
  "count": 0,
  "total": 0,
  "channels": [
    {
      "name": "",
      "msgs": 0,
      "bytes": 0,
      "first_seq": 0,
      "last_seq": 0,
      "subs_count": 0,
      "subscriptions": [
        {
          "client_id": "",
          "inbox": "",
          "ack_inbox": "",
          "durable_name": "",
          "is_durable": true,
          "is_offline": true,
          "max_inflight": 0,
          "ack_wait": 0,
          "last_sent": 0,
          "pending_count": 0,
          "is_stalled": true
        },
        {
          "client_id": "",
          "inbox": "",
          "ack_inbox": "",
          "queue_name": "",
          "is_durable": true,
          "is_offline": true,
          "max_inflight": 0,
          "ack_wait": 0,
          "last_sent": 0,
          "pending_count": 0,
          "is_stalled": true
        }
      ]
    }
  ]
}"#;

#[test]
fn channelsz_is_as_recorded() {
    let Some(server) = server(&[]) else { return };
    let [mut me, _other] = as_recorded(&server);
    has_shape(&server, "channelsz", CHANNELSZ);
    has_shape(&server, "channelsz?subs=1", CHANNELSZ_WITH_SUBSCRIPTIONS);
    let one = tell(&server, "channelsz?channel=foo&subs=1");
    let counts = ["msgs", "first_seq", "last_seq", "subs_count"].map(|key| &one[key]);
    assert_eq!(counts, [1, 1, 1, 2].map(|n| json!(n)).each_ref());
    let common = [
        ("client_id", json!("me")),
        ("is_durable", json!(true)),
        ("is_offline", json!(false)),
        ("max_inflight", json!(10)),
        ("last_sent", json!(1)),
        ("is_stalled", json!(false)),
    ];
    for (nth, own) in [
        (0, [("durable_name", json!("dur")), ("ack_wait", json!(1))]),
        (1, [("queue_name", json!("qd:q")), ("ack_wait", json!(30))]),
    ] {
        for (key, value) in common.iter().chain(&own) {
            assert_eq!(one["subscriptions"][nth][key], *value, "{nth} {key}");
        }
    }
    assert_eq!(tell(&server, "channelsz?channel=foo").get("subscriptions"), None, "nobody asked");

    me.publish("bar", "x");
    assert_eq!(tell(&server, "channelsz")["names"], json!(["bar", "foo"]));
    let told = tell(&server, "channelsz?limit=1&offset=1&subs=1");
    assert_eq!((&told["channels"][0]["name"], &told["count"], &told["total"]), (&json!("foo"), &json!(1), &json!(2)));
    assert_eq!(tell(&server, "channelsz?offset=9").get("names"), None, "left out when empty");

    me.close();
    let told = tell(&server, "channelsz?channel=foo&subs=1");
    for nth in [0, 1] {
        let its = &told["subscriptions"][nth];
        assert_eq!((&its["is_offline"], &its["client_id"]), (&json!(true), &json!("me")), "the durables stay");
    }
    let told = tell(&server, "serverz");
    assert_eq!((&told["subscriptions"], &told["clients"]), (&json!(0), &json!(1)), "nobody is there for them");
}

#[test]
fn what_is_not_there_is_said_in_the_originals_words() {
    let Some(server) = server(&[]) else { return };
    for (path, words) in [
        ("clientsz?client=zz", "Client zz not found\n"),
        ("channelsz?channel=nope", "Channel nope not found\n"),
        ("nothing", "404 page not found\n"),
    ] {
        let reply = ask(&server, path);
        assert_eq!((reply.status, reply.body.as_str()), (404, words), "{path}");
        for header in ["content-type: text/plain; charset=utf-8", "x-content-type-options: nosniff"] {
            assert!(reply.head.contains(header), "{path}: {}", reply.head);
        }
    }
    assert_eq!(ask(&server, "isFTActive").status, 204, "one node is no group");
    let call = ask(&server, "serverz?callback=cb");
    assert!(call.head.contains("content-type: application/javascript"), "{}", call.head);
    assert!(call.body.starts_with("cb({\n  \"cluster_id\"") && call.body.ends_with("})"), "{}", call.body);
    let index = ask(&server, "").body;
    for path in ["serverz", "storez", "clientsz", "channelsz"] {
        assert!(index.contains(&format!("href=\"./streaming/{path}")), "{index}");
    }
    let without = Server::start(&["-m", "-1"]);
    assert_eq!(ask(&without, "serverz").status, 404, "without the face there is nothing there");
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
