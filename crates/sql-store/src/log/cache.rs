//! What of a log is in memory: the newest messages, and what was read last. Reads at the end never reach the database.
//!
//! A span says of every sequence from its first to its last whether there is a row for it.

use std::collections::VecDeque;

use journal::Due;
use journal::store::{Entry, Kind, Spot};

use super::block::Block;
use crate::connection::{Value, sequence};
use crate::database::Database;
use crate::error::Error;

/// Bytes of the newest messages that are kept.
const TAIL_BYTES: usize = 512 * 1024;
/// Bytes of one span of them: the oldest goes as a whole.
const SPAN_BYTES: usize = 64 * 1024;
/// Places that are read at, each with the rows behind it.
const READERS_MAX: usize = 4;
/// Rows, and their bytes, that are read for one who reads on. With a last message of any size.
const AHEAD_ROWS: i64 = 1024;
const AHEAD_BYTES: u64 = 256 * 1024;
/// How far one who reads on may leave out what he read before.
const STEP_MAX: u64 = 256;

struct Span {
    first: u64,
    last: u64,
    block: Block,
    used: u64,
}

/// What is known of a sequence.
pub(super) enum Read {
    /// This is the first message from there on.
    Found(Spot),
    /// There is none up to there.
    NoneUpTo(u64),
    /// The database knows. True if somebody reads on there.
    Unknown(bool),
}

/// See the module.
pub(super) struct Cache {
    caches: bool,
    readers: Vec<Span>,
    tail: VecDeque<Span>,
    tail_bytes: usize,
    clock: u64,
}

impl Cache {
    pub fn new(caches: bool) -> Self {
        Self { caches, readers: Vec::new(), tail: VecDeque::new(), tail_bytes: 0, clock: 0 }
    }

    pub fn find(&mut self, from: u64) -> Read {
        let covers = |span: &Span| span.first <= from && from <= span.last;
        let tail = self.tail.partition_point(|span| span.last < from);
        let slot = if self.tail.get(tail).is_some_and(covers) {
            READERS_MAX + tail
        } else if let Some(reader) = self.readers.iter().position(covers) {
            self.clock += 1;
            self.readers[reader].used = self.clock;
            reader
        } else {
            let reads_on = |span: &Span| span.last < from && from - span.last <= STEP_MAX;
            return Read::Unknown(self.readers.iter().any(reads_on));
        };
        let Some(span) = self.span(slot) else { return Read::Unknown(false) };
        match span.block.find(from) {
            Some((sequence, start)) => Read::Found(Spot { slot, start, sequence, erased: false }),
            None => Read::NoneUpTo(span.last),
        }
    }

    /// The spans of readers come first, then those of the tail.
    fn span(&self, slot: usize) -> Option<&Span> {
        match slot.checked_sub(READERS_MAX) {
            Some(tail) => self.tail.get(tail),
            None => self.readers.get(slot),
        }
    }

    pub fn entry(&self, spot: Spot) -> Entry<'_> {
        // It was found there, and nothing changed since.
        self.span(spot.slot).map_or(Entry::bare(Kind::Message, spot.sequence), |span| span.block.entry(spot.start))
    }

    /// Takes in what was read.
    pub fn take(&mut self, (first, last, block): (u64, u64, Block)) {
        self.clock += 1;
        let span = Span { first, last, block, used: self.clock };
        // Who reads on needs no more what he read before.
        let before = self.readers.iter().position(|old| old.last < first && first - old.last <= STEP_MAX);
        let oldest = || (0..self.readers.len()).min_by_key(|at| self.readers[*at].used);
        match before.or_else(|| oldest().filter(|_| self.readers.len() >= READERS_MAX)) {
            Some(at) => self.readers[at] = span,
            None => self.readers.push(span),
        }
    }

    /// Takes in what was committed.
    pub fn append(&mut self, block: Block) {
        let (Some(first), Some(last)) = (block.first(), block.last()) else { return };
        if !self.caches || block.bytes() > TAIL_BYTES {
            // What comes next begins another tail: this one would have a hole.
            self.tail.clear();
            self.tail_bytes = 0;
            return;
        }
        if self.tail.back().is_some_and(|span| span.last + 1 != first) {
            self.tail.clear();
            self.tail_bytes = 0;
        }
        self.tail_bytes += block.bytes();
        match self.tail.back_mut() {
            Some(span) if span.block.bytes() + block.bytes() <= SPAN_BYTES => {
                span.block.append(&block);
                span.last = last;
            }
            _ => self.tail.push_back(Span { first, last, block, used: 0 }),
        }
        while self.tail_bytes > TAIL_BYTES && self.tail.len() > 1 {
            self.tail_bytes -= self.tail.pop_front().map_or(0, |span| span.block.bytes());
        }
    }

    pub fn clear(&mut self) {
        *self = Self::new(self.caches);
    }
}

/// Reads the first message between `from` and `last`, and those behind it if somebody reads on. Returns what is known now:
/// from where, up to where, and the messages.
pub(super) fn read(
    database: &Database,
    log: i64,
    from: u64,
    last: u64,
    ahead: bool,
) -> Result<(u64, u64, Block), Error> {
    let link = database.link().clone();
    database.ask(move || async move {
        let (mut to, mut limit) = (last, 1);
        if ahead {
            // How large they are first: a thousand messages may be a few kilobytes, or a gigabyte.
            let sql = "select seq, bytes from streaming_messages
                       where log = ? and seq >= ? and seq <= ? order by seq limit ?";
            let values = [Value::Int(log), sequence(from), sequence(last), Value::Int(AHEAD_ROWS)];
            let rows = link.persist(async |_| link.ask(sql, &values).await).await?;
            let mut bytes = 0;
            for row in &rows {
                to = row.sequence(0)?;
                bytes += row.sequence(1)?;
                if bytes >= AHEAD_BYTES {
                    break;
                }
            }
            if bytes < AHEAD_BYTES && i64::try_from(rows.len()).unwrap_or(i64::MAX) < AHEAD_ROWS {
                // That is all there is.
                to = last;
            }
            limit = AHEAD_ROWS;
        }
        let sql = "select seq, time, previous, due_at, due_kind, subject, headers, data from streaming_messages
                   where log = ? and seq >= ? and seq <= ? order by seq limit ?";
        let values = [Value::Int(log), sequence(from), sequence(to), Value::Int(limit)];
        let rows = link.persist(async |_| link.ask(sql, &values).await).await?;
        let mut block = Block::default();
        for row in rows {
            let due_kind = u8::try_from(row.int(4)?).ok();
            let due_at = row.int(3)?;
            block.push(&Entry {
                time: row.int(1)?,
                previous: u32::try_from(row.int(2)?).unwrap_or(0),
                due: due_kind.map(|kind| Due { at: due_at, kind }),
                subject: row.bytes(5)?,
                headers: row.bytes(6)?,
                payload: row.bytes(7)?,
                ..Entry::bare(Kind::Message, row.sequence(0)?)
            });
        }
        let known = if ahead { to } else { block.last().unwrap_or(to) };
        Ok((from, known, block))
    })
}
