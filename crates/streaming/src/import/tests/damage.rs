//! Every byte flipped, every file cut at every place: never a panic, never something else without a word.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::writer::{Sub, Writer, data, sub};
use super::{leniently, look, messages, plain, strictly};
use crate::import::survey::Store;

const FILES: [&str; 8] = [
    "server.dat",
    "clients.dat",
    "c/subs.dat",
    "c/msgs.1.dat",
    "c/msgs.1.idx",
    "c/msgs.2.dat",
    "c/msgs.2.idx",
    "e/subs.dat",
];

fn store(folder: &Path) {
    let store = Writer::new(folder);
    store.clients(&["ann", "bob"], &["bob"]);
    store.plain_slice("c", 1, 1, 4);
    store.slice("c", 2, [(5, vec![]), (6, data(6)), (7, vec![0; 40])]);
    store.subs(
        "c",
        &[
            Sub::New(sub(1, "ann", "d", "")),
            Sub::Sent(1, 1),
            Sub::Sent(1, 2),
            Sub::Acknowledged(1, 1),
            Sub::New(sub(2, "bob", "", "d:q")),
            Sub::Sent(2, 1),
        ],
    );
    store.subs("e", &[]);
}

/// What of a store must not become something else.
fn essence(store: &Store) -> Vec<String> {
    let channels = store.channels.iter().map(|c| format!("{} {:?} {:?}", c.name, c.contents, c.resumed));
    channels.chain([format!("{:?}", store.cluster)]).collect()
}

/// Damages `file` in every way `damages` yields, and looks at the store.
fn each(file: &str, damages: impl Fn(&[u8]) -> Vec<(String, Vec<u8>)>) {
    let home = tempfile::tempdir().unwrap();
    store(home.path());
    let (whole, notes) = look(&strictly(), home.path()).unwrap();
    assert_eq!(notes, [""; 0]);
    let path = home.path().join(file);
    let bytes = fs::read(&path).unwrap();
    for (what, damaged) in damages(&bytes) {
        fs::write(&path, damaged).unwrap();
        match look(&strictly(), home.path()) {
            Err(error) => assert!(names(&error.to_string(), &path), "{file} {what}: {error}"),
            Ok((found, notes)) => {
                let same = essence(&found) == essence(&whole);
                let told = notes.iter().any(|note| names(note, &path));
                assert!(same || told, "{file} {what}: something else without a word");
                assert!(told, "{file} {what}: not noticed");
            }
        }
        match look(&leniently(), home.path()) {
            Err(error) => panic!("{file} {what}, passed over: {error}"),
            Ok((_, notes)) => assert!(notes.iter().any(|note| names(note, &path)), "{file} {what}: not told"),
        }
        let original = plain(1..=4).into_iter().chain(plain(5..=7));
        let kept = messages(&leniently(), home.path(), "c").unwrap();
        let data_of = |sequence| match sequence {
            5 => vec![],
            7 => vec![0; 40],
            other => data(other),
        };
        let original: Vec<_> = original.map(|(sequence, time, _)| (sequence, time, data_of(sequence))).collect();
        assert!(kept.iter().all(|message| original.contains(message)), "{file} {what}: {kept:?}");
    }
}

/// Whether `text` names the file and a byte of it.
fn names(text: &str, path: &Path) -> bool {
    text.contains(&format!("{}, byte ", path.display()))
}

#[test]
fn every_flipped_bit_is_noticed() {
    for file in FILES {
        each(file, |bytes| {
            let flip = |at: usize, bit: u8| {
                let mut bytes = bytes.to_vec();
                bytes[at] ^= 1 << bit;
                (format!("bit {bit} of byte {at}"), bytes)
            };
            let all = (0..bytes.len()).flat_map(|at| [0, 1, 2, 7].map(|bit| (at, bit)));
            // No CRC covers a record's kind: what was acknowledged may look sent once more, and comes again.
            let acknowledged = |at: usize| file == "c/subs.dat" && bytes[at] == 4 && bytes[at - 3..at] == [4, 0, 0];
            all.filter(|(at, bit)| *bit != 0 || !acknowledged(*at)).map(|(at, bit)| flip(at, bit)).collect()
        });
    }
}

#[test]
fn every_cut_is_noticed() {
    for file in FILES {
        // Cut at the end of a record, a file of states has lost its last ones, and nothing in it says so.
        let is_whole = |bytes: &[u8], len: usize| {
            let mut at = 4;
            while at < len {
                at += 8 + usize::from(bytes[at]) + usize::from(bytes[at + 1]) * 256;
            }
            at == len
        };
        each(file, |bytes| {
            let states = matches!(file, "clients.dat" | "c/subs.dat" | "e/subs.dat");
            let cuts = (0..bytes.len()).filter(|len| !(states && is_whole(bytes, *len)));
            cuts.map(|len| (format!("cut at {len}"), bytes[..len].to_vec())).collect()
        });
    }
}

#[test]
fn zeros_behind_the_end_are_cut_and_zeros_in_the_middle_are_damage() {
    for file in FILES {
        each(file, |bytes| {
            let mut behind = bytes.to_vec();
            behind.resize(bytes.len() + 5000, 0);
            let mut middle = bytes.to_vec();
            middle.splice(4..4, [0; 16]);
            vec![("zeros behind".into(), behind), ("zeros at 4".into(), middle)]
        });
    }
    let home = tempfile::tempdir().unwrap();
    store(home.path());
    let path = home.path().join("c/msgs.2.dat");
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(&[0; 100]);
    fs::write(&path, bytes).unwrap();
    let (found, notes) = look(&strictly(), home.path()).unwrap();
    assert_eq!(found.channels[0].contents.last, 7);
    assert!(notes.len() == 1 && notes[0].contains("100 bytes of zeros at the end: cut"), "{notes:?}");
}

#[test]
fn a_torn_end_is_cut_and_told_and_the_same_in_the_middle_is_damage() {
    let home = tempfile::tempdir().unwrap();
    store(home.path());
    for (file, at_the_end) in [("c/msgs.2.dat", true), ("c/msgs.1.dat", false)] {
        store(home.path());
        let path = home.path().join(file);
        let mut bytes = fs::read(&path).unwrap();
        let end = bytes.len();
        bytes.extend_from_slice(&[60, 0, 0, 0, 1, 2, 3, 4, 8]);
        fs::write(&path, bytes).unwrap();
        let found = look(&strictly(), home.path());
        if at_the_end {
            let (found, notes) = found.unwrap();
            assert_eq!(found.channels[0].contents.last, 7);
            assert!(
                names(&notes[0], &path) && notes[0].contains(&format!("byte {end}: a record is cut off")),
                "{notes:?}"
            );
        } else {
            let told = found.err().unwrap().to_string();
            assert!(
                told.contains(&format!("byte {end}: a record is cut off")) && told.contains("--skip-damaged"),
                "{told}"
            );
        }
    }
}

#[test]
fn versions_and_kinds_that_are_not_known_are_named() {
    let home = tempfile::tempdir().unwrap();
    store(home.path());
    let path = home.path().join("c/msgs.1.dat");
    let mut bytes = fs::read(&path).unwrap();
    bytes[0] = 2;
    fs::write(&path, bytes).unwrap();
    let told = look(&strictly(), home.path()).err().unwrap().to_string();
    assert!(names(&told, &path) && told.contains("byte 0: the file's version is 2"), "{told}");

    store(home.path());
    Writer::new(home.path()).file("c/subs.dat", &[(6, vec![8, 1])]);
    let told = look(&strictly(), home.path()).err().unwrap().to_string();
    assert!(told.contains("subs.dat, byte 4: a record of kind 6"), "{told}");
}

#[test]
fn a_damaged_message_costs_no_other() {
    let home = tempfile::tempdir().unwrap();
    let writer = Writer::new(home.path());
    writer.subs("c", &[]);
    writer.plain_slice("c", 1, 1, 200);
    let path = home.path().join("c/msgs.1.dat");
    let bytes = fs::read(&path).unwrap();
    let record = 8 + usize::from(bytes[4]);
    // Of the third: its length, its CRC, its content.
    for at in [0, 5, 12] {
        let mut damaged = bytes.clone();
        damaged[4 + 2 * record + at] ^= 0x40;
        fs::write(&path, damaged).unwrap();
        let (_, notes) = look(&leniently(), home.path()).unwrap();
        assert!(notes[0].contains(&format!("byte {}", 4 + 2 * record)), "{notes:?}");
        assert!(notes[1].contains("1 messages are missing before message 4"), "{notes:?}");
        assert_eq!(messages(&leniently(), home.path(), "c").unwrap(), plain((1..=2).chain(4..=200)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_file_holds_is_read_or_refused(
        file in 0..FILES.len(),
        at in 0_usize..200,
        noise in proptest::collection::vec(any::<u8>(), 0..300),
        instead: bool,
    ) {
        let home = tempfile::tempdir().unwrap();
        store(home.path());
        let path = home.path().join(FILES[file]);
        let mut bytes = fs::read(&path).unwrap();
        let at = at.min(bytes.len());
        let until = if instead { (at + noise.len()).min(bytes.len()) } else { at };
        bytes.splice(at..until, noise);
        fs::write(&path, bytes).unwrap();
        let _ = look(&strictly(), home.path());
        let _ = look(&leniently(), home.path());
    }
}
