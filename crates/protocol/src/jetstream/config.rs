//! What a stream and a consumer are, in the API's JSON, and the rules they obey.
//!
//! The structs are written with the fields `nats-server` 2.14 prints, in its order; empty fields are left out where it
//! leaves them out. They are read tolerantly: unknown fields are ignored and every absent one has its default. (Use
//! [`api::parse`](super::api::parse) for what clients send: it also takes `null` for absent.) Durations are
//! nanoseconds. What is read is what was asked for; [`StreamConfig::normalized`] and [`ConsumerConfig::normalized`]
//! make of it what will be, or say why not.

mod consumer;
mod consumer_defaults;
mod consumer_rules;
mod stream;
mod stream_rules;

pub use consumer::{AckPolicy, ConsumerConfig, DeliverPolicy, PriorityPolicy, ReplayPolicy};
pub use stream::{
    Compression, ConsumerLimits, Discard, External, PersistMode, Placement, Republish, Retention, Storage,
    StreamConfig, StreamSource, SubjectTransform,
};

use super::error::{self, ApiError};
use crate::subject;

/// A name's longest, in bytes: it is also a file's name.
pub const NAME_BYTES_MAX: usize = 255;
/// A description's longest, in bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 4 * 1024;
/// The most keys and values of the metadata together, in bytes.
pub const METADATA_BYTES_MAX: usize = 128 * 1024;
/// How long message identities are remembered unless said otherwise.
pub const DUPLICATE_WINDOW: i64 = 120 * SECOND;
/// How long a delivery may stay unacknowledged unless said otherwise.
pub const ACK_WAIT: i64 = 30 * SECOND;
/// How many deliveries may be unacknowledged at once unless said otherwise.
pub const MAX_ACK_PENDING: i64 = 1000;
/// How many pull requests may wait unless said otherwise.
pub const MAX_WAITING: i64 = 512;
/// How long an ephemeral consumer outlives its client unless said otherwise.
pub const INACTIVE_THRESHOLD: i64 = 5 * SECOND;

/// Metadata the server adds to what it shows: its version, …
pub const METADATA_SERVER_VERSION: &str = "_nats.ver";
/// … the level of its API, …
pub const METADATA_SERVER_LEVEL: &str = "_nats.level";
/// … and the level the configuration needs (kept with it, where the others change with the server).
pub const METADATA_REQUIRED_LEVEL: &str = "_nats.req.level";

const SECOND: i64 = 1_000_000_000;
const MILLISECOND: i64 = 1_000_000;

/// May name a stream or a consumer: one literal token of printable bytes.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.bytes().any(|byte| byte <= b' ' || matches!(byte, b'.' | b'*' | b'>' | 0x7f))
}

/// The metadata's size, in bytes.
fn metadata_bytes(metadata: &std::collections::BTreeMap<String, String>) -> usize {
    metadata.iter().map(|(key, value)| key.len() + value.len()).sum()
}

/// Absent, as Go's `omitempty` has it.
fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests;
