//! Reads a segment entry by entry, checks everything, and finds its way behind damage.

use std::io;

use crate::disk::File;
use crate::record::{Bad, ENTRY_BYTES_MAX, Entry, FIXED_BYTES, Kind, kind, length, seed, sequence};
use crate::segment::Hole;

/// Bytes read at once.
const WINDOW_BYTES: usize = 256 * 1024;
/// In the search behind damage, checksums are made over this many times the bytes that are searched; more would only be
/// needed if those were made to look like entries. What then follows counts as damaged.
const SEARCH_FACTOR: u64 = 16;

/// Which entries can be where the scan is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The last message before.
    pub last: u64,
    /// The greatest sequence there can be.
    pub limit: u64,
    /// Whether messages follow one another without gaps.
    pub gapless: bool,
}

/// What the scan comes upon. Which messages a hole took is told by the message behind it, unless it says so itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A valid entry, and its offset.
    Entry(u32, Entry<'a>),
    /// Damage with a valid entry behind it, or that is too confused to tell.
    Hole(Hole),
    /// Nothing valid from this offset on: a write that was not finished, or a damaged end.
    Tail(u32),
    /// The end.
    End,
}

/// A scan under way.
pub(crate) struct Scan<'a> {
    file: &'a dyn File,
    salt: u32,
    offset: u32,
    end: u32,
    bounds: Bounds,
    /// Messages that may be missing before the next one, for damage.
    gap: u64,
    window: Vec<u8>,
    window_at: u32,
}

/// [`FIXED_BYTES`], to reckon with offsets.
#[allow(clippy::cast_possible_truncation, reason = "some dozens")]
const FIXED_LEN: u32 = FIXED_BYTES as u32;

impl<'a> Scan<'a> {
    /// Of what lies between `offset`, where an entry begins, and `end`.
    pub fn new(file: &'a dyn File, salt: u32, offset: u32, end: u32, bounds: Bounds) -> Self {
        Self { file, salt, offset, end, bounds, gap: 0, window: Vec::new(), window_at: offset }
    }

    /// The next thing.
    pub fn next(&mut self) -> io::Result<Found<'_>> {
        let from = self.offset;
        if from >= self.end {
            return Ok(Found::End);
        }
        match self.check(from, self.gap)? {
            Ok(length) => {
                self.offset = from + length;
                let entry = self.entry(from);
                if entry.kind == Kind::Message {
                    self.bounds.last = entry.sequence;
                    self.gap = 0;
                }
                Ok(Found::Entry(from, self.entry(from)))
            }
            Err(Bad::Body { length, sequence }) => {
                self.offset = from + length;
                self.bounds.last = self.bounds.last.max(sequence);
                self.gap = 0;
                Ok(Found::Hole(Hole { from, to: from + length, lost: Some((sequence, sequence)) }))
            }
            Err(Bad::Entry) => self.search(from),
        }
    }

    fn search(&mut self, from: u32) -> io::Result<Found<'_>> {
        let mut budget = u64::from(self.end - from) * SEARCH_FACTOR;
        for at in from + 1..self.end {
            // As many messages as their least size allows may have been between.
            let gap = self.gap + u64::from(at - from) / FIXED_BYTES as u64;
            let Some(cost) = self.cost_at(at, gap)? else { continue };
            budget = budget.saturating_sub(cost);
            if budget == 0 {
                self.offset = self.end;
                return Ok(Found::Hole(Hole { from, to: self.end, lost: None }));
            }
            // One with a damaged body is found, too: the next step tells.
            if !matches!(self.check(at, gap)?, Err(Bad::Entry)) {
                self.offset = at;
                self.gap = gap;
                return Ok(Found::Hole(Hole { from, to: at, lost: None }));
            }
        }
        self.offset = self.end;
        Ok(Found::Tail(from))
    }

    /// The length of the entry at `at`, if there is a valid one; `gap` messages may be missing before it.
    fn check(&mut self, at: u32, gap: u64) -> io::Result<Result<u32, Bad>> {
        let Some(cost) = self.cost_at(at, gap)? else { return Ok(Err(Bad::Entry)) };
        let length = u32::try_from(cost).unwrap_or(u32::MAX);
        self.load(at, length)?;
        let start = (at - self.window_at) as usize;
        let checked = Entry::verified(&self.window[start..], seed(self.salt, at));
        Ok(match checked {
            Ok(_) => Ok(length),
            Err(Bad::Body { .. }) if kind(&self.window[start..]) != Some(Kind::Message) => Err(Bad::Entry),
            Err(bad) => Err(bad),
        })
    }

    /// How many bytes would have to be checked at `at`. `None`: there can be no entry.
    fn cost_at(&mut self, at: u32, gap: u64) -> io::Result<Option<u64>> {
        if self.end - at < FIXED_LEN {
            return Ok(None);
        }
        self.load(at, FIXED_LEN)?;
        let start = (at - self.window_at) as usize;
        let fixed = &self.window[start..start + FIXED_BYTES];
        let Ok(length) = length(fixed) else { return Ok(None) };
        if length > (self.end - at) as usize {
            return Ok(None);
        }
        let sequence = sequence(fixed);
        let Bounds { last, limit, gapless } = self.bounds;
        let plausible = match kind(fixed) {
            Some(Kind::Message) => sequence > last && sequence <= limit && (!gapless || sequence - last - 1 <= gap),
            Some(Kind::Remove) => sequence <= limit,
            Some(Kind::Head) => sequence <= limit.saturating_add(1),
            None => false,
        };
        Ok(plausible.then_some(length as u64))
    }

    fn entry(&self, at: u32) -> Entry<'_> {
        let start = (at - self.window_at) as usize;
        // It was valid a moment ago.
        Entry::decode(&self.window[start..]).unwrap_or(Entry::bare(Kind::Head, 0))
    }

    /// Has the window hold `length` bytes from `at`, which do not go beyond the end.
    fn load(&mut self, at: u32, length: u32) -> io::Result<()> {
        let loaded = self.window_at + crate::record::u32_of(self.window.len());
        if at >= self.window_at && at + length <= loaded {
            return Ok(());
        }
        let wanted = (self.end - at) as usize;
        let bytes = wanted.min(WINDOW_BYTES.max(length as usize));
        self.window.resize(bytes.min(ENTRY_BYTES_MAX), 0);
        self.window_at = at;
        let read = self.file.read_at(&mut self.window, at.into())?;
        if read < length as usize {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.window.truncate(read);
        Ok(())
    }
}
