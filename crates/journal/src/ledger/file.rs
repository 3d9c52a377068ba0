//! The ledger in a file.
//!
//! ```text
//! file    header (32 bytes) twice · entry*                                    integers are little-endian
//! header  0 "JRNLLEDG"  8 version u32  12 salt u32  16 zeros  28 CRC-32 of all before
//! entry   0 checksum u32 (of all that follows, seeded by salt and offset)  4 length u32 (of the content)  8 content
//! ```
//!
//! Written anew, it becomes a file of its own, which takes the old one's name once it is durable.

use std::any::Any;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::Arc;

use crc32fast::Hasher;

use crate::atomic::temporary;
use crate::disk::{Disk, File, read_all};
use crate::error::{Cut, Damage, OpenError, Recovery};
use crate::log::Sync;
use crate::record::u32_of;
use crate::store::{Book, Write};

use super::ENTRY_BYTES_MAX;

const MAGIC: &[u8; 8] = b"JRNLLEDG";
const VERSION: u32 = 1;
const COPY_BYTES: usize = 32;
const HEADER_BYTES: usize = 2 * COPY_BYTES;
const FIXED_BYTES: usize = 8;
/// Staging buffers above this size are given back once written.
const SPARE_BYTES_MAX: usize = 256 * 1024;

/// A batch of entries on its way to the file.
struct Batch {
    disk: Arc<dyn Disk>,
    name: String,
    /// `None`: a new file is made.
    file: Option<Arc<dyn File>>,
    salt: u32,
    offset: usize,
    buffer: Vec<u8>,
    /// A commit failed before: what lies behind the offset is to go first.
    unclean: bool,
}

impl Write for Batch {
    fn run(&mut self, sync: Sync) -> io::Result<()> {
        let sync = sync == Sync::Always;
        let header = if self.offset == 0 { HEADER_BYTES } else { 0 };
        seal(&mut self.buffer[header..], self.salt, self.offset + header);
        if let Some(file) = &self.file {
            if self.unclean {
                file.set_len(self.offset as u64)?;
                file.sync()?;
            }
            file.write_at(&self.buffer, self.offset as u64)?;
            return if sync { file.sync() } else { Ok(()) };
        }
        let unfinished = temporary(&self.name);
        let file = self.disk.create(&unfinished)?;
        file.write_at(&self.buffer, 0)?;
        if sync {
            file.sync()?;
        }
        self.disk.rename(&unfinished, &self.name)?;
        self.file = Some(file);
        if sync { self.disk.sync() } else { Ok(()) }
    }
}

/// The file.
pub(super) struct LedgerFile {
    disk: Arc<dyn Disk>,
    name: String,
    file: Option<Arc<dyn File>>,
    salt: u32,
    /// Bytes of the file that are committed.
    len: usize,
    staged: Vec<u8>,
    /// What is staged is a file of its own.
    anew: bool,
    /// The salt of that file.
    salt_anew: u32,
    flying_bytes: usize,
    flying: bool,
    unclean: bool,
}

impl LedgerFile {
    /// Opens the file `name` in `disk`, or makes one with its first commit. Returns its entries in order.
    pub fn open(disk: &Arc<dyn Disk>, name: &str) -> Result<(Self, Vec<Vec<u8>>, Recovery), OpenError> {
        let mut recovery = Recovery::default();
        let mut ledger = Self {
            disk: disk.clone(),
            name: name.to_owned(),
            file: None,
            salt: 0,
            len: 0,
            staged: Vec::new(),
            anew: true,
            salt_anew: new_salt(),
            flying_bytes: 0,
            flying: false,
            unclean: false,
        };
        ledger.staged.extend_from_slice(&header(ledger.salt_anew));
        let cannot_read = || OpenError::disk(format!("cannot read {name}"));
        let file = match disk.open(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((ledger, Vec::new(), recovery)),
            opened => opened.map_err(cannot_read())?,
        };
        let bytes = read_all(&*file).map_err(cannot_read())?;
        recovery.scanned_files = 1;
        recovery.scanned_bytes = bytes.len() as u64;
        let Some(salt) = salt_of(&bytes).map_err(|version| OpenError::Version { file: name.into(), version })? else {
            let aside = format!("{name}.damaged");
            disk.rename(name, &aside).map_err(OpenError::disk(format!("cannot rename {name}")))?;
            recovery.notes.push(format!("{name}: its header cannot be read; it is put aside as {aside}"));
            return Ok((ledger, Vec::new(), recovery));
        };
        let (entries, len) = read_entries(&bytes, salt, name, &mut recovery);
        if len < bytes.len() {
            recovery.cuts.push(Cut { file: name.into(), offset: len as u64, bytes: (bytes.len() - len) as u64 });
            // Tried again before the next commit.
            ledger.unclean = file.set_len(len as u64).and_then(|()| file.sync()).is_err();
        }
        (ledger.file, ledger.salt, ledger.len, ledger.anew) = (Some(file), salt, len, false);
        ledger.staged.clear();
        Ok((ledger, entries, recovery))
    }

    /// The header of a file that is not there yet does not count: nobody waits for it.
    fn waiting_bytes(&self) -> usize {
        let first = self.anew && self.file.is_none() && self.staged.len() == HEADER_BYTES;
        if first { 0 } else { self.staged.len() }
    }
}

impl Book for LedgerFile {
    fn append(&mut self, entry: &[u8]) {
        self.staged.extend_from_slice(&[0; 4]);
        self.staged.extend_from_slice(&u32_of(entry.len()).to_le_bytes());
        self.staged.extend_from_slice(entry);
    }

    fn begin_anew(&mut self) {
        self.anew = true;
        self.salt_anew = new_salt();
        self.staged.clear();
        self.staged.extend_from_slice(&header(self.salt_anew));
    }

    fn staged_bytes(&self) -> usize {
        self.waiting_bytes() + self.flying_bytes
    }

    fn bytes(&self) -> u64 {
        self.len as u64
    }

    fn begin(&mut self) -> Option<Box<dyn Write>> {
        if self.flying || self.waiting_bytes() == 0 {
            return None;
        }
        let anew = std::mem::take(&mut self.anew);
        let buffer = std::mem::take(&mut self.staged);
        self.flying = true;
        self.flying_bytes = buffer.len();
        Some(Box::new(Batch {
            disk: self.disk.clone(),
            name: self.name.clone(),
            file: self.file.clone().filter(|_| !anew),
            salt: if anew { self.salt_anew } else { self.salt },
            offset: if anew { 0 } else { self.len },
            buffer,
            unclean: self.unclean,
        }))
    }

    fn end(&mut self, write: Box<dyn Write>, succeeded: bool) {
        let any: Box<dyn Any> = write;
        // Only our own come back.
        let Ok(batch) = any.downcast::<Batch>() else { return };
        let Batch { file, salt, offset, mut buffer, .. } = *batch;
        self.flying = false;
        self.flying_bytes = 0;
        if !succeeded {
            self.unclean = true;
            // Whichever file has the name by now: one written anew has to be written anew once more.
            if !self.anew {
                self.anew = offset == 0;
                self.salt_anew = salt;
                buffer.append(&mut self.staged);
                self.staged = buffer;
            }
            return;
        }
        self.unclean = false;
        self.len = offset + buffer.len();
        (self.file, self.salt) = (file, salt);
        if self.staged.is_empty() && buffer.capacity() <= SPARE_BYTES_MAX {
            buffer.clear();
            self.staged = buffer;
        }
    }
}

fn new_salt() -> u32 {
    (RandomState::new().hash_one(0) >> 32) as u32
}

fn header(salt: u32) -> [u8; HEADER_BYTES] {
    let mut copy = [0; COPY_BYTES];
    copy[..8].copy_from_slice(MAGIC);
    copy[8..12].copy_from_slice(&VERSION.to_le_bytes());
    copy[12..16].copy_from_slice(&salt.to_le_bytes());
    let sum = crc32fast::hash(&copy[..COPY_BYTES - 4]);
    copy[COPY_BYTES - 4..].copy_from_slice(&sum.to_le_bytes());
    let mut both = [0; HEADER_BYTES];
    both[..COPY_BYTES].copy_from_slice(&copy);
    both[COPY_BYTES..].copy_from_slice(&copy);
    both
}

/// The salt a file's header holds. `Err`: a version that is not known.
fn salt_of(bytes: &[u8]) -> Result<Option<u32>, u32> {
    if bytes.len() < HEADER_BYTES {
        return Ok(None);
    }
    let sound = bytes.chunks_exact(COPY_BYTES).take(2).find(|copy| {
        let (fields, sum) = copy.split_at(COPY_BYTES - 4);
        fields.starts_with(MAGIC) && crc32fast::hash(fields).to_le_bytes() == *sum
    });
    let Some(copy) = sound else { return Ok(None) };
    let field = |at: usize| copy[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    if field(8) == VERSION { Ok(Some(field(12))) } else { Err(field(8)) }
}

fn checksum(entry: &[u8], salt: u32, offset: usize) -> u32 {
    let mut hasher = Hasher::new_with_initial(salt ^ u32_of(offset));
    hasher.update(&entry[4..]);
    hasher.finalize()
}

/// Fills in the checksums of entries of which the first will lie at `offset`.
fn seal(bytes: &mut [u8], salt: u32, mut offset: usize) {
    let mut rest = bytes;
    while let Some(length) = length(rest) {
        let (entry, after) = rest.split_at_mut(length);
        let sum = checksum(entry, salt, offset);
        entry[..4].copy_from_slice(&sum.to_le_bytes());
        offset += length;
        rest = after;
    }
}

/// How long the entry is that `bytes` begin with, if they hold it.
fn length(bytes: &[u8]) -> Option<usize> {
    let content = u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?) as usize;
    let length = FIXED_BYTES + content;
    (content <= ENTRY_BYTES_MAX && length <= bytes.len()).then_some(length)
}

/// The entries of a file, and where the last one ends.
fn read_entries(bytes: &[u8], salt: u32, name: &str, recovery: &mut Recovery) -> (Vec<Vec<u8>>, usize) {
    let valid = |at: usize| {
        let length = length(&bytes[at..])?;
        let entry = &bytes[at..at + length];
        (entry[..4] == checksum(entry, salt, at).to_le_bytes()).then_some(entry)
    };
    let (mut entries, mut at, mut end) = (Vec::new(), HEADER_BYTES, HEADER_BYTES);
    while at < bytes.len() {
        if let Some(entry) = valid(at) {
            entries.push(entry[FIXED_BYTES..].to_vec());
            at += entry.len();
            end = at;
            continue;
        }
        // Damage if something valid follows, an unfinished write if nothing does.
        let Some(next) = (at + 1..bytes.len()).find(|next| valid(*next).is_some()) else { break };
        recovery.damages.push(Damage {
            file: name.to_owned(),
            offset: at as u64,
            bytes: (next - at) as u64,
            sequences: None,
            what: "damaged",
        });
        at = next;
    }
    (entries, end)
}
