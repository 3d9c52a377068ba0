//! What a server sends: operations written into a buffer, and read for the other side of a test or a load.
//!
//! ```text
//! INFO {json}␍␊
//! MSG  <subject> <sid> [reply] <bytes>␍␊<payload>␍␊
//! HMSG <subject> <sid> [reply] <header bytes> <total bytes>␍␊<headers><payload>␍␊
//! PING␍␊   PONG␍␊   +OK␍␊   -ERR '<text>'␍␊
//! ```

mod decode;
mod info;

pub use decode::{Malformed, ServerOp, decode_op};
pub use info::Info;

use crate::line::number;

/// The header block of the answer to a request that nobody subscribes to.
pub const NO_RESPONDERS: &[u8] = b"NATS/1.0 503\r\n\r\n";

/// Appends a message: `MSG`, or `HMSG` when there are `headers` (a whole block).
#[inline]
pub fn message(out: &mut Vec<u8>, subject: &str, sid: &str, reply: Option<&str>, headers: &[u8], payload: &[u8]) {
    message_head(out, subject, sid, reply, headers.len(), payload.len());
    message_body(out, headers, payload);
}

/// Appends a message's control line only, and reserves room for its body: to be followed by [`message_body`].
#[inline]
pub fn message_head(
    out: &mut Vec<u8>,
    subject: &str,
    sid: &str,
    reply: Option<&str>,
    header_bytes: usize,
    payload_bytes: usize,
) {
    /// Verb, blanks, two lengths of up to 20 digits and two line ends.
    const OVERHEAD: usize = 56;
    let names = subject.len() + sid.len() + reply.map_or(0, str::len);
    out.reserve(names + header_bytes + payload_bytes + OVERHEAD);
    out.extend_from_slice(if header_bytes == 0 { b"MSG " } else { b"HMSG " });
    out.extend_from_slice(subject.as_bytes());
    out.push(b' ');
    out.extend_from_slice(sid.as_bytes());
    out.push(b' ');
    if let Some(reply) = reply {
        out.extend_from_slice(reply.as_bytes());
        out.push(b' ');
    }
    if header_bytes > 0 {
        number(out, header_bytes);
        out.push(b' ');
    }
    number(out, header_bytes + payload_bytes);
    out.extend_from_slice(b"\r\n");
}

/// Appends what follows a message's control line; the same for each of its receivers.
#[inline]
pub fn message_body(out: &mut Vec<u8>, headers: &[u8], payload: &[u8]) {
    out.extend_from_slice(headers);
    out.extend_from_slice(payload);
    out.extend_from_slice(b"\r\n");
}

/// Appends the answer to a request without a subscriber: to the request's reply subject, for its subscription `sid`.
pub fn no_responders(out: &mut Vec<u8>, reply: &str, sid: &str) {
    message(out, reply, sid, None, NO_RESPONDERS, b"");
}

/// Appends `INFO`.
pub fn info(out: &mut Vec<u8>, info: &Info) {
    out.extend_from_slice(b"INFO ");
    // Neither a map with odd keys nor a failing writer is involved, so nothing can fail but memory.
    serde_json::to_writer(&mut *out, info).unwrap_or_else(|_| unreachable!("a plain struct is always JSON"));
    out.extend_from_slice(b"\r\n");
}

/// Appends `PING`.
pub fn ping(out: &mut Vec<u8>) {
    out.extend_from_slice(b"PING\r\n");
}

/// Appends `PONG`.
pub fn pong(out: &mut Vec<u8>) {
    out.extend_from_slice(b"PONG\r\n");
}

/// Appends `+OK`.
pub fn ok(out: &mut Vec<u8>) {
    out.extend_from_slice(b"+OK\r\n");
}

/// Appends `-ERR '<text>'`. A line end within `text` would end the operation early, so it becomes a blank.
pub fn error(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"-ERR '");
    out.extend(text.bytes().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
    out.extend_from_slice(b"'\r\n");
}

#[cfg(test)]
mod tests;
