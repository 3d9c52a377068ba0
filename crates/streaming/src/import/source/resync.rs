//! Where records go on behind damage: the next place at which a record begins, by its header, its first bytes and its
//! CRC.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::checksum::Checksum;
use super::records::{CONTENT_BYTES_MAX, HEADER_BYTES, HeaderBytes};

/// Looked at in one go.
const WINDOW_BYTES: usize = 1024 * 1024;
/// Longest beginning of a content that [`Shape`] looks at: a sequence, and a
/// channel's name, which is a folder's too.
const BEGINNING_BYTES: usize = 16 + 255;
/// A state record is small: a subscription or a client with its names.
const STATE_BYTES_MAX: u64 = 64 * 1024;

/// What the records of a file look like.
#[derive(Debug, Clone, Copy)]
pub enum Shape<'a> {
    /// One kind, in a file that holds one.
    Info,
    /// Of kinds from 1 to this.
    State(u8),
    /// Messages of the channel.
    Messages(&'a str),
}

impl Shape<'_> {
    /// Kind, length and CRC.
    pub fn header(&self, header: HeaderBytes) -> (u8, u64, u32) {
        let [a, b, c, d, sum @ ..] = header;
        let sum = u32::from_le_bytes(sum);
        match self {
            Self::State(_) => (d, u32::from_le_bytes([a, b, c, 0]).into(), sum),
            Self::Info | Self::Messages(_) => (0, u32::from_le_bytes([a, b, c, d]).into(), sum),
        }
    }

    /// Whether a content may begin so. What is not a record must fail here: its length may be anything, and its CRC
    /// takes reading it.
    fn may_begin(&self, kind: u8, bytes: u64, beginning: &[u8]) -> bool {
        match self {
            Self::Info => beginning.first() == Some(&0x0a),
            Self::State(last) => {
                (1..=*last).contains(&kind)
                    && (2..=STATE_BYTES_MAX).contains(&bytes)
                    && matches!(beginning.first(), Some(0x08 | 0x0a))
            }
            Self::Messages(channel) => {
                if bytes > CONTENT_BYTES_MAX || beginning.first() != Some(&0x08) {
                    return false;
                }
                let sequence = beginning[1..].iter().take(10).take_while(|byte| **byte >= 0x80).count() + 1;
                let Some(rest) = beginning.get(1 + sequence..).and_then(|rest| rest.strip_prefix(&[0x12])) else {
                    return false;
                };
                let length = rest.iter().take(2).take_while(|byte| **byte >= 0x80).count() + 1;
                rest.get(length..).is_some_and(|name| name.starts_with(channel.as_bytes()))
            }
        }
    }
}

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// At the earliest.
    pub from: u64,
    /// It begins before this.
    pub before: u64,
    /// The file's end.
    pub len: u64,
}

/// The next place where a record begins that is whole.
pub fn find(file: &mut BufReader<File>, shape: &Shape<'_>, checksum: &Checksum, span: Span) -> io::Result<Option<u64>> {
    let mut window = Vec::new();
    let mut content = Vec::new();
    let mut from = span.from;
    while from < span.before && from + HEADER_BYTES < span.len {
        let step = to_usize(span.before - from).min(WINDOW_BYTES);
        window.resize((step + size_of::<HeaderBytes>() + BEGINNING_BYTES).min(to_usize(span.len - from)), 0);
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut window)?;
        for at in 0..step {
            let Some((header, beginning)) = window.get(at..).and_then(|rest| rest.split_first_chunk()) else { break };
            let (kind, bytes, sum) = shape.header(*header);
            let begins = from + at as u64 + HEADER_BYTES;
            let beginning = &beginning[..beginning.len().min(to_usize(bytes))];
            if bytes == 0 || begins + bytes > span.len || !shape.may_begin(kind, bytes, beginning) {
                continue;
            }
            content.resize(to_usize(bytes), 0);
            file.seek(SeekFrom::Start(begins))?;
            file.read_exact(&mut content)?;
            if checksum.fits(&content, sum) {
                return Ok(Some(from + at as u64));
            }
        }
        from += step as u64;
    }
    Ok(None)
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
