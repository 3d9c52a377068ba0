//! Whatever is done to a log in a database, it answers as the naive one does.

use std::sync::atomic::{AtomicU64, Ordering};

use journal::{Log, Recovery};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sql_store::testing::{Fault, each};
use sql_store::{Database, Options};

use crate::model::{Place, Step, run, step};
use crate::options;

/// A commit is tried so often.
const TRIES: usize = 3;

struct Rows<'a> {
    database: &'a Database,
    folder: String,
}

impl Place for Rows<'_> {
    fn open(&self) -> (Log, Recovery) {
        (self.database.folder(&self.folder).log("log").unwrap(), Recovery::default())
    }

    fn is_volatile(&self) -> bool {
        false
    }

    fn fail(&self, syncs: bool, after: usize) {
        let fault = if syncs { Fault::AfterCommit } else { Fault::BeforeCommit };
        // Of some commits only the answer to the first tries is lost: those succeed.
        let count = if after == 0 { TRIES } else { after.min(TRIES) };
        self.database.faults().plan(vec![Some(fault); count]);
    }

    fn work(&self) {
        self.database.faults().plan([]);
        // Commits that fail for good make it look as if the database were down: it is not.
        self.database.try_out().unwrap();
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..60)
}

/// On each database, with these options.
fn try_model(cases: u32, with: impl Fn(Options) -> Options) {
    for scratch in each() {
        let database = Database::open(&with(options(&scratch)), "a test").unwrap();
        let number = AtomicU64::new(0);
        let outcome = TestRunner::new(crate::cases(cases)).run(&steps(), |steps| {
            let folder = format!("log {}", number.fetch_add(1, Ordering::Relaxed));
            run(&Rows { database: &database, folder }, &steps);
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{:?}: {error}", scratch.driver());
        }
    }
}

#[test]
fn a_log_in_a_database_is_what_it_should_be() {
    try_model(16, |options| options);
}

#[test]
fn a_log_that_keeps_nothing_in_memory_and_has_one_connection_is_no_other() {
    try_model(6, |options| Options { no_caching: true, connections_max: Some(1), rows_max: Some(1), ..options });
}

#[test]
fn messages_of_any_size_and_number_are_there_after_a_restart() {
    for scratch in each() {
        let database = crate::open(&scratch);
        let mut log = database.folder("large").log("log").unwrap();
        // Some larger than what is read ahead, and more of them than a block of the index holds.
        let payload = |n: usize| vec![n as u8; if n % 4000 == 7 { 700_000 } else { n % 50 }];
        let count = 20_000;
        for n in 1..=count {
            let subject = format!("s.{}", n % 3);
            log.append(&journal::Append {
                subject: subject.as_bytes(),
                headers: b"",
                payload: &payload(n),
                time: n as i64,
                due: None,
            });
            if n % 3000 == 0 {
                commit(&mut log);
            }
        }
        commit(&mut log);
        assert_eq!(log.truncate_before(5), 4);
        commit(&mut log);
        let before = log.state();
        drop((log, database));
        let database = crate::open(&scratch);
        let mut log = database.folder("large").log("log").unwrap();
        assert_eq!(log.state(), before);
        let (mut from, mut read) = (1, 0);
        while let Some(record) = log.next(from, &journal::Everything).unwrap() {
            assert_eq!(record.payload, payload(record.sequence as usize), "{}", record.sequence);
            (from, read) = (record.sequence + 1, read + 1);
        }
        assert_eq!((from, read), (count as u64 + 1, count - 4));
        assert_eq!(log.next(10_000, &Only("s.1")).unwrap().map(|record| record.sequence), Some(10_000));
        assert_eq!(log.last_of(b"s.2"), Some(20_000));
    }
}

struct Only(&'static str);

impl journal::Filter for Only {
    fn matches(&self, subject: &[u8]) -> bool {
        subject == self.0.as_bytes()
    }
}

fn commit(log: &mut Log) {
    let mut commit = log.begin_commit().unwrap();
    let outcome = commit.run(journal::Sync::Always);
    log.end_commit(commit, outcome).unwrap();
}
