//! A ledger is a list, wherever it lies. `ledger.rs` tries the one in files, and the crate `sql-store` its own.

use journal::{Ledger, Sync};
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub enum Step {
    Append(Vec<u8>),
    Rewrite(usize),
    Commit,
    CommitMeanwhile(Vec<u8>),
    /// A commit fails, whatever of it is done; its entries go with the next.
    Fail(Vec<u8>),
    Reopen,
}

/// Anything that can be done to a ledger.
pub fn step() -> impl Strategy<Value = Step> {
    let entry = || prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        6 => entry().prop_map(Step::Append),
        1 => (0..5_usize).prop_map(Step::Rewrite),
        3 => Just(Step::Commit),
        2 => entry().prop_map(Step::CommitMeanwhile),
        1 => entry().prop_map(Step::Fail),
        2 => Just(Step::Reopen),
    ]
}

/// Where a ledger lies, and how it fails.
pub trait Place {
    /// Opens the ledger that is there, and tells its entries.
    fn open(&self) -> (Ledger, Vec<Vec<u8>>);

    /// The next commit fails.
    fn fail(&self);

    /// Nothing fails any more.
    fn work(&self);
}

fn commit(ledger: &mut Ledger) {
    let Some(mut commit) = ledger.begin_commit() else { return };
    assert!(ledger.begin_commit().is_none(), "one at a time");
    let outcome = commit.run(Sync::Always);
    ledger.end_commit(commit, outcome).unwrap();
}

/// Does all of `steps` to a ledger that is empty, and to a list. Returns the ledger in the end.
pub fn run(place: &dyn Place, steps: Vec<Step>) -> Ledger {
    let (mut ledger, _) = place.open();
    let (mut committed, mut all): (Vec<Vec<u8>>, Vec<Vec<u8>>) = Default::default();
    for step in steps {
        match step {
            Step::Append(entry) => {
                ledger.append(&entry);
                all.push(entry);
            }
            Step::Rewrite(keep) => {
                all.drain(..all.len().saturating_sub(keep));
                ledger.rewrite(&all);
            }
            Step::Commit => {
                commit(&mut ledger);
                committed.clone_from(&all);
            }
            Step::CommitMeanwhile(entry) => {
                if let Some(mut commit) = ledger.begin_commit() {
                    committed.clone_from(&all);
                    ledger.append(&entry);
                    all.push(entry);
                    let outcome = commit.run(Sync::Always);
                    ledger.end_commit(commit, outcome).unwrap();
                }
            }
            Step::Fail(entry) => {
                if let Some(mut failing) = ledger.begin_commit() {
                    ledger.append(&entry);
                    all.push(entry);
                    place.fail();
                    let outcome = failing.run(Sync::Always);
                    place.work();
                    assert!(outcome.is_err());
                    ledger.end_commit(failing, outcome).unwrap_err();
                    commit(&mut ledger);
                    committed.clone_from(&all);
                }
            }
            Step::Reopen => {
                let (reopened, entries) = place.open();
                assert_eq!(entries, committed);
                ledger = reopened;
                all.clone_from(&committed);
            }
        }
    }
    commit(&mut ledger);
    assert_eq!(ledger.staged_bytes(), 0);
    assert_eq!(place.open().1, all);
    ledger
}
