//! Streams, channels and clients in a database: PostgreSQL and MariaDB, each where it is installed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::{self, stream};
use futures::StreamExt;
use serde_json::json;
use sql_store::testing::{PASSWORD, Scratch, each};

use crate::harness::{Server, eventually, ours, skipped};
use crate::kill::kill_again_and_again;
use crate::stan::CLUSTER;
use crate::stan::program::{self, Program};

/// How often the server is killed; `SQL_KILLS` sets another number.
const KILLS: usize = 10;

/// Databases to try; none where the server under test is not ours.
fn databases() -> Vec<Scratch> {
    if ours() {
        return each();
    }
    skipped("only ours keeps streams in a database");
    Vec::new()
}

fn words(scratch: &Scratch) -> Vec<String> {
    let (driver, source) = (scratch.driver().name(), scratch.text());
    ["-m", "-1", "-cid", CLUSTER, "-st", "sql", "-sql_driver", driver, "-sql_source", &source].map(str::to_owned).into()
}

fn server(scratch: &Scratch) -> Server {
    let words = words(scratch);
    Server::start(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn get(server: &Server, path: &str) -> (u16, String) {
    // Of several starts the last one counts.
    let output = server.output();
    let address = output.rsplit_once("Starting http monitor on ").and_then(|(_, rest)| rest.lines().next());
    let mut socket = TcpStream::connect(address.expect("it monitors")).expect("a connection");
    write!(socket, "GET {path} HTTP/1.0\r\n\r\n").expect("sent");
    let mut text = String::new();
    socket.read_to_string(&mut text).expect("an answer");
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, text.split_once("\r\n\r\n").expect("a body").1.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_every_kill() {
    let kills = std::env::var("SQL_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    for scratch in databases() {
        kill_again_and_again(server(&scratch), kills).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_and_durables_are_there_after_a_restart() {
    for scratch in databases() {
        let mut server = server(&scratch);
        let context = jetstream::new(async_nats::connect(server.url()).await.unwrap());
        let config = stream::Config { name: "S".into(), subjects: vec!["s.>".into()], ..Default::default() };
        let stream = context.create_stream(config).await.unwrap();
        for n in 0..300 {
            context.publish(format!("s.{}", n % 3), n.to_string().into()).await.unwrap().await.unwrap();
        }
        let durable = pull::Config { durable_name: Some("D".into()), ..Default::default() };
        let consumer = stream.create_consumer(durable).await.unwrap();
        let mut batch = consumer.fetch().max_messages(100).messages().await.unwrap();
        while let Some(message) = batch.next().await {
            message.unwrap().double_ack().await.unwrap();
        }
        assert!(stream.delete_message(200).await.unwrap());
        // Sequence 200, which is gone, was one of them.
        assert_eq!(stream.purge().filter("s.1").await.unwrap().purged, 99);
        let memory = stream::Config {
            name: "M".into(),
            subjects: vec!["m".into()],
            storage: stream::StorageType::Memory,
            ..Default::default()
        };
        context.create_stream(memory).await.unwrap();
        let before = context.get_stream("S").await.unwrap().cached_info().state.clone();
        server.restart();
        let context = jetstream::new(async_nats::connect(server.url()).await.unwrap());
        let stream = context.get_stream("S").await.unwrap();
        assert_eq!(stream.cached_info().state, before);
        assert!(context.get_stream("M").await.is_err(), "memory is gone with the process");
        let consumer = stream.get_consumer::<pull::Config>("D").await.unwrap();
        let mut batch = consumer.fetch().max_messages(1).messages().await.unwrap();
        let next = batch.next().await.unwrap().unwrap();
        assert_eq!(next.info().unwrap().stream_sequence, 102, "behind those acknowledged, and one that was purged");
        assert_eq!(&next.payload[..], b"101");
        assert!(!server.output().contains(PASSWORD), "{}", server.output());
    }
}

#[test]
fn clients_of_nats_streaming_need_not_notice_a_kill() {
    for scratch in databases() {
        if !program::is_installed() {
            return;
        }
        let mut server = server(&scratch);
        let mut ann = Program::connected(&server, "ann");
        let options = json!({ "start": "all", "durable": "d", "ackWait": 2000 });
        ann.publish("ticket:created", "1");
        let subscribe = json!({ "channel": "ticket:created", "tag": "s", "ack": "manual", "options": options });
        ann.subscribe(&subscribe);
        assert_eq!(ann.message(), ("1".into(), false));
        // Clients are written down by the way.
        std::thread::sleep(Duration::from_millis(300));
        server.kill9();
        ann.expect("reconnected");
        ann.publish("ticket:created", "2");
        assert_eq!(ann.message(), ("2".into(), false));
        let (status, told) = get(&server, "/streaming/storez");
        assert!(status == 200 && told.contains("\"type\": \"SQL\""), "{told}");
        let rows = "select count(*) from streaming_messages where subject = 'ticket:created'";
        assert_eq!(scratch.int(rows), 2, "a row for each message");
    }
}

#[test]
fn a_second_server_says_that_the_database_is_taken() {
    for scratch in databases() {
        let server = server(&scratch);
        let home = tempfile::tempdir().unwrap();
        let second = Command::new(env!("CARGO_BIN_EXE_streaming-server"))
            .args(["-a", "127.0.0.1", "-p", "-1", "-sd"])
            .arg(home.path())
            .args(words(&scratch))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&second.stderr);
        assert!(!second.status.success() && said.contains("is in use by another server (process "), "{said}");
        assert!(!said.contains(PASSWORD), "{said}");
        assert_eq!(get(&server, "/healthz").0, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_costs_nothing_that_was_acknowledged() {
    for scratch in databases() {
        let server = server(&scratch);
        let context = jetstream::new(async_nats::connect(server.url()).await.unwrap());
        let config = stream::Config { name: "S".into(), subjects: vec!["s".into()], ..Default::default() };
        let stream = context.create_stream(config).await.unwrap();
        let publish = async |text: &str| match context.publish("s", text.to_owned().into()).await {
            Ok(receipt) => receipt.await.map(|receipt| receipt.sequence).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        // Connections that are lost one by one are no matter.
        let mut stored = Vec::new();
        for n in 0..20 {
            if n % 5 == 0 {
                scratch.cut();
            }
            stored.push(publish(&n.to_string()).await.unwrap());
        }
        scratch.leave();
        let refused = publish("away").await.unwrap_err();
        assert!(refused.contains("error"), "{refused}");
        eventually("health tells", async || (get(&server, "/healthz").0 == 503).then_some(())).await;
        scratch.come_back();
        eventually("it is well again", async || (get(&server, "/healthz").0 == 200).then_some(())).await;
        let next = eventually("messages are taken again", async || publish("after").await.ok()).await;
        assert_eq!(next, 21, "what was refused is not there");
        for (n, sequence) in stored.iter().enumerate() {
            let message = stream.get_raw_message(*sequence).await.unwrap();
            assert_eq!(message.payload, n.to_string());
        }
        assert!(!server.output().contains(PASSWORD), "{}", server.output());
    }
}
