//! What a [`Log`](crate::Log) asks of the bytes below its index, and a [`Ledger`](crate::Ledger) of those below it.
//!
//! Segments over a [`Disk`](crate::Disk) are the implementation here; the crate `sql-store` is another one, over a
//! database: [`Log::over`](crate::Log::over) and [`Ledger::over`](crate::Ledger::over) take it.

use std::any::Any;
use std::io;

use crate::error::{Damage, OpenError, ReadError, Recovery};
use crate::log::Sync;
use crate::record::Record;

pub use crate::deleted::Deleted;
pub use crate::record::{Bad, Entry, Kind};
pub use crate::summary::{Builder, Removal, SubjectSummary, Summary};

/// Where the log's entries lie. It knows nothing of what is live, but for what it is told.
pub trait Store: Send {
    /// Finds what is there: calls `each` with every block, oldest first. Returns what it did, and the last sequence that
    /// was ever given, as far as it knows.
    fn recover(&mut self, each: &mut dyn FnMut(Summary)) -> Result<(Recovery, u64), OpenError>;

    /// An empty store begins after `last`.
    fn begin_after(&mut self, last: u64);

    /// Takes an entry into the next batch. True if a new block begins with it.
    fn stage(&mut self, entry: &Entry<'_>) -> bool;

    /// Bytes of entries in the next batch.
    fn staged_bytes(&self) -> usize;

    /// Has the bytes of a removed message overwritten, after the next batch is written.
    fn erase(&mut self, sequence: u64);

    /// Whether there is anything for a batch.
    fn has_staged(&self) -> bool;

    /// Takes the staged entries. No batch is under way.
    fn begin(&mut self) -> Box<dyn Write>;

    /// Ends a batch. It succeeded: its messages can be read, and everything before `head` is not needed any more.
    /// It failed: it is forgotten, with what was staged since.
    fn end(&mut self, write: Box<dyn Write>, succeeded: bool, head: u64);

    /// Finds the first message at or after `from` that is there, live or not.
    fn seek(&mut self, from: u64) -> Result<Option<Spot>, ReadError>;

    /// The message at a spot, which is good until the next call that takes the store mutably.
    fn record(&self, spot: Spot) -> Found<'_>;

    /// Why a message that should be there is not.
    fn damage_at(&self, sequence: u64) -> Option<Damage>;

    /// Damage found since the last call.
    fn take_damages(&mut self) -> Vec<Damage>;

    /// Takes work that is worth doing.
    fn begin_upkeep(&mut self, live: &dyn Live) -> Option<Box<dyn Work>>;

    /// Ends it. Returns the blocks that are now one, as first and last sequence.
    fn end_upkeep(&mut self, work: Box<dyn Work>, succeeded: bool) -> Option<(u64, u64)>;

    /// Frees what can be had again.
    fn trim(&mut self);
}

/// Where a ledger's entries lie.
pub trait Book: Send {
    /// Takes an entry into the next batch.
    fn append(&mut self, entry: &[u8]);

    /// The next batch replaces all there is: whatever is staged now is forgotten.
    fn begin_anew(&mut self);

    /// Bytes waiting for a batch, with those of the one under way.
    fn staged_bytes(&self) -> usize;

    /// Bytes of what is written.
    fn bytes(&self) -> u64;

    /// Takes the staged entries. `None` if there is nothing, or a batch is under way.
    fn begin(&mut self) -> Option<Box<dyn Write>>;

    /// Ends a batch. If it failed, its entries are staged again, before those staged since.
    fn end(&mut self, write: Box<dyn Write>, succeeded: bool);
}

/// A batch, written without a lock on the store.
pub trait Write: Any + Send {
    /// Writes it and syncs it if asked to.
    fn run(&mut self, sync: Sync) -> io::Result<()>;
}

/// Upkeep, done without a lock on the store.
pub trait Work: Any + Send {
    /// Does it.
    fn run(&mut self) -> io::Result<()>;
}

/// Where a message lies in the store's cache.
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    /// Which block of it.
    pub slot: usize,
    /// Where in that.
    pub start: usize,
    /// Which message.
    pub sequence: u64,
    /// It was removed, and its body overwritten.
    pub erased: bool,
}

/// A message as it lies there.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// It.
    pub record: Record<'a>,
    /// Bytes it takes.
    pub bytes: u32,
    /// The message of its subject before it, as far as it was known when it was appended.
    pub previous: Option<u64>,
}

/// What the store may know of the index to decide on upkeep.
pub trait Live {
    /// Bytes of live messages between two sequences, with both, where blocks begin and end.
    fn bytes(&self, first: u64, last: u64) -> u64;

    /// The first message that may live, by what is durable.
    fn head(&self) -> u64;

    /// Which sequences between two are durably removed.
    fn removed(&self, first: u64, last: u64) -> Deleted;
}
