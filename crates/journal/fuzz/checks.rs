//! What must hold whatever a disk gives back: run by each fuzz target, and by `tests/fuzz.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use journal::{Append, Disk, Due, Everything, Ledger, Log, Memory, Options, Sync};

/// Messages in the log that is damaged.
const MESSAGES: u64 = 24;

fn payload(sequence: u64) -> Vec<u8> {
    // Some hold what looks like an entry of a log, or nothing.
    vec![(sequence % 7) as u8; (sequence * 5 % 64) as usize]
}

fn commit(log: &mut Log) {
    if let Some(mut commit) = log.begin_commit() {
        let outcome = commit.run(Sync::Always);
        assert!(log.end_commit(commit, outcome).is_ok(), "memory does not fail");
    }
}

/// A log with removals, erased messages, a head and due times, over several files, one of them rewritten. The last ones
/// are as a process that dies leaves them.
fn some_log() -> Arc<Memory> {
    let disk = Arc::new(Memory::default());
    let options = Options { segment_bytes: 900, ..Options::default() };
    let (mut log, _) = Log::open(disk.clone(), options).expect("an empty disk");
    for sequence in 1..=MESSAGES {
        let subject = [b'a' + (sequence % 3) as u8];
        let due = (sequence % 5 == 0).then_some(Due { at: sequence as i64, kind: 1 });
        let body = payload(sequence);
        log.append(&Append { subject: &subject, headers: b"h", payload: &body, time: sequence as i64, due });
        if sequence % 4 == 0 {
            log.remove(sequence / 2, sequence % 8 == 0);
            commit(&mut log);
        }
        if sequence == MESSAGES - 6 {
            for at in 5..9 {
                log.remove(at, false);
            }
            commit(&mut log);
            while let Some(mut upkeep) = log.begin_upkeep() {
                let outcome = upkeep.run();
                log.end_upkeep(upkeep, outcome);
            }
        }
    }
    log.truncate_before(3);
    commit(&mut log);
    disk
}

/// Overwrites, cuts and adds bytes of the disk's files as `input` says: four bytes for each change.
fn damage(files: &mut BTreeMap<String, Vec<u8>>, input: &[u8]) {
    for change in input.chunks_exact(4) {
        let which = usize::from(change[0]) % files.len().max(1);
        let Some(bytes) = files.values_mut().nth(which) else { return };
        let at = usize::from(u16::from_le_bytes([change[1], change[2]])) % bytes.len().max(1);
        match change[3] {
            0 => bytes.truncate(at),
            1 => bytes.extend_from_slice(&input[..input.len().min(64)]),
            2 => {
                let copied = bytes[at..].to_vec();
                bytes.extend_from_slice(&copied);
            }
            flips => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= flips;
                }
            }
        }
    }
}

fn disk_of(files: &BTreeMap<String, Vec<u8>>) -> Arc<Memory> {
    let disk = Arc::new(Memory::default());
    for (name, bytes) in files {
        let file = disk.create(name).expect("memory does not fail");
        file.write_at(bytes, 0).expect("memory does not fail");
    }
    disk
}

/// A damaged log opens or says why not; what it gives back was stored so, in order, once; and it goes on.
pub fn log(input: &[u8]) {
    let mut files = some_log().contents();
    damage(&mut files, input);
    let options = Options { segment_bytes: 900, ..Options::default() };
    let Ok((mut log, _)) = Log::open(disk_of(&files), options) else { return };
    let mut from = 0;
    let mut read = 0;
    while let Ok(Some(record)) = log.next(from, &Everything) {
        let sequence = record.sequence;
        assert!(sequence >= from.max(1), "in order, once");
        assert!(sequence <= MESSAGES, "{sequence} was never stored");
        assert_eq!(record.payload, payload(sequence), "message {sequence}");
        assert_eq!(record.subject, [b'a' + (sequence % 3) as u8], "message {sequence}");
        from = sequence + 1;
        read += 1;
    }
    assert!(read <= log.state().messages);
    let next = log.append(&Append { subject: b"new", headers: b"", payload: b"", time: MESSAGES as i64, due: None });
    commit(&mut log);
    assert!(log.get(next).is_ok_and(|record| record.is_some()), "what is stored now is there");
}

/// An entry that is decoded is the same when it is encoded again.
pub fn entry(input: &[u8]) {
    journal::checks::entry(input);
}

/// A damaged ledger gives back entries that were appended, in order, from the first on.
pub fn ledger(input: &[u8]) {
    let entry = |n: u8| vec![n; usize::from(n) * 3];
    let disk = Arc::new(Memory::default());
    let (mut ledger, ..) = Ledger::open(disk.clone(), "ledger").expect("an empty disk");
    for n in 0..12 {
        ledger.append(&entry(n));
        if let Some(mut commit) = ledger.begin_commit() {
            let outcome = commit.run(Sync::Always);
            ledger.end_commit(commit, outcome).expect("memory does not fail");
        }
    }
    let mut files = disk.contents();
    damage(&mut files, input);
    let Ok((_, entries, _)) = Ledger::open(disk_of(&files), "ledger") else { return };
    let mut next = 0;
    for found in entries {
        let n = (next..12).find(|n| found == entry(*n)).expect("it was appended, and later than the one before");
        next = n + 1;
    }
}
