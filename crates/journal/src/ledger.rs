//! A small log of opaque entries: the consumers' state of a stream.

mod file;

use std::io;
use std::sync::Arc;

use crate::disk::Disk;
use crate::error::{OpenError, Recovery};
use crate::log::Sync;
use crate::store::{Book, Write};
use file::LedgerFile;

/// The longest entry; a greater length is damage.
const ENTRY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A batch of entries on its way to the disk.
pub struct LedgerCommit {
    write: Box<dyn Write>,
}

impl LedgerCommit {
    /// Writes it and, if asked to, syncs it. Needs no lock on the ledger.
    pub fn run(&mut self, sync: Sync) -> io::Result<()> {
        self.write.run(sync)
    }
}

/// The ledger.
pub struct Ledger {
    book: Box<dyn Book>,
}

impl Ledger {
    /// Opens the ledger `name` in `disk`, or makes one with its first commit. Returns its entries in order.
    #[allow(clippy::needless_pass_by_value, reason = "opened as a log is: the ledger keeps its disk")]
    pub fn open(disk: Arc<dyn Disk>, name: &str) -> Result<(Self, Vec<Vec<u8>>, Recovery), OpenError> {
        let (file, entries, recovery) = LedgerFile::open(&disk, name)?;
        Ok((Self::over(Box::new(file)), entries, recovery))
    }

    /// The ledger over a book that was opened.
    pub fn over(book: Box<dyn Book>) -> Self {
        Self { book }
    }

    /// Stages an entry. Panics if it is longer than 64 MiB.
    pub fn append(&mut self, entry: &[u8]) {
        assert!(entry.len() <= ENTRY_BYTES_MAX, "entry too long");
        self.book.append(entry);
    }

    /// Stages that these entries, and those appended after them, replace all there are: fresh ones take the place of the
    /// old ones with the next commit.
    pub fn rewrite<T: AsRef<[u8]>>(&mut self, entries: impl IntoIterator<Item = T>) {
        self.book.begin_anew();
        for entry in entries {
            self.append(entry.as_ref());
        }
    }

    /// Bytes waiting for a commit, with those of the one under way.
    pub fn staged_bytes(&self) -> usize {
        self.book.staged_bytes()
    }

    /// Bytes of what is written: when they outweigh what is live, [`rewrite`](Self::rewrite) it.
    pub fn bytes(&self) -> u64 {
        self.book.bytes()
    }

    /// Takes everything staged. `None` if there is nothing, or a commit is under way.
    pub fn begin_commit(&mut self) -> Option<LedgerCommit> {
        self.book.begin().map(|write| LedgerCommit { write })
    }

    /// Ends a commit as it went. On failure its entries are staged again, before those staged since: they go with the next
    /// commit. Who fears that they become many stages a [`rewrite`](Self::rewrite) instead.
    pub fn end_commit(&mut self, commit: LedgerCommit, outcome: io::Result<()>) -> io::Result<()> {
        self.book.end(commit.write, outcome.is_ok());
        outcome
    }
}
