//! Stores in their target: what is in it then, what may be there before, and what an interruption leaves.

use std::fs;
use std::path::Path;

use super::writer::{CLUSTER, Sub, Writer, data, sub, time};
use crate::import::options::Options;
use crate::import::report::Report;
use crate::import::{Error, import};
use crate::jetstream::JetStream;
use crate::options;
use crate::stream::Which;

fn store(folder: &Path) -> Writer {
    let store = Writer::new(folder);
    store.clients(&["ann"], &[]);
    store.plain_slice("a.b", 3, 26, 40);
    store.plain_slice("a.b", 4, 41, 60);
    store
        .subs("a.b", &[Sub::New(sub(1, "bob", "d", "")), Sub::Sent(1, 26), Sub::Sent(1, 27), Sub::Acknowledged(1, 26)]);
    store.plain_slice("c", 1, 1, 10);
    store.subs("c", &[]);
    store.subs("empty", &[Sub::New(sub(1, "ann", "", "d:q"))]);
    store
}

fn run(words: &[&str]) -> Result<Report, Error> {
    import(&Options::read(words.iter().map(ToString::to_string).collect()).unwrap())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn open(target: &Path) -> JetStream {
    let options = options::JetStream { store_dir: target.to_owned(), ..options::JetStream::default() };
    JetStream::open(&options, 0).unwrap()
}

/// Whether the target holds all of [`store`].
#[track_caller]
fn holds_all(target: &Path) {
    let jetstream = open(target);
    let names: Vec<_> = jetstream.streams().iter().map(|stream| stream.name.to_string()).collect();
    assert_eq!(names, ["a%2Eb", "c", "empty"]);
    let stream = jetstream.stream("a%2Eb").unwrap();
    let state = stream.summary();
    assert_eq!((state.messages, state.first_seq, state.last_seq), (35, 26, 60));
    for sequence in 26..=60 {
        let found = stream.find(Which::At(sequence)).unwrap();
        assert_eq!((found.time, found.subject.as_str(), found.payload), (time(sequence), "a.b", data(sequence)));
    }
    let durable = stream.membered().remove(0);
    assert_eq!((durable.subscriber.client.as_str(), durable.is_offline), ("bob", true));
    assert_eq!((durable.last_sent, durable.pending), (27, 1));
    let empty = jetstream.stream("empty").unwrap();
    assert_eq!((empty.summary().messages, empty.membered()[0].is_offline), (0, false));
    assert_eq!(jetstream.stream("c").unwrap().summary().messages, 10);
}

#[test]
fn a_store_is_there_with_all_it_held_and_once() {
    let (home, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    store(home.path());
    let words = [text(home.path()), "-dir", text(target.path())];
    let report = run(&words).unwrap();
    assert_eq!((report.cluster_id.as_str(), report.damages), (CLUSTER, 0));
    assert!(report.to_string().contains("3 channels, 45 messages"), "{report}");
    holds_all(target.path());
    let again = run(&words).unwrap();
    assert!(again.to_string().ends_with(": nothing to do.\n"), "{again}");
    holds_all(target.path());
}

#[test]
fn a_dry_run_tells_the_same_and_writes_nothing() {
    let (home, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    store(home.path());
    let report = run(&[text(home.path()), "--dry-run", "-dir", text(target.path())]).unwrap();
    assert!(report.to_string().ends_with("Nothing was written.\n"), "{report}");
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
    let wants_a_target = run(&[text(home.path())]).err().unwrap().to_string();
    assert!(wants_a_target.contains("--dir DIR"), "{wants_a_target}");
}

#[test]
fn an_interrupted_import_is_finished_by_the_next() {
    let (home, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    store(home.path());
    let words = [text(home.path()), "-dir", text(target.path())];
    run(&words).unwrap();
    // A channel that has not its last file yet, one that was not begun, and one that was just begun.
    let streams = target.path().join("jetstream/streams");
    fs::remove_file(streams.join("a%252Eb/stream.json")).unwrap();
    fs::remove_dir_all(streams.join("c")).unwrap();
    fs::remove_dir_all(streams.join("empty")).unwrap();
    fs::create_dir(streams.join("empty")).unwrap();
    fs::write(streams.join("empty/00000000000000000001.log"), b"cut").unwrap();
    let report = run(&words).unwrap();
    assert_eq!(report.notes, [""; 0], "the clients are those that were written before");
    holds_all(target.path());
}

#[test]
fn a_target_that_has_something_else_is_left_alone() {
    let (home, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let writer = store(home.path());
    let words = [text(home.path()), "-dir", text(target.path())];
    run(&words).unwrap();
    writer.plain_slice("c", 1, 1, 11);
    let grown = run(&words).err().unwrap().to_string();
    assert!(grown.contains("channel \"c\" cannot go") && grown.contains("imported before"), "{grown}");
    holds_all(target.path());

    let path = target.path().join("jetstream/streams/c/stream.json");
    let other = tempfile::tempdir().unwrap();
    let there = other.path().join("jetstream/streams/c");
    fs::create_dir_all(&there).unwrap();
    let described = journal::read_atomic(&journal::Directory::new(path.parent().unwrap().to_owned()), "stream.json");
    let described = String::from_utf8(described.unwrap().unwrap()).unwrap().replace("_stan.imported", "mine");
    journal::write_atomic(&journal::Directory::new(there), "stream.json", described.as_bytes()).unwrap();
    let refused = run(&[text(home.path()), "-dir", text(other.path())]).err().unwrap().to_string();
    assert!(refused.contains("stream \"c\" with 0 messages is there and did not come from this store"), "{refused}");
    let written: Vec<_> = open(other.path()).streams().iter().map(|stream| stream.name.to_string()).collect();
    assert_eq!(written, ["c"], "refused before anything was written");
}

#[test]
fn a_target_in_use_or_of_another_cluster_is_refused() {
    let (home, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    store(home.path());
    let words = [text(home.path()), "-dir", text(target.path())];
    let server = open(target.path());
    let not_looked_at = home.path().join("not.looked.at");
    let unread = [text(&not_looked_at), "-dir", text(target.path())];
    for words in [&words, &unread] {
        let refused = run(words).err().unwrap().to_string();
        assert!(refused.contains("is in use by another process"), "{refused}");
    }
    drop(server);
    let nowhere = target.path().join("new");
    assert!(run(&[unread[0], "-dir", text(&nowhere)]).is_err());
    assert!(!nowhere.exists(), "nothing is made for a store that is none");
    let refused = run(&[&words[..], &["-cid", "other"]].concat()).err().unwrap().to_string();
    assert_eq!(refused, "the store is of cluster \"ticketing\", not \"other\": give --cluster_id ticketing");
    let folder = target.path().join("jetstream/stan");
    crate::stan::clients::adopt(&crate::stan::Home::Files(folder), "other", &[]).unwrap();
    let refused = run(&words).err().unwrap().to_string();
    assert!(refused.contains("cluster ID \"ticketing\" does not match recovered value of \"other\""), "{refused}");
}

#[test]
fn messages_that_were_passed_over_leave_their_sequences_free() {
    let (home, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let writer = Writer::new(home.path());
    writer.subs("c", &[Sub::New(sub(1, "bob", "d", "")), Sub::Sent(1, 3), Sub::Sent(1, 4)]);
    writer.plain_slice("c", 1, 1, 6);
    let path = home.path().join("c/msgs.1.dat");
    let mut bytes = fs::read(&path).unwrap();
    let record = 8 + usize::from(bytes[4]);
    bytes[4 + 2 * record + 12] ^= 1;
    fs::write(&path, bytes).unwrap();
    let words = [text(home.path()), "-dir", text(target.path())];
    let refused = run(&words).err().unwrap().to_string();
    assert!(refused.contains(&format!("msgs.1.dat, byte {}: a record's CRC", 4 + 2 * record)), "{refused}");
    let report = run(&[&words[..], &["--skip-damaged"]].concat()).unwrap();
    assert_eq!(report.damages, 2, "{report}");
    let jetstream = open(target.path());
    let stream = jetstream.stream("c").unwrap();
    let state = stream.summary();
    assert_eq!((state.messages, state.last_seq, state.deleted), (5, 6, 1));
    assert_eq!(stream.find(Which::At(4)).unwrap().payload, data(4));
    assert!(stream.find(Which::At(3)).is_none());
}

#[test]
fn limits_the_server_will_have_are_told() {
    let (home, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    store(home.path());
    let report = run(&[text(home.path()), "-dir", text(target.path()), "--", "-mm", "20"]).unwrap();
    let told =
        report.notes.iter().any(|note| note.contains("a.b: 35 messages, and a server with these options keeps 20"));
    assert!(told, "{:?}", report.notes);
    holds_all(target.path());
}
