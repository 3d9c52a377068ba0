//! Several channels at once: what no client of the original could have.

use std::time::Duration;

use async_nats::jetstream::{self, stream};
use serde_json::{Value, json};

use super::{Program, server};

const QUIET: Duration = Duration::from_millis(400);
const WIDE: [&str; 1] = ["--wildcards"];

fn listen(filter: &str, options: &Value) -> Value {
    json!({ "channel": filter, "tag": "s", "ack": "manual", "options": options })
}

/// Channel, sequence, data of the next message.
#[track_caller]
fn next(program: &mut Program) -> (String, u64, String) {
    let message = program.expect("message");
    let text = |key: &str| message[key].as_str().expect("text").to_owned();
    (text("subject"), message["sequence"].as_u64().expect("a number"), text("data"))
}

fn told(channel: &str, sequence: u64, data: &str) -> (String, u64, String) {
    (channel.to_owned(), sequence, data.to_owned())
}

#[test]
fn it_gets_what_its_filter_takes_of_channels_that_are_there_and_that_come() {
    let Some(server) = server(&WIDE) else { return };
    let mut ann = Program::connected(&server, "ann");
    ann.publish("foo.a", "1");
    ann.publish("foo.b.c", "deep");
    ann.publish("bar", "other");
    let mut one = Program::connected(&server, "one");
    one.subscribe(&listen("foo.*", &json!({ "start": "all" })));
    let mut any = Program::connected(&server, "any");
    any.subscribe(&listen("foo.>", &json!({})));
    assert_eq!(next(&mut one), told("foo.a", 1, "1"));
    ann.publish("foo.a", "2");
    ann.publish("foo.new", "3");
    ann.publish("foo.b.c", "4");
    ann.publish("bar", "5");
    assert_eq!(next(&mut one), told("foo.a", 2, "2"));
    assert_eq!(next(&mut one), told("foo.new", 1, "3"), "of a channel that came later, from its first message");
    assert_eq!(next(&mut any), told("foo.a", 2, "2"));
    assert_eq!(next(&mut any), told("foo.new", 1, "3"));
    assert_eq!(next(&mut any), told("foo.b.c", 2, "4"), "new messages only, as it asked");
    assert_eq!(one.messages_until_quiet(QUIET), []);
    assert_eq!(any.messages_until_quiet(QUIET), []);
}

#[test]
fn an_acknowledgement_is_of_one_channel_and_what_has_none_comes_again() {
    let Some(server) = server(&WIDE) else { return };
    let mut ann = Program::connected(&server, "ann");
    let mut listener = Program::connected(&server, "listener");
    let mut asked = listen("foo.*", &json!({ "ackWait": 1000 }));
    asked["ack"] = "never".into();
    listener.subscribe(&asked);
    ann.publish("foo.a", "a1");
    ann.publish("foo.b", "b1");
    assert_eq!(listener.messages(2), ["a1", "b1"]);
    // Both have the sequence 1: the program acknowledges the one it got last.
    listener.tell(&json!({ "do": "ack", "tag": "s", "sequence": 1 }));
    for _ in 0..2 {
        assert_eq!(listener.message(), ("a1".into(), true), "of the two only the other channel's comes again");
    }
}

#[test]
fn a_durable_is_kept_with_what_came_while_it_was_away_until_it_is_unsubscribed() {
    let Some(mut server) = server(&WIDE) else { return };
    let mut ann = Program::connected(&server, "ann");
    ann.publish("foo.a", "1");
    let asked = listen("foo.*", &json!({ "start": "all", "durable": "d" }));
    let mut listener = Program::connected(&server, "listener");
    listener.subscribe(&asked);
    assert_eq!(listener.messages(1), ["1"]);
    assert_eq!(
        listener.subscribe_refused(&{
            let mut again = asked.clone();
            again["tag"] = "again".into();
            again
        }),
        "stan: duplicate durable registration"
    );
    listener.close();
    ann.publish("foo.a", "2");
    ann.publish("foo.new", "3");
    server.restart();
    ann.expect("reconnected");
    ann.publish("foo.newer", "4");
    let mut listener = Program::connected(&server, "listener");
    listener.subscribe(&listen("foo.*", &json!({ "durable": "d" })));
    let mut got = listener.messages(3);
    got.sort();
    assert_eq!(got, ["2", "3", "4"]);
    listener.end("unsubscribe", "s");
    listener.subscribe(&asked);
    let mut got = listener.messages(4);
    got.sort();
    assert_eq!(got, ["1", "2", "3", "4"], "forgotten, it begins anew");
}

#[test]
fn a_group_shares_every_channel_and_takes_over_from_a_member_that_goes() {
    let Some(server) = server(&WIDE) else { return };
    let mut asked = listen("foo.>", &json!({ "start": "all", "ackWait": 60_000 }));
    asked["queue"] = "q".into();
    let [mut a, mut b] = ["a", "b"].map(|name| Program::connected(&server, name));
    let mut silent = asked.clone();
    silent["ack"] = "never".into();
    a.subscribe(&silent);
    b.subscribe(&asked);
    let mut publisher = Program::connected(&server, "publisher");
    for n in 0..10 {
        publisher.publish("foo.x", &format!("x{n}"));
        publisher.publish("foo.y", &format!("y{n}"));
    }
    let first = a.messages_until_quiet(QUIET);
    let second = b.messages_until_quiet(QUIET);
    assert_eq!(first.len() + second.len(), 20);
    for channel in ["x", "y"] {
        let shares = |got: &[(String, bool)]| got.iter().any(|(data, _)| data.starts_with(channel));
        assert!(shares(&first) && shares(&second), "{channel}: {first:?} {second:?}");
    }
    a.close();
    let mut again = b.messages(first.len());
    again.sort();
    let mut held: Vec<_> = first.into_iter().map(|(data, _)| data).collect();
    held.sort();
    assert_eq!(again, held);
}

#[test]
fn a_subscription_goes_on_after_the_server_was_killed() {
    let Some(mut server) = server(&WIDE) else { return };
    let mut ann = Program::connected(&server, "ann");
    // Nothing matches yet: no stream knows of it.
    ann.subscribe(&listen("foo.*", &json!({})));
    server.kill9();
    ann.expect("reconnected");
    ann.publish("foo.a", "1");
    assert_eq!(next(&mut ann), told("foo.a", 1, "1"));
    ann.end("close_subscription", "s");
    ann.publish("foo.a", "2");
    ann.publish("foo.b", "3");
    assert_eq!(ann.messages_until_quiet(QUIET), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_reaches_streams_of_jetstream_but_no_buckets() {
    let Some(server) = server(&WIDE) else { return };
    let js = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let bucket = jetstream::kv::Config { bucket: "B".into(), ..jetstream::kv::Config::default() };
    let bucket = js.create_key_value(bucket).await.unwrap();
    let mut ann = Program::connected(&server, "ann");
    ann.subscribe(&listen(">", &json!({})));
    let config =
        stream::Config { name: "TICKETS".into(), subjects: vec!["ticket.>".into()], ..stream::Config::default() };
    js.create_stream(config).await.unwrap();
    bucket.put("k", "v".into()).await.unwrap();
    js.publish("ticket.created", "1".into()).await.unwrap().await.unwrap();
    js.publish("ticket.updated", "2".into()).await.unwrap().await.unwrap();
    assert_eq!(next(&mut ann), told("ticket.created", 1, "1"));
    assert_eq!(next(&mut ann), told("ticket.updated", 2, "2"));
    assert_eq!(ann.messages_until_quiet(QUIET), [], "what lies in a bucket is no channel's");
}

#[test]
fn what_cannot_be_is_refused() {
    let Some(server) = server(&["--wildcards", "-msu", "1"]) else { return };
    let mut ann = Program::connected(&server, "ann");
    let mut refused = |filter: &str, options: Value| ann.subscribe_refused(&listen(filter, &options));
    assert_eq!(refused("foo.>.bar", json!({})), "stan: invalid subject");
    assert_eq!(refused("foo.b*", json!({})), "stan: invalid subject");
    assert_eq!(
        refused("foo.*", json!({ "sequence": 3 })),
        "stan: invalid start position: each channel has sequences of its own"
    );
    ann.subscribe(&listen("foo.*", &json!({})));
    let mut another = listen("bar.*", &json!({}));
    another["tag"] = "another".into();
    assert_eq!(ann.subscribe_refused(&another), "too many subscriptions per channel");
}
