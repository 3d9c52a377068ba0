//! THE LOG: an append-only sequence of messages with an index by subject, on disk or in memory.
//!
//! ```text
//!                 ┌────────────────────────────── Log ──────────────────────────────┐
//!  append ───────►│ staged ──begin_commit──► Commit::run: write, sync ──end_commit──►│ committed ──► get, next, count …
//!  remove ───────►│        (no lock held: the next batch is staged meanwhile)        │
//!                 │ index: what is live, by sequence, subject, time and due time     │
//!                 │ store: the bytes (trait Store; segments over a Disk)             │
//!                 └──────────────────────────────────────────────────────────────────┘
//!
//! directory   <first sequence, 20 digits>.log       a segment: header, then entries; only the last one grows
//!             <the same name>.index                 its sidecar: all that recovery needs of it, written once it is sealed
//!
//! segment     header (128 bytes) twice · entry*                         integers are little-endian everywhere
//! entry       0 checksum u32   CRC-32 of what follows up to the subject, seeded by the file's salt and the entry's offset:
//!                              bytes that merely look like an entry, in a payload or left from another file, are none
//!             4 erased u8      0xE5: removed, and the body overwritten; covered by no checksum
//!             5 kind u8        1 message · 2 remove · 3 head
//!             6 flags u8       1 first of its commit · 2 has a due time
//!             7 due kind u8
//!             8 length u32
//!            12 checksum u32   of headers and payload, seeded likewise
//!            16 sequence u64   message: its own · remove: which one · head: the first that may still live
//!            24 time i64       message: UNIX nanoseconds · remove: the bytes that die with it
//!            32 previous u32   how far back the subject's previous message lies, 0 for unknown
//!            36 headers u32    length           40 subject u16   length
//!            42 due at i64 (if flagged) · subject · headers · payload
//! ```
//!
//! | file | answers for |
//! |---|---|
//! | `log.rs` `read.rs` `remove.rs` | what users call: staging and commits, queries, removals |
//! | `index.rs` `subjects.rs` `deleted.rs` `staged.rs` | what is live, without the bytes |
//! | `store.rs` | the traits between index and bytes: what another store, such as the crate `sql-store`, implements |
//! | `segments.rs` and its folder | the store made of files: staging, commits, reading, recovery, upkeep |
//! | `record.rs` `segment.rs` `sidecar.rs` `scan.rs` | the formats, and how a damaged file is read |
//! | `disk.rs` and its folder | the trait that files come by: a directory, memory, and disks that crash and fail for tests |
//! | `ledger.rs` and its folder | a small log of opaque entries, for the consumers' state |
//! | `atomic.rs` `lock.rs` | a small file replaced as a whole; a directory taken by one process |
//!
//! Invariants:
//! - A commit that returned `Ok` survives: the next one is not begun before, so whatever bad bytes a crash leaves lie in
//!   the last commit of the last segment.
//! - Sequences are given once and in order; the last one is known after everything was removed, too.
//! - Damage does not spread: a bad entry is passed over and reported, the rest stays. Nothing is cut that may have been
//!   acknowledged: only what follows the last valid entry of the last segment.
//! - A removal is applied only if nothing before it in the same commit is damaged: what it made room for may be lost.
//! - Nothing waits but [`Commit::run`], [`LedgerCommit::run`] and [`Upkeep::run`], which need no lock on the log.

mod atomic;
#[cfg(feature = "testing")]
pub mod checks;
mod contents;
mod deleted;
pub mod disk;
mod error;
mod history;
mod index;
mod ledger;
mod lock;
mod log;
mod read;
mod record;
mod remove;
mod scan;
mod segment;
mod segments;
mod sidecar;
mod staged;
pub mod store;
mod subjects;
mod summary;

pub use atomic::{read_atomic, write_atomic};
pub use disk::{Directory, Disk, File, Memory};
pub use error::{Cut, Damage, OpenError, ReadError, Recovery};
pub use ledger::{Ledger, LedgerCommit};
pub use lock::{LockError, StoreLock};
pub use log::{Commit, Committed, Held, Log, Options, RolledBack, State, Sync, Upkeep};
pub use record::{Append, Due, ENTRY_BYTES_MAX, Record, SUBJECT_BYTES_MAX, record_bytes};

/// Which subjects are wanted.
pub trait Filter {
    /// Whether messages of this subject are.
    fn matches(&self, subject: &[u8]) -> bool;

    /// The one subject that is wanted, if it is only one: much faster to find.
    fn literal(&self) -> Option<&[u8]> {
        None
    }

    /// Whether every subject is.
    fn everything(&self) -> bool {
        false
    }
}

/// Any subject.
#[derive(Debug, Clone, Copy)]
pub struct Everything;

impl Filter for Everything {
    fn matches(&self, _: &[u8]) -> bool {
        true
    }

    fn everything(&self) -> bool {
        true
    }
}
