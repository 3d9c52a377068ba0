//! One entry of the log as bytes, and back. The layout is drawn in the crate's text.

use crc32fast::Hasher;

/// Bytes before an entry's variable part.
pub(crate) const FIXED_BYTES: usize = 36;
/// Bytes of a due time.
const DUE_BYTES: usize = 9;
/// The longest subject: its length is kept in two bytes.
pub const SUBJECT_BYTES_MAX: usize = u16::MAX as usize;
/// The longest entry. Twice the largest message a NATS server can be told to take; a greater length is damage.
pub const ENTRY_BYTES_MAX: usize = 128 * 1024 * 1024;

const FIRST_OF_COMMIT: u8 = 1;
const HAS_DUE: u8 = 2;

/// When something is to be done about a message. What, is none of the log's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When: UNIX nanoseconds.
    pub at: i64,
    /// What: the user's number.
    pub kind: u8,
}

/// A message to append.
#[derive(Debug, Clone, Copy)]
pub struct Append<'a> {
    /// At most [`SUBJECT_BYTES_MAX`] bytes.
    pub subject: &'a [u8],
    /// The header block as it came; empty for none.
    pub headers: &'a [u8],
    /// The body.
    pub payload: &'a [u8],
    /// When it came: UNIX nanoseconds.
    pub time: i64,
    /// When something is to be done about it.
    pub due: Option<Due>,
}

/// A message of the log, borrowed from the log's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its place in the log.
    pub sequence: u64,
    /// When it came: UNIX nanoseconds.
    pub time: i64,
    /// When something is to be done about it, as it was appended.
    pub due: Option<Due>,
    /// Its subject.
    pub subject: &'a [u8],
    /// Its header block; empty for none.
    pub headers: &'a [u8],
    /// Its body.
    pub payload: &'a [u8],
}

/// The bytes a message takes in the log, as [`State::bytes`](crate::State::bytes) counts them, unless it has a due time.
pub fn record_bytes(subject: usize, headers: usize, payload: usize) -> u64 {
    (FIXED_BYTES + subject + headers + payload) as u64
}

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A message.
    Message = 1,
    /// That a message is removed: its subject, due time and size, so that it need not be read again.
    Remove = 2,
    /// That everything before a sequence is removed.
    Head = 3,
}

/// One entry, decoded or to be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub kind: Kind,
    pub first_of_commit: bool,
    pub sequence: u64,
    pub time: i64,
    pub previous: u32,
    pub due: Option<Due>,
    pub subject: &'a [u8],
    pub headers: &'a [u8],
    pub payload: &'a [u8],
}

/// The bytes are no valid entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bad;

impl<'a> Entry<'a> {
    /// An entry that says something about `sequence`, and nothing more.
    pub fn bare(kind: Kind, sequence: u64) -> Self {
        Self {
            kind,
            first_of_commit: false,
            sequence,
            time: 0,
            previous: 0,
            due: None,
            subject: &[],
            headers: &[],
            payload: &[],
        }
    }

    /// Its length in bytes. Panics beyond [`SUBJECT_BYTES_MAX`] and [`ENTRY_BYTES_MAX`], which users keep to.
    pub fn length(&self) -> u32 {
        let due = if self.due.is_some() { DUE_BYTES } else { 0 };
        let length = FIXED_BYTES + due + self.subject.len() + self.headers.len() + self.payload.len();
        assert!(self.subject.len() <= SUBJECT_BYTES_MAX && length <= ENTRY_BYTES_MAX, "entry too long");
        u32_of(length)
    }

    /// Appends it, its checksum left open until [`seal`].
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut fixed = [0; FIXED_BYTES];
        fixed[4..8].copy_from_slice(&self.length().to_le_bytes());
        fixed[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        fixed[16..24].copy_from_slice(&self.time.to_le_bytes());
        fixed[24..28].copy_from_slice(&self.previous.to_le_bytes());
        fixed[28] = self.kind as u8;
        fixed[29] = u8::from(self.first_of_commit) * FIRST_OF_COMMIT + u8::from(self.due.is_some()) * HAS_DUE;
        fixed[30..32].copy_from_slice(&u16::try_from(self.subject.len()).unwrap_or(u16::MAX).to_le_bytes());
        fixed[32..36].copy_from_slice(&u32_of(self.headers.len()).to_le_bytes());
        out.reserve(self.length() as usize);
        out.extend_from_slice(&fixed);
        if let Some(due) = self.due {
            out.extend_from_slice(&due.at.to_le_bytes());
            out.push(due.kind);
        }
        out.extend_from_slice(self.subject);
        out.extend_from_slice(self.headers);
        out.extend_from_slice(self.payload);
    }

    /// Reads the entry `bytes` begin with, without looking at its checksum.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Bad> {
        let length = length(bytes)?;
        let bytes = bytes.get(..length).ok_or(Bad)?;
        let (fixed, mut rest) = bytes.split_first_chunk::<FIXED_BYTES>().ok_or(Bad)?;
        let kind = match fixed[28] {
            1 => Kind::Message,
            2 => Kind::Remove,
            3 => Kind::Head,
            _ => return Err(Bad),
        };
        let flags = fixed[29];
        let due = if flags & HAS_DUE == 0 {
            None
        } else {
            let (due, after) = rest.split_first_chunk::<DUE_BYTES>().ok_or(Bad)?;
            rest = after;
            Some(Due { at: i64::from_le_bytes(array(&due[..8])), kind: due[8] })
        };
        let subject_bytes = u16::from_le_bytes(array(&fixed[30..32]));
        let headers_bytes = u32::from_le_bytes(array(&fixed[32..36]));
        let (subject, rest) = rest.split_at_checked(subject_bytes.into()).ok_or(Bad)?;
        let (headers, payload) = rest.split_at_checked(headers_bytes as usize).ok_or(Bad)?;
        Ok(Self {
            kind,
            first_of_commit: flags & FIRST_OF_COMMIT != 0,
            sequence: u64::from_le_bytes(array(&fixed[8..16])),
            time: i64::from_le_bytes(array(&fixed[16..24])),
            previous: u32::from_le_bytes(array(&fixed[24..28])),
            due,
            subject,
            headers,
            payload,
        })
    }

    /// Reads the entry `bytes` begin with, if its checksum is right.
    pub fn verified(bytes: &'a [u8], seed: u32) -> Result<Self, Bad> {
        let entry = Self::decode(bytes)?;
        let bytes = &bytes[..length(bytes)?];
        if u32::from_le_bytes(array(&bytes[..4])) == checksum(bytes, seed) { Ok(entry) } else { Err(Bad) }
    }

    /// The sequence of the message of this subject before it, as far as it was known.
    pub fn previous_sequence(&self) -> Option<u64> {
        (self.previous > 0).then(|| self.sequence.saturating_sub(self.previous.into()))
    }

    /// The message that it is.
    pub fn record(&self) -> Record<'a> {
        Record {
            sequence: self.sequence,
            time: self.time,
            due: self.due,
            subject: self.subject,
            headers: self.headers,
            payload: self.payload,
        }
    }
}

/// How long the entry is that `bytes` begin with: all its own bytes, which `bytes` may not have.
pub(crate) fn length(bytes: &[u8]) -> Result<usize, Bad> {
    let length = u32::from_le_bytes(*bytes.get(4..).and_then(<[u8]>::first_chunk).ok_or(Bad)?) as usize;
    if (FIXED_BYTES..=ENTRY_BYTES_MAX).contains(&length) { Ok(length) } else { Err(Bad) }
}

/// What checksums begin with, for an entry at `offset` of a file with this salt.
pub(crate) fn seed(salt: u32, offset: u32) -> u32 {
    salt ^ offset
}

/// Fills in the checksums of the encoded entries in `bytes`, the first of which will lie at `offset`.
pub(crate) fn seal(bytes: &mut [u8], salt: u32, mut offset: u32) {
    let mut rest = bytes;
    while let Ok(length) = length(rest) {
        let (entry, after) = rest.split_at_mut(length);
        let sum = checksum(entry, seed(salt, offset));
        entry[..4].copy_from_slice(&sum.to_le_bytes());
        offset += u32_of(length);
        rest = after;
    }
}

/// Marks the first entry of a commit.
pub(crate) fn mark_first_of_commit(entry: &mut [u8]) {
    entry[29] |= FIRST_OF_COMMIT;
}

fn checksum(entry: &[u8], seed: u32) -> u32 {
    let mut hasher = Hasher::new_with_initial(seed);
    hasher.update(&entry[4..]);
    hasher.finalize()
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

/// A length that was checked, or cannot be exceeded.
pub(crate) fn u32_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds() -> impl Strategy<Value = Kind> {
        prop_oneof![Just(Kind::Message), Just(Kind::Remove), Just(Kind::Head)]
    }

    proptest! {
        #[test]
        fn an_entry_reads_back_where_it_was_written_and_nowhere_else(
            kind in kinds(), first_of_commit: bool, sequence: u64, time: i64, previous: u32, salt: u32,
            due in proptest::option::of((any::<i64>(), any::<u8>())),
            subject in prop::collection::vec(any::<u8>(), 0..40), headers in prop::collection::vec(any::<u8>(), 0..40),
            payload in prop::collection::vec(any::<u8>(), 0..200),
            offset in 0_u32..1 << 30, elsewhere in 0_u32..1 << 30, flip: prop::sample::Index,
        ) {
            let due = due.map(|(at, kind)| Due { at, kind });
            let entry = Entry {
                kind, first_of_commit, sequence, time, previous, due,
                subject: &subject, headers: &headers, payload: &payload,
            };
            let mut bytes = Vec::new();
            entry.encode(&mut bytes);
            prop_assert_eq!(bytes.len(), entry.length() as usize);
            seal(&mut bytes, salt, offset);
            bytes.extend_from_slice(b"what follows");
            prop_assert_eq!(Entry::verified(&bytes, seed(salt, offset)), Ok(entry));
            if elsewhere != offset {
                prop_assert_eq!(Entry::verified(&bytes, seed(salt, elsewhere)), Err(Bad));
            }
            let bit = flip.index(entry.length() as usize * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Entry::verified(&bytes, seed(salt, offset)), Err(Bad));
        }

        #[test]
        fn no_bytes_upset_the_decoder(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Entry::decode(&bytes);
            let _ = Entry::verified(&bytes, 0);
        }
    }
}
