//! A client's commands, written: for load generators and tests, which stand where clients stand.

use super::Connect;
use crate::line::number;

/// Appends `CONNECT`.
pub fn connect(out: &mut Vec<u8>, connect: &Connect) {
    out.extend_from_slice(b"CONNECT ");
    // Neither a map with odd keys nor a failing writer is involved, so nothing can fail but memory.
    serde_json::to_writer(&mut *out, connect).unwrap_or_else(|_| unreachable!("a plain struct is always JSON"));
    out.extend_from_slice(b"\r\n");
}

/// Appends `PUB`, or `HPUB` when there are `headers` (a whole block).
pub fn publish(out: &mut Vec<u8>, subject: &str, reply: Option<&str>, headers: &[u8], payload: &[u8]) {
    /// Verb, blanks, two lengths and two line ends.
    const OVERHEAD: usize = 48;
    out.reserve(subject.len() + reply.map_or(0, str::len) + headers.len() + payload.len() + OVERHEAD);
    out.extend_from_slice(if headers.is_empty() { b"PUB " } else { b"HPUB " });
    out.extend_from_slice(subject.as_bytes());
    out.push(b' ');
    if let Some(reply) = reply {
        out.extend_from_slice(reply.as_bytes());
        out.push(b' ');
    }
    if !headers.is_empty() {
        number(out, headers.len());
        out.push(b' ');
    }
    number(out, headers.len() + payload.len());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(headers);
    out.extend_from_slice(payload);
    out.extend_from_slice(b"\r\n");
}

/// Appends `SUB`.
pub fn subscribe(out: &mut Vec<u8>, subject: &str, queue: Option<&str>, sid: &str) {
    out.extend_from_slice(b"SUB ");
    out.extend_from_slice(subject.as_bytes());
    out.push(b' ');
    if let Some(queue) = queue {
        out.extend_from_slice(queue.as_bytes());
        out.push(b' ');
    }
    out.extend_from_slice(sid.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends `UNSUB`; with `max`, to end after so many deliveries.
pub fn unsubscribe(out: &mut Vec<u8>, sid: &str, max: Option<u64>) {
    out.extend_from_slice(b"UNSUB ");
    out.extend_from_slice(sid.as_bytes());
    if let Some(max) = max {
        out.push(b' ');
        number(out, max);
    }
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
