//! What is found after damage, and what is said about it.

use std::sync::Arc;

use journal::{Append, Directory, Disk, Everything, LockError, Log, Memory, Options, Recovery, StoreLock, Sync};

const OPTIONS: Options = Options { segment_bytes: 1000, volatile: false, counted_subjects_max: 2 };

fn open(disk: &Memory) -> (Log, Recovery) {
    Log::open(Arc::new(disk.clone()), OPTIONS).unwrap()
}

fn message(subject: &'static str, payload: &'static [u8]) -> Append<'static> {
    Append { subject: subject.as_bytes(), headers: b"", payload, time: 7, due: None }
}

fn commit(log: &mut Log) {
    let mut commit = log.begin_commit().unwrap();
    let outcome = commit.run(Sync::Always);
    log.end_commit(commit, outcome).unwrap();
}

fn upkeep(log: &mut Log) {
    while let Some(mut upkeep) = log.begin_upkeep() {
        let outcome = upkeep.run();
        assert!(outcome.is_ok(), "{outcome:?}");
        log.end_upkeep(upkeep, outcome);
    }
}

/// Messages of 100 bytes each: seven in a file.
fn filled(disk: &Memory, count: u64) -> Log {
    let (mut log, _) = open(disk);
    for n in 0..count {
        log.append(&message(if n % 2 == 0 { "even" } else { "odd." }, &[7; 54]));
        if n % 3 == 0 {
            commit(&mut log);
        }
    }
    if log.has_staged() {
        commit(&mut log);
    }
    log
}

fn sequences(log: &mut Log) -> Vec<u64> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(record) = log.next(from, &Everything).unwrap() {
        from = record.sequence + 1;
        found.push(record.sequence);
    }
    found
}

fn overwrite(disk: &Memory, file: &str, offset: u64, bytes: &[u8]) {
    disk.open(file).unwrap().write_at(bytes, offset).unwrap();
}

const FIRST: &str = "00000000000000000001.log";
const SECOND: &str = "00000000000000000008.log";
const THIRD: &str = "00000000000000000015.log";

#[test]
fn a_torn_end_is_cut_and_told() {
    let disk = Memory::default();
    drop(filled(&disk, 10));
    let file = disk.open(SECOND).unwrap();
    assert_eq!(file.len().unwrap(), 256 + 300);
    file.set_len(256 + 250).unwrap();
    let (mut log, recovery) = open(&disk);
    assert_eq!(
        recovery.lines().collect::<Vec<_>>(),
        [format!("{SECOND}: cut 50 bytes of an unfinished write at offset 456")]
    );
    assert_eq!(sequences(&mut log), (1..=9).collect::<Vec<_>>());
    assert_eq!(log.append(&message("next", b"")), 10);
    commit(&mut log);
    drop(log);
    let (mut log, recovery) = open(&disk);
    assert_eq!((recovery.lines().count(), sequences(&mut log).len()), (0, 10));
}

#[test]
fn damage_in_the_middle_is_told_with_its_place_and_takes_nothing_along() {
    for (file, offset, lost) in
        [(FIRST, 256 + 110, 2), (FIRST, 256 + 655, 7), (SECOND, 256 + 1, 8), (THIRD, 256 + 190, 16)]
    {
        let disk = Memory::default();
        drop(filled(&disk, 18));
        overwrite(&disk, file, offset, b"garbage");
        let (mut log, mut recovery) = open(&disk);
        let expected: Vec<u64> = (1..=18).filter(|at| *at != lost).collect();
        assert_eq!(sequences(&mut log), expected, "{file} {offset}");
        // By recovery where the file is read then, by the first reader where there is an index.
        recovery.damages.extend(log.take_damages());
        let [damage] = &recovery.damages[..] else { panic!("{recovery:?}") };
        assert_eq!((&*damage.file, damage.sequences), (file, Some((lost, lost))));
        assert!(damage.offset <= offset && offset < damage.offset + damage.bytes, "{damage}");
        assert!(damage.to_string().contains(&format!("message {lost} is lost")), "{damage}");
        // Each place once.
        assert_eq!(sequences(&mut log), expected);
        assert_eq!(log.take_damages(), []);
        assert_eq!(log.append(&message("next", b"")), 19);
    }
}

#[test]
fn damage_that_comes_while_the_log_is_open_is_told_by_those_who_read() {
    let disk = Memory::default();
    let mut log = filled(&disk, 18);
    upkeep(&mut log);
    log.trim();
    overwrite(&disk, FIRST, 256 + 310, &[0; 20]);
    let error = log.get(4).unwrap_err().to_string();
    assert_eq!(error, format!("{FIRST}: damaged: 100 bytes at offset 556, message 4 is lost"));
    assert_eq!(log.take_damages().len(), 1);
    assert!(log.get(3).unwrap().is_some() && log.get(5).unwrap().is_some());
    // A damaged file is left as it is: nothing is rewritten.
    (1..7).filter(|at| *at != 4).for_each(|at| assert!(log.remove(at, false)));
    commit(&mut log);
    assert!(!log.remove(4, false));
    upkeep(&mut log);
    assert_eq!(sequences(&mut log), (7..=18).collect::<Vec<_>>());
    // Until its time is over.
    log.truncate_before(8);
    commit(&mut log);
    upkeep(&mut log);
    assert_eq!(log.state().messages, 11);
    assert!(!disk.contents().contains_key(FIRST));
}

#[test]
fn a_message_in_a_message_is_not_found_when_the_outer_one_is_damaged() {
    let disk = Memory::default();
    drop(filled(&disk, 3));
    // What lies in the file, sent as a payload.
    let inner = disk.contents()[FIRST].clone();
    let (mut log, _) = open(&disk);
    for _ in 0..2 {
        log.append(&Append { payload: &inner[256..], ..message("copy", b"") });
    }
    commit(&mut log);
    drop(log);
    // The outer one's length, so that the search begins within.
    overwrite(&disk, FIRST, 256 + 300 + 8, &[1]);
    let (mut log, recovery) = open(&disk);
    assert_eq!(sequences(&mut log), [1, 2, 3, 5]);
    assert_eq!(recovery.damages.len(), 1, "{recovery:?}");
}

#[test]
fn only_the_last_file_is_read_where_there_are_indexes() {
    let disk = Memory::default();
    let mut log = filled(&disk, 40);
    upkeep(&mut log);
    drop(log);
    let (log, recovery) = open(&disk);
    assert_eq!((recovery.scanned_files, recovery.lines().count()), (1, 0));
    assert_eq!(log.state().messages, 40);
    drop(log);
    // A missing index, a damaged one, and one of another file: those files are read, and indexed anew.
    let index = |file: &str| file.replace(".log", ".index");
    disk.remove(&index(FIRST)).unwrap();
    overwrite(&disk, &index(SECOND), 30, b"x");
    let other = disk.contents()[&index(THIRD)].clone();
    disk.create("00000000000000000022.index").unwrap().write_at(&other, 0).unwrap();
    let (mut log, recovery) = open(&disk);
    assert_eq!((recovery.scanned_files, recovery.lines().count()), (4, 0));
    assert_eq!(sequences(&mut log).len(), 40);
    drop(log);
    assert_eq!(open(&disk).1.scanned_files, 1);
}

#[test]
fn a_file_without_a_header_is_put_aside_and_one_that_is_gone_is_missed() {
    let disk = Memory::default();
    drop(filled(&disk, 18));
    overwrite(&disk, SECOND, 0, &[0; 256]);
    let (mut log, recovery) = open(&disk);
    assert_eq!(sequences(&mut log), [1, 2, 3, 4, 5, 6, 7, 15, 16, 17, 18]);
    let lines: Vec<String> = recovery.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("messages 8 to 14 are lost"), "{lines:?}");
    assert!(lines[1].contains("put aside as 00000000000000000008.log.damaged"), "{lines:?}");
    assert_eq!(log.append(&message("next", b"")), 19);
}

#[test]
fn a_later_version_is_not_touched() {
    let disk = Memory::default();
    drop(filled(&disk, 3));
    let mut bytes = disk.contents()[FIRST].clone();
    for copy in [0, 128] {
        bytes[copy + 8] = 2;
        let sum = crc32fast::hash(&bytes[copy..copy + 124]);
        bytes[copy + 124..copy + 128].copy_from_slice(&sum.to_le_bytes());
    }
    overwrite(&disk, FIRST, 0, &bytes);
    let refused = Log::open(Arc::new(disk.clone()), OPTIONS).map(|_| ()).unwrap_err().to_string();
    assert_eq!(refused, format!("{FIRST}: version 2 of the format is not known"));
    assert_eq!(disk.contents()[FIRST], bytes);
}

#[test]
fn sequences_go_on_after_everything_was_removed() {
    let disk = Memory::default();
    let mut log = filled(&disk, 20);
    assert_eq!(log.truncate_before(u64::MAX), 20);
    commit(&mut log);
    upkeep(&mut log);
    drop(log);
    let (mut log, _) = open(&disk);
    let state = log.state();
    assert_eq!((state.messages, state.bytes, state.first_seq, state.last_seq), (0, 0, 21, 20));
    assert_eq!(log.append(&message("next", b"")), 21);
}

#[test]
fn a_log_begins_where_it_is_told_to() {
    let disk = Memory::default();
    let (mut log, _) = open(&disk);
    log.begin_at(1000);
    assert_eq!((log.state().first_seq, log.state().last_seq), (1000, 999));
    assert_eq!(log.append(&message("a", b"")), 1000);
    log.begin_at(5000);
    commit(&mut log);
    drop(log);
    let (log, recovery) = open(&disk);
    assert_eq!((log.state().first_seq, log.state().last_seq, recovery.lines().count()), (1000, 1000, 0));
}

#[test]
fn erased_bytes_are_nowhere() {
    let disk = Memory::default();
    let mut log = filled(&disk, 12);
    for secret in [&b"secret-1"[..], b"secret-2"] {
        log.append(&Append { payload: secret, ..message("s", b"") });
    }
    commit(&mut log);
    let written = |what: &[u8]| disk.contents().values().any(|bytes| bytes.windows(what.len()).any(|w| w == what));
    assert!(written(b"secret-1") && written(b"secret-2"));
    assert!(log.remove(13, true));
    commit(&mut log);
    assert!(!written(b"secret-1") && written(b"secret-2"));
    // Removed before it was committed: in the commit after.
    let staged = log.append(&Append { payload: b"secret-3", ..message("s", b"") });
    assert!(log.remove(staged, true));
    while log.has_staged() {
        commit(&mut log);
    }
    assert!(!written(b"secret-3"));
    drop(log);
    let (mut log, recovery) = open(&disk);
    assert_eq!((sequences(&mut log).len(), recovery.lines().count()), (13, 0));
}

#[test]
fn files_that_are_mostly_dead_become_small_ones_and_small_ones_one() {
    let disk = Memory::default();
    let options = Options { segment_bytes: 8000, volatile: false, counted_subjects_max: 100 };
    let open = || Log::open(Arc::new(disk.clone()), options.clone()).unwrap();
    let (mut log, _) = open();
    for _ in 0..7000 {
        log.append(&message("some", &[7; 54]));
    }
    commit(&mut log);
    upkeep(&mut log);
    let size =
        || disk.contents().iter().filter(|(n, _)| n.strip_suffix(".log").is_some()).map(|(_, bytes)| bytes.len()).sum();
    let before: usize = size();
    for at in (1..=6990).filter(|at| at % 500 != 1) {
        assert!(log.remove(at, false));
        if at % 7 == 0 {
            commit(&mut log);
            upkeep(&mut log);
        }
    }
    commit(&mut log);
    upkeep(&mut log);
    let (after, files): (usize, usize) = (size(), disk.contents().len());
    assert!(after * 10 < before && files < 20, "{before} bytes became {after} in {files} files");
    let expected: Vec<u64> = (1..=7000).filter(|at| at % 500 == 1 || *at > 6990).collect();
    assert_eq!(sequences(&mut log), expected);
    drop(log);
    let (mut log, recovery) = open();
    assert_eq!((sequences(&mut log), recovery.lines().count()), (expected, 0));
}

#[test]
fn what_follows_a_rewritten_file_costs_no_sequence() {
    let disk = Memory::default();
    let mut log = filled(&disk, 18);
    (2..7).for_each(|at| assert!(log.remove(at, false)));
    commit(&mut log);
    upkeep(&mut log);
    drop(log);
    let file = disk.open(FIRST).unwrap();
    let bytes = disk.contents()[FIRST].clone();
    file.write_at(&bytes, bytes.len() as u64).unwrap();
    disk.remove(&FIRST.replace(".log", ".index")).unwrap();
    let (mut log, recovery) = open(&disk);
    assert_eq!(sequences(&mut log), [1].into_iter().chain(7..=18).collect::<Vec<_>>());
    let [damage] = &recovery.damages[..] else { panic!("{recovery:?}") };
    assert_eq!((damage.sequences, log.append(&message("next", b""))), (None, 19));
}

#[test]
fn memory_is_given_back_when_the_first_messages_go() {
    let disk = Memory::default();
    let options = Options { segment_bytes: 64 * 1024, volatile: true, counted_subjects_max: 100 };
    let (mut log, _) = Log::open(Arc::new(disk.clone()), options).unwrap();
    for n in 1..=10_000_u64 {
        log.append(&message("a", &[1; 300]));
        log.truncate_before(n.saturating_sub(100));
        commit(&mut log);
    }
    let held: usize = disk.contents().values().map(Vec::len).sum();
    assert!(held < 3 * 64 * 1024, "{held} bytes for 100 messages");
    assert_eq!(log.state().messages, 101);
}

#[test]
fn one_process_at_a_time_has_a_store() {
    let directory = tempfile::tempdir().unwrap();
    let held = StoreLock::take(directory.path()).unwrap();
    let refused = StoreLock::take(directory.path()).unwrap_err();
    assert!(matches!(refused, LockError::Held { .. }));
    let pid = std::process::id();
    assert_eq!(refused.to_string(), format!("{} is in use by another process (pid {pid})", directory.path().display()));
    drop(held);
    StoreLock::take(directory.path()).unwrap();
    assert!(matches!(StoreLock::take(&directory.path().join("none")), Err(LockError::Disk { .. })));
}

#[test]
fn a_directory_does_what_memory_does() {
    let directory = tempfile::tempdir().unwrap();
    let disks: [Arc<dyn Disk>; 2] =
        [Arc::new(Directory::new(directory.path().join("a/b"))), Arc::new(Memory::default())];
    for disk in disks {
        assert_eq!(disk.list().unwrap(), Vec::<String>::new());
        disk.remove_all().unwrap();
        assert_eq!(disk.open("x").map(|_| ()).unwrap_err().kind(), std::io::ErrorKind::NotFound);
        let file = disk.create("x").unwrap();
        file.write_at(b"hello", 3).unwrap();
        disk.sub("inner").unwrap().create("y").unwrap();
        disk.sync().unwrap();
        let mut read = [1; 10];
        assert_eq!(disk.open("x").unwrap().read_at(&mut read, 1).unwrap(), 7);
        assert_eq!(&read, b"\0\0hello\x01\x01\x01");
        disk.rename("x", "z").unwrap();
        assert_eq!((disk.list().unwrap(), file.len().unwrap()), (vec!["z".to_owned()], 8));
        file.set_len(4).unwrap();
        file.sync().unwrap();
        assert_eq!(disk.create("z").unwrap().len().unwrap(), 0);
        disk.remove("z").unwrap();
        assert!(disk.remove("z").is_err());
        assert_eq!(disk.sub("inner").unwrap().list().unwrap(), ["y"]);
        disk.remove_all().unwrap();
        assert_eq!(disk.sub("inner").unwrap().list().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn a_small_file_is_the_old_or_the_new_one_whatever_happens() {
    use journal::disk::{Simulated, Survival};
    use journal::{read_atomic, write_atomic};
    let disk = Simulated::default();
    assert_eq!(read_atomic(&disk, "f").unwrap(), None);
    let contents = [&b"one"[..], b"", b"three, which is longer than a piece of a torn write is"];
    let mut written = vec![(0, None)];
    for content in contents {
        write_atomic(&disk, "f", content).unwrap();
        written.push((disk.operations(), Some(content.to_vec())));
    }
    for count in 0..=disk.operations() {
        for bits in 0..64_u64 {
            let mut fates = (0..).map(|n| match (bits >> (n % 6)) & 1 {
                0 => Survival::Lost,
                _ => Survival::Pieces(bits | 1 << 60),
            });
            let found = read_atomic(&disk.crash(count, || fates.next().unwrap()), "f").unwrap();
            let known = written.iter().rposition(|(done, _)| *done <= count).unwrap();
            let next = &written[(known + 1).min(contents.len())].1;
            assert!(found == written[known].1 || found == *next, "{count} {bits}: {found:?}");
        }
    }
    disk.open("f").unwrap().write_at(b"X", 14).unwrap();
    assert_eq!(read_atomic(&disk, "f").unwrap_err().kind(), std::io::ErrorKind::InvalidData);
}
