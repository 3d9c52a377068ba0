//! A small log of opaque entries: the consumers' state of a stream.

use std::io;
use std::sync::Arc;

use crate::disk::Disk;
use crate::error::{OpenError, Recovery};
use crate::log::Sync;

/// A batch of entries on its way to the disk.
pub struct LedgerCommit {}

impl LedgerCommit {
    /// Writes it and, if asked to, syncs it. Needs no lock on the ledger.
    pub fn run(&mut self, _sync: Sync) -> io::Result<()> {
        unimplemented!()
    }
}

/// The ledger.
pub struct Ledger {}

impl Ledger {
    /// Opens the ledger `name` in `disk`, or makes one with its first commit. Returns its entries in order.
    pub fn open(_disk: Arc<dyn Disk>, _name: &str) -> Result<(Self, Vec<Vec<u8>>, Recovery), OpenError> {
        unimplemented!()
    }

    /// Stages an entry.
    pub fn append(&mut self, _entry: &[u8]) {
        unimplemented!()
    }

    /// Stages that these entries, and those appended after them, replace all there are: a fresh file takes the place of
    /// the old one with the next commit.
    pub fn rewrite<T: AsRef<[u8]>>(&mut self, _entries: impl IntoIterator<Item = T>) {
        unimplemented!()
    }

    /// Bytes waiting for a commit, with those of the one under way.
    pub fn staged_bytes(&self) -> usize {
        unimplemented!()
    }

    /// Bytes of the file: when it outweighs what is live, [`rewrite`](Self::rewrite) it.
    pub fn bytes(&self) -> u64 {
        unimplemented!()
    }

    /// Takes everything staged. `None` if there is nothing, or a commit is under way.
    pub fn begin_commit(&mut self) -> Option<LedgerCommit> {
        unimplemented!()
    }

    /// Ends a commit as it went. On failure everything staged is gone, with this batch and since: the user, who knows
    /// the state, writes it again by [`rewrite`](Self::rewrite).
    pub fn end_commit(&mut self, _commit: LedgerCommit, _outcome: io::Result<()>) -> io::Result<()> {
        unimplemented!()
    }
}
