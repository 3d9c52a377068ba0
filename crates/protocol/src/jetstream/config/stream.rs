//! A stream's configuration in JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::is_zero;
use crate::time;

/// What a stream keeps, for how long, and what may be done to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools)] // They are independent switches on the wire.
pub struct StreamConfig {
    /// One token.
    pub name: String,
    /// For people.
    #[serde(skip_serializing_if = "is_zero")]
    pub description: String,
    /// The filters whose messages it keeps.
    #[serde(skip_serializing_if = "is_zero")]
    pub subjects: Vec<String>,
    /// When a message is done with.
    pub retention: Retention,
    /// The most consumers; -1: any number.
    pub max_consumers: i64,
    /// The most messages; -1: any number.
    pub max_msgs: i64,
    /// The most bytes; -1: any number.
    pub max_bytes: i64,
    /// The greatest age of a message; 0: any age.
    pub max_age: i64,
    /// The most messages of one subject; -1: any number.
    pub max_msgs_per_subject: i64,
    /// The largest message, headers included, in bytes; -1: any size.
    #[serde(skip_serializing_if = "is_zero")]
    pub max_msg_size: i64,
    /// What gives way when a limit is reached.
    pub discard: Discard,
    /// Where it is kept.
    pub storage: Storage,
    /// 1: there is one server.
    pub num_replicas: i64,
    /// Publishes are not acknowledged.
    #[serde(skip_serializing_if = "is_zero")]
    pub no_ack: bool,
    /// Of old: the template that made it.
    #[serde(skip_serializing_if = "is_zero")]
    pub template_owner: String,
    /// How long message identities are remembered.
    #[serde(skip_serializing_if = "is_zero")]
    pub duplicate_window: i64,
    /// Where in a cluster it is kept.
    #[serde(skip_serializing_if = "is_zero")]
    pub placement: Option<Placement>,
    /// The stream it copies.
    #[serde(skip_serializing_if = "is_zero")]
    pub mirror: Option<StreamSource>,
    /// The streams it gathers from.
    #[serde(skip_serializing_if = "is_zero")]
    pub sources: Vec<StreamSource>,
    /// How it is compressed on disk.
    pub compression: Compression,
    /// The first message's sequence, if not 1.
    #[serde(skip_serializing_if = "is_zero")]
    pub first_seq: u64,
    /// How subjects are changed before storing.
    #[serde(skip_serializing_if = "is_zero")]
    pub subject_transform: Option<SubjectTransform>,
    /// Where stored messages are published again.
    #[serde(skip_serializing_if = "is_zero")]
    pub republish: Option<Republish>,
    /// `DIRECT.GET` is answered.
    pub allow_direct: bool,
    /// A mirror answers its origin's `DIRECT.GET`.
    pub mirror_direct: bool,
    /// With [`Discard::New`]: `max_msgs_per_subject` refuses, too.
    #[serde(skip_serializing_if = "is_zero")]
    pub discard_new_per_subject: bool,
    /// Nothing gets in or out any more.
    pub sealed: bool,
    /// Single messages can not be deleted.
    pub deny_delete: bool,
    /// It can not be purged.
    pub deny_purge: bool,
    /// `Nats-Rollup` is obeyed.
    pub allow_rollup_hdrs: bool,
    /// What its consumers may ask for at most, and get by default.
    pub consumer_limits: ConsumerLimits,
    /// `Nats-TTL` is obeyed.
    pub allow_msg_ttl: bool,
    /// How long a marker stands where a subject's last message went; 0: no markers.
    #[serde(skip_serializing_if = "is_zero")]
    pub subject_delete_marker_ttl: i64,
    /// Its messages are counters.
    #[serde(skip_serializing_if = "is_zero")]
    pub allow_msg_counter: bool,
    /// Atomic batches are accepted.
    #[serde(skip_serializing_if = "is_zero")]
    pub allow_atomic: bool,
    /// `Nats-Schedule` is obeyed.
    #[serde(skip_serializing_if = "is_zero")]
    pub allow_msg_schedules: bool,
    /// When a publish is acknowledged.
    #[serde(skip_serializing_if = "is_zero")]
    pub persist_mode: PersistMode,
    /// Fast batches are accepted.
    #[serde(skip_serializing_if = "is_zero")]
    pub allow_batched: bool,
    /// Whatever the user wants to keep with it.
    #[serde(skip_serializing_if = "is_zero")]
    pub metadata: BTreeMap<String, String>,
}

/// When a message is done with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Retention {
    /// When a limit says so.
    #[default]
    Limits,
    /// When every consumer that wants it has acknowledged it.
    Interest,
    /// When a consumer has acknowledged it.
    WorkQueue,
}

/// What gives way when a limit is reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Discard {
    /// The oldest message.
    #[default]
    Old,
    /// The new message: it is refused.
    New,
}

/// Where a stream is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// On disk.
    #[default]
    File,
    /// In memory, until the server stops.
    Memory,
}

/// How a stream is compressed on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// S2, a kind of Snappy.
    S2,
}

/// When a publish is acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PersistMode {
    /// Once it is stored.
    #[default]
    Default,
    /// Before it is stored.
    Async,
}

/// Where in a cluster something is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Placement {
    /// The cluster.
    #[serde(skip_serializing_if = "is_zero")]
    pub cluster: String,
    /// Tags its servers must have.
    #[serde(skip_serializing_if = "is_zero")]
    pub tags: Vec<String>,
    /// The preferred server.
    #[serde(skip_serializing_if = "is_zero")]
    pub preferred: String,
}

/// A stream another one copies or gathers from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamSource {
    /// Its name.
    pub name: String,
    /// Where to begin.
    #[serde(skip_serializing_if = "is_zero")]
    pub opt_start_seq: u64,
    /// When to begin.
    #[serde(skip_serializing_if = "is_zero", with = "time::json_option")]
    pub opt_start_time: Option<i64>,
    /// Which messages; all if empty.
    #[serde(skip_serializing_if = "is_zero")]
    pub filter_subject: String,
    /// Which messages, and how their subjects are changed.
    #[serde(skip_serializing_if = "is_zero")]
    pub subject_transforms: Vec<SubjectTransform>,
    /// Where it is, if in another account or domain.
    #[serde(skip_serializing_if = "is_zero")]
    pub external: Option<External>,
}

/// A stream's whereabouts in another account or domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct External {
    /// What its API's subjects begin with.
    pub api: String,
    /// What deliveries' subjects begin with.
    pub deliver: String,
}

/// How subjects are changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubjectTransform {
    /// Which subjects.
    pub src: String,
    /// What becomes of them.
    pub dest: String,
}

/// Where stored messages are published again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Republish {
    /// Which subjects.
    #[serde(skip_serializing_if = "is_zero")]
    pub src: String,
    /// What becomes of them.
    pub dest: String,
    /// Without the payload.
    #[serde(skip_serializing_if = "is_zero")]
    pub headers_only: bool,
}

/// What a stream's consumers may ask for at most, and get by default; 0: no such limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsumerLimits {
    /// See [`ConsumerConfig::inactive_threshold`](super::ConsumerConfig).
    #[serde(skip_serializing_if = "is_zero")]
    pub inactive_threshold: i64,
    /// See [`ConsumerConfig::max_ack_pending`](super::ConsumerConfig).
    #[serde(skip_serializing_if = "is_zero")]
    pub max_ack_pending: i64,
}
