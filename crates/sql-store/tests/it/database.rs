//! The database: taken by one server at a time, shared with others' tables, its folders made and removed.

use sql_store::testing::{Scratch, each};
use sql_store::{Database, Error};

use crate::{open, options};

fn refused(scratch: &Scratch) -> Error {
    Database::open(&options(scratch), "the second").err().unwrap()
}

#[test]
fn a_second_server_is_refused_and_told_who_has_the_database() {
    for scratch in each() {
        let first = Database::open(&options(&scratch), "server ABC, process 42").unwrap();
        let said = refused(&scratch).to_string();
        assert!(said.contains("is in use by another server (server ABC, process 42)"), "{said}");
        assert!(!said.contains(sql_store::testing::PASSWORD), "{said}");
        drop(first);
        open(&scratch);
    }
}

#[test]
fn a_server_that_lost_its_lock_to_another_commits_nothing_more() {
    for scratch in each() {
        let first = open(&scratch);
        let mut log = first.folder("f").log("log").unwrap();
        append(&mut log, b"a");
        assert!(commit(&mut log).is_ok());
        // As if its machine had been cut off for long enough.
        scratch.run("update streaming_server set epoch = epoch + 1");
        scratch.run("update streaming_logs set epoch = epoch + 1");
        append(&mut log, b"b");
        let error = commit(&mut log).unwrap_err().to_string();
        assert!(error.contains("another server has taken over"), "{error}");
        assert!(first.fault().unwrap().contains("taken over"));
        assert!(first.folder("f").write("document", b"x").is_err());
        assert!(first.try_out().is_err(), "for good");
        assert_eq!(scratch.int("select count(*) from streaming_messages"), 1);
    }
}

#[test]
fn the_tables_are_made_beside_those_of_others_and_later_ones_are_left_alone() {
    for scratch in each() {
        scratch.run("create table messages (id integer)");
        drop(open(&scratch));
        drop(open(&scratch));
        assert_eq!(scratch.int("select count(*) from messages"), 0);
        assert_eq!(scratch.int("select count(*) from streaming_schema"), 1);
        scratch.run("insert into streaming_schema (version) values (7)");
        let said = refused(&scratch).to_string();
        assert!(said.contains("version 7 of the tables is not known; this program knows up to 1"), "{said}");
    }
}

#[test]
fn a_folder_is_gone_at_once_and_its_rows_in_the_end() {
    for scratch in each() {
        let database = open(&scratch);
        for name in ["streams/a", "streams/b", "stan"] {
            let folder = database.folder(name);
            folder.write("stream.json", name.as_bytes()).unwrap();
            folder.write("stream.json", format!("{name} again").as_bytes()).unwrap();
            let mut log = folder.log("log").unwrap();
            append(&mut log, b"body");
            commit(&mut log).unwrap();
        }
        let mut folders = database.folders("streams/").unwrap();
        folders.sort();
        assert_eq!(folders, ["streams/a", "streams/b"]);
        let gone = database.folder("streams/a");
        assert_eq!(gone.read("stream.json").unwrap().as_deref(), Some(&b"streams/a again"[..]));
        gone.remove_all().unwrap();
        assert_eq!(database.folders("streams/").unwrap(), ["streams/b"]);
        assert_eq!(gone.read("stream.json").unwrap(), None);
        assert_eq!(gone.log("log").unwrap().state().last_seq, 0, "another one of that name begins anew");
        // The rows of the old one are deleted by the way: at the latest after a start.
        drop((gone, database));
        let database = open(&scratch);
        for _ in 0..500 {
            if scratch.int("select count(*) from streaming_messages") == 2 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert_eq!(scratch.int("select count(*) from streaming_messages"), 2);
        assert_eq!(database.folder("streams/b").log("log").unwrap().state().messages, 1);
    }
}

#[test]
fn what_cannot_be_connected_to_is_told_without_the_password() {
    for scratch in each() {
        let text = scratch.text().replace(sql_store::testing::PASSWORD, "wrong-one");
        let source = sql_store::Source::parse(scratch.driver().name(), &text).unwrap();
        let wrong = sql_store::Options { source, ..options(&scratch) };
        let said = Database::open(&wrong, "a test").err().unwrap().to_string();
        assert!(said.starts_with("cannot connect to the ") && said.contains("as \"stan\""), "{said}");
        assert!(!said.contains("wrong-one"), "{said}");
    }
}

pub fn append(log: &mut journal::Log, payload: &[u8]) -> u64 {
    log.append(&journal::Append { subject: b"s", headers: b"", payload, time: 1, due: None })
}

pub fn commit(log: &mut journal::Log) -> Result<(), journal::RolledBack> {
    let mut commit = log.begin_commit().unwrap();
    let outcome = commit.run(journal::Sync::Always);
    log.end_commit(commit, outcome).map(drop)
}
