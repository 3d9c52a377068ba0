//! The table and the JSON, from runs made up here.

use super::*;
use crate::bench::options::{Scenario, Storage};
use clap::Parser;
use serde_json::Value;
use time::macros::datetime;

fn run(server: &str, round: u32, scenario: Scenario, rate: f64, p50: Option<f64>, cpu: Option<f64>) -> Run {
    Run {
        server: server.to_owned(),
        round: Some(round),
        case: Case {
            scenario,
            storage: scenario.uses_jetstream().then_some(Storage::File),
            size: 128,
            connections: 16,
        },
        messages: 1000,
        seconds: 1000.0 / rate,
        messages_per_second: rate,
        latency_us: p50.map(|p50| Percentiles { p50, p99: 2.0 * p50, p99_9: 3.0 * p50, max: 4.0 * p50 }),
        server_cpu_seconds: cpu.map(|cpu| cpu / 1000.0),
        server_cpu_seconds_per_million: cpu,
        server_memory_bytes: Some(3 << 20),
        client_cpu_seconds: 0.5,
    }
}

fn server(label: &str) -> Server {
    Server {
        label: label.to_owned(),
        address: "h:4222".to_owned(),
        name: "n".to_owned(),
        version: "2.9.10".to_owned(),
        pid: None,
    }
}

fn report(labels: &[&str], runs: Vec<Run>) -> Report {
    let options = Options::parse_from::<_, &str>([]);
    let mut report = Report::new(&options, datetime!(2026-11-05 10:00 UTC));
    for label in labels {
        report.add_server(server(label));
    }
    report.runs = runs;
    report.compare();
    report
}

#[test]
fn one_server_gets_one_line_a_case_with_its_medians() {
    let runs = vec![
        run("A", 1, Scenario::JsPublish, 10_000.0, Some(80.0), Some(4.0)),
        run("A", 2, Scenario::JsPublish, 12_345.6, Some(90.0), Some(5.0)),
        run("A", 3, Scenario::JsPublish, 99_999.0, Some(5.0), Some(6.0)),
        run("A", 1, Scenario::Publish, 1_234_567.0, None, None),
    ];
    assert_eq!(
        report(&["A"], runs).table(),
        "\
A: n 2.9.10 at h:4222

scenario    storage  bytes  connections  messages/s  p50 µs  p99 µs  p99.9 µs  CPU s/million  memory MiB
js-publish  file       128           16      12 346    80.0     160       240           5.00        3.00
publish     -          128           16   1 234 567       -       -         -              -        3.00
"
    );
}

#[test]
fn two_servers_stand_side_by_side_with_their_ratio() {
    let runs = vec![
        run("ours", 1, Scenario::JsWindow, 300.0, Some(50.0), Some(2.0)),
        run("theirs", 1, Scenario::JsWindow, 200.0, Some(100.0), Some(8.0)),
        run("ours", 1, Scenario::Publish, 100.0, None, None),
    ];
    let report = report(&["ours", "theirs"], runs);
    let table = report.table();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 5, "a case that only one server ran is not compared: {table}");
    let cells: Vec<&str> = lines[4].split_whitespace().collect();
    assert_eq!(
        cells,
        ["js-window", "file", "128", "16", "300", "200", "1.50", "50.0", "100", "100", "200", "2.00", "8.00", "0.25"]
    );
}

#[test]
fn the_json_has_its_documented_shape() {
    let runs = vec![
        run("A", 1, Scenario::JsWindow, 300.0, Some(50.0), Some(2.0)),
        run("B", 1, Scenario::JsWindow, 200.0, None, None),
    ];
    let mut report = report(&["A", "B"], runs);
    report.error = Some("B went away".to_owned());
    let json = serde_json::to_value(&report).expect("plain data");
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(json["started"], "2026-11-05T10:00:00Z");
    assert_eq!(json["error"], "B went away");
    assert_eq!(keys(&json["settings"]), ["batch", "rate", "rounds", "seconds", "window"]);
    assert_eq!(json["runs"][0]["scenario"], "js-window");
    assert_eq!(json["runs"][0]["storage"], "file");
    assert_eq!(json["runs"][0]["latency_us"]["p99_9"], 150.0);
    assert_eq!(json["runs"][1]["latency_us"], Value::Null);
    assert_eq!(json["medians"][0].get("round"), None);
    assert_eq!(json["ratios"][0]["rate"], 1.5);
    assert_eq!(json["ratios"][0]["cpu"], Value::Null);
}

#[test]
fn numbers_bear_three_digits() {
    for (value, text) in [
        (Some(0.0), "0.00"),
        (Some(9.994), "9.99"),
        (Some(9.996), "10.0"),
        (Some(99.96), "100"),
        (Some(1000.4), "1 000"),
        (Some(1_000_000.0), "1 000 000"),
        (None, "-"),
    ] {
        assert_eq!(cell(value), text);
    }
}
