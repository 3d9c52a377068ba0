//! The store made of files: segments over a [`Disk`].
//!
//! ```text
//! stage ──► buffer, parts ──begin──► Batch ──run──► files ──end──► segments (what is committed of them)
//! ```
//!
//! A batch that fills a file goes on in the next one: its first part is synced before its second is written, so that
//! only the last file can have an unfinished end. After a failed batch the file it went to is left as it is, with what is
//! committed of it noted in the header of the next.

mod cache;
mod read;
mod recovery;
mod upkeep;
mod write;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::disk::Disk;
use crate::error::{Damage, OpenError, ReadError, Recovery};
use crate::log::Options;
use crate::record::Entry;
use crate::segment::{HEADER_BYTES, Header, Name, Segment};
use crate::store::{Found, Live, Spot, Store, Work, Write};
use crate::summary::Summary;
use cache::Cache;
use read::Hints;
use write::{Batch, Part};

/// Staging buffers above this size are given back once written.
const SPARE_BYTES_MAX: usize = 1024 * 1024;
/// Sealed files kept open.
const OPEN_MAX: usize = 16;

/// The files of a log.
pub(crate) struct Segments {
    disk: Arc<dyn Disk>,
    options: Options,
    /// By name; the last one is written to, unless `tail` is of another.
    #[allow(clippy::struct_field_names, reason = "they are what it is of")]
    segments: Vec<Segment>,
    /// Where the next entry goes. `None`: to a new file.
    tail: Option<Tail>,
    /// The sequence after the last one staged.
    next: u64,
    /// The sequence after the last one committed.
    next_committed: u64,
    /// Everything before it is durably removed.
    head: u64,
    /// The next file's.
    generation: u64,
    salts: RandomState,
    buffer: Vec<u8>,
    parts: Vec<Part>,
    /// Messages whose bytes are to be overwritten once their removal, which is staged, is durable.
    erase: Vec<u64>,
    /// Those whose removal is durable: with the next batch.
    erase_now: Vec<u64>,
    /// Those of both kinds that the batch under way stands for.
    erasing: Vec<u64>,
    erasing_now: Vec<u64>,
    /// The disk refused to overwrite some: they wait until there is something else to write.
    erase_refused: bool,
    /// Files that are not needed any more. Upkeep removes them: it takes a file system a while.
    dead: Vec<Name>,
    upkeep_busy: bool,
    cache: Cache,
    hints: Hints,
    damages: Vec<Damage>,
}

/// The end of the last file, staged entries included.
#[derive(Debug, Clone, Copy)]
struct Tail {
    header: Header,
    offset: u32,
    /// The last entry of which the offset is kept.
    kept: Option<u32>,
}

impl Segments {
    pub fn new(disk: Arc<dyn Disk>, options: Options) -> Self {
        Self {
            disk,
            options,
            segments: Vec::new(),
            tail: None,
            next: 1,
            next_committed: 1,
            head: 1,
            generation: 1,
            salts: RandomState::new(),
            buffer: Vec::new(),
            parts: Vec::new(),
            erase: Vec::new(),
            erase_now: Vec::new(),
            erasing: Vec::new(),
            erasing_now: Vec::new(),
            erase_refused: false,
            dead: Vec::new(),
            upkeep_busy: false,
            cache: Cache::default(),
            hints: Hints::default(),
            damages: Vec::new(),
        }
    }

    fn new_generation(&mut self) -> (u64, u32) {
        let generation = self.generation;
        self.generation += 1;
        // Nobody who chooses payloads should know what goes into checksums.
        let salt = self.salts.hash_one(generation);
        (generation, (salt >> 32) as u32)
    }

    /// The header of the file after the last one, which may be staged itself.
    fn next_header(&mut self) -> Header {
        let last = match &self.tail {
            Some(tail) => Some((tail.header.name, tail.header.generation, tail.offset)),
            None => self.segments.last().map(|last| (last.name(), last.header.generation, last.len)),
        };
        let (generation, salt) = self.new_generation();
        let name = last.map_or(Name { base: self.next, turn: 0 }, |(name, ..)| name.successor(self.next));
        Header {
            salt,
            generation,
            name,
            order: generation,
            head: self.head,
            cleaned: Name::default(),
            until: name,
            covered: None,
            previous: last.map(|(_, generation, len)| (generation, len)),
        }
    }
}

impl Store for Segments {
    fn recover(&mut self, each: &mut dyn FnMut(Summary)) -> Result<(Recovery, u64), OpenError> {
        self.recover_files(each)
    }

    fn begin_after(&mut self, last: u64) {
        self.next = last + 1;
        self.next_committed = self.next;
        self.head = self.next;
    }

    fn stage(&mut self, entry: &Entry<'_>) -> bool {
        self.stage_entry(entry)
    }

    fn staged_bytes(&self) -> usize {
        self.buffer.len()
    }

    fn erase(&mut self, sequence: u64) {
        self.erase.push(sequence);
    }

    fn has_staged(&self) -> bool {
        !self.buffer.is_empty() || !(self.erase_now.is_empty() || self.upkeep_busy || self.erase_refused)
    }

    fn begin(&mut self) -> Box<dyn Write> {
        Box::new(self.begin_batch())
    }

    fn end(&mut self, write: Box<dyn Write>, succeeded: bool, head: u64) {
        let any: Box<dyn std::any::Any> = write;
        // Only our own come back.
        if let Ok(batch) = any.downcast::<Batch>() {
            self.end_batch(*batch, succeeded, head);
        }
    }

    fn seek(&mut self, from: u64) -> Result<Option<Spot>, ReadError> {
        self.seek_message(from)
    }

    fn record(&self, spot: Spot) -> Found<'_> {
        self.found(spot)
    }

    fn damage_at(&self, sequence: u64) -> Option<Damage> {
        self.segments.iter().rev().find(|s| s.base() <= sequence).and_then(|segment| {
            let lost = |lost: (u64, u64)| lost.0 <= sequence && sequence <= lost.1;
            let hole = segment.holes.iter().find(|hole| hole.lost.is_some_and(lost))?;
            Some(hole.damage(segment.name().log()))
        })
    }

    fn take_damages(&mut self) -> Vec<Damage> {
        std::mem::take(&mut self.damages)
    }

    fn begin_upkeep(&mut self, live: &dyn Live) -> Option<Box<dyn Work>> {
        self.choose_upkeep(live).map(|work| Box::new(work) as Box<dyn Work>)
    }

    fn end_upkeep(&mut self, work: Box<dyn Work>, succeeded: bool) -> Option<(u64, u64)> {
        let any: Box<dyn std::any::Any> = work;
        any.downcast::<upkeep::Upkeep>().ok().and_then(|work| self.take_upkeep(*work, succeeded))
    }

    fn trim(&mut self) {
        self.cache.clear();
        self.hints = Hints::default();
        if self.buffer.is_empty() {
            self.buffer = Vec::new();
        }
        self.close_files(0);
    }
}

impl Segments {
    /// Closes all but `keep` files that were sealed.
    fn close_files(&mut self, keep: usize) {
        let last = self.segments.len().saturating_sub(1);
        let open = |segment: &Segment| segment.file.is_some() && !segment.pinned;
        let mut excess = self.segments[..last].iter().filter(|s| open(s)).count().saturating_sub(keep);
        for segment in &mut self.segments[..last] {
            if excess > 0 && open(segment) {
                segment.file = None;
                excess -= 1;
            }
        }
    }
}

/// A file's bytes before its first entry.
fn is_empty(offset: u32) -> bool {
    offset == HEADER_BYTES
}
