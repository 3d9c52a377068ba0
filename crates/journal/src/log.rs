//! The log: what is staged, how it is committed, what it holds then.

use std::io;
use std::sync::Arc;

use crate::disk::Disk;
use crate::error::{Damage, OpenError, Recovery};
use crate::record::Append;

/// How a log is kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes at which a file is sealed and the next one begun.
    pub segment_bytes: u32,
    /// The log need not outlive the process: nothing is checksummed, synced or indexed on disk.
    pub volatile: bool,
}

impl Options {
    /// For a log on a [`Memory`](crate::Memory) disk.
    pub fn memory() -> Self {
        Self { segment_bytes: 1024 * 1024, volatile: true }
    }
}

impl Default for Options {
    /// For a log on disk.
    fn default() -> Self {
        Self { segment_bytes: 32 * 1024 * 1024, volatile: false }
    }
}

/// Whether a commit is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// It is, once it returned.
    Always,
    /// It is when the operating system comes to it; a crash of the machine may take it.
    Never,
}

/// What a log holds, as committed. Removals count from when they are staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// Live messages.
    pub messages: u64,
    /// The bytes they take.
    pub bytes: u64,
    /// The first live one; `last_seq + 1` if there is none.
    pub first_seq: u64,
    /// Its time; 0 if there is none.
    pub first_time: i64,
    /// The last one there ever was; the one before the first there will be if there was none.
    pub last_seq: u64,
    /// Its time; 0 if there was none.
    pub last_time: i64,
    /// Subjects of live messages.
    pub subjects: u64,
    /// Sequences between first and last that are not live.
    pub deleted: u64,
}

/// What a log will hold once everything staged is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Messages.
    pub messages: u64,
    /// The bytes they take.
    pub bytes: u64,
}

/// The messages a commit made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The first.
    pub first: u64,
    /// The last; less than `first` if it was only removals.
    pub last: u64,
}

impl Committed {
    /// First and last, if there is any.
    pub fn range(self) -> Option<(u64, u64)> {
        (self.first <= self.last).then_some((self.first, self.last))
    }
}

/// A commit failed: everything staged, with this batch and since, is undone. Its sequences will be given again.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct RolledBack {
    /// The first message that is not stored.
    pub first: u64,
    /// The last; less than `first` if it was only removals.
    pub last: u64,
    /// Why.
    pub error: io::Error,
}

/// A batch on its way to the disk.
pub struct Commit {}

impl Commit {
    /// Writes it and, if asked to, syncs it. Needs no lock on the log, and takes as long as the disk does.
    pub fn run(&mut self, _sync: Sync) -> io::Result<()> {
        unimplemented!()
    }
}

/// Work on sealed files that can wait, but not forever: writing indexes, and rewriting files that are mostly dead.
pub struct Upkeep {}

impl Upkeep {
    /// Does it. Needs no lock on the log; reads and writes up to a segment.
    pub fn run(&mut self) -> io::Result<()> {
        unimplemented!()
    }
}

/// The log.
pub struct Log {}

impl Log {
    /// Opens the log in `disk`, or makes one with its first commit.
    pub fn open(_disk: Arc<dyn Disk>, _options: Options) -> Result<(Self, Recovery), OpenError> {
        unimplemented!()
    }

    /// Has a log that never held anything begin at `first`. Without effect on another.
    pub fn begin_at(&mut self, _first: u64) {
        unimplemented!()
    }

    /// Stages a message and returns its sequence: one more than the last.
    pub fn append(&mut self, _message: &Append<'_>) -> u64 {
        unimplemented!()
    }

    /// Bytes waiting for a commit, with those of the one under way.
    pub fn staged_bytes(&self) -> usize {
        unimplemented!()
    }

    /// Whether anything waits for [`begin_commit`](Self::begin_commit).
    pub fn has_staged(&self) -> bool {
        unimplemented!()
    }

    /// The last sequence given, committed or staged.
    pub fn last_staged(&self) -> u64 {
        unimplemented!()
    }

    /// The last sequence that is durable.
    pub fn committed(&self) -> u64 {
        unimplemented!()
    }

    /// Takes everything staged. `None` if there is nothing, or a commit is under way.
    pub fn begin_commit(&mut self) -> Option<Commit> {
        unimplemented!()
    }

    /// Ends a commit as it went. On failure everything staged is undone, see [`RolledBack`]; reads go on, and the next
    /// commit begins a new file, as what a failed sync left in the old one cannot be known.
    pub fn end_commit(&mut self, _commit: Commit, _outcome: io::Result<()>) -> Result<Committed, RolledBack> {
        unimplemented!()
    }

    /// What it holds.
    pub fn state(&self) -> State {
        unimplemented!()
    }

    /// What it holds with what is staged: what limits are checked against.
    pub fn held(&self) -> Held {
        unimplemented!()
    }

    /// Takes work on sealed files if there is some. The user runs it without a lock and ends it; one at a time.
    pub fn begin_upkeep(&mut self) -> Option<Upkeep> {
        unimplemented!()
    }

    /// Ends upkeep as it went. Failure changes nothing; the work is taken up again later.
    pub fn end_upkeep(&mut self, _upkeep: Upkeep, _outcome: io::Result<()>) {
        unimplemented!()
    }

    /// Damage found since the last call, each place once.
    pub fn take_damages(&mut self) -> Vec<Damage> {
        unimplemented!()
    }

    /// Frees caches and spare buffers: the log is idle.
    pub fn trim(&mut self) {
        unimplemented!()
    }
}
