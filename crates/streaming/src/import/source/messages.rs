//! A channel's messages in order, each checked against what its record, its index and its neighbours say.

use std::path::Path;

use protocol::stan::{Message as _, MsgProto};

use super::encrypted::is_encrypted;
use super::index::Index;
use super::records::{HEADER_BYTES, Records};
use super::resync::Shape;
use super::slices::{self, Slice};
use super::{Damage, Reading};
use crate::import::error::Error;
use crate::import::notes::Notes;

/// As the original counts a message: its record's header, and its entry in the index.
const OVERHEAD_BYTES: u64 = HEADER_BYTES + 32;

/// Sequences that may be missing between two messages. More are taken for damage of the number itself.
const GAP_MAX: u64 = 10_000_000;

/// Sequences end here: so far that counting on cannot overflow.
const SEQUENCE_MAX: u64 = u64::MAX / 2;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its sequence.
    pub sequence: u64,
    /// When it was stored, UNIX nanoseconds.
    pub time: i64,
    /// The message itself.
    pub data: Vec<u8>,
    /// What it takes, as the original counts.
    pub bytes: u64,
    /// Where an answer was awaited; no client sets it.
    pub reply: String,
}

/// A channel's messages.
pub struct Messages<'a> {
    reading: &'a Reading,
    channel: &'a str,
    slices: std::vec::IntoIter<Slice>,
    slice: Option<Open<'a>>,
    /// Bytes of the slices before this one.
    passed_bytes: u64,
    last: Option<u64>,
}

/// A slice that is being read.
struct Open<'a> {
    records: Records<'a>,
    index: Option<Index<'a>>,
    may_be_cut: bool,
    /// Where the last record ended.
    end: u64,
    /// Messages behind the end of the index.
    unindexed: u64,
}

/// What the index makes of a record.
enum Verdict {
    Keep,
    /// Another one under its sequence, or a lower one, comes later: this one was never acknowledged.
    Superseded,
    /// It is not what the index says.
    Differs,
}

impl<'a> Messages<'a> {
    /// Those of the channel in `folder`.
    pub fn open(reading: &'a Reading, folder: &Path, channel: &'a str, notes: &mut Notes) -> Result<Self, Error> {
        let slices = slices::list(reading, folder, notes)?.into_iter();
        Ok(Self { reading, channel, slices, slice: None, passed_bytes: 0, last: None })
    }

    /// Bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.passed_bytes + self.slice.as_ref().map_or(0, |slice| slice.records.position())
    }

    /// The next message; `None` at the end.
    pub fn next(&mut self, notes: &mut Notes) -> Result<Option<Message>, Error> {
        loop {
            if self.slice.is_none() && !self.open_next(notes)? {
                return Ok(None);
            }
            let Some(slice) = &mut self.slice else { return Ok(None) };
            let Some(record) = slice.records.next(notes)? else {
                slice.close(notes)?;
                self.passed_bytes += slice.records.len();
                self.slice = None;
                continue;
            };
            let (at, bytes) = (record.at, record.content.len() as u64);
            let message = MsgProto::decode(record.content);
            let message = match message {
                Ok(message) => message,
                Err(error) => {
                    slice.records.damaged(notes, at, format!("a record holds no message: {error}"))?;
                    continue;
                }
            };
            if let Some(what) = amiss(&message, self.channel) {
                slice.records.damaged(notes, at, what)?;
                continue;
            }
            match slice.ask_index(at, bytes, &message, notes)? {
                Verdict::Keep => {}
                Verdict::Superseded => {
                    let sequence = message.sequence;
                    let what = format!("a record of message {sequence} that the index replaced: passed over");
                    notes.note(&slice.records.path, at, what);
                    continue;
                }
                Verdict::Differs => {
                    slice.records.damaged(notes, at, "the record is not what the index says")?;
                    continue;
                }
            }
            if !follows(self.last, &message, at, &slice.records, notes)? {
                continue;
            }
            if !self.reading.take_encrypted && is_encrypted(&message.data, message.sequence) {
                return Err(Error::Encrypted { path: slice.records.path.clone(), at, sequence: message.sequence });
            }
            self.last = Some(message.sequence);
            return Ok(Some(Message {
                sequence: message.sequence,
                time: message.timestamp,
                data: message.data,
                bytes: bytes + OVERHEAD_BYTES,
                reply: message.reply,
            }));
        }
    }

    /// Opens the next slice; false when there is none.
    fn open_next(&mut self, notes: &mut Notes) -> Result<bool, Error> {
        let Some(slice) = self.slices.next() else { return Ok(false) };
        let may_be_cut = self.slices.len() == 0;
        let shape = Shape::Messages(self.channel);
        let Some(records) = Records::open(self.reading, &slice.data, shape, may_be_cut)? else {
            let what = "the file is gone".to_owned();
            self.reading.damaged(notes, Damage { path: slice.data, at: 0, what })?;
            return self.open_next(notes);
        };
        let index = Index::open(self.reading, &slice.index, notes)?;
        self.slice = Some(Open { records, index, may_be_cut, end: 0, unindexed: 0 });
        Ok(true)
    }
}

impl Open<'_> {
    fn ask_index(&mut self, at: u64, bytes: u64, message: &MsgProto, notes: &mut Notes) -> Result<Verdict, Error> {
        let begins = std::mem::replace(&mut self.end, at + HEADER_BYTES + bytes);
        let Some(index) = &mut self.index else { return Ok(Verdict::Keep) };
        // Of records that were passed over as damaged.
        while index.peek().is_some_and(|entry| begins <= entry.at && entry.at < at) {
            index.advance(notes)?;
        }
        let Some(entry) = index.peek() else {
            self.unindexed += 1;
            return Ok(Verdict::Keep);
        };
        if entry.at == at {
            let same = entry.sequence == message.sequence && entry.time == message.timestamp && entry.bytes == bytes;
            if same {
                index.advance(notes)?;
                return Ok(Verdict::Keep);
            }
            if !self.records.checks() {
                return Ok(Verdict::Differs);
            }
        } else if entry.at > at {
            return Ok(if message.sequence >= entry.sequence { Verdict::Superseded } else { Verdict::Keep });
        }
        notes.note(&self.records.path, at, "the index does not fit the messages from here on: they are found without");
        self.index = None;
        Ok(Verdict::Keep)
    }

    /// The slice is read: is that all the index knows of?
    fn close(&mut self, notes: &mut Notes) -> Result<(), Error> {
        let Some(index) = &mut self.index else { return Ok(()) };
        if self.unindexed > 0 {
            index.ends_early(self.unindexed, notes);
        }
        let (mut missing, mut first, mut last) = (0_u64, None, 0);
        while let Some(entry) = index.peek() {
            // Others lie where damage was told.
            if entry.at >= self.end {
                missing += 1;
                first.get_or_insert(entry);
                last = entry.sequence;
            }
            index.advance(notes)?;
        }
        let Some(first) = first else { return Ok(()) };
        let what = format!(
            "the index has {missing} messages more, {} to {last}, which are not in the file: they are lost",
            first.sequence
        );
        let was_whole = first.at.saturating_add(HEADER_BYTES + first.bytes) <= self.records.len();
        if self.may_be_cut && !was_whole {
            notes.note(&self.records.path, first.at, what);
            return Ok(());
        }
        self.records.damaged(notes, first.at, what)
    }
}

/// What of a message cannot be.
fn amiss(message: &MsgProto, channel: &str) -> Option<String> {
    if message.subject != channel {
        return Some(format!("a message of channel {:?}", message.subject));
    }
    let possible = (1..=SEQUENCE_MAX).contains(&message.sequence);
    (!possible).then(|| format!("a message under sequence {}", message.sequence))
}

/// Whether a message comes after the one before it. A gap is told.
fn follows(
    last: Option<u64>,
    message: &MsgProto,
    at: u64,
    records: &Records<'_>,
    notes: &mut Notes,
) -> Result<bool, Error> {
    let Some(last) = last else { return Ok(true) };
    let sequence = message.sequence;
    if sequence <= last {
        records.damaged(notes, at, format!("message {sequence} after message {last}"))?;
        return Ok(false);
    }
    let missing = sequence - last - 1;
    if missing > GAP_MAX {
        records.damaged(notes, at, format!("message {sequence} after message {last}: too far to be true"))?;
        return Ok(false);
    }
    if missing > 0 {
        records.damaged(notes, at, format!("{missing} messages are missing before message {sequence}"))?;
    }
    Ok(true)
}
