//! What a client sends: commands read off its bytes, and written for the other side of a test or a load.
//!
//! ```text
//! CONNECT {json}␍␊
//! PUB  <subject> [reply] <bytes>␍␊<payload>␍␊
//! HPUB <subject> [reply] <header bytes> <total bytes>␍␊<headers><payload>␍␊
//! SUB  <subject> [queue] <sid>␍␊
//! UNSUB <sid> [max]␍␊
//! PING␍␊   PONG␍␊   INFO {json}␍␊   +OK␍␊   -ERR '…'␍␊
//! ```
//!
//! Read as `nats-server` reads it (tried against 2.9.10): verbs in any case, blanks are spaces and tabs, a control line
//! may end with LF alone while a payload must end with CR LF, what follows `PING` and `+OK` is ignored, an empty
//! line is no operation. Where it hangs up without a word ([`Violation::ParserError`]) we say why.

mod connect;
mod encode;

pub use connect::Connect;
pub use encode::{connect, ping, pong, publish, subscribe, unsubscribe};

use crate::line::{self, Line};

/// How much a client may send at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A control line's longest, in bytes, without its verb and its end.
    pub control_line_bytes_max: usize,
    /// The most headers and payload together, in bytes.
    pub payload_bytes_max: usize,
}

impl Default for Limits {
    /// What `nats-server` allows unless told otherwise.
    fn default() -> Self {
        Self { control_line_bytes_max: 4096, payload_bytes_max: 1024 * 1024 }
    }
}

/// One command, its parts views into the input. Subjects are UTF-8, without blanks and line ends, and not yet validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// `CONNECT`: its JSON, to be read by [`Connect::parse`]; empty if there was none.
    Connect(&'a [u8]),
    /// `PING`: wants a `PONG`.
    Ping,
    /// `PONG`: answers our `PING`.
    Pong,
    /// `INFO` with its JSON: what servers tell one another; from a client it is ignored.
    Info(&'a [u8]),
    /// `+OK`: ignored.
    Ok,
    /// `-ERR` with its text: the client gives up, and `nats-server` hangs up.
    Err(&'a [u8]),
    /// `PUB` or `HPUB`.
    Publish {
        /// Where to.
        subject: &'a str,
        /// Where answers go.
        reply: Option<&'a str>,
        /// The header block with its version line and its empty line; empty for `PUB`.
        headers: &'a [u8],
        /// The body.
        payload: &'a [u8],
    },
    /// `SUB`.
    Subscribe {
        /// A filter, wildcards allowed.
        subject: &'a str,
        /// The group of which one member gets each message.
        queue: Option<&'a str>,
        /// The client's name for this subscription.
        sid: &'a str,
    },
    /// `UNSUB`.
    Unsubscribe {
        /// The subscription.
        sid: &'a str,
        /// End only after so many deliveries, counted from the subscription's start. `None` (also for `0` and for
        /// what is no number, as `nats-server` reads it): at once.
        max: Option<u64>,
    },
}

/// How a client broke the protocol. Each ends its connection, after `-ERR '<this>'`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A known verb with wrong arguments: too few, too many, no number, not UTF-8, a CR amid the line.
    #[error("Parser Error")]
    ParserError,
    /// No verb we know, or a payload that does not end where its length says.
    #[error("Unknown Protocol Operation")]
    UnknownOperation,
    /// Headers and payload exceed [`Limits::payload_bytes_max`].
    #[error("Maximum Payload Violation")]
    MaximumPayload,
    /// The control line exceeds [`Limits::control_line_bytes_max`]. (`nats-server` writes it small, alone among its errors.)
    #[error("maximum control line exceeded")]
    MaximumControlLine,
}

/// Takes the first command off `input`: the command and how many bytes it took. `Ok(None)`: more bytes are needed.
#[inline]
pub fn decode<'a>(input: &'a [u8], limits: &Limits) -> Result<Option<(Command<'a>, usize)>, Violation> {
    // Publishing is nearly all a server reads; the rest may take the longer way.
    match input {
        [b'P' | b'p', b'U' | b'u', b'B' | b'b', b' ' | b'\t', ..] => publication::<4>(input, limits),
        [b'H' | b'h', b'P' | b'p', b'U' | b'u', b'B' | b'b', b' ' | b'\t', ..] => publication::<5>(input, limits),
        _ => other(input, limits),
    }
}

/// `PUB ` (a verb of 4 bytes) and `HPUB ` (of 5, and one length more).
#[inline]
fn publication<'a, const VERB: usize>(
    input: &'a [u8],
    limits: &Limits,
) -> Result<Option<(Command<'a>, usize)>, Violation> {
    let with_headers = VERB == 5;
    let (words, count, length) = match line::split(&input[VERB..], limits.control_line_bytes_max) {
        Line::Whole { words, count, length } => (words, count, length),
        Line::Partial => return Ok(None),
        Line::Malformed => return Err(Violation::ParserError),
        Line::TooLong => return Err(Violation::MaximumControlLine),
    };
    let (subject, reply, header_size, total_size) = match (with_headers, count) {
        (false, 2) => (words[0], None, None, words[1]),
        (false, 3) => (words[0], Some(words[1]), None, words[2]),
        (true, 3) => (words[0], None, Some(words[1]), words[2]),
        (true, 4) => (words[0], Some(words[1]), Some(words[2]), words[3]),
        _ => return Err(Violation::ParserError),
    };
    let total = payload_size(total_size)?;
    if total > limits.payload_bytes_max {
        return Err(Violation::MaximumPayload);
    }
    let headers = match header_size {
        None => 0,
        Some(word) => line::size(word).filter(|&size| size <= total).ok_or(Violation::ParserError)?,
    };
    let (Some(subject), Ok(reply)) = (line::text(subject), reply.map(std::str::from_utf8).transpose()) else {
        return Err(Violation::ParserError);
    };
    let body = &input[VERB + length..];
    if body.len() < total + 2 {
        return match body.get(total) {
            None | Some(b'\r') => Ok(None),
            Some(_) => Err(Violation::UnknownOperation),
        };
    }
    if &body[total..total + 2] != b"\r\n" {
        return Err(Violation::UnknownOperation);
    }
    let (headers, payload) = body[..total].split_at(headers);
    Ok(Some((Command::Publish { subject, reply, headers, payload }, VERB + length + total + 2)))
}

/// A number too long to be parsed is a payload too large to be taken, and says so.
fn payload_size(word: &[u8]) -> Result<usize, Violation> {
    match line::size(word) {
        Some(size) => Ok(size),
        None if line::saturating(word).is_some() => Err(Violation::MaximumPayload),
        None => Err(Violation::ParserError),
    }
}

/// What may begin a command, and what is to be done with the rest of its line.
const VERBS: [(&[u8], Verb); 10] = [
    (b"PING", Verb::Ping),
    (b"PONG", Verb::Pong),
    (b"SUB", Verb::Subscribe),
    (b"UNSUB", Verb::Unsubscribe),
    (b"CONNECT", Verb::Connect),
    (b"INFO", Verb::Info),
    (b"+OK", Verb::Ok),
    (b"-ERR", Verb::Err),
    // With a blank after them these two never come here: what does is their beginning, or a mistake.
    (b"PUB", Verb::Publish),
    (b"HPUB", Verb::Publish),
];

#[derive(Clone, Copy)]
enum Verb {
    Connect,
    Ping,
    Pong,
    Info,
    Ok,
    Err,
    Publish,
    Subscribe,
    Unsubscribe,
}

/// Everything but publishing.
fn other<'a>(input: &'a [u8], limits: &Limits) -> Result<Option<(Command<'a>, usize)>, Violation> {
    let found = VERBS.iter().find(|(name, _)| {
        let shared = name.len().min(input.len());
        name[..shared].eq_ignore_ascii_case(&input[..shared])
    });
    let Some(&(name, verb)) = found else {
        return Err(Violation::UnknownOperation);
    };
    let Some((&next, _)) = input.get(name.len()..).and_then(<[u8]>::split_first) else {
        return Ok(None); // Its beginning only, or nothing at all.
    };
    let blank = matches!(next, b' ' | b'\t');
    let ends = matches!(next, b'\r' | b'\n');
    let bare = matches!(verb, Verb::Ping | Verb::Pong | Verb::Ok | Verb::Connect);
    let complete = blank || (ends && bare);
    if !complete {
        return Err(Violation::UnknownOperation);
    }
    let taken = name.len() + usize::from(blank);
    let rest = &input[taken..];
    match verb {
        Verb::Subscribe | Verb::Unsubscribe => {
            let (words, count, length) = match line::split(rest, limits.control_line_bytes_max) {
                Line::Whole { words, count, length } => (words, count, length),
                Line::Partial => return Ok(None),
                Line::Malformed => return Err(Violation::ParserError),
                Line::TooLong => return Err(Violation::MaximumControlLine),
            };
            let command = match verb {
                Verb::Subscribe => subscription(&words[..count]),
                _ => unsubscription(&words[..count]),
            };
            command.map(|command| Some((command, taken + length))).ok_or(Violation::ParserError)
        }
        _ => {
            let line = line::whole(rest, limits.control_line_bytes_max);
            let Some((text, length)) = line.map_err(|line::TooLong| Violation::MaximumControlLine)? else {
                return Ok(None);
            };
            let command = match verb {
                Verb::Connect => Command::Connect(text.trim_ascii()),
                Verb::Info => Command::Info(text.trim_ascii()),
                Verb::Err => Command::Err(text.trim_ascii()),
                Verb::Ping => Command::Ping,
                Verb::Pong => Command::Pong,
                Verb::Ok => Command::Ok,
                Verb::Publish | Verb::Subscribe | Verb::Unsubscribe => {
                    return Err(Violation::UnknownOperation);
                }
            };
            Ok(Some((command, taken + length)))
        }
    }
}

fn subscription<'a>(words: &[&'a [u8]]) -> Option<Command<'a>> {
    let (subject, queue, sid) = match *words {
        [subject, sid] => (subject, None, sid),
        [subject, queue, sid] => (subject, Some(line::text(queue)?), sid),
        _ => return None,
    };
    Some(Command::Subscribe { subject: line::text(subject)?, queue, sid: line::text(sid)? })
}

fn unsubscription<'a>(words: &[&'a [u8]]) -> Option<Command<'a>> {
    let (sid, max) = match *words {
        [sid] => (sid, None),
        [sid, max] => (sid, line::saturating(max).filter(|&max| max > 0)),
        _ => return None,
    };
    Some(Command::Unsubscribe { sid: line::text(sid)?, max })
}

#[cfg(test)]
mod tests;
