//! Durables: kept by close, dropped by unsubscribe, one subscriber at a time.

use serde_json::json;

use super::{Program, server};

fn durable(ack: &str) -> serde_json::Value {
    json!({ "channel": "c", "tag": "s", "ack": ack, "options": { "start": "all", "durable": "d" } })
}

#[test]
fn the_first_start_gets_all_and_the_next_goes_on_after_the_last_ack() {
    let Some(server) = server(&[]) else { return };
    let mut publisher = Program::connected(&server, "publisher");
    publisher.publish("c", "1");
    publisher.publish("c", "2");
    let mut listener = Program::connected(&server, "listener");
    listener.subscribe(&durable("manual"));
    assert_eq!(listener.messages(2), ["1", "2"]);
    listener.close();
    publisher.publish("c", "3");
    let mut listener = Program::connected(&server, "listener");
    listener.subscribe(&durable("never"));
    assert_eq!(listener.message(), ("3".into(), false));
    listener.close();
    publisher.publish("c", "4");
    let mut listener = Program::connected(&server, "listener");
    listener.subscribe(&durable("manual"));
    assert_eq!(listener.message(), ("3".into(), true), "it was not acknowledged");
    assert_eq!(listener.message(), ("4".into(), false));
}

#[test]
fn closing_keeps_it_and_unsubscribing_drops_it() {
    let Some(server) = server(&[]) else { return };
    let mut ann = Program::connected(&server, "ann");
    ann.publish("c", "1");
    for (end, told, expected) in
        [("close_subscription", "subscription_closed", vec![]), ("unsubscribe", "unsubscribed", vec!["1"])]
    {
        ann.subscribe(&durable("manual"));
        if end == "close_subscription" {
            assert_eq!(ann.message(), ("1".into(), false));
        }
        ann.tell(&json!({ "do": end, "tag": "s" }));
        ann.expect(told);
        ann.subscribe(&durable("manual"));
        let got = ann.messages_until_quiet(std::time::Duration::from_millis(300));
        let got: Vec<_> = got.into_iter().map(|(data, _)| data).collect();
        assert_eq!(got, expected, "{end}");
        ann.tell(&json!({ "do": "close_subscription", "tag": "s" }));
        ann.expect("subscription_closed");
    }
}

#[test]
fn it_has_one_subscriber_unless_it_may_be_replaced() {
    for (args, refused) in [(&[][..], true), (&["--replace_durable"], false)] {
        let Some(server) = server(args) else { return };
        let mut ann = Program::connected(&server, "ann");
        ann.subscribe(&durable("manual"));
        let mut again = durable("manual");
        again["tag"] = "again".into();
        if refused {
            again["do"] = "subscribe".into();
            ann.tell(&again);
            assert_eq!(ann.expect("refused")["error"], "stan: duplicate durable registration");
        } else {
            ann.subscribe(&again);
            ann.publish("c", "1");
            assert_eq!(ann.expect("message")["tag"], "again");
        }
    }
}
