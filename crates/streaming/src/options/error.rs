//! What can be wrong with what we were told, each in one line that names the place and the cure.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The first thing that is wrong. Its text is one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such option.
    #[error("unknown option {given:?}{}; --help lists them all", Guess(nearest.as_ref()))]
    UnknownOption {
        /// As it was typed, without a value.
        given: String,
        /// The option perhaps meant.
        nearest: Option<String>,
    },
    /// An option at the end of the line wants a value.
    #[error("{option} needs a value: {option} {value}")]
    MissingValue {
        /// As it was typed.
        option: String,
        /// What the value would be, `<port>`.
        value: &'static str,
    },
    /// A word that belongs to no option.
    #[error("unexpected argument {0:?}; --help shows how to call me")]
    UnexpectedArgument(String),
    /// An argument or variable that is not text.
    #[error("{0:?} is not UTF-8")]
    NotText(String),
    /// A value that cannot be.
    #[error("{origin} cannot be {value:?}: {why}")]
    Value {
        /// Where it was set.
        origin: Origin,
        /// What it was set to.
        value: String,
        /// What would be right.
        why: String,
    },
    /// Something `nats-server` has and we have not.
    #[error("{origin} is not supported: {instead}")]
    Refused {
        /// Where it was set.
        origin: Origin,
        /// What to do instead.
        instead: &'static str,
    },
    /// The configuration file breaks the syntax.
    #[error("{at}: {what}")]
    Syntax {
        /// Where.
        at: Position,
        /// What is wrong.
        what: String,
    },
    /// The configuration file has a key nobody knows.
    #[error("{at}: unknown key {key:?}{}{}", Inside(inside), Guess(nearest.as_ref()))]
    UnknownKey {
        /// Where.
        at: Position,
        /// As it was written.
        key: String,
        /// The block it stands in; empty at the top.
        inside: String,
        /// The key perhaps meant.
        nearest: Option<String>,
    },
    /// A file we were told to read.
    #[error("cannot read {}: {why}", path.display().to_string().escape_debug())]
    Read {
        /// Its name as it was given.
        path: PathBuf,
        /// The system's reason.
        why: String,
    },
    /// Settings that are right alone and wrong together, or a signal that cannot be sent.
    #[error("{0}")]
    Conflict(String),
}

/// Who set a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An option as it was typed, `-p`.
    CommandLine(String),
    /// A variable, `STREAMING_PORT`.
    Environment(String),
    /// A key of the configuration file, with the blocks around it: `jetstream.store_dir`.
    File(Position, String),
}

/// A place in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The file as it was named.
    pub file: Arc<str>,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine(name) | Self::Environment(name) => f.write_str(name),
            Self::File(at, key) => write!(f, "{at}: {key}"),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.escape_debug(), self.line, self.column)
    }
}

struct Guess<'a>(Option<&'a String>);

impl fmt::Display for Guess<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |nearest| write!(f, ", did you mean {nearest:?}?"))
    }
}

struct Inside<'a>(&'a str);

impl fmt::Display for Inside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " in {:?}", self.0) }
    }
}

/// The candidate that `given` is perhaps a slip of: at most every third letter is wrong.
pub(super) fn nearest<'a>(given: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64; // Comparing takes time in proportion to the square of the length.
    if given.len() > LONGEST {
        return None;
    }
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(given, candidate), candidate))
        .filter(|(distance, candidate)| distance * 3 <= candidate.len())
        .min()
        .map(|(_, candidate)| candidate)
}
