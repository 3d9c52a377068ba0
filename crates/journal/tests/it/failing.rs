//! Disks that fail or are full: what is refused is undone, what is there can be read, and it goes on when the disk does.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use journal::disk::{Failing, Operation};
use journal::{Append, Everything, Ledger, Log, Memory, Options, ReadError, Sync};

const OPTIONS: Options = Options { segment_bytes: 700, volatile: false, counted_subjects_max: 2 };

fn message(n: u64) -> Append<'static> {
    Append { subject: [&b"a"[..], b"b"][(n % 2) as usize], headers: b"", payload: &[9; 80], time: n as i64, due: None }
}

fn commit(log: &mut Log) -> Result<(), String> {
    let mut commit = log.begin_commit().unwrap();
    let outcome = commit.run(Sync::Always);
    log.end_commit(commit, outcome).map(|_| ()).map_err(|refused| refused.to_string())
}

fn sequences(log: &mut Log) -> Vec<u64> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(record) = log.next(from, &Everything).unwrap() {
        from = record.sequence + 1;
        found.push(record.sequence);
    }
    found
}

/// Fails the `n`-th operation from now on that is one of these, and all after it.
fn fail_after(disk: &Failing, n: usize, kind: ErrorKind, which: &'static [Operation]) {
    let mut left = n;
    disk.plan(move |operation| {
        let counts = which.contains(&operation);
        let fails = counts && left == 0;
        left -= usize::from(counts && !fails);
        fails.then_some(kind)
    });
}

const WRITES: &[Operation] =
    &[Operation::Create, Operation::Write, Operation::Sync, Operation::SyncNames, Operation::SetLen];

#[test]
fn a_full_disk_refuses_is_read_and_takes_more_when_it_can() {
    for n in 0..12 {
        let memory = Memory::default();
        let disk = Failing::over(Arc::new(memory.clone()));
        let (mut log, _) = Log::open(Arc::new(disk.clone()), OPTIONS).unwrap();
        (1..=3).for_each(|n| assert_eq!(log.append(&message(n)), n));
        commit(&mut log).unwrap();
        fail_after(&disk, n, ErrorKind::StorageFull, WRITES);
        let mut stored = 3;
        let refused = loop {
            let first = log.append(&message(stored + 1));
            assert_eq!(first, stored + 1, "sequences that were refused are given again");
            log.append(&message(stored + 2));
            assert!(log.remove(2, false) || stored > 3);
            match commit(&mut log) {
                Ok(()) => stored += 2,
                Err(refused) => break refused,
            }
        };
        assert_eq!(refused, ErrorKind::StorageFull.to_string());
        let live: Vec<u64> = (1..=stored).filter(|at| *at != 2 || stored == 3).collect();
        for _ in 0..3 {
            assert_eq!(sequences(&mut log), live);
            assert_eq!((log.committed(), log.last_staged(), log.staged_bytes()), (stored, stored, 0));
            assert_eq!(log.state().messages, live.len() as u64);
            log.append(&message(0));
            assert!(commit(&mut log).is_err());
        }
        // Somebody makes room.
        disk.plan(|_| None);
        assert_eq!(log.append(&message(5)), stored + 1);
        commit(&mut log).unwrap();
        let expected: Vec<u64> = live.into_iter().chain([stored + 1]).collect();
        assert_eq!(sequences(&mut log), expected);
        drop(log);
        let (mut log, recovery) = Log::open(Arc::new(memory), OPTIONS).unwrap();
        assert_eq!(sequences(&mut log), expected, "after {n} operations: {:?}", recovery.lines().collect::<Vec<_>>());
        assert_eq!(recovery.damages, []);
    }
}

#[test]
fn a_failed_commit_takes_its_removals_back() {
    let disk = Failing::over(Arc::new(Memory::default()));
    let (mut log, _) = Log::open(Arc::new(disk.clone()), OPTIONS).unwrap();
    (1..=9).for_each(|n| assert_eq!(log.append(&message(n)), n));
    commit(&mut log).unwrap();
    let before = log.state();
    fail_after(&disk, 0, ErrorKind::Other, WRITES);
    // The newest message was to take the place of the oldest, and of its subject's others.
    let newest = log.append(&message(10));
    assert_eq!(log.truncate_before(4), 3);
    for at in [6, 8] {
        assert!(log.remove(at, true));
    }
    assert_eq!(log.state().messages, 4);
    let mut batch = log.begin_commit().unwrap();
    assert!(log.remove(newest, true), "while it is written");
    let outcome = batch.run(Sync::Always);
    let refused = log.end_commit(batch, outcome).unwrap_err();
    assert_eq!((refused.first, refused.last), (10, 10));
    assert_eq!(log.state(), before);
    assert_eq!(sequences(&mut log), (1..=9).collect::<Vec<_>>());
    assert_eq!((log.last_of(b"a"), log.first_of(b"a"), log.count_of(b"a")), (Some(8), Some(2), 4));
    disk.plan(|_| None);
    assert!(!log.has_staged());
}

#[test]
fn a_disk_that_cannot_be_read_is_told_of_and_tried_again() {
    let disk = Failing::over(Arc::new(Memory::default()));
    let (mut log, _) = Log::open(Arc::new(disk.clone()), OPTIONS).unwrap();
    (1..=30).for_each(|n| assert_eq!(log.append(&message(n)), n));
    commit(&mut log).unwrap();
    log.trim();
    disk.plan(|operation| (operation == Operation::Read).then_some(ErrorKind::Other));
    assert!(matches!(log.get(5), Err(ReadError::Disk { .. })));
    assert!(log.next(1, &Everything).is_err());
    assert!(!log.remove(5, false), "what cannot be read cannot be removed by itself");
    assert_eq!(log.state().messages, 30);
    assert_eq!(log.take_damages().len(), 1);
    assert_eq!(log.count(1, &Everything), 30);
    disk.plan(|_| None);
    assert_eq!(sequences(&mut log).len(), 30);
    assert!(log.remove(5, false));
}

#[test]
fn upkeep_that_fails_at_any_operation_changes_nothing_and_is_done_later() {
    for n in 0.. {
        let memory = Memory::default();
        let disk = Failing::over(Arc::new(memory.clone()));
        let (mut log, _) = Log::open(Arc::new(disk.clone()), OPTIONS).unwrap();
        (1..=40).for_each(|n| assert_eq!(log.append(&message(n)), n));
        commit(&mut log).unwrap();
        (2..=30).for_each(|at| assert!(log.remove(at, false)));
        commit(&mut log).unwrap();
        let expected: Vec<u64> = [1].into_iter().chain(31..=40).collect();
        let done = Arc::new(AtomicUsize::new(0));
        for _ in 0..100 {
            let Some(mut upkeep) = log.begin_upkeep() else { break };
            let count = done.clone();
            disk.plan(move |_| (count.fetch_add(1, Ordering::Relaxed) == n).then_some(ErrorKind::Other));
            let outcome = upkeep.run();
            disk.plan(|_| None);
            log.end_upkeep(upkeep, outcome);
            assert_eq!(sequences(&mut log), expected);
        }
        assert!(log.begin_upkeep().is_none(), "it was done in the end");
        assert_eq!((log.take_damages(), sequences(&mut log)), (vec![], expected.clone()));
        drop(log);
        let (mut log, recovery) = Log::open(Arc::new(memory), OPTIONS).unwrap();
        assert_eq!((sequences(&mut log), recovery.damages), (expected, vec![]), "operation {n}");
        if done.load(Ordering::Relaxed) <= n {
            return;
        }
    }
}

#[test]
fn a_ledger_keeps_what_could_not_be_written_until_it_can() {
    for n in 0..8 {
        let memory = Memory::default();
        let disk = Failing::over(Arc::new(memory.clone()));
        let (mut ledger, ..) = Ledger::open(Arc::new(disk.clone()), "l").unwrap();
        let mut expected: Vec<Vec<u8>> = Vec::new();
        let mut write = |ledger: &mut Ledger, entry: &[u8], anew: bool| {
            expected.push(entry.to_vec());
            if anew {
                ledger.rewrite(&expected)
            } else {
                ledger.append(entry)
            }
            let mut commit = ledger.begin_commit().unwrap();
            let outcome = commit.run(Sync::Always);
            ledger.end_commit(commit, outcome).is_ok()
        };
        assert!(write(&mut ledger, b"one", false));
        const ALL: &[Operation] = &[
            Operation::Create,
            Operation::Write,
            Operation::Sync,
            Operation::SyncNames,
            Operation::Rename,
            Operation::SetLen,
        ];
        fail_after(&disk, n, ErrorKind::StorageFull, ALL);
        let mut round = 0;
        while write(&mut ledger, format!("round {round}").as_bytes(), round % 2 == n % 2) {
            round += 1;
        }
        assert!(!write(&mut ledger, b"refused again", false));
        assert!(ledger.staged_bytes() > 0);
        disk.plan(|_| None);
        assert!(write(&mut ledger, b"at last", false));
        drop(ledger);
        let (_, entries, recovery) = Ledger::open(Arc::new(memory), "l").unwrap();
        assert_eq!((entries, recovery.lines().count()), (expected, 0), "after {n} operations");
    }
}
