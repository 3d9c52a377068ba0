//! The index of a slice: where its records begin. It is a help, not the truth: a slice can be read without.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use super::Reading;
use super::records::{VERSION_BYTES, VersionBytes};
use crate::import::error::Error;
use crate::import::notes::Notes;

const ENTRY_BYTES: usize = 32;
const SUM_AT: usize = 28;

/// A record of the slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub sequence: u64,
    /// Where it begins.
    pub at: u64,
    pub time: i64,
    /// Of its content.
    pub bytes: u64,
}

/// The index's entries, one by one.
pub struct Index<'a> {
    reading: &'a Reading,
    path: PathBuf,
    file: BufReader<File>,
    at: u64,
    next: Option<Entry>,
}

impl<'a> Index<'a> {
    /// Opens the index at `path`. `None` where there is none that could help: that is noted.
    pub fn open(reading: &'a Reading, path: &Path, notes: &mut Notes) -> Result<Option<Self>, Error> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                notes.note(path, 0, "there is no such file: the messages are found without");
                return Ok(None);
            }
            opened => opened.map_err(|source| Error::Read { path: path.to_owned(), at: 0, source })?,
        };
        let mut index = Self { reading, path: path.to_owned(), file: BufReader::new(file), at: 0, next: None };
        let mut version = VersionBytes::default();
        if index.fill(&mut version)? < version.len() || version != 1_u32.to_le_bytes() {
            notes.note(path, 0, "the index's version is not 1: the messages are found without");
            return Ok(None);
        }
        index.at = VERSION_BYTES;
        index.advance(notes)?;
        Ok(Some(index))
    }

    /// The next entry.
    pub fn peek(&self) -> Option<Entry> {
        self.next
    }

    /// Goes to the next entry. One that cannot be read is the last; that is noted.
    pub fn advance(&mut self, notes: &mut Notes) -> Result<(), Error> {
        let mut bytes = [0; ENTRY_BYTES];
        self.next = None;
        let there = self.fill(&mut bytes)?;
        if there == 0 {
            return Ok(());
        }
        let whole = there == ENTRY_BYTES;
        let sum = number(&bytes, SUM_AT, u32::from_le_bytes);
        if !whole || bytes == [0; ENTRY_BYTES] || !self.reading.checksum.fits(&bytes[..SUM_AT], sum) {
            notes.note(&self.path, self.at, "the index cannot be read from here on: the messages are found without");
            return Ok(());
        }
        self.at += ENTRY_BYTES as u64;
        self.next = Some(Entry {
            sequence: number(&bytes, 0, u64::from_le_bytes),
            at: number(&bytes, 8, u64::from_le_bytes),
            time: number(&bytes, 16, i64::from_le_bytes),
            bytes: u64::from(number(&bytes, 24, u32::from_le_bytes)),
        });
        Ok(())
    }

    /// So many messages of the slice lie behind what the index has.
    pub fn ends_early(&self, messages: u64, notes: &mut Notes) {
        notes.note(
            &self.path,
            self.at,
            format_args!("the index ends: {messages} messages behind it are found without"),
        );
    }

    /// As many bytes as there are, up to the buffer's.
    fn fill(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let mut filled = 0;
        while filled < into.len() {
            match self.file.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::Read { path: self.path.clone(), at: self.at, source }),
            }
        }
        Ok(filled)
    }
}

fn number<const N: usize, T>(bytes: &[u8; ENTRY_BYTES], at: usize, of: fn([u8; N]) -> T) -> T {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[at..at + N]);
    of(part)
}
