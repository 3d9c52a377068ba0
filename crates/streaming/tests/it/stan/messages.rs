//! Publishing and subscribing: starts, acknowledgements, redelivery, windows.

use std::time::Duration;

use serde_json::json;

use super::{Program, server};

/// Long enough for anything that would come at once.
const QUIET: Duration = Duration::from_millis(300);

#[test]
fn every_start_is_where_it_says() {
    let Some(server) = server(&[]) else { return };
    let mut ann = Program::connected(&server, "ann");
    for (n, (options, expected)) in [
        (json!({}), &["new"][..]),
        (json!({ "start": "all" }), &["1", "2", "3", "4", "new"]),
        (json!({ "start": "last" }), &["4", "new"]),
        (json!({ "sequence": 3 }), &["3", "4", "new"]),
        (json!({ "sequence": 99 }), &["new"]),
        (json!({ "timeDelta": 1000 }), &["4", "new"]),
        (json!({ "timeDelta": 60_000 }), &["1", "2", "3", "4", "new"]),
        (json!({ "timeDelta": 1 }), &["new"]),
    ]
    .into_iter()
    .enumerate()
    {
        let channel = format!("ticket:created-{n}");
        for data in ["1", "2", "3"] {
            ann.publish(&channel, data);
        }
        // So that only the next is younger than a second when it is asked for.
        std::thread::sleep(Duration::from_millis(1100));
        ann.publish(&channel, "4");
        if options["timeDelta"] == 1 {
            std::thread::sleep(Duration::from_millis(20));
        }
        let tag = n.to_string();
        ann.subscribe(&json!({ "channel": channel, "tag": tag, "options": options }));
        ann.publish(&channel, "new");
        let expected: Vec<_> = expected.iter().map(|data| ((*data).to_owned(), false)).collect();
        assert_eq!(ann.messages_until_quiet(QUIET), expected, "{options}");
    }
}

#[test]
fn a_start_before_the_first_message_is_the_first_and_one_in_an_empty_channel_is_the_next() {
    let Some(server) = server(&["-mm", "2"]) else { return };
    let mut ann = Program::connected(&server, "ann");
    for data in ["1", "2", "3", "4"] {
        ann.publish("c", data);
    }
    ann.subscribe(&json!({ "channel": "c", "tag": "s", "options": { "sequence": 1 } }));
    assert_eq!(ann.messages(2), ["3", "4"], "what is left of it");
    for (n, options) in
        [json!({ "start": "all" }), json!({ "start": "last" }), json!({ "sequence": 9 })].iter().enumerate()
    {
        let channel = format!("empty-{n}");
        ann.subscribe(&json!({ "channel": channel, "tag": channel, "options": options }));
        ann.publish(&channel, "first");
        assert_eq!(ann.messages_until_quiet(QUIET), [("first".into(), false)], "{options}");
    }
}

#[test]
fn what_is_not_acknowledged_in_time_comes_again_and_counts() {
    let Some(server) = server(&[]) else { return };
    let mut ann = Program::connected(&server, "ann");
    let options = json!({ "ackWait": 1000, "maxInFlight": 2 });
    ann.subscribe(&json!({ "channel": "c", "tag": "s", "ack": "never", "options": options }));
    for data in ["1", "2", "3"] {
        ann.publish("c", data);
    }
    assert_eq!(ann.messages_until_quiet(QUIET), [("1".into(), false), ("2".into(), false)], "the window is full");
    assert_eq!(ann.message(), ("1".into(), true));
    assert_eq!(ann.message(), ("2".into(), true));
    ann.tell(&json!({ "do": "ack", "tag": "s", "sequence": 1 }));
    assert_eq!(ann.message(), ("3".into(), false), "there is room again");
    ann.tell(&json!({ "do": "ack", "tag": "s", "sequence": 2 }));
    ann.tell(&json!({ "do": "ack", "tag": "s", "sequence": 3 }));
    assert_eq!(ann.messages_until_quiet(Duration::from_millis(1300)), []);
}

#[test]
fn what_was_published_before_closing_is_stored() {
    let Some(server) = server(&[]) else { return };
    let mut ann = Program::connected(&server, "ann");
    for n in 0..500 {
        ann.tell(&json!({ "do": "publish", "channel": "c", "data": n.to_string(), "tag": n.to_string() }));
    }
    ann.close();
    let mut bob = Program::connected(&server, "bob");
    bob.subscribe(&json!({ "channel": "c", "tag": "s", "options": { "start": "all" } }));
    assert_eq!(bob.messages(500).last().map(String::as_str), Some("499"));
}

#[test]
fn a_channels_limits_drop_the_oldest() {
    let Some(server) = server(&["-mm", "3"]) else { return };
    let mut ann = Program::connected(&server, "ann");
    for data in ["1", "2", "3", "4", "5"] {
        ann.publish("c", data);
    }
    ann.subscribe(&json!({ "channel": "c", "tag": "s", "options": { "start": "all" } }));
    assert_eq!(ann.messages(3), ["3", "4", "5"]);
}
