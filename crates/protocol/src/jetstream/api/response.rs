//! What clients are told. Written with [`super::write`]; fields in the order `nats-server` 2.14 writes them.

use std::collections::BTreeMap;

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize, Serializer};

use super::{
    super::config::{ConsumerConfig, External, StreamConfig, SubjectTransform},
    ApiError,
};
use crate::time;

/// Absent, as Go's `omitempty` has it.
fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `INFO`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountInfo {
    /// All tiers together.
    #[serde(flatten)]
    pub total: AccountTier,
    /// The domain, if any.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub domain: String,
    /// How the API is used.
    pub api: ApiStats,
}

/// What an account uses, and may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountTier {
    /// Bytes in memory.
    pub memory: u64,
    /// Bytes on disk.
    pub storage: u64,
    /// Bytes in memory that streams may come to use.
    #[serde(default)]
    pub reserved_memory: u64,
    /// Bytes on disk that streams may come to use.
    #[serde(default)]
    pub reserved_storage: u64,
    /// How many streams.
    pub streams: usize,
    /// How many consumers.
    pub consumers: usize,
    /// Its limits.
    pub limits: AccountLimits,
}

/// What an account may use; -1: any number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // Each is named as what it limits.
pub struct AccountLimits {
    pub max_memory: i64,
    pub max_storage: i64,
    pub max_streams: i64,
    pub max_consumers: i64,
    pub max_ack_pending: i64,
    pub memory_max_stream_bytes: i64,
    pub storage_max_stream_bytes: i64,
    /// Streams must have `max_bytes`.
    pub max_bytes_required: bool,
}

impl Default for AccountLimits {
    /// None.
    fn default() -> Self {
        Self {
            max_memory: -1,
            max_storage: -1,
            max_streams: -1,
            max_consumers: -1,
            max_ack_pending: -1,
            memory_max_stream_bytes: -1,
            storage_max_stream_bytes: -1,
            max_bytes_required: false,
        }
    }
}

/// How the API is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiStats {
    /// What it can do.
    #[serde(default)]
    pub level: u32,
    /// How many requests there were.
    pub total: u64,
    /// How many of them failed.
    pub errors: u64,
    /// How many are being served.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub inflight: u64,
}

/// A stream, as `STREAM.UPDATE.<stream>` and lists tell it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamInfo {
    /// What it is.
    pub config: StreamConfig,
    /// Since when.
    #[serde(with = "time::json")]
    pub created: i64,
    /// What it has.
    pub state: StreamState,
    /// The domain, if any.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub domain: String,
    /// Which servers have it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cluster: Option<ClusterInfo>,
    /// How its mirror does.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub mirror: Option<SourceInfo>,
    /// How its sources do.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sources: Vec<SourceInfo>,
    /// When this was so.
    #[serde(default, with = "time::json")]
    pub ts: i64,
}

/// `STREAM.CREATE.<stream>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamCreated {
    /// The stream.
    #[serde(flatten)]
    pub info: StreamInfo,
    /// It was not there before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub did_create: bool,
}

/// `STREAM.INFO.<stream>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamInfoPage {
    /// How many subjects matched.
    pub total: usize,
    /// How many of them were passed over.
    pub offset: usize,
    /// How many may be told at once; 0 if none were asked for.
    pub limit: usize,
    /// The stream.
    #[serde(flatten)]
    pub info: StreamInfo,
}

/// What a stream has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamState {
    /// How many messages.
    pub messages: u64,
    /// How many bytes they are.
    pub bytes: u64,
    /// The first of them.
    pub first_seq: u64,
    /// When it was stored.
    #[serde(with = "time::json")]
    pub first_ts: i64,
    /// The last that ever was.
    pub last_seq: u64,
    /// When it was stored.
    #[serde(with = "time::json")]
    pub last_ts: i64,
    /// How many subjects they have.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub num_subjects: u64,
    /// How many messages each subject has, if asked.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub subjects: BTreeMap<String, u64>,
    /// How many are missing between the first and the last.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub num_deleted: u64,
    /// Which, if asked.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deleted: Vec<u64>,
    /// How many consumers.
    pub consumer_count: usize,
}

/// Which servers have something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterInfo {
    /// The cluster.
    #[serde(skip_serializing_if = "is_zero")]
    pub name: String,
    /// The one to ask.
    #[serde(skip_serializing_if = "is_zero")]
    pub leader: String,
    /// The others.
    #[serde(skip_serializing_if = "is_zero")]
    pub replicas: Vec<PeerInfo>,
}

/// One of several servers that have the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerInfo {
    /// Its name.
    pub name: String,
    /// It lags behind by nothing.
    pub current: bool,
    /// It is not there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offline: bool,
    /// How long ago it was heard of.
    pub active: i64,
    /// By how much it lags.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lag: u64,
}

/// How a mirror or a source does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// The stream it is.
    pub name: String,
    /// Where that is, if elsewhere.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub external: Option<External>,
    /// By how many messages we lag behind it.
    pub lag: u64,
    /// How long ago we heard of it; -1: never.
    pub active: i64,
    /// What is wrong.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub error: Option<ApiError>,
    /// Which messages.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub filter_subject: String,
    /// Which messages, and how their subjects are changed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub subject_transforms: Vec<SubjectTransform>,
}

/// `STREAM.NAMES`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamNames {
    /// How many there are.
    pub total: usize,
    /// How many of them were passed over.
    pub offset: usize,
    /// How many may be told at once: [`NAMES_MAX`](super::NAMES_MAX).
    pub limit: usize,
    /// Their names; `null` rather than empty, as clients know it.
    #[serde(serialize_with = "null_if_empty")]
    pub streams: Vec<String>,
}

fn null_if_empty<S: Serializer>(names: &[String], json: S) -> Result<S::Ok, S::Error> {
    if names.is_empty() {
        json.serialize_none()
    } else {
        names.serialize(json)
    }
}

/// `STREAM.LIST`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamList {
    /// How many there are.
    pub total: usize,
    /// How many of them were passed over.
    pub offset: usize,
    /// How many may be told at once: [`LIST_MAX`](super::LIST_MAX).
    pub limit: usize,
    /// The streams.
    pub streams: Vec<StreamInfo>,
}

/// `STREAM.DELETE.<stream>`, `STREAM.MSG.DELETE.<stream>`, `CONSUMER.DELETE.<stream>.<consumer>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success {
    /// Always true: what failed is an error.
    pub success: bool,
}

/// `STREAM.PURGE.<stream>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    /// Always true.
    pub success: bool,
    /// How many messages went.
    pub purged: u64,
}

/// `STREAM.MSG.GET.<stream>`: its `message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredMessage<'a> {
    /// Where it was published to.
    pub subject: &'a str,
    /// Its sequence.
    pub seq: u64,
    /// Its header block; may be empty.
    pub headers: &'a [u8],
    /// Its body; may be empty.
    pub data: &'a [u8],
    /// When it was stored.
    pub time: i64,
}

impl Serialize for StoredMessage<'_> {
    /// With the `message` around it, and bytes as base64.
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire<'a> {
            message: Inner<'a>,
        }
        #[derive(Serialize)]
        struct Inner<'a> {
            subject: &'a str,
            seq: u64,
            #[serde(skip_serializing_if = "<[u8]>::is_empty", serialize_with = "base64")]
            hdrs: &'a [u8],
            #[serde(skip_serializing_if = "<[u8]>::is_empty", serialize_with = "base64")]
            data: &'a [u8],
            #[serde(with = "time::json")]
            time: i64,
        }
        let Self {
            subject,
            seq,
            headers: hdrs,
            data,
            time,
        } = *self;
        Wire {
            message: Inner {
                subject,
                seq,
                hdrs,
                data,
                time,
            },
        }
        .serialize(json)
    }
}

fn base64<S: Serializer>(bytes: &[u8], json: S) -> Result<S::Ok, S::Error> {
    json.collect_str(&Base64Display::new(bytes, &STANDARD))
}

/// A consumer, as all its verbs tell it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerInfo {
    /// Its stream.
    pub stream_name: String,
    /// Its name.
    pub name: String,
    /// Since when.
    #[serde(with = "time::json")]
    pub created: i64,
    /// What it is.
    pub config: ConsumerConfig,
    /// The last delivery.
    pub delivered: SequenceInfo,
    /// All up to here is acknowledged.
    pub ack_floor: SequenceInfo,
    /// How many deliveries are not acknowledged.
    pub num_ack_pending: u64,
    /// How many of them were delivered more than once.
    pub num_redelivered: u64,
    /// How many pull requests wait.
    pub num_waiting: u64,
    /// How many messages are still to be delivered.
    pub num_pending: u64,
    /// Which servers have it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cluster: Option<ClusterInfo>,
    /// Somebody listens where it delivers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub push_bound: bool,
    /// It delivers nothing for now.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub paused: bool,
    /// For how long.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pause_remaining: i64,
    /// When this was so.
    #[serde(default, with = "time::json")]
    pub ts: i64,
    /// Its priority groups.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priority_groups: Vec<PriorityGroupState>,
}

/// Where a consumer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceInfo {
    /// Counting its deliveries.
    pub consumer_seq: u64,
    /// Counting the stream's messages.
    pub stream_seq: u64,
    /// Since when.
    #[serde(default, skip_serializing_if = "is_zero", with = "time::json_option")]
    pub last_active: Option<i64>,
}

/// How a priority group does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorityGroupState {
    /// Its name.
    pub group: String,
    /// Whom it is pinned to.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pinned_client_id: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "is_zero", with = "time::json_option")]
    pub pinned_ts: Option<i64>,
}

/// `CONSUMER.NAMES.<stream>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerNames {
    /// How many there are.
    pub total: usize,
    /// How many of them were passed over.
    pub offset: usize,
    /// How many may be told at once: [`NAMES_MAX`](super::NAMES_MAX).
    pub limit: usize,
    /// Their names.
    pub consumers: Vec<String>,
}

/// `CONSUMER.LIST.<stream>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerList {
    /// How many there are.
    pub total: usize,
    /// How many of them were passed over.
    pub offset: usize,
    /// How many may be told at once: [`LIST_MAX`](super::LIST_MAX).
    pub limit: usize,
    /// The consumers.
    pub consumers: Vec<ConsumerInfo>,
}

/// `CONSUMER.PAUSE.<stream>.<consumer>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerPaused {
    /// It is.
    pub paused: bool,
    /// Until when.
    #[serde(with = "time::json")]
    pub pause_until: i64,
    /// For how long.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pause_remaining: i64,
}

/// `CONSUMER.RESET.<stream>.<consumer>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerReset {
    /// The consumer.
    #[serde(flatten)]
    pub info: ConsumerInfo,
    /// The next to deliver.
    pub reset_seq: u64,
}
