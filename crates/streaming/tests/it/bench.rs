//! `streaming-server bench`: tried whole, if small, against the server under test.

use std::path::Path;
use std::process::{Command, Output};

use futures::TryStreamExt;
use serde_json::Value;

use crate::harness::{Server, World};

fn bench(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_streaming-server")).arg("bench").args(args).output().expect("the benchmark starts")
}

fn json(path: &Path) -> Value {
    let bytes = std::fs::read(path).expect("the results");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// `output` has failed as told in README and help: code 2, one line.
fn failed(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

#[test]
fn every_scenario_is_measured_and_leaves_nothing_behind() {
    let server = Server::start(&[]);
    let home = tempfile::tempdir().expect("a directory");
    let results = home.path().join("results.json");
    let (url, pid) = (server.url(), std::process::id().to_string());
    let arguments = ["--messages", "200", "--rate", "1000", "--connections", "3", "--quick"];
    let target = ["--url", &url, "--pid", &pid, "--label", "this"];
    let output = ["--json", results.to_str().expect("UTF-8")];
    let output = bench(&[&arguments[..], &target, &output].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let results = json(&results);
    assert_eq!(results["error"], Value::Null);
    assert_eq!(results["servers"][0]["label"], "this");
    let runs = results["runs"].as_array().expect("runs");
    let names: Vec<String> = runs
        .iter()
        .map(|run| match run["storage"].as_str() {
            Some(storage) => format!("{} {storage}", run["scenario"].as_str().unwrap_or_default()),
            None => run["scenario"].as_str().unwrap_or_default().to_owned(),
        })
        .collect();
    assert_eq!(
        names.join(", "),
        "publish, fanout, request, js-publish memory, js-publish file, js-window memory, js-window file, \
         js-latency memory, js-latency file, js-fetch memory, js-fetch file, js-push memory, js-push file"
    );
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    for (run, name) in runs.iter().zip(&names) {
        // A fan-out's deliveries are shared out evenly: 67 messages to each of three.
        let messages = if name == "fanout" { 201 } else { 200 };
        assert_eq!(run["messages"], messages, "{name}");
        assert!(run["messages_per_second"].as_f64() > Some(0.0), "{name}");
        assert!(run["server_memory_bytes"].as_u64() > Some(0), "{name}");
        let latency = &run["latency_us"];
        let in_order = latency["p50"].as_f64() <= latency["p99"].as_f64()
            && latency["p99"].as_f64() <= latency["p99_9"].as_f64()
            && latency["p99_9"].as_f64() <= latency["max"].as_f64();
        assert!(in_order, "{name}: {latency}");
        let measured = !["publish", "fanout"].contains(&&**name) && !name.starts_with("js-push");
        assert_eq!(latency.is_object(), measured, "{name}");
        let row = name.split(' ').next().unwrap_or_default();
        assert!(table.contains(row), "{name} is not in the table:\n{table}");
    }
    // A second run would find the streams of the first, had they been left.
    assert!(bench(&["js-publish", "--quick", "--messages", "1", "--url", &url]).status.success());
}

#[tokio::test]
async fn nats_streaming_is_measured_where_it_is_named() {
    let server = Server::start(&["-cid", "ticketing", "-st", "memory"]);
    let home = tempfile::tempdir().expect("a directory");
    let results = home.path().join("results.json");
    let url = server.url();
    let what = ["stan-publish", "stan-window", "stan-latency", "stan-subscribe", "--cluster", "ticketing"];
    let how = ["--messages", "200", "--rate", "1000", "--connections", "3", "--quick", "--url", &url];
    let output = bench(&[&what[..], &how, &["--json", results.to_str().expect("UTF-8")]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let results = json(&results);
    let runs = results["runs"].as_array().expect("runs");
    let names: Vec<_> = runs.iter().filter_map(|run| run["scenario"].as_str()).collect();
    assert_eq!(names, &what[..4]);
    for (run, name) in runs.iter().zip(names) {
        assert_eq!((&run["messages"], &run["storage"]), (&Value::from(200), &Value::Null), "{name}");
        assert_eq!(run["latency_us"].is_object(), name != "stan-subscribe", "{name}");
    }
    let world = World::of(&server).await;
    let left: Vec<_> = world.js.stream_names().try_collect().await.expect("names");
    assert_eq!(left, [""; 0], "its channels are deleted");
    let elsewhere = failed(&bench(&["stan-publish", "--url", &url]));
    assert!(elsewhere.contains("nobody is the NATS Streaming cluster \"test-cluster\" there"), "{elsewhere}");
}

#[test]
fn two_servers_are_measured_in_turn() {
    let (one, other) = (Server::start(&[]), Server::start(&[]));
    let home = tempfile::tempdir().expect("a directory");
    let results = home.path().join("results.json");
    let servers = ["--url", &one.url(), "--peer-url", &other.url()].map(str::to_owned);
    let servers: Vec<&str> = servers.iter().map(String::as_str).collect();
    let what = ["js-window", "--storage", "memory", "--size", "64", "--connections", "1"];
    let how = ["--messages", "200", "--rounds", "2", "--json", results.to_str().expect("UTF-8")];
    let output = bench(&[&what[..], &servers, &how].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let results = json(&results);
    let order: Vec<&str> =
        results["runs"].as_array().expect("runs").iter().filter_map(|run| run["server"].as_str()).collect();
    assert_eq!(order, ["A", "B", "B", "A"], "who goes first alternates");
    assert!(results["ratios"][0]["rate"].as_f64() > Some(0.0));
}

#[test]
fn what_cannot_be_measured_is_told_in_one_line() {
    let nobody = failed(&bench(&["--url", "nats://127.0.0.1:1"]));
    assert!(nobody.contains("cannot connect to 127.0.0.1:1"), "{nobody}");
    let server = Server::with_config("authorization { token: secret }");
    let (url, process) = (server.url(), ["--pid", "0", "--token", "secret"]);
    let refused = failed(&bench(&["publish", "--url", &url]));
    assert!(refused.contains("Authorization Violation"), "{refused}");
    let gone = failed(&bench(&[&["publish", "--url", &url], &process[..]].concat()));
    assert!(gone.contains("no process 0"), "{gone}");
}
