//! The sidecar of a sealed segment: its [`Contents`], so that it need not be read to open the log.
//!
//! ```text
//! "JRNLIDX1" · generation u64 LE · length u32 LE · body · CRC-32 of all before u32 LE
//! body   integers as varints, signed ones zigzag; lists with their length first
//!        base, end+1, messages, bytes, time_max, last_time, head · absent (gap, run) · dues (gap, at, kind)
//!        subjects (name length, count, first-base, last-first) · names
//!        removals (sequence, difference to the one before; subject, bytes, previous, due) · offsets (gap, gap)
//!        holes (from, to, lost)
//! ```
//!
//! Generation and length tell which file it is of: one that does not fit, or is damaged, is as good as none.

use crate::contents::Contents;
use crate::record::Due;
use crate::segment::Hole;
use crate::summary::{Removal, SubjectSummary, Summary};

const MAGIC: &[u8; 8] = b"JRNLIDX1";
const HEADER_BYTES: usize = 20;

/// The sidecar of the file of this generation.
pub(crate) fn encode(contents: &Contents, generation: u64) -> Vec<u8> {
    let mut out = Writer { bytes: Vec::new() };
    out.bytes.extend_from_slice(MAGIC);
    out.bytes.extend_from_slice(&generation.to_le_bytes());
    out.bytes.extend_from_slice(&contents.len.to_le_bytes());
    let summary = &contents.summary;
    out.unsigned(summary.base);
    out.unsigned(summary.end.wrapping_add(1));
    out.unsigned(summary.messages);
    out.unsigned(summary.bytes);
    out.signed(summary.time_max);
    out.signed(summary.last_time);
    out.unsigned(summary.head);
    out.list(&summary.absent, summary.base, |out, (first, last), before| {
        out.unsigned(first - before);
        out.unsigned(last - first);
        last
    });
    out.list(&summary.dues, summary.base, |out, (sequence, due), before| {
        out.unsigned(sequence - before);
        out.due(due);
        sequence
    });
    out.list(&summary.subjects, 0, |out, subject, before| {
        out.unsigned(u64::from(subject.name_end) - before);
        out.unsigned(subject.count.into());
        if subject.count > 0 {
            out.unsigned(subject.first - summary.base);
            out.unsigned(subject.last - subject.first);
        }
        subject.name_end.into()
    });
    out.unsigned(summary.names.len() as u64);
    out.bytes.extend_from_slice(&summary.names);
    out.list(&summary.removals, 0, |out, removal, before| {
        out.signed(removal.sequence.wrapping_sub(before).cast_signed());
        out.unsigned(removal.subject.into());
        out.unsigned(removal.bytes.into());
        out.unsigned(removal.previous.into());
        out.unsigned(removal.due.is_some().into());
        if let Some(due) = removal.due {
            out.due(due);
        }
        removal.sequence
    });
    let mut last = 0;
    out.list(&contents.offsets, 0, |out, (distance, offset), before| {
        out.unsigned(u64::from(distance) - before);
        out.unsigned(u64::from(offset - last));
        last = offset;
        distance.into()
    });
    out.list(&contents.holes, 0, |out, hole, before| {
        out.unsigned(hole.from.into());
        out.unsigned(hole.to.into());
        let (first, last) = hole.lost.unwrap_or((1, 0));
        out.unsigned(first);
        out.unsigned(last);
        before
    });
    let sum = crc32fast::hash(&out.bytes);
    out.bytes.extend_from_slice(&sum.to_le_bytes());
    out.bytes
}

/// Reads the sidecar of a file of this generation. `None` if it is damaged or of another file.
pub(crate) fn decode(bytes: &[u8], generation: u64) -> Option<Contents> {
    let (bytes, sum) = bytes.split_last_chunk::<4>()?;
    let (header, body) = bytes.split_at_checked(HEADER_BYTES)?;
    if !header.starts_with(MAGIC)
        || header[8..16] != generation.to_le_bytes()
        || crc32fast::hash(bytes).to_le_bytes() != *sum
    {
        return None;
    }
    let len = u32::from_le_bytes(*header[16..].first_chunk()?);
    let mut input = Reader { bytes: body };
    let base = input.unsigned()?;
    let end = input.unsigned()?.wrapping_sub(1);
    let mut summary = Summary {
        base,
        end,
        messages: input.unsigned()?,
        bytes: input.unsigned()?,
        time_max: input.signed()?,
        last_time: input.signed()?,
        head: input.unsigned()?,
        ..Summary::default()
    };
    let mut before = base;
    summary.absent = input.list(|input| {
        let first = before.checked_add(input.unsigned()?)?;
        before = first.checked_add(input.unsigned()?)?;
        Some((first, before))
    })?;
    let mut before = base;
    summary.dues = input.list(|input| {
        before = before.checked_add(input.unsigned()?)?;
        Some((before, input.due()?))
    })?;
    let mut name_end = 0_u32;
    summary.subjects = input.list(|input| {
        name_end = name_end.checked_add(input.small()?)?;
        let count = input.small()?;
        let mut subject = SubjectSummary { name_end, count, first: 0, last: 0 };
        if count > 0 {
            subject.first = base.checked_add(input.unsigned()?)?;
            subject.last = subject.first.checked_add(input.unsigned()?)?;
        }
        Some(subject)
    })?;
    let names = usize::try_from(input.unsigned()?).ok()?;
    if names != name_end as usize {
        return None;
    }
    let (name_bytes, rest) = input.bytes.split_at_checked(names)?;
    summary.names = name_bytes.to_vec();
    input.bytes = rest;
    let (mut before, subjects) = (0_u64, summary.subjects.len());
    summary.removals = input.list(|input| {
        before = before.wrapping_add(input.signed()?.cast_unsigned());
        let removal = Removal {
            sequence: before,
            subject: input.small()?,
            bytes: input.small()?,
            previous: input.small()?,
            due: if input.unsigned()? == 0 { None } else { Some(input.due()?) },
        };
        ((removal.subject as usize) < subjects).then_some(removal)
    })?;
    let (mut distance, mut offset) = (0_u32, 0_u32);
    let offsets = input.list(|input| {
        distance = distance.checked_add(input.small()?)?;
        offset = offset.checked_add(input.small()?)?;
        Some((distance, offset))
    })?;
    let holes = input.list(|input| {
        let (from, to) = (input.small()?, input.small()?);
        let (first, last) = (input.unsigned()?, input.unsigned()?);
        Some(Hole { from, to, lost: (first <= last).then_some((first, last)) })
    })?;
    input.bytes.is_empty().then_some(Contents { summary, offsets, holes, len, torn: false })
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn unsigned(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push((value & 0x7f) as u8);
    }

    fn signed(&mut self, value: i64) {
        self.unsigned(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    fn due(&mut self, due: Due) {
        self.signed(due.at);
        self.unsigned(due.kind.into());
    }

    /// `each` writes an item, given what it returned for the one before.
    fn list<T: Copy>(&mut self, items: &[T], mut before: u64, mut each: impl FnMut(&mut Self, T, u64) -> u64) {
        self.unsigned(items.len() as u64);
        for item in items {
            before = each(self, *item, before);
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn small(&mut self) -> Option<u32> {
        self.unsigned()?.try_into().ok()
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn due(&mut self) -> Option<Due> {
        Some(Due { at: self.signed()?, kind: self.unsigned()?.try_into().ok()? })
    }

    fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::try_from(self.unsigned()?).ok()?;
        // Every item takes a byte at least: what says otherwise is no list.
        let mut items = Vec::with_capacity(count.min(self.bytes.len()));
        for _ in 0..count {
            items.push(each(self)?);
        }
        Some(items)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::{Entry, Kind};
    use crate::summary::Builder;

    fn contents(messages: Vec<(u8, u8, i64, Option<i64>)>, removals: Vec<(u64, u8)>, base: u64) -> Contents {
        let mut builder = Builder::new(base, base / 2);
        let mut sequence = base;
        for (skip, subject, time, due) in messages {
            sequence += u64::from(skip);
            let name = vec![b's'; usize::from(subject % 7)];
            let due = due.map(|at| Due { at, kind: subject });
            builder.message(&Entry { time, due, subject: &name, ..Entry::bare(Kind::Message, sequence) });
            sequence += 1;
        }
        for (sequence, subject) in removals {
            let name = vec![b'r'; usize::from(subject % 7)];
            builder.removal(&Entry { time: 99, subject: &name, ..Entry::bare(Kind::Remove, sequence) });
        }
        builder.cover(sequence + 3);
        let holes = vec![Hole { from: 300, to: 400, lost: Some((1, 2)) }, Hole { from: 500, to: 501, lost: None }];
        Contents {
            summary: builder.finish(),
            offsets: vec![(0, 256), (7, 5000), (7, 6000)],
            holes,
            len: 9999,
            torn: false,
        }
    }

    proptest! {
        #[test]
        fn it_reads_back_and_any_change_is_noticed(
            messages in prop::collection::vec((0..4_u8, any::<u8>(), any::<i64>(), any::<Option<i64>>()), 0..20),
            removals in prop::collection::vec((any::<u64>(), any::<u8>()), 0..9),
            base in 1..1_u64 << 60, generation: u64, flip: prop::sample::Index,
        ) {
            let contents = contents(messages, removals, base);
            let mut bytes = encode(&contents, generation);
            prop_assert_eq!(decode(&bytes, generation), Some(contents));
            prop_assert_eq!(decode(&bytes, generation ^ 1), None);
            prop_assert_eq!(decode(&bytes[..bytes.len() - 1], generation), None);
            let bit = flip.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(decode(&bytes, generation), None);
        }

        #[test]
        fn no_bytes_upset_the_decoder(body in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut bytes = MAGIC.to_vec();
            bytes.extend_from_slice(&7_u64.to_le_bytes());
            bytes.extend_from_slice(&[0; 4]);
            bytes.extend_from_slice(&body);
            let sum = crc32fast::hash(&bytes);
            bytes.extend_from_slice(&sum.to_le_bytes());
            let _ = decode(&bytes, 7);
        }
    }
}
