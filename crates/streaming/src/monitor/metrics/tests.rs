use std::collections::BTreeSet;

use protocol::jetstream::api::SequenceInfo;

use super::*;

fn consumer(stream: &str, name: &str) -> ConsumerInfo {
    ConsumerInfo {
        stream_name: stream.to_owned(),
        name: name.to_owned(),
        num_pending: 7,
        delivered: SequenceInfo { stream_seq: 3, ..SequenceInfo::default() },
        ..ConsumerInfo::default()
    }
}

fn now() -> ServerNow {
    let stream = |name: &str, fault| {
        let state = StreamState { messages: 5, last_seq: 9, last_ts: 1_500_000_000, ..StreamState::default() };
        StreamNow { name: name.to_owned(), state, fault }
    };
    ServerNow {
        id: "NID".to_owned(),
        name: "ann".to_owned(),
        requests: vec![("/varz", 2)],
        started: 1_000_000_000,
        cpu_seconds: 0.25,
        memory: 4096,
        open_files: 3,
        connections: 1,
        connections_max: 10,
        accepted: 2,
        slow: 0,
        stale: 0,
        subscriptions: 6,
        pending_bytes: 0,
        traffic: Traffic::default(),
        jetstream: Some(JetStreamNow {
            totals: Totals { streams: 3, consumers: 4, messages: 10, memory: 0, file: 100 },
            memory_max: None,
            file_max: Some(1 << 40),
            requests: 8,
            errors: 1,
            streams_untold: 1,
            consumers_untold: 2,
        }),
        streams: vec![stream("ORDERS", false), stream("odd \"name\"", true)],
        consumers: vec![consumer("ORDERS", "ship"), consumer("ORDERS", "bill")],
    }
}

#[test]
fn the_server_its_streams_and_its_consumers_are_told() {
    let text = render(&now());
    for line in [
        "nats_server_info{server_id=\"NID\",server_name=\"ann\",version=\"",
        "nats_monitor_requests_total{path=\"/varz\"} 2\n",
        "process_start_time_seconds 1\n",
        "process_cpu_seconds_total 0.25\n",
        "nats_connections 1\n",
        "jetstream_enabled 1\n",
        "jetstream_file_limit_bytes 1099511627776\n",
        "jetstream_consumers_untold 2\n",
        "jetstream_stream_messages{account=\"$G\",stream=\"ORDERS\"} 5\n",
        "jetstream_stream_last_timestamp_seconds{account=\"$G\",stream=\"ORDERS\"} 1.5\n",
        "jetstream_stream_fault{account=\"$G\",stream=\"odd \\\"name\\\"\"} 1\n",
        "jetstream_consumer_pending{account=\"$G\",stream=\"ORDERS\",consumer=\"ship\"} 7\n",
        "jetstream_consumer_delivered_stream_sequence{account=\"$G\",stream=\"ORDERS\",consumer=\"bill\"} 3\n",
    ] {
        assert!(text.contains(&format!("\n{line}")), "{line} is missing:\n{text}");
    }
    assert!(!text.contains("jetstream_memory_limit_bytes"), "there is no such limit");
}

#[test]
fn without_streams_only_that_is_told_of_them() {
    let text = render(&ServerNow { jetstream: None, streams: Vec::new(), consumers: Vec::new(), ..now() });
    let told: Vec<_> = text.lines().filter(|line| line.starts_with("jetstream_")).collect();
    assert_eq!(told, ["jetstream_enabled 0"]);
}

#[test]
fn names_are_as_prometheus_wants_them() {
    let server = SERVER.iter().map(|m| (m.name, m.kind, m.help));
    let stream = STREAM.iter().map(|m| (m.name, m.kind, m.help));
    let consumer = CONSUMER.iter().map(|m| (m.name, m.kind, m.help));
    let mut seen = BTreeSet::new();
    for (name, kind, help) in server.chain(stream).chain(consumer) {
        assert!(seen.insert(name), "{name} is there twice");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        assert_eq!(name.ends_with("_total"), kind == Kind::Counter, "{name}");
        assert!(!help.contains(['\\', '\n']) && help.ends_with('.'), "{name}: {help}");
    }
}
