//! Limits of all channels, of some, and of one: what they drop, whom they refuse.

use std::time::Duration;

use serde_json::{Value, json};

use super::raw::Raw;
use super::{CLUSTER, monitoring};
use crate::harness::{Server, eventually};

fn server() -> Server {
    Server::with_config(&format!(
        "http: 127.0.0.1:-1
         streaming {{
           cid: {CLUSTER}, store: file, dir: STORE
           store_limits {{
             max_channels: 9, max_msgs: 2, max_subs: 2
             channels {{
               \"a.*\": {{ max_msgs: 3 }}, \"a.>\": {{ max_msgs: 1, max_subs: 1 }}, \"a.all\": {{ max_msgs: -1 }}
               zero: {{ mm: 0 }}, old: {{ max_age: 300ms, max_msgs: 0 }}, big: {{ max_bytes: 1000, max_msgs: 0 }}
               idle: {{ max_inactivity: 500ms }}
             }}
           }}
         }}"
    ))
}

/// First and last sequence, and how many there are.
fn held(server: &Server, channel: &str) -> (u64, u64, u64) {
    let told = monitoring::tell(server, &format!("channelsz?channel={channel}"));
    let number = |key: &str| told[key].as_u64().unwrap_or_else(|| panic!("{told}"));
    (number("first_seq"), number("last_seq"), number("msgs"))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_channel_holds_what_its_narrowest_limit_says() {
    let mut server = server();
    let ann = Raw::connected(&server, "ann").await;
    let channels = ["plain", "a.b", "a.b.c", "a.all", "zero", "big"];
    for channel in channels {
        for n in 0..5 {
            assert_eq!(ann.publish(channel, &format!("{n:0200}")).await, "", "{channel}");
        }
    }
    let check = |server: &Server| {
        assert_eq!(held(server, "plain"), (4, 5, 2), "the limit of all");
        assert_eq!(held(server, "a.b"), (3, 5, 3), "a.* is narrower than a.>");
        assert_eq!(held(server, "a.b.c"), (5, 5, 1));
        assert_eq!(held(server, "a.all"), (1, 5, 5), "less than none is no limit");
        assert_eq!(held(server, "zero"), (1, 5, 5), "nor is none");
        let (first, last, count) = held(server, "big");
        assert!(last == 5 && (2..=4).contains(&count) && first == 6 - count, "{first} {count}");
    };
    check(&server);
    server.restart();
    check(&server);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_applied_anew_at_a_start() {
    let mut server = server();
    let ann = Raw::connected(&server, "ann").await;
    for n in 0..3 {
        ann.publish("zero", &n.to_string()).await;
    }
    server.stop();
    server.configure(&format!(
        "http: 127.0.0.1:-1, streaming {{ cid: {CLUSTER}, store: file, dir: STORE, limits {{ mm: 1 }} }}"
    ));
    server.start_again();
    assert_eq!(held(&server, "zero"), (3, 3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_goes_and_sequences_go_on() {
    let mut server = server();
    let ann = Raw::connected(&server, "ann").await;
    ann.publish("old", "1").await;
    ann.publish("old", "2").await;
    eventually("they are gone", async || (held(&server, "old").2 == 0).then_some(())).await;
    server.restart();
    eventually("its client is back", async || ann.publish("old", "3").await.is_empty().then_some(())).await;
    let (_, last, _) = held(&server, "old");
    assert!(last >= 3, "no sequence is given twice, not after a restart either: {last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_nobody_uses_is_deleted_and_one_that_is_used_stays() {
    let server = server();
    let ann = Raw::connected(&server, "ann").await;
    let subscribed = ann.subscribe(ann.request("idle")).await.expect("subscribed");
    ann.publish("plain", "1").await;
    let names = || monitoring::tell(&server, "channelsz")["names"].clone();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(names(), json!(["idle", "plain"]), "somebody is subscribed");
    let end = protocol::stan::UnsubscribeRequest {
        client_id: "ann".into(),
        subject: "idle".into(),
        inbox: subscribed.ack_inbox,
        durable_name: String::new(),
    };
    let told: protocol::stan::SubscriptionResponse = ann.ask(&ann.welcome.unsub_requests, &end).await;
    assert_eq!(told.error, "");
    eventually("it is deleted", async || (names() == json!(["plain"])).then_some(())).await;
    assert_eq!(ann.publish("idle", "1").await, "", "it may be made again");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_subscriptions_or_channels_than_may_be_are_refused() {
    let server = server();
    let ann = Raw::connected(&server, "ann").await;
    for (channel, max) in [("plain", 2), ("a.b", 1)] {
        for _ in 0..max {
            ann.subscribe(ann.request(channel)).await.expect("there is room");
        }
        let refused = ann.subscribe(ann.request(channel)).await.err();
        assert_eq!(refused.as_deref(), Some("too many subscriptions per channel"), "{channel}");
    }
    for n in 0..7 {
        assert_eq!(ann.publish(&format!("n{n}"), "").await, "");
    }
    assert_eq!(ann.publish("n7", "").await, "too many channels");
    assert_eq!(ann.subscribe(ann.request("n7")).await.err().as_deref(), Some("too many channels"));
    let told: Value = monitoring::tell(&server, "storez");
    assert_eq!(told["limits"]["max_channels"], 9);
}
