//! A disk that is full: publishers are told, readers go on, and once there is room again all goes on by itself.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::stream::{Config, RetentionPolicy, Stream};
use async_nats::jetstream::{self, Context, ErrorCode};
use futures::TryStreamExt;
use tempfile::TempDir;

use crate::harness::{PATIENCE, Server, World, eventually, ours, skipped, soon};

const MESSAGE_BYTES: usize = 64 * 1024;

/// A file system of its own, in memory.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None`, saying so, where one may not make any, or the server is not ours: `nats-server` gives up `JetStream` as a
    /// whole when its disk is full.
    fn new() -> Option<Self> {
        if !ours() {
            skipped("what a full disk does is our own");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder.path()).output();
        if !mount.is_ok_and(|done| done.status.success()) {
            skipped("a small file system cannot be mounted: that is root's to do");
            return None;
        }
        Some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn server(&self) -> Server {
        Server::start(&["-m", "-1", "-sd", self.path().to_str().expect("text")])
    }

    /// Takes all the room there is, to the last byte.
    fn fill(&self) {
        let mut file = File::create(self.path().join("filler")).expect("a file");
        for size in [MESSAGE_BYTES, 1024, 1] {
            let bytes = vec![1; size];
            while file.write(&bytes).is_ok_and(|written| written == size) {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.path().join("filler")).expect("it is there");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the server that has files there is killed, but perhaps not gone yet.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// What `/healthz` answers: its status and its body.
fn health(server: &Server) -> (u16, String) {
    ask(server, "/healthz")
}

fn ask(server: &Server, path: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(server.says("Starting http monitor on ")).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("an option");
    write!(socket, "GET {path} HTTP/1.0\r\n\r\n").expect("sent");
    let mut text = String::new();
    socket.read_to_string(&mut text).expect("an answer");
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, text)
}

async fn is_well_again(server: &Server) {
    eventually("all is well again", async || (health(server).0 == 200).then_some(())).await;
}

async fn stream(js: &Context, name: &str, retention: RetentionPolicy) -> Stream {
    let config = Config { name: name.into(), subjects: vec![name.to_lowercase()], retention, ..Config::default() };
    js.create_stream(config).await.expect("a stream")
}

async fn reader(stream: &Stream) -> PullConsumer {
    let config = pull::Config { durable_name: Some("reader".into()), ..pull::Config::default() };
    stream.create_consumer(config).await.expect("a consumer")
}

/// Publishes; the sequence, or the error the server answered with.
async fn publish(js: &Context, subject: &'static str, payload: Vec<u8>) -> Result<u64, jetstream::Error> {
    let ack = js.publish(subject, payload.into()).await.expect("sent");
    match soon("an answer", ack.into_future()).await {
        Ok(ack) => Ok(ack.sequence),
        Err(error) => {
            assert_eq!(error.kind(), PublishErrorKind::Other, "{error}");
            let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<jetstream::Error>());
            Err(source.expect("the server's own word").clone())
        }
    }
}

/// Publishes until the disk is full. Returns how many were stored.
async fn publish_until_full(js: &Context, subject: &'static str, bytes: usize) -> u64 {
    let mut stored = 0;
    loop {
        match publish(js, subject, vec![2; bytes]).await {
            Ok(sequence) => {
                stored += 1;
                assert_eq!(sequence, stored);
            }
            Err(error) => {
                assert_eq!((error.code(), error.error_code()), (503, ErrorCode::STREAM_STORE_FAILED), "{error}");
                return stored;
            }
        }
    }
}

async fn works_again(js: &Context, subject: &'static str) -> u64 {
    eventually("publishing works", async || publish(js, subject, b"again".to_vec()).await.ok()).await
}

/// A full disk on which what was there is read and what is purged makes room; with messages of so many bytes.
async fn a_purge_makes_room(bytes: usize) {
    let Some(disk) = SmallDisk::new() else { return };
    let mut server = disk.server();
    let world = World::of(&server).await;
    let full = stream(&world.js, "FULL", RetentionPolicy::Limits).await;
    let consumer = reader(&full).await;
    assert_eq!(health(&server).0, 200);

    let stored = publish_until_full(&world.js, "full", bytes).await;
    assert!(stored > 0);
    let (status, body) = health(&server);
    assert!(status == 503 && body.contains("stream 'FULL ") && body.contains("cannot store"), "{body}");
    assert_eq!(full.get_raw_message(stored).await.expect("the last").payload.len(), bytes);
    let some = consumer.fetch().max_messages(5).messages().await.unwrap();
    let some: Vec<_> = soon("some messages", some.try_collect()).await.unwrap();
    assert_eq!(some.len(), 5, "readers go on");
    assert_eq!(full.get_info().await.unwrap().state.messages, stored, "nothing else was stored");

    let purged = full.purge().await.expect("there is room to write down what goes");
    assert_eq!(purged.purged, stored);
    assert_eq!(works_again(&world.js, "full").await, stored + 1);
    is_well_again(&server).await;

    server.restart();
    world.answers().await;
    let state = full.get_info().await.unwrap().state;
    assert_eq!((state.messages, state.last_sequence), (1, stored + 1));
}

#[tokio::test]
async fn a_purge_makes_room_among_large_messages() {
    a_purge_makes_room(MESSAGE_BYTES).await;
}

#[tokio::test]
async fn a_purge_makes_room_among_small_messages() {
    a_purge_makes_room(1000).await;
}

#[tokio::test]
async fn a_work_queue_that_filled_its_disk_is_emptied_by_its_workers() {
    let Some(disk) = SmallDisk::new() else { return };
    let server = disk.server();
    let world = World::of(&server).await;
    let queue = stream(&world.js, "QUEUE", RetentionPolicy::WorkQueue).await;
    let worker = reader(&queue).await;
    let stored = publish_until_full(&world.js, "queue", MESSAGE_BYTES).await;
    let mut done = 0;
    while done < stored {
        let batch = worker.fetch().max_messages(10).messages().await.unwrap();
        let work: Vec<_> = soon("the work", batch.try_collect()).await.unwrap();
        for message in work {
            soon("the confirmation", message.double_ack()).await.expect("there is room to write it down");
            done += 1;
        }
    }
    assert_eq!(works_again(&world.js, "queue").await, stored + 1);
    is_well_again(&server).await;
}

#[tokio::test]
async fn once_there_is_room_all_goes_on_by_itself() {
    let Some(disk) = SmallDisk::new() else { return };
    let server = disk.server();
    let world = World::of(&server).await;
    let queue = stream(&world.js, "QUEUE", RetentionPolicy::WorkQueue).await;
    let worker = reader(&queue).await;
    for _ in 0..3 {
        publish(&world.js, "queue", vec![3; 10]).await.expect("stored");
    }
    let batch = worker.fetch().max_messages(3).messages().await.unwrap();
    let work: Vec<_> = soon("the work", batch.try_collect()).await.unwrap();

    disk.fill();
    // What fits in the last page of its file is stored yet.
    let stored = 3 + {
        let mut more = 0;
        while publish(&world.js, "queue", vec![3; 1000]).await.is_ok() {
            more += 1;
        }
        more
    };
    let (status, body) = health(&server);
    assert!(status == 503 && body.contains("QUEUE"), "{body}");
    let (_, page) = ask(&server, "/live/server");
    assert!(page.contains("\"stream\": \"QUEUE\"") && page.contains("\"failing\": 1"), "{page}");
    for message in &work {
        message.ack().await.unwrap();
    }

    disk.free();
    is_well_again(&server).await;
    assert_eq!(works_again(&world.js, "queue").await, stored + 1, "refused messages took no sequence");
    let left = stored + 1 - 3;
    eventually("what was done with goes", async || {
        (queue.get_info().await.unwrap().state.messages == left).then_some(())
    })
    .await;
    assert_eq!(worker.get_info().await.unwrap().num_pending, left);
}

#[tokio::test]
async fn a_stream_that_is_deleted_makes_room_for_another() {
    let Some(disk) = SmallDisk::new() else { return };
    let server = disk.server();
    let world = World::of(&server).await;
    for name in ["OLD", "NEW"] {
        stream(&world.js, name, RetentionPolicy::Limits).await;
    }
    publish(&world.js, "new", vec![4; 10]).await.expect("stored");
    publish_until_full(&world.js, "old", MESSAGE_BYTES).await;
    while publish(&world.js, "new", vec![4; MESSAGE_BYTES]).await.is_ok() {}
    let (status, body) = health(&server);
    assert!(status == 503 && body.contains("2 streams cannot store"), "{body}");

    world.js.delete_stream("OLD").await.expect("deleted");
    works_again(&world.js, "new").await;
    is_well_again(&server).await;
}
