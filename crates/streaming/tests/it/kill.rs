//! Killed under load, at random moments, again and again: what was acknowledged is there, in order, once, and a durable
//! goes on behind the acknowledgements that were confirmed to it.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::{self, stream};
use futures::StreamExt;

use crate::harness::{Server, ours};

/// How often the server is killed; `KILLS` sets another number.
const KILLS: usize = 200;

/// Publishes that wait for their receipts at the same time.
const WINDOW: usize = 64;

/// After so long an unacknowledged message comes again: longer than a round, shorter than a tester's patience.
const ACK_WAIT: Duration = Duration::from_secs(3);

/// What clients were told, from the beginning of the test on.
#[derive(Default)]
struct Told {
    /// Sequence → number published under it.
    stored: BTreeMap<u64, u64>,
    /// Sequences whose acknowledgements were confirmed.
    confirmed: HashSet<u64>,
    /// The next number to publish: none is published twice.
    next: u64,
}

type Shared = Arc<Mutex<Told>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_every_kill() {
    if !ours() {
        return eprintln!("skipped: nats-server acknowledges before it syncs, and forgets confirmed acks");
    }
    let kills = std::env::var("KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    kill_again_and_again(Server::start(&[]), kills).await;
}

/// Kills the server so often, under load, and sees to it that it kept its word. It begins without streams.
#[expect(clippy::print_stdout, reason = "a test of chance should say what it tried")]
pub async fn kill_again_and_again(mut server: Server, kills: usize) {
    let told = Shared::default();
    let mut dice = Dice::new();
    prepare(&server).await;
    for _ in 0..kills {
        let client = async_nats::connect(server.url()).await.expect("a started server takes clients");
        let context = jetstream::new(client);
        let tasks = [
            tokio::spawn(publish(context.clone(), told.clone())),
            tokio::spawn(consume(context.clone(), told.clone())),
        ];
        tokio::time::sleep(Duration::from_millis(dice.roll(5, 60))).await;
        server.kill9();
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
        for task in tasks {
            // A failed assertion must not pass for an aborted task.
            if let Err(error) = task.await {
                assert!(error.is_cancelled(), "{error}");
            }
        }
    }
    let context = jetstream::new(async_nats::connect(server.url()).await.expect("the last start"));
    check_the_log(&context, &told).await;
    check_the_durable(&context, &told).await;
    let told = told.lock().unwrap();
    println!("{kills} kills, {} stored, {} confirmed", told.stored.len(), told.confirmed.len());
    assert!(told.stored.len() > kills && told.confirmed.len() > kills, "there was load: {}", told.stored.len());
}

async fn prepare(server: &Server) {
    let context = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let config = stream::Config { name: "KILL".into(), subjects: vec!["kill.>".into()], ..Default::default() };
    let stream = context.create_stream(config).await.unwrap();
    let config = pull::Config {
        durable_name: Some("D".into()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_ack_pending: 100_000,
        ..Default::default()
    };
    stream.create_consumer(config).await.unwrap();
}

async fn publish(context: jetstream::Context, told: Shared) {
    let next = || {
        let mut told = told.lock().unwrap();
        told.next += 1;
        told.next
    };
    let receipts = futures::stream::repeat_with(|| {
        let (context, number) = (context.clone(), next());
        async move {
            let receipt = context.publish("kill.x", number.to_string().into()).await.ok()?;
            Some((number, receipt))
        }
    });
    // Sent one after the other, so that their order is known; their receipts are awaited together.
    let mut waiting = std::pin::pin!(
        receipts
            .then(|sent| sent)
            .filter_map(async |sent| sent)
            .map(|(number, receipt)| async move {
                receipt.into_future().await.ok().map(|receipt| (number, receipt.sequence))
            })
            .buffered(WINDOW)
    );
    while let Some(stored) = waiting.next().await {
        let Some((number, sequence)) = stored else { return };
        let before = told.lock().unwrap().stored.insert(sequence, number);
        assert_eq!(before, None, "sequence {sequence} was given twice");
    }
}

async fn consume(context: jetstream::Context, told: Shared) {
    let Ok(consumer) = context.get_consumer_from_stream::<pull::Config, _, _>("D", "KILL").await else { return };
    loop {
        let Ok(mut batch) = consumer.fetch().max_messages(50).messages().await else { return };
        while let Some(Ok(message)) = batch.next().await {
            let sequence = message.info().unwrap().stream_sequence;
            assert!(
                !told.lock().unwrap().confirmed.contains(&sequence),
                "{sequence} comes again after its confirmed ack"
            );
            if message.double_ack().await.is_err() {
                return;
            }
            told.lock().unwrap().confirmed.insert(sequence);
        }
    }
}

/// Everything that was acknowledged is there, in the order it was sent, once.
async fn check_the_log(context: &jetstream::Context, told: &Shared) {
    let stream = context.get_stream("KILL").await.unwrap();
    let last = stream.cached_info().state.last_sequence;
    let config = pull::Config { ack_policy: AckPolicy::None, ..Default::default() };
    let reader: PullConsumer = stream.create_consumer(config).await.unwrap();
    let mut messages = reader.messages().await.unwrap();
    let mut found = BTreeMap::new();
    let mut before = 0;
    while before < last {
        let message = messages.next().await.unwrap().unwrap();
        let sequence = message.info().unwrap().stream_sequence;
        let number: u64 = std::str::from_utf8(&message.payload).unwrap().parse().unwrap();
        assert!(sequence > before, "{sequence} after {before}");
        before = sequence;
        found.insert(sequence, number);
    }
    let numbers: Vec<u64> = found.values().copied().collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "in the order they were sent, each once");
    for (sequence, number) in &told.lock().unwrap().stored {
        assert_eq!(found.get(sequence), Some(number), "message {number} was acknowledged as {sequence}");
    }
}

/// What was not confirmed comes, what was does not.
async fn check_the_durable(context: &jetstream::Context, told: &Shared) {
    let mut consumer: PullConsumer = context.get_consumer_from_stream("D", "KILL").await.unwrap();
    let last = context.get_stream("KILL").await.unwrap().cached_info().state.last_sequence;
    let mut open: HashSet<u64> = (1..=last).filter(|s| !told.lock().unwrap().confirmed.contains(s)).collect();
    let mut messages = consumer.messages().await.unwrap();
    while !open.is_empty() {
        let message = messages.next().await.unwrap().unwrap();
        let sequence = message.info().unwrap().stream_sequence;
        assert!(!told.lock().unwrap().confirmed.contains(&sequence), "{sequence} comes again after its confirmed ack");
        message.double_ack().await.unwrap();
        // One that was acknowledged without the confirmation having come may come no more: see below.
        open.remove(&sequence);
        told.lock().unwrap().confirmed.insert(sequence);
        let info = consumer.info().await.unwrap();
        if info.num_pending == 0 && info.num_ack_pending == 0 {
            break;
        }
    }
    let info = consumer.info().await.unwrap();
    assert_eq!((info.num_pending, info.num_ack_pending, info.ack_floor.stream_sequence), (0, 0, last));
}

/// Random numbers whose seed is told, so that a failure can be tried again.
struct Dice(u64);

impl Dice {
    #[allow(clippy::print_stdout, reason = "a failure is tried again with its seed")]
    fn new() -> Self {
        let given = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
        println!("SEED={seed}");
        Self(seed | 1)
    }

    fn roll(&mut self, from: u64, to: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        from + (self.0 >> 20) % (to - from + 1)
    }
}
