//! Updates the keys of a bucket at random, each keeping its last few values: what finding the oldest costs.
//!
//! `cargo run --release -p journal --example keys -- DIRECTORY [KEYS] [HISTORY] [UPDATES]`

#![allow(clippy::print_stdout, clippy::cast_precision_loss, clippy::unwrap_used, reason = "it measures and says so")]

use std::sync::Arc;
use std::time::Instant;

use journal::{Append, Directory, Everything, Log, Options, Sync};

const COMMIT_MESSAGES: u64 = 512;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let directory = arguments.get(1).map_or("/tmp/keys", String::as_str);
    let number = |at: usize, usual: u64| arguments.get(at).map_or(usual, |text| text.parse().unwrap());
    let (keys, history) = (number(2, 1_000_000), number(3, 1));
    let updates = number(4, keys * history + 2_000_000);
    let _ = std::fs::remove_dir_all(directory);
    let disk = Arc::new(Directory::new(directory));
    let (mut log, _) = Log::open(disk.clone(), Options::default()).unwrap();

    let (mut dice, mut removed, mut start) = (1_u64, 0_u64, Instant::now());
    for n in 0..updates {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // All keys in turn until each has its history, then at random.
        let key = if n < keys * history { n % keys } else { (dice >> 20) % keys };
        let subject = format!("$KV.bucket.key-{key:07}");
        let subject = subject.as_bytes();
        log.append(&Append { subject, headers: b"", payload: &[7; 64], time: n.cast_signed(), due: None });
        while log.count_staged_of(subject) > history {
            let oldest = log.first_staged_of(subject).unwrap();
            assert!(log.remove(oldest, false));
            removed += 1;
        }
        if n % COMMIT_MESSAGES == COMMIT_MESSAGES - 1 || n + 1 == updates {
            let mut commit = log.begin_commit().unwrap();
            let outcome = commit.run(Sync::Never);
            log.end_commit(commit, outcome).unwrap();
            while let Some(mut upkeep) = log.begin_upkeep() {
                let outcome = upkeep.run();
                log.end_upkeep(upkeep, outcome);
            }
        }
        if n + 1 == keys * history {
            println!("filled: {:.2} s, {} MiB resident", start.elapsed().as_secs_f64(), resident() >> 20);
            start = Instant::now();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let rate = removed as f64 / seconds / 1e6;
    println!("{removed} updates: {seconds:.2} s, {rate:.2} M/s, {} MiB resident", resident() >> 20);
    let start = Instant::now();
    let mut last = Vec::new();
    log.last_per_subject(&Everything, u64::MAX, &mut last);
    println!("last of each of {}: {:.0} ms", last.len(), start.elapsed().as_secs_f64() * 1e3);
    let before = log.state();
    drop(log);
    let start = Instant::now();
    let (log, recovery) = Log::open(disk, Options::default()).unwrap();
    assert_eq!((log.state(), recovery.lines().count()), (before, 0));
    println!("opened again in {:.0} ms, {} MiB resident", start.elapsed().as_secs_f64() * 1e3, resident() >> 20);
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}
