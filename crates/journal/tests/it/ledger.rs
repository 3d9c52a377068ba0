//! The ledger: what was committed is there after any crash, damage does not spread, and it can be written anew.

use std::sync::Arc;

use journal::disk::{Failing, Operation, Simulated, Survival};
use journal::{Disk, Ledger, Memory, Sync};
use proptest::prelude::*;

use crate::list::{Place, run, step};

const NAME: &str = "consumers";

fn open(disk: &Memory) -> (Ledger, Vec<Vec<u8>>, journal::Recovery) {
    Ledger::open(Arc::new(disk.clone()), NAME).unwrap()
}

fn commit(ledger: &mut Ledger) {
    let Some(mut commit) = ledger.begin_commit() else { return };
    assert!(ledger.begin_commit().is_none(), "one at a time");
    let outcome = commit.run(Sync::Always);
    ledger.end_commit(commit, outcome).unwrap();
}

struct File(Failing);

impl Place for File {
    fn open(&self) -> (Ledger, Vec<Vec<u8>>) {
        let (ledger, entries, recovery) = Ledger::open(Arc::new(self.0.clone()), NAME).unwrap();
        assert_eq!(recovery.lines().count(), 0);
        (ledger, entries)
    }

    fn fail(&self) {
        self.0.plan(|operation| (operation == Operation::Sync).then_some(std::io::ErrorKind::Other));
    }

    fn work(&self) {
        self.0.plan(|_| None);
    }
}

proptest! {
    #![proptest_config(crate::cases(100))]

    #[test]
    fn a_ledger_is_a_list(steps in prop::collection::vec(step(), 1..40)) {
        let disk = Memory::default();
        let ledger = run(&File(Failing::over(Arc::new(disk.clone()))), steps);
        let file = disk.contents().get(NAME).map_or(0, Vec::len);
        prop_assert_eq!(ledger.bytes(), file as u64);
    }
}

#[test]
fn what_was_committed_survives_a_crash_at_any_operation() {
    let disk = Simulated::default();
    let (mut ledger, ..) = Ledger::open(Arc::new(disk.clone()), NAME).unwrap();
    let mut known: Vec<(usize, Vec<Vec<u8>>)> = vec![(0, Vec::new())];
    let mut all: Vec<Vec<u8>> = Vec::new();
    for round in 0..12_u8 {
        if round % 5 == 4 {
            all.drain(..all.len() / 2);
            ledger.rewrite(&all);
        }
        for n in 0..round % 4 {
            let entry = vec![round; usize::from(n) * 13];
            ledger.append(&entry);
            all.push(entry);
        }
        commit(&mut ledger);
        known.push((disk.operations(), all.clone()));
    }
    for count in 0..=disk.operations() {
        for bits in 0..40_u64 {
            let mut n = 0;
            let after = disk.crash(count, || {
                n += 1;
                match (bits >> (n % 3)) & 3 {
                    0 => Survival::Lost,
                    1 => Survival::Whole,
                    2 => Survival::Prefix(bits as usize * 3),
                    _ => Survival::Pieces(bits * 0x1234_5678_9abc),
                }
            });
            let at = known.iter().rposition(|(done, _)| *done <= count).unwrap();
            let (before, next) = (&known[at].1, &known[(at + 1).min(known.len() - 1)].1);
            let (mut ledger, found, recovery) = open(&after);
            // All of the old and perhaps something of what was being added, or the new.
            let added = found.strip_prefix(&before[..]).map(|more| more.iter().all(|entry| next.contains(entry)));
            let anew = found.iter().all(|entry| next.contains(entry)) && found.len() >= next.len().min(found.len());
            let rewritten = !next.starts_with(before) && anew && found == *next;
            assert!(added == Some(true) || rewritten, "{count} {bits}: {found:?} {before:?} {next:?} {recovery:?}");
            // And it goes on.
            ledger.append(b"more");
            commit(&mut ledger);
            let mut expected = found;
            expected.push(b"more".to_vec());
            assert_eq!(open(&after).1, expected);
        }
    }
}

#[test]
fn damage_costs_the_entries_it_hits_and_is_told() {
    let disk = Memory::default();
    let (mut ledger, ..) = open(&disk);
    let all: Vec<Vec<u8>> = (0..9).map(|n| vec![n; 20]).collect();
    all.iter().for_each(|entry| ledger.append(entry));
    commit(&mut ledger);
    let bytes = disk.contents()[NAME].clone();
    for at in 0..bytes.len() {
        let disk = Memory::default();
        disk.create(NAME).unwrap().write_at(&bytes, 0).unwrap();
        disk.open(NAME).unwrap().write_at(&[bytes[at] ^ 4], at as u64).unwrap();
        let (_, entries, recovery) = open(&disk);
        let missing: Vec<&Vec<u8>> = all.iter().filter(|entry| !entries.contains(entry)).collect();
        assert!(entries.iter().all(|entry| all.contains(entry)) && missing.len() <= 1, "byte {at}");
        assert_eq!(recovery.damages.len() + recovery.cuts.len(), missing.len(), "byte {at}: {recovery:?}");
    }
    let disk = Memory::default();
    disk.create(NAME).unwrap().write_at(b"something else altogether, of some length: more than a header", 0).unwrap();
    let (_, entries, recovery) = open(&disk);
    assert_eq!((entries.len(), recovery.notes.len()), (0, 1));
    assert_eq!(disk.list().unwrap(), [format!("{NAME}.damaged")]);
}
