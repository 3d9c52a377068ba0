//! A ledger in a database is a list.

use std::sync::atomic::{AtomicU64, Ordering};

use journal::{Ledger, Sync};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sql_store::Database;
use sql_store::testing::{Fault, each};

use crate::list::{Place, run, step};
use crate::open;

struct Rows<'a> {
    database: &'a Database,
    folder: String,
    fault: Fault,
}

impl Place for Rows<'_> {
    fn open(&self) -> (Ledger, Vec<Vec<u8>>) {
        self.database.folder(&self.folder).ledger("ledger").unwrap()
    }

    fn fail(&self) {
        self.database.faults().plan([Some(self.fault); 3]);
    }

    fn work(&self) {
        self.database.faults().plan([]);
        // Commits that fail for good make it look as if the database were down: it is not.
        self.database.try_out().unwrap();
    }
}

#[test]
fn a_ledger_in_a_database_is_a_list() {
    for scratch in each() {
        let database = open(&scratch);
        let number = AtomicU64::new(0);
        let cases = (prop::collection::vec(step(), 1..40), any::<bool>());
        let outcome = TestRunner::new(crate::cases(24)).run(&cases, |(steps, done)| {
            let folder = format!("ledger {}", number.fetch_add(1, Ordering::Relaxed));
            let fault = if done { Fault::AfterCommit } else { Fault::BeforeCommit };
            run(&Rows { database: &database, folder, fault }, steps);
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{:?}: {error}", scratch.driver());
        }
    }
}

#[test]
fn what_is_written_by_the_way_is_there_when_the_server_has_stopped() {
    for scratch in each() {
        let database = open(&scratch);
        let (mut ledger, _) = database.folder("stan").ledger("clients").unwrap();
        for n in 0..100_u8 {
            ledger.append(&[n]);
            let mut commit = ledger.begin_commit().unwrap();
            let outcome = commit.run(Sync::Never);
            ledger.end_commit(commit, outcome).unwrap();
        }
        drop((ledger, database));
        let (_, entries) = open(&scratch).folder("stan").ledger("clients").unwrap();
        assert_eq!(entries, (0..100).map(|n| vec![n]).collect::<Vec<_>>());
    }
}
