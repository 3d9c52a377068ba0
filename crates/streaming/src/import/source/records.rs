//! The records of one file, one by one: what is whole, what is cut off at the end, what is damaged.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::resync::{self, Shape};
use super::{Damage, Reading};
use crate::import::error::Error;
use crate::import::notes::Notes;

/// What stands before the first record.
pub type VersionBytes = [u8; 4];
/// What stands before a record's content.
pub type HeaderBytes = [u8; 8];
/// How many those are.
pub const VERSION_BYTES: u64 = size_of::<VersionBytes>() as u64;
/// How many those are.
pub const HEADER_BYTES: u64 = size_of::<HeaderBytes>() as u64;
const VERSION: u32 = 1;
const READ_BYTES: usize = 256 * 1024;

/// The longest content taken for one: twice what a NATS server can be told to take. More is damage.
pub const CONTENT_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// One record.
pub struct Record<'a> {
    /// Where it begins.
    pub at: u64,
    /// What it is; 0 in files where all are alike.
    pub kind: u8,
    /// What it holds.
    pub content: &'a [u8],
}

/// What is wrong with the bytes at a place.
enum Flaw {
    /// They are fewer than a record: the end of a file that was being written looks so.
    Short(String),
    /// Zeros to the end: so does the end of a file after a power cut.
    Zeros,
    /// The content is not what was written. How long it is may be right.
    Content(String),
    /// Anything else.
    Bad(String),
}

/// A file's records.
pub struct Records<'a> {
    reading: &'a Reading,
    pub path: PathBuf,
    file: BufReader<File>,
    len: u64,
    /// Where the next one begins.
    at: u64,
    shape: Shape<'a>,
    /// A record that is cut off at the end was being written when the server died. In a file that was followed by
    /// another it is damage.
    may_be_cut: bool,
    content: Vec<u8>,
    /// The version was looked at.
    begun: bool,
}

impl<'a> Records<'a> {
    /// Opens `path`. `Ok(None)`: there is none.
    pub fn open(reading: &'a Reading, path: &Path, shape: Shape<'a>, may_be_cut: bool) -> Result<Option<Self>, Error> {
        let failed = |source| Error::Read { path: path.to_owned(), at: 0, source };
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        let len = file.metadata().map_err(failed)?.len();
        let file = BufReader::with_capacity(READ_BYTES, file);
        let (path, content) = (path.to_owned(), Vec::new());
        Ok(Some(Self { reading, path, file, len, at: 0, shape, may_be_cut, content, begun: false }))
    }

    /// The next whole record; `None` at the end.
    pub fn next(&mut self, notes: &mut Notes) -> Result<Option<Record<'_>>, Error> {
        if !std::mem::replace(&mut self.begun, true) && !self.begin(notes)? {
            return Ok(None);
        }
        while self.at < self.len {
            let at = self.at;
            let (kind, flaw) = match self.read()? {
                Ok(kind) => (kind, None),
                Err(flaw) => (0, Some(flaw)),
            };
            match flaw {
                None => {
                    self.at = at + HEADER_BYTES + self.content.len() as u64;
                    return Ok(Some(Record { at, kind, content: &self.content }));
                }
                Some(flaw) => self.recover(flaw, notes)?,
            }
        }
        Ok(None)
    }

    /// The record at `at`, which was given out, says what cannot be: an error, or passed over.
    pub fn damaged(&self, notes: &mut Notes, at: u64, what: impl Into<String>) -> Result<(), Error> {
        self.reading.damaged(notes, Damage { path: self.path.clone(), at, what: what.into() })
    }

    /// Whether a record's CRC is looked at.
    pub fn checks(&self) -> bool {
        self.reading.checksum.is_checked()
    }

    /// Where it ends.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// How far it is read.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Looks at the version. False when there is nothing more.
    fn begin(&mut self, notes: &mut Notes) -> Result<bool, Error> {
        let mut bytes = VersionBytes::default();
        let there = self.len.min(VERSION_BYTES);
        let bytes = &mut bytes[..usize::try_from(there).unwrap_or(0)];
        self.file.read_exact(bytes).map_err(|source| Error::Read { path: self.path.clone(), at: 0, source })?;
        self.at = there;
        if there < VERSION_BYTES {
            let what = format!("the file's version is cut off: {there} bytes of {VERSION_BYTES}");
            if self.may_be_cut && VERSION.to_le_bytes().starts_with(bytes) {
                notes.note(&self.path, 0, format_args!("{what}; the file is taken for empty"));
            } else {
                self.damaged(notes, 0, what)?;
            }
            return Ok(false);
        }
        let version = bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        if version != VERSION {
            self.damaged(notes, 0, format!("the file's version is {version}, and only {VERSION} is known"))?;
        }
        Ok(true)
    }

    /// Reads the record at the present place into the buffer.
    fn read(&mut self) -> Result<Result<u8, Flaw>, Error> {
        let left = self.len - self.at;
        let failed = |at: u64, path: &Path| {
            let path = path.to_owned();
            move |source| Error::Read { path, at, source }
        };
        if left < HEADER_BYTES {
            return Ok(Err(Flaw::Short(format!("a record's header is cut off: {left} bytes of {HEADER_BYTES}"))));
        }
        let mut header = HeaderBytes::default();
        self.file.read_exact(&mut header).map_err(failed(self.at, &self.path))?;
        if header == HeaderBytes::default() {
            let zeros = self.rest_is_zero()?;
            return Ok(Err(if zeros { Flaw::Zeros } else { Flaw::Bad("zeros where a record should be".into()) }));
        }
        let (kind, bytes, sum) = self.shape.header(header);
        let left = left - HEADER_BYTES;
        if bytes > left {
            let what = format!("a record is cut off: it says that it has {bytes} bytes, and {left} are there");
            return Ok(Err(Flaw::Short(what)));
        }
        if bytes > CONTENT_BYTES_MAX {
            return Ok(Err(Flaw::Bad(format!("a record of {bytes} bytes"))));
        }
        self.content.resize(usize::try_from(bytes).unwrap_or(usize::MAX), 0);
        self.file.read_exact(&mut self.content).map_err(failed(self.at, &self.path))?;
        if !self.reading.checksum.fits(&self.content, sum) {
            let hint = self.reading.checksum.other_that_fits(&self.content, sum);
            let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
            return Ok(Err(Flaw::Content(format!("a record's CRC does not match{hint}"))));
        }
        Ok(Ok(kind))
    }

    /// Deals with a flaw at the present place: the file's end is cut, or damage is told, and reading goes on behind it.
    fn recover(&mut self, flaw: Flaw, notes: &mut Notes) -> Result<(), Error> {
        let at = self.at;
        let next = match flaw {
            Flaw::Zeros => None,
            // What lies inside may look like a record: better to go on where the next one should be, if it is there.
            Flaw::Content(_) if self.is_record_behind()? => Some(at + HEADER_BYTES + self.content.len() as u64),
            Flaw::Content(_) | Flaw::Short(_) | Flaw::Bad(_) => self.find_next()?,
        };
        let end = next.unwrap_or(self.len);
        let what = match flaw {
            Flaw::Zeros if self.may_be_cut => {
                notes.note(&self.path, at, format_args!("{} bytes of zeros at the end: cut", end - at));
                self.at = end;
                return Ok(());
            }
            Flaw::Short(what) if self.may_be_cut && next.is_none() => {
                notes.note(&self.path, at, format_args!("{what}; it was not finished: cut"));
                self.at = end;
                return Ok(());
            }
            Flaw::Zeros => "zeros to the end".to_owned(),
            Flaw::Short(what) | Flaw::Content(what) | Flaw::Bad(what) => what,
        };
        self.damaged(notes, at, format!("{what}; {} bytes", end - at))?;
        self.at = end;
        self.file.seek(SeekFrom::Start(end)).map_err(|source| Error::Read { path: self.path.clone(), at, source })?;
        Ok(())
    }

    /// Whether a whole record, or the file's end, follows the one in the buffer.
    fn is_record_behind(&mut self) -> Result<bool, Error> {
        let behind = self.at + HEADER_BYTES + self.content.len() as u64;
        Ok(behind == self.len || self.find(behind, behind + 1)? == Some(behind))
    }

    fn find_next(&mut self) -> Result<Option<u64>, Error> {
        self.find(self.at + 1, self.len)
    }

    fn find(&mut self, from: u64, before: u64) -> Result<Option<u64>, Error> {
        let span = resync::Span { from, before, len: self.len };
        let found = resync::find(&mut self.file, &self.shape, &self.reading.checksum, span);
        found.map_err(|source| Error::Read { path: self.path.clone(), at: self.at, source })
    }

    /// Whether nothing but zeros follows.
    fn rest_is_zero(&mut self) -> Result<bool, Error> {
        let mut chunk = [0; 4096];
        loop {
            match self.file.read(&mut chunk) {
                Ok(0) => return Ok(true),
                Ok(read) if chunk[..read].iter().any(|byte| *byte != 0) => return Ok(false),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::Read { path: self.path.clone(), at: self.at, source }),
            }
        }
    }
}
