//! A server's operations, read: for load generators and tests, which stand where clients stand.

use crate::line::{self, Line};

/// One operation, its parts views into the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerOp<'a> {
    /// `INFO`: its JSON, an [`Info`](super::Info).
    Info(&'a [u8]),
    /// `MSG` or `HMSG`.
    Msg {
        /// What it was published to.
        subject: &'a str,
        /// The subscription it is for.
        sid: &'a str,
        /// Where answers go.
        reply: Option<&'a str>,
        /// The header block; empty for `MSG`.
        headers: &'a [u8],
        /// The body.
        payload: &'a [u8],
    },
    /// `PING`: wants a `PONG`.
    Ping,
    /// `PONG`: answers our `PING`.
    Pong,
    /// `+OK`: the answer to a command of a verbose connection.
    Ok,
    /// `-ERR`: its text, without the quotes.
    Err(&'a str),
}

/// What was received is no operation of a NATS server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed operation")]
pub struct Malformed;

/// The longest line we wait for. An `INFO` of a large cluster lists its addresses; clients allow about as much.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Takes the first operation off `input`: the operation and how many bytes it took. `Ok(None)`: more bytes are needed.
///
/// Servers are trusted further than clients: a message's length is bounded by nothing but its digits (below 1 GB).
#[inline]
pub fn decode_op(input: &[u8]) -> Result<Option<(ServerOp<'_>, usize)>, Malformed> {
    match input {
        [b'M', b'S', b'G', b' ' | b'\t', ..] => message::<4>(input),
        [b'H', b'M', b'S', b'G', b' ' | b'\t', ..] => message::<5>(input),
        _ => other(input),
    }
}

/// `MSG ` (a verb of 4 bytes) and `HMSG ` (of 5, and one length more).
#[inline]
fn message<const VERB: usize>(input: &[u8]) -> Result<Option<(ServerOp<'_>, usize)>, Malformed> {
    let (words, count, length) = match line::split(&input[VERB..], LINE_BYTES_MAX) {
        Line::Whole { words, count, length } => (words, count, length),
        Line::Partial => return Ok(None),
        Line::Malformed | Line::TooLong => return Err(Malformed),
    };
    let (subject, sid, reply, header_size, total) = match (VERB == 5, &words[..count]) {
        (false, &[subject, sid, total]) => (subject, sid, None, None, total),
        (false, &[subject, sid, reply, total]) => (subject, sid, Some(reply), None, total),
        (true, &[subject, sid, headers, total]) => (subject, sid, None, Some(headers), total),
        (true, &[subject, sid, reply, headers, total]) => (subject, sid, Some(reply), Some(headers), total),
        _ => return Err(Malformed),
    };
    let total = line::size(total).ok_or(Malformed)?;
    let header_bytes = match header_size {
        None => 0,
        Some(word) => line::size(word).filter(|&size| size <= total).ok_or(Malformed)?,
    };
    let body = &input[VERB + length..];
    let Some(end) = body.get(total..total + 2) else {
        return Ok(None);
    };
    if end != b"\r\n" {
        return Err(Malformed);
    }
    let (headers, payload) = body[..total].split_at(header_bytes);
    let text = |word| line::text(word).ok_or(Malformed);
    let message = ServerOp::Msg {
        subject: text(subject)?,
        sid: text(sid)?,
        reply: reply.map(text).transpose()?,
        headers,
        payload,
    };
    Ok(Some((message, VERB + length + total + 2)))
}

/// Everything but messages.
fn other(input: &[u8]) -> Result<Option<(ServerOp<'_>, usize)>, Malformed> {
    const VERBS: [&[u8]; 7] = [b"PING", b"PONG", b"+OK", b"-ERR", b"INFO", b"MSG", b"HMSG"];
    let known = |verb: &&[u8]| {
        let shared = verb.len().min(input.len());
        verb[..shared] == input[..shared]
    };
    if !VERBS.iter().any(known) {
        return Err(Malformed);
    }
    let Some((text, length)) = line::whole(input, LINE_BYTES_MAX).map_err(|line::TooLong| Malformed)? else {
        return Ok(None);
    };
    let op = match text {
        b"PING" => ServerOp::Ping,
        b"PONG" => ServerOp::Pong,
        b"+OK" => ServerOp::Ok,
        [b'I', b'N', b'F', b'O', b' ' | b'\t', json @ ..] => ServerOp::Info(json.trim_ascii()),
        [b'-', b'E', b'R', b'R', b' ' | b'\t', quoted @ ..] => {
            let text = line::text(quoted.trim_ascii()).ok_or(Malformed)?;
            let bare = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
            ServerOp::Err(bare.unwrap_or(text))
        }
        _ => return Err(Malformed),
    };
    Ok(Some((op, length)))
}
