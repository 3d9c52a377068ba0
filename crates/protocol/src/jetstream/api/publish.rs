//! What a publisher is told: written by hand, for it is written as often as messages are published.

use super::ApiError;
use crate::line::number;

/// `text` as a JSON string with its quotes: what [`pub_ack`] wants of a stream's name, made once and kept.
pub fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Appends `{"stream":…,"seq":…}`. `stream_json` is the name as [`json_string`] writes it.
#[inline]
pub fn pub_ack(out: &mut Vec<u8>, stream_json: &str, seq: u64, duplicate: bool) {
    /// Keys, punctuation, the longest number and the mark of a duplicate.
    const OVERHEAD: usize = 60;
    out.reserve(stream_json.len() + OVERHEAD);
    out.extend_from_slice(b"{\"stream\":");
    out.extend_from_slice(stream_json.as_bytes());
    out.extend_from_slice(b",\"seq\":");
    number(out, seq);
    out.extend_from_slice(if duplicate { b",\"duplicate\":true}" } else { b"}" });
}

/// Appends `{"error":{…},"stream":…,"seq":0}`.
pub fn pub_error(out: &mut Vec<u8>, stream_json: &str, why: &ApiError) {
    out.extend_from_slice(b"{\"error\":");
    error(out, why);
    out.extend_from_slice(b",\"stream\":");
    out.extend_from_slice(stream_json.as_bytes());
    out.extend_from_slice(b",\"seq\":0}");
}

/// Appends an error's object.
pub(super) fn error(out: &mut Vec<u8>, why: &ApiError) {
    serde_json::to_writer(out, why).unwrap_or_else(|_| unreachable!("a plain struct is always JSON"));
}
