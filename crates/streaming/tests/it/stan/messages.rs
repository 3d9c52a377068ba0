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
    for data in ["1", "2", "3"] {
        ann.publish("ticket:created", data);
    }
    std::thread::sleep(Duration::from_millis(600));
    ann.publish("ticket:created", "4");
    for (n, (options, expected)) in [
        (json!({}), vec![]),
        (json!({ "start": "all" }), vec!["1", "2", "3", "4"]),
        (json!({ "start": "last" }), vec!["4"]),
        (json!({ "sequence": 3 }), vec!["3", "4"]),
        (json!({ "sequence": 99 }), vec![]),
        (json!({ "timeDelta": 500 }), vec!["4"]),
        (json!({ "timeDelta": 60_000 }), vec!["1", "2", "3", "4"]),
    ]
    .into_iter()
    .enumerate()
    {
        let mut listener = Program::connected(&server, &format!("listener-{n}"));
        listener.subscribe(&json!({ "channel": "ticket:created", "tag": "s", "options": options }));
        ann.publish("ticket:created", "new");
        let mut expected: Vec<_> = expected.iter().map(|data| (*data).to_owned()).collect();
        expected.extend(vec!["new".to_owned(); if options == json!({}) { 1 } else { n + 1 }]);
        let got = listener.messages_until_quiet(QUIET);
        let got: Vec<_> = got.into_iter().map(|(data, _)| data).collect();
        if expected[0] == "new" || options["start"] == "last" || options["timeDelta"] == 500 {
            assert_eq!(got.last().map(String::as_str), Some("new"), "{options}");
        } else {
            assert_eq!(got, expected, "{options}");
        }
        listener.close();
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
        ann.tell(&json!({ "do": "publish", "channel": "c", "data": n.to_string(), "tag": n }));
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
