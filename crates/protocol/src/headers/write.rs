//! New header blocks: from nothing, from a status, or from another block.

use super::{Lines, VERSION, field};
use crate::line;

/// Writes one block into a buffer, field by field. Without [`Writer::finish`] the block lacks its end.
///
/// ```
/// use protocol::headers::{self, Writer};
///
/// let mut out = Vec::new();
/// Writer::copy(&mut out, b"NATS/1.0\r\nX: 1\r\n\r\n", |_| true).field(headers::STREAM, "S").number(headers::SEQUENCE, 7).finish();
/// assert_eq!(out, b"NATS/1.0\r\nX: 1\r\nNats-Stream: S\r\nNats-Sequence: 7\r\n\r\n");
/// ```
#[must_use = "a block ends with `finish`"]
pub struct Writer<'o>(&'o mut Vec<u8>);

impl<'o> Writer<'o> {
    /// Begins a block of fields.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        out.extend_from_slice(VERSION.as_bytes());
        out.extend_from_slice(b"\r\n");
        Self(out)
    }

    /// Begins a block with a status: `404`, `Message Not Found`. The description may be empty.
    pub fn status(out: &'o mut Vec<u8>, code: u16, description: &str) -> Self {
        out.extend_from_slice(VERSION.as_bytes());
        out.push(b' ');
        line::number(out, code);
        if !description.is_empty() {
            out.push(b' ');
            one_line(out, description.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        Self(out)
    }

    /// Begins a block with the fields of `block` (may be empty) whose names `keep` accepts, as they are.
    /// Its status is not copied: what is stored or passed on is a message.
    pub fn copy(out: &'o mut Vec<u8>, block: &[u8], mut keep: impl FnMut(&str) -> bool) -> Self {
        out.reserve(block.len());
        let writer = Self::new(out);
        for line in Lines(block).skip(1) {
            if field(line).is_none_or(|(name, _)| keep(name)) {
                writer.0.extend_from_slice(line);
                writer.0.extend_from_slice(b"\r\n");
            }
        }
        writer
    }

    /// Adds a field. Line ends within `value` become blanks: they would begin another field.
    pub fn field(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        one_line(self.0, value.as_ref());
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// Adds a field with a number.
    pub fn number(self, name: &str, value: u64) -> Self {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        line::number(self.0, value);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// Ends the block.
    pub fn finish(self) {
        self.0.extend_from_slice(b"\r\n");
    }
}

fn one_line(out: &mut Vec<u8>, text: &[u8]) {
    if memchr::memchr2(b'\r', b'\n', text).is_none() {
        out.extend_from_slice(text);
    } else {
        out.extend(text.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
    }
}

/// Appends a whole block with a status and `fields`.
pub fn write_status(out: &mut Vec<u8>, code: u16, description: &str, fields: &[(&str, &str)]) {
    fields
        .iter()
        .fold(Writer::status(out, code, description), |writer, (name, value)| writer.field(name, value))
        .finish();
}

/// Appends `block` (may be empty) with `fields` after its own.
pub fn append(out: &mut Vec<u8>, block: &[u8], fields: &[(&str, &str)]) {
    let writer = Writer::copy(out, block, |_| true);
    fields.iter().fold(writer, |writer, (name, value)| writer.field(name, value)).finish();
}

/// Appends `block` without the fields `drop` names; nothing at all if none are left.
pub fn remove(out: &mut Vec<u8>, block: &[u8], mut drop: impl FnMut(&str) -> bool) {
    let before = out.len();
    let writer = Writer::copy(out, block, |name| !drop(name));
    if writer.0.len() == before + VERSION.len() + 2 {
        writer.0.truncate(before);
    } else {
        writer.finish();
    }
}
