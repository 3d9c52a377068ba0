//! A disk that fails: publishers are refused until it is seen to work again, and then what was undone is done again.
//!
//! ```text
//!            a commit fails                       it does not ──┐
//!   works ──────────────────▶ fails ── a pause ──▶ try the disk ◀┘
//!     ▲                                                │
//!     └──────────────────── it works ──────────────────┘
//! ```
//!
//! What is removed meanwhile, by clients and by the stream itself, is committed as ever: on a full disk that is what
//! makes room, out of the [`Reserve`](super::reserve::Reserve).

use std::io;

use protocol::jetstream::error::{self, ApiError};

use super::open::Store;
use super::place::AWAY;
use super::retention::ahead;
use super::{State, Stream};

/// Between two looks at a disk that fails.
pub(super) const FAULT_PAUSE: i64 = 1_000_000_000;

/// What is written to see whether the disk works is as large as what failed, within these bounds: with less a full disk
/// might have room for the try and not for what follows; more would be a load of its own.
const TRY_BYTES_MIN: usize = 64 * 1024;
const TRY_BYTES_MAX: usize = 4 * 1024 * 1024;

const FULL: &str = "no room is left on the disk";

/// What is known of a disk that fails.
pub(super) struct Fault {
    /// As the system put it.
    pub why: String,
    /// When it is tried again.
    pub retry_at: i64,
    /// Before that nothing that failed is done again: it would fail again.
    calm_until: i64,
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
        if self.store.reserve.is_short() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.store.place.try_out(self.bytes)
    }
}

impl State {
    /// A commit of so many bytes failed, and what `removed` names is back in the log.
    pub fn note_fault(&mut self, error: &io::Error, bytes: usize, removed: Vec<u64>, now: i64) {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            self.store.reserve.give();
        }
        let (bytes, pause) = (bytes.clamp(TRY_BYTES_MIN, TRY_BYTES_MAX), now + FAULT_PAUSE);
        self.fault = Some(Fault { why: error.to_string(), retry_at: pause, calm_until: pause, bytes });
        self.age_cursor = 0;
        self.age_due = Some(pause);
        self.done.extend(removed);
        self.done.append(&mut self.removing);
        for slot in self.consumers.values_mut() {
            let pending = ahead(&mut self.log, &slot.consumer, &slot.wanted);
            slot.consumer.recount(pending);
        }
    }

    /// What a publisher is told while the disk fails.
    pub fn refuse_by_fault(&self) -> Result<(), ApiError> {
        self.fault_text().map_or(Ok(()), |why| Err(error::store_failed(why)))
    }

    /// Why nothing can be stored, if nothing can.
    pub fn fault_text(&self) -> Option<&str> {
        let own = self.fault.as_ref().map(|fault| fault.why.as_str());
        own.or_else(|| self.common_fault())
    }

    /// What another stream found: a full disk, where what room there is now is for removals, or a database that is away.
    fn common_fault(&self) -> Option<&'static str> {
        let full = self.store.reserve.is_short().then_some(FULL);
        full.or_else(|| self.store.place.is_away().then_some(AWAY))
    }

    /// Whether what the stream removes by itself has to wait.
    pub fn keeps_calm(&self, now: i64) -> bool {
        self.fault.as_ref().is_some_and(|fault| now < fault.calm_until)
    }

    /// Whether what is due by the clock has to wait. What fires, or leaves a mark, would need room of its own.
    pub fn holds_clock(&mut self, now: i64) -> bool {
        if self.fault.is_none()
            && let Some(why) = self.common_fault()
        {
            let pause = now + FAULT_PAUSE;
            self.fault = Some(Fault { why: why.into(), retry_at: pause, calm_until: now, bytes: TRY_BYTES_MIN });
        }
        let stores = self.config.allow_msg_schedules || self.config.subject_delete_marker_ttl > 0;
        self.keeps_calm(now) || (stores && self.fault.is_some())
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
        self.limits_lowered = true;
        self.apply_limits();
        self.apply_subject_limits();
    }
}
