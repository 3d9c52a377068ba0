//! Statuses on the wire, as recorded from `nats-server` 2.14.5; and moments of activity.

use super::*;

#[test]
fn a_status_is_a_header_block() {
    let rest = Rest { messages: 7, bytes: 0 };
    let beat = |stalled| Status::IdleHeartbeat { consumer_sequence: 8, stream_sequence: 6, stalled };
    let cases = [
        (Status::NoMessages, "404 No Messages\r\n"),
        (Status::HeartbeatTooLarge, "400 Bad Request - heartbeat value too large\r\n"),
        (Status::RequestTimeout(rest), "408 Request Timeout\r\nNats-Pending-Messages: 7\r\nNats-Pending-Bytes: 0\r\n"),
        (beat(None), "100 Idle Heartbeat\r\nNats-Last-Consumer: 8\r\nNats-Last-Stream: 6\r\n"),
        (
            beat(Some(3)),
            "100 Idle Heartbeat\r\nNats-Last-Consumer: 8\r\nNats-Last-Stream: 6\r\n\
             Nats-Consumer-Stalled: $JS.FC.S.D.3\r\n",
        ),
        (Status::FlowControl { token: 3 }, "100 FlowControl Request\r\n"),
        (Status::ExceedsMaxBytes(100), "409 Exceeded MaxRequestMaxBytes of 100\r\n"),
    ];
    for (status, text) in cases {
        let mut bytes = vec![];
        status.encode("$JS.FC.S.D.", &mut bytes);
        assert_eq!(String::from_utf8(bytes).unwrap(), format!("NATS/1.0 {text}\r\n"));
    }
}

#[test]
fn activity_is_a_delivery_or_an_acknowledgement() {
    let mut scene = Scene::new(pull(), 2);
    let active = |scene: &Scene| {
        let info = scene.consumer.info(scene.now);
        (info.delivered.active, info.ack_floor.active)
    };
    assert_eq!(active(&scene), (None, None));
    scene.now = 5;
    scene.pull("a", 1);
    assert_eq!(active(&scene), (Some(5), None));
    scene.now = 7;
    scene.ack([1]);
    assert_eq!(active(&scene), (Some(5), Some(7)));
}
