//! A disk that fails: publishers are refused until it is seen to work again, and then what was undone is done again.
//!
//! ```text
//!            a commit fails                       it does not ──┐
//!   works ──────────────────▶ fails ── a pause ──▶ try the disk ◀┘
//!     ▲                         │                      │
//!     └─── any commit succeeds ─┘◀──── it works ───────┘
//! ```

use std::io;

use protocol::jetstream::error::{self, ApiError};

use super::open::Store;
use super::retention::ahead;
use super::{State, Stream};

/// Between two looks at a disk that fails.
pub(super) const FAULT_PAUSE: i64 = 1_000_000_000;

/// What is written to see whether the disk works is as large as what failed, within these bounds: with less a full disk
/// might have room for the try and not for what follows; more would be a load of its own.
const TRY_BYTES_MIN: usize = 64 * 1024;
const TRY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What is known of a disk that fails.
pub(super) struct Fault {
    /// As the system put it.
    pub why: String,
    /// When it is tried again.
    pub retry_at: i64,
    /// How many bytes failed.
    bytes: usize,
}

/// A look at the disk, to be taken without the stream's lock.
pub(super) struct Trial {
    store: Store,
    bytes: usize,
}

impl Trial {
    pub fn run(&self) -> io::Result<()> {
        self.store.try_out(self.bytes)
    }
}

impl State {
    /// A commit of so many bytes failed, and what `removed` names is back in the log.
    pub fn note_fault(&mut self, why: String, bytes: usize, removed: Vec<u64>, now: i64) {
        let bytes = bytes.clamp(TRY_BYTES_MIN, TRY_BYTES_MAX);
        self.fault = Some(Fault { why, retry_at: now + FAULT_PAUSE, bytes });
        self.done.extend(removed);
        self.done.append(&mut self.removing);
        for slot in self.consumers.values_mut() {
            let pending = ahead(&mut self.log, &slot.consumer, &slot.wanted);
            slot.consumer.recount(pending);
        }
    }

    /// What a publisher is told while the disk fails.
    pub fn refuse_by_fault(&self) -> Result<(), ApiError> {
        self.fault.as_ref().map_or(Ok(()), |fault| Err(error::store_failed(&fault.why)))
    }

    /// The look at the disk that is due.
    pub fn trial(&mut self, now: i64) -> Option<Trial> {
        let fault = self.fault.as_mut().filter(|fault| fault.retry_at <= now)?;
        fault.retry_at = now + FAULT_PAUSE;
        Some(Trial { store: self.store.clone(), bytes: fault.bytes })
    }

    /// The disk works: publishers may go on, and limits, ages and whatever was removed are looked at again.
    pub fn forget_fault(&mut self, stream: &Stream) {
        if self.fault.take().is_none() {
            return;
        }
        tracing::info!(stream = &*stream.name, "the store works again");
        self.age_cursor = 0;
        self.age_due = Some(0);
        self.limits_lowered = true;
        self.apply_limits();
        self.apply_subject_limits();
    }
}
