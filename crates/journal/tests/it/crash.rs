//! A crash at every operation of a recorded workload: what was acknowledged is there, in order, once, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use journal::disk::{Simulated, Survival};
use journal::{Disk, Due, Everything, Log, Memory, Options, Recovery, Sync};

use crate::naive::{Message, Messages, Naive};

const OPTIONS: Options = Options { segment_bytes: 900, volatile: false, counted_subjects_max: 2 };
/// A subject of which only the last message is kept: each takes the place of the one before it in the same commit.
const KEPT: &str = "kept";

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }
}

/// What the users of the log knew when so many operations were done.
struct Known {
    operations: usize,
    live: Messages,
    last: u64,
}

/// A workload, recorded.
struct Workload {
    disk: Simulated,
    /// What was acknowledged, each time it was.
    acknowledged: Vec<Known>,
    /// Every message there ever was.
    published: Messages,
}

struct Recorder {
    log: Log,
    naive: Naive,
    workload: Workload,
}

impl Recorder {
    fn append(&mut self, subject: &str, bytes: usize) {
        let n = self.naive.next;
        let message = Message {
            subject: subject.into(),
            headers: vec![b'h'; (n % 5) as usize],
            payload: (0..bytes).map(|i| (i as u64 * 31 + n) as u8).collect(),
            time: n as i64 * 10,
            due: n.is_multiple_of(6).then_some(Due { at: n as i64, kind: 1 }),
        };
        self.log.append(&message.append());
        self.workload.published.insert(n, message.clone());
        self.naive.append(message);
    }

    fn remove(&mut self, sequence: u64, erase: bool) {
        assert_eq!(self.log.remove(sequence, erase), self.naive.remove(sequence));
    }

    fn is_kept(&self, sequence: u64) -> bool {
        self.workload.published.get(&sequence).is_some_and(|m| m.subject == KEPT.as_bytes())
    }

    fn keep(&mut self, bytes: usize) {
        self.append(KEPT, bytes);
        let last = self.naive.next - 1;
        let all = self.naive.live.iter().chain(&self.naive.staged);
        let before: Vec<u64> =
            all.filter(|(at, m)| m.subject == KEPT.as_bytes() && **at < last).map(|(at, _)| *at).collect();
        before.into_iter().for_each(|at| self.remove(at, false));
    }

    fn commit(&mut self) {
        let Some(mut commit) = self.log.begin_commit() else { return };
        self.naive.begin_commit();
        let outcome = commit.run(Sync::Always);
        self.log.end_commit(commit, outcome).unwrap();
        self.naive.end_commit();
        let operations = self.workload.disk.operations();
        let known = Known { operations, live: self.naive.live.clone(), last: self.naive.committed };
        self.workload.acknowledged.push(known);
    }

    fn upkeep(&mut self) {
        while let Some(mut upkeep) = self.log.begin_upkeep() {
            let outcome = upkeep.run();
            assert!(outcome.is_ok(), "{outcome:?}");
            self.log.end_upkeep(upkeep, outcome);
        }
    }
}

fn record(seed: u64) -> Workload {
    let disk = Simulated::default();
    let (log, _) = Log::open(Arc::new(disk.clone()), OPTIONS).unwrap();
    let first = Known { operations: 0, live: Messages::new(), last: 0 };
    let workload = Workload { disk, acknowledged: vec![first], published: Messages::new() };
    let mut recorder = Recorder { log, naive: Naive::default(), workload };
    let mut dice = Dice(seed);
    for round in 0..16 {
        for _ in 0..=dice.below(6) {
            match dice.below(10) {
                0..=4 => recorder.append(["a", "b.c", "d"][dice.below(3) as usize], dice.below(150) as usize),
                5..=6 => recorder.keep(dice.below(60) as usize),
                7..=8 => {
                    let at = 1 + dice.below(recorder.naive.next);
                    let erase = dice.below(2) == 0;
                    if !recorder.is_kept(at) {
                        recorder.remove(at, erase);
                    }
                }
                _ => {
                    if let Some(first) = recorder.naive.live.keys().next().copied().filter(|at| !recorder.is_kept(*at))
                    {
                        recorder.remove(first, false);
                    }
                }
            }
        }
        if round == 11 {
            let at = recorder.naive.next - 3;
            assert_eq!(recorder.log.truncate_before(at), recorder.naive.truncate_before(at));
        }
        recorder.commit();
        if round % 3 == 2 {
            recorder.upkeep();
        }
    }
    recorder.workload
}

/// Opens what a crash left, and reads all of it.
fn recover(disk: &Memory) -> (Log, Recovery, Messages) {
    let (mut log, recovery) = Log::open(Arc::new(disk.clone()), OPTIONS).unwrap();
    let messages = read(&mut log);
    (log, recovery, messages)
}

fn read(log: &mut Log) -> Messages {
    let (mut messages, mut from) = (Messages::new(), 0);
    while let Some(record) = log.next(from, &Everything).unwrap() {
        assert!(record.sequence >= from, "in order, once");
        from = record.sequence + 1;
        messages.insert(record.sequence, Message::of(&record));
    }
    messages
}

impl Workload {
    /// What was acknowledged when so many operations were done, and what would be next.
    fn known(&self, operations: usize) -> (&Known, &Known) {
        let next = self.acknowledged.partition_point(|known| known.operations <= operations);
        let last = self.acknowledged.len() - 1;
        (&self.acknowledged[next - 1], &self.acknowledged[next.min(last)])
    }

    fn check(&self, operations: usize, disk: &Memory, what: &str) {
        let (acknowledged, next) = self.known(operations);
        let (log, recovery, messages) = recover(disk);
        let place = format!("{what} at operation {operations}: {:?}", recovery.lines().collect::<Vec<_>>());
        for (sequence, message) in &acknowledged.live {
            match messages.get(sequence) {
                Some(found) => assert_eq!(found, message, "{place}"),
                None => assert!(!next.live.contains_key(sequence), "{place}: {sequence} is lost"),
            }
        }
        for (sequence, message) in &messages {
            if *sequence <= acknowledged.last {
                assert!(acknowledged.live.contains_key(sequence), "{place}: {sequence} is back");
            } else {
                assert!(*sequence <= next.last, "{place}: {sequence} is invented");
                assert_eq!(Some(message), self.published.get(sequence), "{place}");
            }
        }
        let kept = |messages: &Messages| messages.values().any(|m| m.subject == KEPT.as_bytes());
        let stays = kept(&acknowledged.live) && kept(&next.live);
        assert!(kept(&messages) || !stays, "{place}: removed for one that is lost");
        // Sequences that may have been in a damaged part of the last commit are not given again.
        let skipped = recovery.damages.iter().filter_map(|damage| damage.sequences).map(|(_, last)| last).max();
        let last = next.last.max(skipped.unwrap_or(0));
        assert!((acknowledged.last..=last).contains(&log.committed()), "{place}: {}", log.committed());
        for damage in &recovery.damages {
            let (first, _) = damage.sequences.unwrap_or((u64::MAX, u64::MAX));
            assert!(first > acknowledged.last, "{place}: damage where all was synced");
        }
        let counted = log.state().messages;
        assert_eq!(counted, messages.len() as u64, "{place}");
        self.go_on(log, disk, messages, &place);
    }

    /// The log takes messages and removals, and finds them again.
    fn go_on(&self, mut log: Log, disk: &Memory, mut messages: Messages, place: &str) {
        let message = self.published.values().next().unwrap();
        for _ in 0..3 {
            let sequence = log.append(&message.append());
            messages.insert(sequence, message.clone());
        }
        if let Some((middle, _)) = messages.iter().nth(messages.len() / 2) {
            let middle = *middle;
            assert!(log.remove(middle, false), "{place}");
            messages.remove(&middle);
        }
        let mut commit = log.begin_commit().unwrap();
        let outcome = commit.run(Sync::Always);
        log.end_commit(commit, outcome).unwrap();
        assert_eq!(read(&mut log), messages, "{place}: as it goes on");
        drop(log);
        let (_, recovery, found) = recover(disk);
        assert_eq!(found, messages, "{place}: found again");
        assert!(recovery.cuts.is_empty(), "{place}: {recovery:?}");
    }
}

fn at_every_operation(seed: u64, what: &str, mut fate: impl FnMut(&mut Dice) -> Survival) {
    let workload = record(seed);
    let mut dice = Dice(seed + 77);
    for operations in 0..=workload.disk.operations() {
        let disk = workload.disk.crash(operations, || fate(&mut dice));
        workload.check(operations, &disk, &format!("{what}, workload {seed},"));
    }
}

fn any(dice: &mut Dice) -> Survival {
    match dice.below(5) {
        0 => Survival::Lost,
        1 => Survival::Prefix(dice.below(400) as usize),
        2 => Survival::Pieces(dice.roll()),
        _ => Survival::Whole,
    }
}

#[test]
fn nothing_unsynced_survives() {
    (1..8).for_each(|seed| at_every_operation(seed, "nothing unsynced", |_| Survival::Lost));
}

#[test]
fn everything_unsynced_survives() {
    (1..8).for_each(|seed| at_every_operation(seed, "everything", |_| Survival::Whole));
}

#[test]
fn some_of_the_unsynced_survives() {
    let fate = |dice: &mut Dice| if dice.below(2) == 0 { Survival::Lost } else { Survival::Whole };
    (1..12).for_each(|seed| at_every_operation(seed, "a subset", fate));
}

#[test]
fn writes_are_torn() {
    let fate = |dice: &mut Dice| Survival::Prefix(dice.below(600) as usize);
    (1..12).for_each(|seed| at_every_operation(seed, "torn", fate));
}

#[test]
fn parts_of_writes_are_lost() {
    let fate = |dice: &mut Dice| Survival::Pieces(dice.roll() | dice.roll());
    (1..12).for_each(|seed| at_every_operation(seed, "in pieces", fate));
}

#[test]
fn anything_happens_to_the_unsynced() {
    (1..20).for_each(|seed| at_every_operation(seed, "anything", any));
}

#[test]
fn a_crash_in_recovery_is_survived_too() {
    for seed in 1..4 {
        let workload = record(seed);
        let mut dice = Dice(seed);
        for operations in (0..=workload.disk.operations()).step_by(3) {
            let disk = Simulated::with(&workload.disk.crash(operations, || any(&mut dice)));
            let before = disk.operations();
            drop(Log::open(Arc::new(disk.clone()), OPTIONS).unwrap());
            for again in before..=disk.operations() {
                let disk = disk.crash(again, || any(&mut dice));
                workload.check(operations, &disk, "twice");
            }
        }
    }
}

#[test]
fn a_flipped_bit_costs_one_message_at_most() {
    for seed in 1..4 {
        let workload = record(seed);
        let mut dice = Dice(seed);
        for operations in [workload.disk.operations() / 2, workload.disk.operations()] {
            let disk = workload.disk.crash(operations, || Survival::Whole);
            for (name, bytes) in disk.contents() {
                for at in (0..bytes.len()).step_by(2) {
                    let disk = workload.disk.crash(operations, || Survival::Whole);
                    let bit = 1 << dice.below(8);
                    disk.open(&name).unwrap().write_at(&[bytes[at] ^ bit], at as u64).unwrap();
                    workload.check_flipped(operations, &disk, &format!("{name} at {at}"));
                }
            }
        }
    }
}

impl Workload {
    fn check_flipped(&self, operations: usize, disk: &Memory, place: &str) {
        let (acknowledged, next) = self.known(operations);
        let (mut log, mut recovery, messages) = recover(disk);
        recovery.damages.append(&mut log.take_damages());
        let place = format!("flipped bit in {place} ({operations}): {:?}", recovery.lines().collect::<Vec<_>>());
        for (sequence, message) in &messages {
            assert_eq!(Some(message), self.published.get(sequence), "{place}");
        }
        let expected = |sequence: &&u64| next.live.contains_key(sequence) && !messages.contains_key(sequence);
        let lost: BTreeSet<u64> = acknowledged.live.keys().filter(expected).copied().collect();
        assert!(lost.len() <= 1, "{place}: {lost:?} are lost");
        if let Some(sequence) = lost.first() {
            let told: BTreeMap<_, _> = recovery.damages.iter().filter_map(|damage| damage.sequences).collect();
            let cut = *sequence == acknowledged.last && !recovery.cuts.is_empty();
            let told = told.iter().any(|(first, last)| first <= sequence && sequence <= last);
            assert!(told || cut, "{place}: {sequence} is lost, and nobody says so");
        }
        // The log lives on.
        let message = self.published.values().next().unwrap();
        let sequence = log.append(&message.append());
        assert!(sequence > acknowledged.last || !recovery.cuts.is_empty(), "{place}: {sequence} was given before");
        let mut commit = log.begin_commit().unwrap();
        let outcome = commit.run(Sync::Always);
        log.end_commit(commit, outcome).unwrap();
        assert!(log.get(sequence).unwrap().is_some(), "{place}");
    }
}
