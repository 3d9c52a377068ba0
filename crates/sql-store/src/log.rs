//! A log of messages in the database, as [`journal`]'s index wants it: a row for each.
//!
//! ```text
//! stage ──► Block (encoded entries), removals, head ──begin──► Batch ──run──► one transaction
//!                                                                 │   the log's row: last, head; only if it is still ours
//!                                                                 │   insert what was staged and not removed since
//!                                                                 │   removed = 1 for what was committed before
//!                                                    cache ◄──end─┘
//! upkeep: deletes rows that are removed or before the head, once the commit that says so is known to be through
//! ```
//!
//! A commit whose answer is lost may have been done or not. It is done again on another connection: the same rows are
//! locked first, so that the lost one has been decided by then; whatever is there behind the last known commit is taken
//! back; then the batch is written. Should all tries fail, the index takes the batch for undone, and the next one that
//! goes through undoes it in the same way. Nothing is lost with it: what it removed is only marked until then.

mod block;
mod cache;
mod recovery;
mod upkeep;
mod write;

use std::any::Any;
use std::io;

use journal::store::{Entry, Found as Message, Kind, Live, Spot, Store, Summary, Work, Write};
use journal::{Damage, OpenError, ReadError, Recovery};

use crate::database::Database;
use crate::error::Error;
use crate::folder::Found;
use block::Block;
use cache::{Cache, Read};
use upkeep::Upkeep;
use write::{Batch, Commit};

/// Messages of one block of the index.
const BLOCK_MESSAGES: usize = 16 * 1024;
/// What a removal counts for among what is staged.
const REMOVAL_BYTES: usize = 48;

/// See the module.
pub(crate) struct SqlLog {
    database: Database,
    log: i64,
    /// The last sequence that is committed.
    committed: u64,
    /// Everything before it is durably removed.
    head: u64,
    staged: Staged,
    /// Messages in the index's last block, staged ones too.
    in_block: usize,
    /// A batch failed, and may be there all the same.
    unclean: bool,
    /// What it may have marked as removed.
    undo: Vec<u64>,
    /// Removed durably, and still to be deleted.
    doomed: Vec<u64>,
    /// Before it no row is left.
    cleaned: u64,
    upkeep_busy: bool,
    cache: Cache,
}

/// What the next batch is made of.
#[derive(Default)]
struct Staged {
    block: Block,
    /// Messages that go: committed ones, or those of this or the last batch.
    removed: Vec<u64>,
    /// Everything before it goes.
    head: Option<u64>,
    /// The last sequence given; 0 for none.
    last: u64,
}

impl SqlLog {
    pub fn new(database: Database, found: Found) -> Self {
        let caches = database.link().caches;
        Self {
            database,
            log: found.id,
            committed: found.last,
            head: found.head,
            staged: Staged::default(),
            in_block: BLOCK_MESSAGES,
            unclean: false,
            undo: Vec::new(),
            doomed: Vec::new(),
            cleaned: 1,
            upkeep_busy: false,
            cache: Cache::new(caches),
        }
    }

    fn read_failed(&self, error: Error, from: u64) -> ReadError {
        let file = format!("log {} in {}", self.log, self.database.source());
        ReadError::Disk { file, offset: from, source: error.into() }
    }
}

impl Store for SqlLog {
    fn recover(&mut self, each: &mut dyn FnMut(Summary)) -> Result<(Recovery, u64), OpenError> {
        let removed = recovery::read(&self.database, self.log, self.head, self.committed, each).map_err(|error| {
            OpenError::Disk { doing: "cannot read the messages".to_owned(), source: io::Error::from(error) }
        })?;
        self.doomed = removed;
        Ok((Recovery::default(), self.committed))
    }

    fn begin_after(&mut self, last: u64) {
        self.committed = last;
        self.head = last + 1;
    }

    fn stage(&mut self, entry: &Entry<'_>) -> bool {
        match entry.kind {
            Kind::Message => {
                self.staged.block.push(entry);
                self.staged.last = entry.sequence;
                let opens = self.in_block >= BLOCK_MESSAGES;
                self.in_block = if opens { 1 } else { self.in_block + 1 };
                opens
            }
            Kind::Remove => {
                self.staged.removed.push(entry.sequence);
                false
            }
            Kind::Head => {
                self.staged.head = Some(entry.sequence);
                false
            }
        }
    }

    fn staged_bytes(&self) -> usize {
        self.staged.block.bytes() + self.staged.removed.len() * REMOVAL_BYTES
    }

    /// The row is deleted soon: what else the database keeps of it, in its own log, is not ours to overwrite.
    fn erase(&mut self, _: u64) {}

    fn has_staged(&self) -> bool {
        !self.staged.block.is_empty() || !self.staged.removed.is_empty() || self.staged.head.is_some()
    }

    fn begin(&mut self) -> Box<dyn Write> {
        let staged = std::mem::take(&mut self.staged);
        let batch = Batch {
            log: self.log,
            before: self.committed,
            last: self.committed.max(staged.last),
            head: staged.head.unwrap_or(self.head).max(self.head),
            block: staged.block,
            removed: staged.removed,
            unclean: self.unclean,
            undo: self.undo.clone(),
        };
        Box::new(Commit::new(self.database.clone(), batch))
    }

    fn end(&mut self, write: Box<dyn Write>, succeeded: bool, head: u64) {
        let any: Box<dyn Any> = write;
        // Only our own come back.
        let Ok(commit) = any.downcast::<Commit>() else { return };
        let (batch, uncertain) = commit.take();
        if !succeeded {
            self.staged = Staged::default();
            self.in_block = BLOCK_MESSAGES;
            if uncertain {
                self.unclean = true;
                self.undo.extend(batch.removed);
            }
            return;
        }
        self.unclean = false;
        self.undo.clear();
        self.committed = batch.last;
        self.head = self.head.max(head);
        self.doomed.extend(batch.removed.iter().filter(|removed| **removed <= batch.before));
        self.cache.append(batch.block);
    }

    fn seek(&mut self, from: u64) -> Result<Option<Spot>, ReadError> {
        let mut from = from.max(1);
        while from <= self.committed {
            match self.cache.find(from) {
                Read::Found(spot) => return Ok(Some(spot)),
                Read::NoneUpTo(last) => from = last + 1,
                Read::Unknown(ahead) => {
                    let block = cache::read(&self.database, self.log, from, self.committed, ahead)
                        .map_err(|error| self.read_failed(error, from))?;
                    self.cache.take(block);
                }
            }
        }
        Ok(None)
    }

    fn record(&self, spot: Spot) -> Message<'_> {
        let entry = self.cache.entry(spot);
        Message { record: entry.record(), bytes: entry.length(), previous: entry.previous_sequence() }
    }

    fn damage_at(&self, _: u64) -> Option<Damage> {
        None
    }

    fn take_damages(&mut self) -> Vec<Damage> {
        Vec::new()
    }

    fn begin_upkeep(&mut self, _: &dyn Live) -> Option<Box<dyn Work>> {
        self.choose_upkeep().map(|work| Box::new(work) as Box<dyn Work>)
    }

    fn end_upkeep(&mut self, work: Box<dyn Work>, succeeded: bool) -> Option<(u64, u64)> {
        let any: Box<dyn Any> = work;
        if let Ok(work) = any.downcast::<Upkeep>() {
            self.take_upkeep(*work, succeeded);
        }
        None
    }

    fn trim(&mut self) {
        self.cache.clear();
        self.doomed.shrink_to_fit();
    }
}
