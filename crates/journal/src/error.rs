//! What can go wrong, and what recovery has to say.

use std::fmt;
use std::io;

/// A place in the log that cannot be read, while everything around it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// Where the bad bytes begin.
    pub offset: u64,
    /// How many there are.
    pub bytes: u64,
    /// The first and the last of the messages that are lost with them, as far as can be told.
    pub sequences: Option<(u64, u64)>,
    /// What is wrong with them.
    pub what: &'static str,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, bytes, sequences, what } = self;
        write!(f, "{file}: {what}: {bytes} bytes at offset {offset}")?;
        match sequences {
            Some((first, last)) if first == last => write!(f, ", message {first} is lost"),
            Some((first, last)) => write!(f, ", messages {first} to {last} are lost"),
            None => write!(f, ", no message is lost"),
        }
    }
}

/// Why a message cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The disk failed.
    #[error("{file}: cannot read at offset {offset}: {source}")]
    Disk {
        /// The file.
        file: String,
        /// Where in it.
        offset: u64,
        /// Why.
        source: io::Error,
    },
    /// The message is damaged.
    #[error("{0}")]
    Damaged(Damage),
}

/// Why a log cannot be opened. Damage is no reason: what can be read is.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The disk failed.
    #[error("{doing}: {source}")]
    Disk {
        /// What was done.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A file was written by a later version of this program.
    #[error("{file}: version {version} of the format is not known")]
    Version {
        /// The file.
        file: String,
        /// The version it says.
        version: u32,
    },
}

impl OpenError {
    pub(crate) fn disk(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Disk { doing, source }
    }
}

/// What recovery did and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Ends of files that were never acknowledged, and are cut off.
    pub cuts: Vec<Cut>,
    /// What cannot be read.
    pub damages: Vec<Damage>,
    /// Other files that were put right or aside, a sentence each.
    pub notes: Vec<String>,
    /// Files of which every entry was read, for want of a valid index.
    pub scanned_files: usize,
    /// Bytes of those.
    pub scanned_bytes: u64,
}

/// The end of a file that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The file.
    pub file: String,
    /// Where it now ends.
    pub offset: u64,
    /// How many bytes went.
    pub bytes: u64,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, bytes } = self;
        write!(f, "{file}: cut {bytes} bytes of an unfinished write at offset {offset}")
    }
}

impl Recovery {
    /// What an operator should read, a line each. None after a clean stop.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let cuts = self.cuts.iter().map(ToString::to_string);
        let damages = self.damages.iter().map(ToString::to_string);
        cuts.chain(damages).chain(self.notes.iter().cloned())
    }
}
