//! Whole stores, in all the shapes they have.

use std::fs;

use super::writer::{Writer, data};
use super::{leniently, look, messages, plain, strictly};
use crate::import::source::{Checksum, Reading};

#[test]
fn slices_are_in_the_order_of_their_numbers_and_the_first_may_be_gone() {
    let home = tempfile::tempdir().unwrap();
    let store = Writer::new(home.path());
    store.plain_slice("a.b", 10, 61, 80);
    store.plain_slice("a.b", 9, 41, 60);
    store.plain_slice("a.b", 2, 26, 40);
    store.subs("a.b", &[]);
    let (found, notes) = look(&strictly(), home.path()).unwrap();
    let contents = found.channels[0].contents;
    assert_eq!((contents.messages, contents.first, contents.last), (55, 26, 80));
    assert_eq!(messages(&strictly(), home.path(), "a.b").unwrap(), plain(26..=80));
    assert_eq!(notes, [""; 0]);
    let on_disk: u64 =
        [2, 9, 10].iter().map(|n| home.path().join(format!("a.b/msgs.{n}.dat")).metadata().unwrap().len() - 4).sum();
    assert_eq!(contents.bytes, on_disk + 55 * 32, "as the original counts");
}

#[test]
fn channels_may_be_empty_or_never_have_had_a_message() {
    let home = tempfile::tempdir().unwrap();
    let store = Writer::new(home.path());
    store.subs("only.subscribed", &[]);
    store.slice("empty", 1, []);
    store.subs("empty", &[]);
    fs::create_dir(home.path().join("lost+found")).unwrap();
    let (found, notes) = look(&strictly(), home.path()).unwrap();
    let of = |at: usize| (found.channels[at].name.as_str(), found.channels[at].contents.messages);
    assert_eq!((of(0), of(1), found.channels.len()), (("empty", 0), ("only.subscribed", 0), 2));
    assert!(notes.len() == 1 && notes[0].contains("lost+found: no channel"), "{notes:?}");
}

#[test]
fn what_is_no_store_is_said_to_be_none() {
    let home = tempfile::tempdir().unwrap();
    let told = look(&strictly(), home.path()).err().unwrap().to_string();
    assert!(told.contains("holds no store of NATS Streaming: there is no server.dat"), "{told}");
    let told = look(&strictly(), &home.path().join("gone")).err().unwrap().to_string();
    assert!(told.contains("there is no such folder"), "{told}");
    let store = Writer::new(home.path());
    store.plain_slice("a*b", 1, 1, 1);
    let told = look(&strictly(), home.path()).err().unwrap().to_string();
    assert!(told.contains("a*b is no channel this server takes"), "{told}");
}

#[test]
fn crcs_may_be_by_another_polynomial_or_none() {
    let home = tempfile::tempdir().unwrap();
    let castagnoli = |bytes: &[u8]| {
        !bytes.iter().fold(!0_u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |s, _| if s & 1 == 1 { (s >> 1) ^ 0x82f6_3b78 } else { s >> 1 })
        })
    };
    let store = Writer::with_sum(home.path(), castagnoli);
    store.plain_slice("c", 1, 1, 5);
    store.subs("c", &[]);
    let told = look(&strictly(), home.path()).err().unwrap().to_string();
    assert!(told.contains("server.dat, byte 4") && told.contains("--file_crc_poly 2197175160"), "{told}");
    let with = |checksum| Reading { checksum, ..strictly() };
    for checksum in [Checksum::new(0x82f6_3b78, true), Checksum::ieee(false)] {
        let (found, notes) = look(&with(checksum), home.path()).unwrap();
        assert_eq!((found.channels[0].contents.last, notes), (5, vec![]));
    }
}

#[test]
fn encrypted_messages_are_refused_unless_they_are_wanted_as_they_are() {
    let home = tempfile::tempdir().unwrap();
    let store = Writer::new(home.path());
    let mut sealed = vec![2, 1, 2, 3, 4];
    sealed.extend_from_slice(&2_u64.to_be_bytes());
    sealed.extend_from_slice(&[9; 40]);
    store.slice("c", 1, [(1, data(1)), (2, sealed.clone())]);
    store.subs("c", &[]);
    for reading in [strictly(), leniently()] {
        let told = look(&reading, home.path()).err().unwrap().to_string();
        assert!(told.contains("msgs.1.dat, byte") && told.contains("message 2 is encrypted"), "{told}");
    }
    let as_they_are = Reading { take_encrypted: true, ..strictly() };
    assert_eq!(messages(&as_they_are, home.path(), "c").unwrap()[1].2, sealed);
}
