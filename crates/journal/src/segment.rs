//! One file of the log: its name, its header, and what is known of it in memory.
//!
//! ```text
//! header  0 "JRNLSEG1"  8 version u32  12 salt u32  16 generation u64  24 base u64  32 head u64  40 cleaned base u64
//!        48 until base u64  56 until turn u32  60 flags u32 (1: rewritten)  64 covered u64
//!        72 previous generation u64  80 previous length u32  84 order u64  92 cleaned turn u32  96 zeros
//!       124 CRC-32 of all before
//! ```
//!
//! It is written twice, so that no single bad sector takes the salt, without which no entry can be told.

use std::sync::Arc;

use crate::disk::File;
use crate::error::Damage;

const MAGIC: &[u8; 8] = b"JRNLSEG1";
const VERSION: u32 = 1;
const COPY_BYTES: usize = 128;
/// Where the entries begin.
#[allow(clippy::cast_possible_truncation, reason = "256")]
pub(crate) const HEADER_BYTES: u32 = 2 * COPY_BYTES as u32;
/// How far apart the entries are of which the offset is kept: what a read by sequence has to pass over.
const SPARSE_BYTES: u32 = 4 * 1024;

const REWRITTEN: u32 = 1;

/// A file's place in the log: the first sequence it may hold, and, where several begin there, which of them it is.
/// Several do where files held only removals, or a disk failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    pub base: u64,
    pub turn: u32,
}

impl Name {
    /// `00000000000000000042.log`, or `00000000000000000042-1.log`.
    pub fn log(self) -> String {
        format!("{self}.log")
    }

    pub fn index(self) -> String {
        format!("{self}.index")
    }

    pub fn parse(file: &str, extension: &str) -> Option<Self> {
        let stem = file.strip_suffix(extension)?.strip_suffix('.')?;
        let (base, turn) = stem.split_once('-').unwrap_or((stem, "0"));
        let name = Self { base: base.parse().ok()?, turn: turn.parse().ok()? };
        (name.to_string() == stem).then_some(name)
    }

    /// The name of the file after this one, which begins at `base`.
    pub fn successor(self, base: u64) -> Self {
        Self { base, turn: if base == self.base { self.turn + 1 } else { 0 } }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.turn {
            0 => write!(f, "{:020}", self.base),
            turn => write!(f, "{:020}-{turn}", self.base),
        }
    }
}

/// What a file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Goes into every checksum of the file.
    pub salt: u32,
    /// Every file ever written has another one; later ones have greater ones.
    pub generation: u64,
    pub name: Name,
    /// Files that follow one another have ascending orders; one that has a lower one than a file before it was made for a
    /// commit that failed.
    pub order: u64,
    /// Everything before this sequence was removed when the file was begun.
    pub head: u64,
    /// When it was rewritten, the removals recorded in files before this one were applied: none of its messages needs them.
    pub cleaned: Name,
    /// The last of the files it took the place of; its own name if it was never rewritten.
    pub until: Name,
    /// The last sequence it stands for if it was rewritten.
    pub covered: Option<u64>,
    /// The file before it, and how much of that was committed: what follows there is no part of the log.
    pub previous: Option<(u64, u32)>,
}

/// Why a header cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadHeader {
    Damaged,
    Version(u32),
}

impl Header {
    pub fn encode(&self) -> [u8; HEADER_BYTES as usize] {
        let mut copy = [0; COPY_BYTES];
        copy[..8].copy_from_slice(MAGIC);
        copy[8..12].copy_from_slice(&VERSION.to_le_bytes());
        copy[12..16].copy_from_slice(&self.salt.to_le_bytes());
        copy[16..24].copy_from_slice(&self.generation.to_le_bytes());
        copy[24..32].copy_from_slice(&self.name.base.to_le_bytes());
        copy[32..40].copy_from_slice(&self.head.to_le_bytes());
        copy[40..48].copy_from_slice(&self.cleaned.base.to_le_bytes());
        copy[48..56].copy_from_slice(&self.until.base.to_le_bytes());
        copy[56..60].copy_from_slice(&self.until.turn.to_le_bytes());
        copy[60..64].copy_from_slice(&(u32::from(self.covered.is_some()) * REWRITTEN).to_le_bytes());
        copy[64..72].copy_from_slice(&self.covered.unwrap_or(0).to_le_bytes());
        let (generation, len) = self.previous.unwrap_or((0, 0));
        copy[72..80].copy_from_slice(&generation.to_le_bytes());
        copy[80..84].copy_from_slice(&len.to_le_bytes());
        copy[84..92].copy_from_slice(&self.order.to_le_bytes());
        copy[92..96].copy_from_slice(&self.cleaned.turn.to_le_bytes());
        let sum = crc32fast::hash(&copy[..COPY_BYTES - 4]);
        copy[COPY_BYTES - 4..].copy_from_slice(&sum.to_le_bytes());
        let mut both = [0; HEADER_BYTES as usize];
        both[..COPY_BYTES].copy_from_slice(&copy);
        both[COPY_BYTES..].copy_from_slice(&copy);
        both
    }

    /// Reads the header a file of this name begins with.
    pub fn decode(bytes: &[u8], turn: u32) -> Result<Self, BadHeader> {
        let copies = bytes.chunks_exact(COPY_BYTES).take(2);
        let sound = |copy: &&[u8]| {
            let (fields, sum) = copy.split_at(COPY_BYTES - 4);
            fields.starts_with(MAGIC) && crc32fast::hash(fields).to_le_bytes() == *sum
        };
        let Some(copy) = copies.into_iter().find(sound) else { return Err(BadHeader::Damaged) };
        let u64_at = |at: usize| copy[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let u32_at = |at: usize| copy[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        if u32_at(8) != VERSION {
            return Err(BadHeader::Version(u32_at(8)));
        }
        let generation = u64_at(72);
        Ok(Self {
            salt: u32_at(12),
            generation: u64_at(16),
            name: Name { base: u64_at(24), turn },
            order: u64_at(84),
            head: u64_at(32),
            cleaned: Name { base: u64_at(40), turn: u32_at(92) },
            until: Name { base: u64_at(48), turn: u32_at(56) },
            covered: (u32_at(60) & REWRITTEN != 0).then(|| u64_at(64)),
            previous: (generation > 0).then(|| (generation, u32_at(80))),
        })
    }
}

/// A stretch of a file that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hole {
    pub from: u32,
    /// Where the next valid entry is, or the file's end.
    pub to: u32,
    /// The messages lost in it, first and last.
    pub lost: Option<(u64, u64)>,
}

impl Hole {
    pub fn damage(&self, file: String) -> Damage {
        let bytes = u64::from(self.to - self.from);
        Damage { file, offset: self.from.into(), bytes, sequences: self.lost, what: "damaged" }
    }
}

/// One file that is part of the log.
pub(crate) struct Segment {
    pub header: Header,
    /// The last sequence it holds; less than its base if it holds no message.
    pub end: u64,
    /// How much of it is committed.
    pub len: u32,
    /// Bytes of the messages in it.
    pub message_bytes: u64,
    /// Sequence, as a distance from the base, and offset of an entry every [`SPARSE_BYTES`].
    pub offsets: Vec<(u32, u32)>,
    pub holes: Vec<Hole>,
    /// It has a sidecar.
    pub indexed: bool,
    pub file: Option<Arc<dyn File>>,
    /// Its messages were moved: it is to be kept open while work on it is under way.
    pub pinned: bool,
}

impl Segment {
    pub fn name(&self) -> Name {
        self.header.name
    }

    pub fn base(&self) -> u64 {
        self.header.name.base
    }

    /// Where to begin looking for `sequence`.
    pub fn offset_before(&self, sequence: u64) -> u32 {
        let distance = u32::try_from(sequence.saturating_sub(self.base())).unwrap_or(u32::MAX);
        let after = self.offsets.partition_point(|(d, _)| *d <= distance);
        after.checked_sub(1).map_or(HEADER_BYTES, |at| self.offsets[at].1)
    }
}

/// Whether the offset of an entry at `offset` is to be kept, the last kept being `last`.
pub(crate) fn is_worth_keeping(offset: u32, last: Option<u32>) -> bool {
    offset >= last.unwrap_or(HEADER_BYTES) + SPARSE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_others_are_none() {
        for name in [Name { base: 1, turn: 0 }, Name { base: u64::MAX, turn: 7 }] {
            assert_eq!(Name::parse(&name.log(), "log"), Some(name));
            assert_eq!(Name::parse(&name.index(), "index"), Some(name));
        }
        for file in ["1.log", "00000000000000000001-0.log", "00000000000000000001.index", "x.log", ".log", "lock"] {
            assert_eq!(Name::parse(file, "log"), None, "{file}");
        }
    }

    #[test]
    fn a_header_survives_any_flipped_bit() {
        let name = Name { base: 42, turn: 3 };
        let header = Header {
            salt: 7,
            generation: 9,
            name,
            order: 5,
            head: 40,
            cleaned: Name { base: 41, turn: 2 },
            until: Name { base: 50, turn: 1 },
            covered: Some(49),
            previous: Some((8, 12345)),
        };
        let bytes = header.encode();
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&bytes, 3), Ok(header), "bit {bit}");
        }
        assert_eq!(Header::decode(&[0; 256], 3), Err(BadHeader::Damaged));
        assert_eq!(Header::decode(&bytes[..100], 3), Err(BadHeader::Damaged));
    }
}
