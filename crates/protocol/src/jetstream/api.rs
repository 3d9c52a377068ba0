//! Requests and answers of the `$JS.API.>` verbs, and what a publisher is told.
//!
//! Every answer is one object, `{"type":"io.nats.jetstream.api.v1.<…>_response", …}`: the fields of its body follow, or
//! `"error":{…}`. [`write()`] and [`write_error`] make it; [`Kind`] knows the types.

mod kind;
mod publish;
mod request;
mod response;

pub use kind::Kind;
pub use publish::{json_string, pub_ack, pub_error};
pub use request::{
    Action, BadPull, CreateConsumerRequest, MsgDeleteRequest, MsgGetRequest, PageRequest, PauseRequest, PullRequest,
    PurgeRequest, ResetRequest, StreamInfoRequest,
};
pub use response::{
    AccountInfo, AccountLimits, AccountTier, ApiStats, ClusterInfo, ConsumerInfo, ConsumerList, ConsumerNames,
    ConsumerPaused, ConsumerReset, PeerInfo, PriorityGroupState, Purged, SequenceInfo, SourceInfo, StoredMessage,
    StreamCreated, StreamInfo, StreamInfoPage, StreamList, StreamNames, StreamState, Success,
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::error::{self, ApiError};

/// The most names in one answer.
pub const NAMES_MAX: usize = 1024;
/// The most infos in one answer.
pub const LIST_MAX: usize = 256;
/// The most subjects in one answer.
pub const SUBJECTS_MAX: usize = 100_000;

/// Reads a request. Nothing, blanks and `null` stand for `T`'s default; unknown fields are ignored, `null` fields are absent.
pub fn parse<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, ApiError> {
    if is_empty(body) {
        return Ok(T::default());
    }
    serde_json::from_slice(body).or_else(|first| {
        // A `null` where a value belongs: clients written in languages with optional fields send many.
        let mut value: Value = serde_json::from_slice(body).map_err(error::invalid_json)?;
        drop_nulls(&mut value);
        T::deserialize(value).map_err(|_| error::invalid_json(first))
    })
}

/// A request without a body, as some verbs insist on: nothing, blanks, `{}`.
pub fn is_empty_or_object(body: &[u8]) -> bool {
    match body.trim_ascii() {
        b"" => true,
        [b'{', between @ .., b'}'] => between.trim_ascii().is_empty(),
        _ => false,
    }
}

fn is_empty(body: &[u8]) -> bool {
    matches!(body.trim_ascii(), b"" | b"null")
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Appends the answer `body` of a `kind`. A body is a struct of this module: it becomes an object's fields.
pub fn write(out: &mut Vec<u8>, kind: Kind, body: &impl Serialize) {
    #[derive(Serialize)]
    struct Answer<'a, T> {
        r#type: &'static str,
        #[serde(flatten)]
        body: &'a T,
    }
    let answer = Answer { r#type: kind.name(), body };
    serde_json::to_writer(out, &answer).unwrap_or_else(|_| unreachable!("bodies are structs of plain fields"));
}

/// Appends the answer `error` of a `kind`, with the empty fields `nats-server` adds to some.
pub fn write_error(out: &mut Vec<u8>, kind: Kind, error: &ApiError) {
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(kind.name().as_bytes());
    out.extend_from_slice(b"\",\"error\":");
    publish::error(out, error);
    out.extend_from_slice(kind.error_tail().as_bytes());
    out.push(b'}');
}

#[cfg(test)]
mod tests;
