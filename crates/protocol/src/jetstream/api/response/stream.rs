//! What is told of streams and their messages.

use std::collections::BTreeMap;

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize, Serializer};

use super::{ClusterInfo, is_zero};
use crate::{
    jetstream::{
        config::{External, StreamConfig, SubjectTransform},
        error::ApiError,
    },
    time,
};

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
    /// How many may be told at once: [`NAMES_MAX`](crate::jetstream::api::NAMES_MAX).
    pub limit: usize,
    /// Their names; `null` rather than empty, as clients know it.
    #[serde(serialize_with = "null_if_empty")]
    pub streams: Vec<String>,
}

fn null_if_empty<S: Serializer>(names: &[String], json: S) -> Result<S::Ok, S::Error> {
    if names.is_empty() { json.serialize_none() } else { names.serialize(json) }
}

/// `STREAM.LIST`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamList {
    /// How many there are.
    pub total: usize,
    /// How many of them were passed over.
    pub offset: usize,
    /// How many may be told at once: [`LIST_MAX`](crate::jetstream::api::LIST_MAX).
    pub limit: usize,
    /// The streams.
    pub streams: Vec<StreamInfo>,
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
        let Self { subject, seq, headers: hdrs, data, time } = *self;
        Wire { message: Inner { subject, seq, hdrs, data, time } }.serialize(json)
    }
}

fn base64<S: Serializer>(bytes: &[u8], json: S) -> Result<S::Ok, S::Error> {
    json.collect_str(&Base64Display::new(bytes, &STANDARD))
}
