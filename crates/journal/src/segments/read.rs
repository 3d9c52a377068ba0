//! Finding messages by sequence, and going on where others left off.

use std::io;

use super::{OPEN_MAX, Segments};
use crate::error::{Damage, ReadError};
use crate::record::{Entry, Kind, length, seed, u32_of};
use crate::scan::{Bounds, Found as Scanned, Scan};
use crate::segment::Hole;
use crate::store::{Found, Spot};

use super::cache::Source;

/// Readers whose place is remembered.
const HINTS: usize = 8;

/// Where the message after one that was read lies.
#[derive(Debug, Clone, Copy, Default)]
struct Hint {
    sequence: u64,
    file: u64,
    offset: u32,
}

/// Where readers left off.
#[derive(Debug, Default)]
pub(super) struct Hints {
    hints: [Hint; HINTS],
    next: usize,
}

impl Hints {
    fn find(&self, sequence: u64, file: u64) -> Option<u32> {
        let hint = self.hints.iter().find(|hint| hint.sequence == sequence && hint.file == file)?;
        Some(hint.offset)
    }

    /// A reader moved on from the message before `hint`.
    fn moved(&mut self, from: u64, hint: Hint) {
        let at = self.hints.iter().position(|hint| hint.sequence == from).unwrap_or_else(|| {
            self.next = (self.next + 1) % HINTS;
            self.next
        });
        self.hints[at] = hint;
    }
}

impl Segments {
    pub(super) fn seek_message(&mut self, from: u64) -> Result<Option<Spot>, ReadError> {
        let mut at = self.segments.partition_point(|segment| segment.end < from);
        while at < self.segments.len() {
            let segment = &self.segments[at];
            if segment.end >= from {
                let hint = self.hints.find(from, segment.header.generation);
                let offset = hint.unwrap_or_else(|| segment.offset_before(from));
                if let Some((offset, spot)) = self.walk(at, offset, from)? {
                    let length = length(self.cache.bytes(spot.slot, spot.start)).unwrap_or(0);
                    let hint = Hint {
                        sequence: spot.sequence + 1,
                        file: self.segments[at].header.generation,
                        offset: offset + u32_of(length),
                    };
                    self.hints.moved(from, hint);
                    return Ok(Some(spot));
                }
            }
            at += 1;
        }
        Ok(None)
    }

    /// The segment that holds this very message, and where.
    pub(super) fn locate(&mut self, sequence: u64) -> Result<Option<(usize, u32)>, ReadError> {
        let at = self.segments.partition_point(|segment| segment.end < sequence);
        let Some(segment) = self.segments.get(at) else { return Ok(None) };
        let offset = segment.offset_before(sequence);
        let found = self.walk(at, offset, sequence)?;
        Ok(found.filter(|(_, spot)| spot.sequence == sequence).map(|(offset, _)| (at, offset)))
    }

    /// Passes over the entries from `offset` on, up to the first message that is not before `from`.
    fn walk(&mut self, at: usize, mut offset: u32, from: u64) -> Result<Option<(u32, Spot)>, ReadError> {
        while offset < self.segments[at].len {
            let (slot, start) = self.entry_at(at, offset)?;
            let bytes = self.cache.bytes(slot, start);
            let entry = if self.options.volatile {
                Entry::decode(bytes)
            } else {
                Entry::verified(bytes, seed(self.segments[at].header.salt, offset))
            };
            let Ok(entry) = entry else {
                offset = self.behind_damage(at, offset)?;
                continue;
            };
            if entry.kind == Kind::Message && entry.sequence >= from {
                return Ok(Some((offset, Spot { slot, start, sequence: entry.sequence, erased: entry.erased })));
            }
            offset += entry.length();
        }
        Ok(None)
    }

    /// Has the entry at `offset` in the cache.
    pub(super) fn entry_at(&mut self, at: usize, offset: u32) -> Result<(usize, usize), ReadError> {
        self.open_file(at)?;
        let Self { segments, cache, .. } = self;
        let segment = &segments[at];
        let failed = |source| ReadError::Disk { file: segment.name().log(), offset: offset.into(), source };
        let Some(file) = &segment.file else { return Err(failed(io::ErrorKind::NotFound.into())) };
        let source = Source { generation: segment.header.generation, len: segment.len, file: &**file };
        cache.entry(source, offset).map_err(failed)
    }

    pub(super) fn open_file(&mut self, at: usize) -> Result<(), ReadError> {
        if self.segments[at].file.is_none() {
            let name = self.segments[at].name().log();
            match self.disk.open(&name) {
                Ok(file) => {
                    self.close_files(OPEN_MAX - 1);
                    self.segments[at].file = Some(file);
                }
                Err(source) => return Err(ReadError::Disk { file: name, offset: 0, source }),
            }
        }
        Ok(())
    }

    /// Where the entries go on behind a bad one. Reports it when it is met the first time.
    fn behind_damage(&mut self, at: usize, offset: u32) -> Result<u32, ReadError> {
        if let Some(hole) = self.segments[at].holes.iter().find(|hole| hole.from <= offset && offset < hole.to) {
            return Ok(hole.to);
        }
        let segment = &self.segments[at];
        let before = segment.offsets.partition_point(|(_, kept)| *kept <= offset);
        // The messages around it, as far as the kept offsets tell.
        let last = match before.checked_sub(1) {
            Some(kept) => (segment.base() + u64::from(segment.offsets[kept].0)).saturating_sub(1),
            None => segment.base().saturating_sub(1),
        };
        let bounds = Bounds { last, limit: segment.end, gapless: false };
        let name = segment.name().log();
        let failed = |source| ReadError::Disk { file: name.clone(), offset: offset.into(), source };
        let Some(file) = segment.file.clone() else { return Ok(segment.len) };
        let mut scan = Scan::new(&*file, segment.header.salt, offset, segment.len, bounds);
        let to = match scan.next().map_err(failed)? {
            Scanned::Hole(hole) => hole.to,
            // It was bad a moment ago: read again, it is not.
            Scanned::Entry(_, entry) => {
                let end = offset + entry.length();
                self.cache.clear();
                return Ok(if entry.kind == Kind::Message { offset } else { end });
            }
            Scanned::Tail(_) | Scanned::End => segment.len,
        };
        let lost = self.lost_between(at, offset, to)?;
        let hole = Hole { from: offset, to, lost };
        let segment = &mut self.segments[at];
        let place = segment.holes.partition_point(|other| other.from < offset);
        segment.holes.insert(place, hole);
        let damage: Damage = hole.damage(segment.name().log());
        self.damages.push(damage);
        Ok(to)
    }

    /// The messages that lay between the last valid one before `from` and the first one from `to` on.
    fn lost_between(&mut self, at: usize, from: u32, to: u32) -> Result<Option<(u64, u64)>, ReadError> {
        let segment = &self.segments[at];
        let kept = segment.offsets.partition_point(|(_, offset)| *offset <= from);
        let mut offset = kept.checked_sub(1).map_or(crate::segment::HEADER_BYTES, |k| segment.offsets[k].1);
        let (mut last, end) = (segment.base().saturating_sub(1), segment.end);
        let mut next = end + 1;
        while offset < self.segments[at].len {
            if offset == from {
                offset = to;
                continue;
            }
            if let Some(hole) = self.segments[at].holes.iter().find(|hole| hole.from == offset) {
                offset = hole.to;
                continue;
            }
            let salt = self.segments[at].header.salt;
            let (slot, start) = self.entry_at(at, offset)?;
            let Ok(entry) = Entry::verified(self.cache.bytes(slot, start), seed(salt, offset)) else { break };
            let is_message = entry.kind == Kind::Message;
            if is_message && offset > from {
                next = entry.sequence;
                break;
            }
            if is_message {
                last = entry.sequence;
            }
            offset += entry.length();
        }
        Ok((last + 1 < next).then(|| (last + 1, next - 1)))
    }

    pub(super) fn found(&self, spot: Spot) -> Found<'_> {
        let bytes = self.cache.bytes(spot.slot, spot.start);
        // It was valid when it was found, and the cache has not changed since.
        let entry = Entry::decode(bytes).unwrap_or(Entry::bare(Kind::Message, spot.sequence));
        Found { record: entry.record(), bytes: entry.length(), previous: entry.previous_sequence() }
    }
}
