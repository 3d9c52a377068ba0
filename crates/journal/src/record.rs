//! One entry of the log as bytes, and back. The layout is drawn in the crate's text.

use crc32fast::Hasher;

/// Bytes before an entry's variable part.
pub(crate) const FIXED_BYTES: usize = 42;
/// Bytes of a due time.
const DUE_BYTES: usize = 8;
/// Where an entry says that its body was overwritten, and how. No checksum covers it, so that it can be set in place by
/// writing a single byte; no single flipped bit makes it look set.
pub(crate) const ERASED_AT: u32 = 4;
pub(crate) const ERASED: u8 = 0xE5;
const KIND_AT: usize = 5;
const FLAGS_AT: usize = 6;
const LENGTH_AT: usize = 8;
const SEQUENCE_AT: usize = 16;
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
pub enum Kind {
    /// A message.
    Message = 1,
    /// That a message is removed: its subject, due time and size, so that it need not be read again.
    Remove = 2,
    /// That everything before a sequence is removed.
    Head = 3,
}

/// One entry, decoded or to be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What it says.
    pub kind: Kind,
    /// A commit begins with it.
    pub first_of_commit: bool,
    /// It was removed, and its body overwritten.
    pub erased: bool,
    /// Of a message its own, of a removal which one, of a head the first that may still live.
    pub sequence: u64,
    /// Of a message UNIX nanoseconds, of a removal the bytes that die with it.
    pub time: i64,
    /// How far back the message of its subject before it lies, 0 for unknown.
    pub previous: u32,
    /// When something is to be done about it.
    pub due: Option<Due>,
    /// Its subject.
    pub subject: &'a [u8],
    /// Its header block.
    pub headers: &'a [u8],
    /// Its body.
    pub payload: &'a [u8],
}

/// Why bytes are no valid entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// They are none at all.
    Entry,
    /// Only its headers and payload are damaged: how long it is, and which message.
    Body {
        /// All its bytes.
        length: u32,
        /// Which message.
        sequence: u64,
    },
}

impl<'a> Entry<'a> {
    /// An entry that says something about `sequence`, and nothing more.
    pub fn bare(kind: Kind, sequence: u64) -> Self {
        Self {
            kind,
            first_of_commit: false,
            erased: false,
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

    /// Appends it, its checksums left open until it is sealed.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut fixed = [0; FIXED_BYTES];
        let has_due = u8::from(self.due.is_some());
        fixed[KIND_AT] = self.kind as u8;
        fixed[FLAGS_AT] = u8::from(self.first_of_commit) * FIRST_OF_COMMIT + has_due * HAS_DUE;
        fixed[7] = self.due.map_or(0, |due| due.kind);
        fixed[LENGTH_AT..12].copy_from_slice(&self.length().to_le_bytes());
        fixed[SEQUENCE_AT..24].copy_from_slice(&self.sequence.to_le_bytes());
        fixed[24..32].copy_from_slice(&self.time.to_le_bytes());
        fixed[32..36].copy_from_slice(&self.previous.to_le_bytes());
        fixed[36..40].copy_from_slice(&u32_of(self.headers.len()).to_le_bytes());
        fixed[40..42].copy_from_slice(&u16::try_from(self.subject.len()).unwrap_or(u16::MAX).to_le_bytes());
        out.reserve(self.length() as usize);
        out.extend_from_slice(&fixed);
        if let Some(due) = self.due {
            out.extend_from_slice(&due.at.to_le_bytes());
        }
        out.extend_from_slice(self.subject);
        out.extend_from_slice(self.headers);
        out.extend_from_slice(self.payload);
    }

    /// Reads the entry `bytes` begin with, without looking at its checksums.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Bad> {
        let bytes = bytes.get(..length(bytes)?).ok_or(Bad::Entry)?;
        let (fixed, mut rest) = bytes.split_first_chunk::<FIXED_BYTES>().ok_or(Bad::Entry)?;
        let kind = kind(fixed).ok_or(Bad::Entry)?;
        let flags = fixed[FLAGS_AT];
        let due = if flags & HAS_DUE == 0 {
            None
        } else {
            let (at, after) = rest.split_first_chunk::<DUE_BYTES>().ok_or(Bad::Entry)?;
            rest = after;
            Some(Due { at: i64::from_le_bytes(*at), kind: fixed[7] })
        };
        let headers_bytes = u32::from_le_bytes(array(&fixed[36..40]));
        let subject_bytes = u16::from_le_bytes(array(&fixed[40..42]));
        let (subject, rest) = rest.split_at_checked(subject_bytes.into()).ok_or(Bad::Entry)?;
        let (headers, payload) = rest.split_at_checked(headers_bytes as usize).ok_or(Bad::Entry)?;
        Ok(Self {
            kind,
            first_of_commit: flags & FIRST_OF_COMMIT != 0,
            erased: fixed[ERASED_AT as usize] == ERASED,
            sequence: sequence(fixed),
            time: i64::from_le_bytes(array(&fixed[24..32])),
            previous: u32::from_le_bytes(array(&fixed[32..36])),
            due,
            subject,
            headers,
            payload,
        })
    }

    /// Reads the entry `bytes` begin with, if its checksums are right.
    pub(crate) fn verified(bytes: &'a [u8], seed: u32) -> Result<Self, Bad> {
        let entry = Self::decode(bytes)?;
        let (head, body) = bytes[..entry.length() as usize].split_at(entry.head_bytes());
        if u32::from_le_bytes(array(&head[..4])) != checksum(&head[KIND_AT..], seed) {
            return Err(Bad::Entry);
        }
        if !entry.erased && u32::from_le_bytes(array(&head[12..16])) != checksum(body, seed) {
            return Err(Bad::Body { length: entry.length(), sequence: entry.sequence });
        }
        Ok(entry)
    }

    /// Its length without headers and payload.
    pub(crate) fn head_bytes(&self) -> usize {
        let due = if self.due.is_some() { DUE_BYTES } else { 0 };
        FIXED_BYTES + due + self.subject.len()
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
    let length = bytes.get(LENGTH_AT..).and_then(<[u8]>::first_chunk).ok_or(Bad::Entry)?;
    let length = u32::from_le_bytes(*length) as usize;
    if (FIXED_BYTES..=ENTRY_BYTES_MAX).contains(&length) { Ok(length) } else { Err(Bad::Entry) }
}

/// The kind of the entry with this fixed part.
pub(crate) fn kind(fixed: &[u8]) -> Option<Kind> {
    match fixed.get(KIND_AT)? {
        1 => Some(Kind::Message),
        2 => Some(Kind::Remove),
        3 => Some(Kind::Head),
        _ => None,
    }
}

/// The sequence of the entry with this fixed part.
pub(crate) fn sequence(fixed: &[u8]) -> u64 {
    fixed.get(SEQUENCE_AT..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes))
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
        let seed = seed(salt, offset);
        let head_bytes = Entry::decode(entry).map_or(FIXED_BYTES, |entry| entry.head_bytes());
        let (head, body) = entry.split_at_mut(head_bytes);
        head[12..16].copy_from_slice(&checksum(body, seed).to_le_bytes());
        let sum = checksum(&head[KIND_AT..], seed);
        head[..4].copy_from_slice(&sum.to_le_bytes());
        offset += u32_of(length);
        rest = after;
    }
}

/// Marks the first entry of a commit.
pub(crate) fn mark_first_of_commit(entry: &mut [u8]) {
    entry[FLAGS_AT] |= FIRST_OF_COMMIT;
}

fn checksum(bytes: &[u8], seed: u32) -> u32 {
    let mut hasher = Hasher::new_with_initial(seed);
    hasher.update(bytes);
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
                kind, first_of_commit, erased: false, sequence, time, previous, due,
                subject: &subject, headers: &headers, payload: &payload,
            };
            let mut bytes = Vec::new();
            entry.encode(&mut bytes);
            prop_assert_eq!(bytes.len(), entry.length() as usize);
            seal(&mut bytes, salt, offset);
            bytes.extend_from_slice(b"what follows");
            prop_assert_eq!(Entry::verified(&bytes, seed(salt, offset)), Ok(entry));
            if elsewhere != offset {
                prop_assert_eq!(Entry::verified(&bytes, seed(salt, elsewhere)), Err(Bad::Entry));
            }
            // Erased, its body is anything.
            let mut erased = bytes.clone();
            erased[ERASED_AT as usize] = ERASED;
            erased[entry.head_bytes()..entry.length() as usize].fill(0);
            prop_assert_eq!(Entry::verified(&erased, seed(salt, offset)).map(|e| (e.erased, e.sequence)), Ok((true, sequence)));
            let at = flip.index(entry.length() as usize * 8);
            bytes[at / 8] ^= 1 << (at % 8);
            let expected = match at / 8 {
                4 => Ok(entry),
                at if at < entry.head_bytes() => Err(Bad::Entry),
                _ => Err(Bad::Body { length: entry.length(), sequence }),
            };
            prop_assert_eq!(Entry::verified(&bytes, seed(salt, offset)), expected);
        }

        #[test]
        fn no_bytes_upset_the_decoder(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Entry::decode(&bytes);
            let _ = Entry::verified(&bytes, 0);
        }
    }
}
