//! For tests, here and elsewhere: databases that are there as long as the process, and commits that fail as told.

#[allow(clippy::expect_used, reason = "a test that has no database cannot go on")]
mod servers;

use std::collections::VecDeque;

use parking_lot::Mutex;

pub use servers::{PASSWORD, Scratch, USER, each};

/// How a commit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing of it is done.
    BeforeCommit,
    /// All of it is done, and nobody hears of it.
    AfterCommit,
}

/// What is to go wrong.
#[derive(Debug, Default)]
pub struct Faults {
    planned: Mutex<VecDeque<Option<Fault>>>,
}

impl Faults {
    /// The next commits go so, one after the other; those after them go well.
    pub fn plan(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        *self.planned.lock() = faults.into_iter().collect();
    }

    pub(crate) fn take(&self) -> Option<Fault> {
        self.planned.lock().pop_front().flatten()
    }
}
