//! Indexes that are missing, short, wrong, or that know better.

use std::fs;

use super::writer::{Writer, data};
use super::{leniently, look, messages, plain, strictly};

/// What is done to a file.
type Break = fn(&mut Vec<u8>);

#[test]
fn an_index_is_not_needed() {
    let home = tempfile::tempdir().unwrap();
    let store = Writer::new(home.path());
    store.subs("c", &[]);
    let index = home.path().join("c/msgs.1.idx");
    let breaks: [(&str, Break); 5] = [
        ("the index ends: 7 messages behind it", |bytes| bytes.truncate(4 + 3 * 32)),
        ("index cannot be read from here on", |bytes| bytes.truncate(4 + 3 * 32 + 7)),
        ("index cannot be read from here on", |bytes| bytes[4 + 5 * 32] ^= 1),
        ("the index's version is not 1", |bytes| bytes[0] = 2),
        ("the index's version is not 1", Vec::clear),
    ];
    for (told, break_it) in breaks {
        store.plain_slice("c", 1, 1, 10);
        let mut bytes = fs::read(&index).unwrap();
        break_it(&mut bytes);
        fs::write(&index, bytes).unwrap();
        let (_, notes) = look(&strictly(), home.path()).unwrap();
        assert!(notes.iter().any(|note| note.contains(told)), "{told}: {notes:?}");
        assert_eq!(messages(&strictly(), home.path(), "c").unwrap(), plain(1..=10));
    }
    fs::remove_file(&index).unwrap();
    let (_, notes) = look(&strictly(), home.path()).unwrap();
    assert!(notes.len() == 1 && notes[0].contains("msgs.1.idx, byte 0: there is no such file"), "{notes:?}");
    assert_eq!(messages(&strictly(), home.path(), "c").unwrap(), plain(1..=10));
}

/// The server died between writing a message and its index: after the restart it did not know of it, and gave its
/// sequence to the next one.
#[test]
fn a_message_that_was_never_acknowledged_gives_way_to_the_one_that_was() {
    let home = tempfile::tempdir().unwrap();
    let store = Writer::new(home.path());
    store.subs("c", &[]);
    let data_path = home.path().join("c/msgs.1.dat");
    let index_path = home.path().join("c/msgs.1.idx");
    store.slice("c", 1, [(1, data(1)), (2, b"lost".to_vec()), (3, b"lost too".to_vec()), (2, data(2)), (3, data(3))]);
    let index = fs::read(&index_path).unwrap();
    let known = [&index[..4 + 32], &index[4 + 3 * 32..]].concat();
    fs::write(&index_path, known).unwrap();
    let (_, notes) = look(&strictly(), home.path()).unwrap();
    assert!(notes.len() == 2 && notes[0].contains("a record of message 2 that the index replaced"), "{notes:?}");
    assert_eq!(messages(&strictly(), home.path(), "c").unwrap(), plain(1..=3));

    fs::remove_file(&index_path).unwrap();
    let told = look(&strictly(), home.path()).err().unwrap().to_string();
    assert!(told.contains(&format!("{}, byte", data_path.display())), "{told}");
    assert!(told.contains("message 2 after message 3"), "nobody can know which was meant: {told}");
}

#[test]
fn messages_the_index_knows_of_and_the_file_does_not_hold_are_told() {
    let home = tempfile::tempdir().unwrap();
    let store = Writer::new(home.path());
    store.subs("c", &[]);
    store.plain_slice("c", 1, 1, 10);
    store.plain_slice("c", 2, 11, 12);
    let (first, last) = (home.path().join("c/msgs.1.dat"), home.path().join("c/msgs.2.dat"));
    let cut = |path: &std::path::Path, bytes: usize| {
        let whole = fs::read(path).unwrap();
        fs::write(path, &whole[..whole.len() - bytes]).unwrap();
    };
    let record = (fs::read(&last).unwrap().len() - 4) / 2;
    cut(&last, record);
    let (found, notes) = look(&strictly(), home.path()).unwrap();
    assert_eq!(found.channels[0].contents.last, 11);
    assert!(notes.len() == 1 && notes[0].contains("1 messages more, 12 to 12, which are not in the file"), "{notes:?}");
    cut(&first, record + 5);
    let told = look(&strictly(), home.path()).err().unwrap().to_string();
    assert!(told.contains("msgs.1.dat, byte"), "in the middle it is damage: {told}");
    let (found, _) = look(&leniently(), home.path()).unwrap();
    assert_eq!(found.channels[0].contents.messages, 9, "1 to 8, and 11");
}

#[test]
fn a_slice_that_is_missing_is_damage_unless_it_was_the_first() {
    let home = tempfile::tempdir().unwrap();
    let store = Writer::new(home.path());
    store.subs("c", &[]);
    for number in 0..4 {
        store.plain_slice("c", number + 1, number * 10 + 1, number * 10 + 10);
    }
    fs::remove_file(home.path().join("c/msgs.1.dat")).unwrap();
    let (found, notes) = look(&strictly(), home.path()).unwrap();
    assert_eq!(found.channels[0].contents.first, 11);
    assert!(notes[0].contains("the index is left over"), "{notes:?}");
    for (file, told) in [
        ("msgs.3.dat", "the file with the messages of this index is missing"),
        ("msgs.3.idx", "10 messages are missing before message 31"),
    ] {
        fs::remove_file(home.path().join("c").join(file)).unwrap();
        let error = look(&strictly(), home.path()).err().unwrap().to_string();
        assert!(error.contains(told), "{error}");
        let (found, _) = look(&leniently(), home.path()).unwrap();
        assert_eq!(found.channels[0].contents.messages, 20);
    }
}
