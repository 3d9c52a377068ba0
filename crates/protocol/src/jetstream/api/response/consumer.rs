//! What is told of consumers.

use serde::{Deserialize, Serialize};

use super::{ClusterInfo, is_zero};
use crate::{jetstream::config::ConsumerConfig, time};

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
    /// How many may be told at once: [`NAMES_MAX`](crate::jetstream::api::NAMES_MAX).
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
    /// How many may be told at once: [`LIST_MAX`](crate::jetstream::api::LIST_MAX).
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
