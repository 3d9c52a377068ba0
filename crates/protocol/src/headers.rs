//! The header block before a payload: a status, and fields in the order they were written.
//!
//! ```text
//! NATS/1.0[ <status>[ <description>]]␍␊
//! <name>: <value>␍␊
//! …
//! ␍␊
//! ```
//!
//! Read as `nats-server` reads it (tried against 2.9.10): names are compared byte for byte, **case included**; blanks
//! before a value are not part of it, blanks after it are; what stands in the first line is no matter to the fields;
//! the last line may lack its end. A line without a colon is no field. Blocks pass through a server as they came:
//! nothing here repairs one, and a copy keeps each line it does not mean to drop.

mod names;
mod write;

pub use names::*;
pub use write::{Writer, append, remove, write_status};

/// What every block begins with.
pub const VERSION: &str = "NATS/1.0";

/// A header block, read where it lies. The empty block has neither status nor fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headers<'a>(&'a [u8]);

impl<'a> Headers<'a> {
    /// Takes `block` for a header block. Whatever it is, reading it is safe: what is no field is passed over.
    #[inline]
    pub const fn parse(block: &'a [u8]) -> Self {
        Self(block)
    }

    /// It begins with [`VERSION`] and ends with an empty line, as every client writes it.
    pub fn is_well_formed(self) -> bool {
        let Some(rest) = self.0.strip_prefix(VERSION.as_bytes()) else {
            return false;
        };
        matches!(rest.first(), Some(b' ' | b'\r')) && rest.ends_with(b"\r\n\r\n")
    }

    /// The block itself.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// There is no block at all.
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The status code and its description (empty if there is none), if the first line has a code.
    pub fn status(self) -> Option<(u16, &'a str)> {
        let first = Lines(self.0).next()?;
        let text = std::str::from_utf8(first).ok()?.strip_prefix(VERSION)?.trim();
        let (code, description) = text.split_once(' ').unwrap_or((text, ""));
        Some((code.parse().ok()?, description.trim_start()))
    }

    /// The fields in order: names as written, values as bytes. Fields whose name is not UTF-8 are passed over.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        Lines(self.0).skip(1).filter_map(field)
    }

    /// The first value of `name`.
    pub fn get(self, name: &str) -> Option<&'a [u8]> {
        self.get_all(name).next()
    }

    /// The first value of `name`, if it is UTF-8.
    pub fn get_str(self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.get(name)?).ok()
    }

    /// Every value of `name`, in order.
    pub fn get_all(self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter_map(move |(field, value)| (field == name).then_some(value))
    }
}

/// A line as a field.
#[inline]
fn field(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let name = std::str::from_utf8(&line[..colon]).ok()?;
    let mut value = &line[colon + 1..];
    while let [b' ', rest @ ..] = value {
        value = rest;
    }
    Some((name, value))
}

/// Lines without their ends. An empty line ends them.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        // A lone CR or LF may stand in a value as far as a server cares, so only the pair ends a line.
        let mut from = 0;
        let (line, rest) = loop {
            match memchr::memchr(b'\r', &self.0[from..]) {
                None => break (self.0, &[][..]),
                Some(offset) if self.0.get(from + offset + 1) == Some(&b'\n') => {
                    break (&self.0[..from + offset], &self.0[from + offset + 2..]);
                }
                Some(offset) => from += offset + 1,
            }
        };
        self.0 = rest;
        if line.is_empty() {
            self.0 = &[];
            return None;
        }
        Some(line)
    }
}

#[cfg(test)]
mod tests;
