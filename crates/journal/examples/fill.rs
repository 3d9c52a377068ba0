//! Fills a log with small messages, reads it back, and opens it again: how fast, and in how much memory.
//!
//! `cargo run --release -p journal --example fill -- DIRECTORY [MESSAGES] [SUBJECTS] [sync|nosync]`

#![allow(clippy::print_stdout, clippy::cast_precision_loss, clippy::unwrap_used, reason = "it measures and says so")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use journal::{Append, Directory, Everything, Log, Options, Sync};

const PAYLOAD_BYTES: usize = 128;
const COMMIT_MESSAGES: u64 = 512;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let directory = arguments.get(1).map_or("/tmp/fill", String::as_str);
    let number = |at: usize, usual: u64| arguments.get(at).map_or(usual, |text| text.parse().unwrap());
    let (messages, subjects) = (number(2, 10_000_000), number(3, 10));
    let sync = if arguments.get(4).is_some_and(|mode| mode == "sync") { Sync::Always } else { Sync::Never };
    let _ = std::fs::remove_dir_all(directory);
    let disk = Arc::new(Directory::new(directory));

    let (mut log, _) = Log::open(disk.clone(), Options::default()).unwrap();
    let names: Vec<String> = (0..subjects).map(|n| format!("orders.{n}")).collect();
    let (mut appending, mut committing, mut keeping) = (0.0, 0.0, 0.0);
    let start = Instant::now();
    let mut done = 0;
    while done < messages {
        let from = Instant::now();
        for n in done..messages.min(done + COMMIT_MESSAGES) {
            let subject = names[usize::try_from(n % subjects).unwrap()].as_bytes();
            let payload = [7; PAYLOAD_BYTES];
            log.append(&Append { subject, headers: b"", payload: &payload, time: n.cast_signed(), due: None });
        }
        appending += from.elapsed().as_secs_f64();
        done += COMMIT_MESSAGES.min(messages - done);
        let from = Instant::now();
        let mut commit = log.begin_commit().unwrap();
        let outcome = commit.run(sync);
        log.end_commit(commit, outcome).unwrap();
        committing += from.elapsed().as_secs_f64();
        let from = Instant::now();
        while let Some(mut upkeep) = log.begin_upkeep() {
            let outcome = upkeep.run();
            log.end_upkeep(upkeep, outcome);
        }
        keeping += from.elapsed().as_secs_f64();
    }
    report("filled", messages, start);
    println!("  append {appending:.2} s, commit {committing:.2} s ({sync:?}), indexes {keeping:.2} s");

    let start = Instant::now();
    let (mut from, mut read) = (1, 0);
    while let Some(record) = log.next(from, &Everything).unwrap() {
        from = record.sequence + 1;
        read += 1;
    }
    report("read in order", read, start);

    let start = Instant::now();
    let (mut dice, some) = (1_u64, 100_000.min(messages));
    for _ in 0..some {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        assert!(log.get((dice >> 20) % messages + 1).unwrap().is_some());
    }
    report("read anywhere", some, start);
    drop(log);

    let start = Instant::now();
    let (log, recovery) = Log::open(disk, Options::default()).unwrap();
    let state = log.state();
    println!(
        "opened again in {:.1} ms: {} messages, {} files read ({} MiB), {} MiB on disk, {} MiB resident",
        start.elapsed().as_secs_f64() * 1e3,
        state.messages,
        recovery.scanned_files,
        recovery.scanned_bytes >> 20,
        size(Path::new(directory)) >> 20,
        resident() >> 20,
    );
}

fn report(what: &str, messages: u64, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    let rate = messages as f64 / seconds / 1e6;
    println!("{what}: {messages} in {seconds:.2} s, {rate:.2} M/s, {} MiB resident", resident() >> 20);
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}

fn size(directory: &Path) -> u64 {
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}
