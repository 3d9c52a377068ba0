//! A consumer's configuration in JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::is_zero;
use crate::time;

/// Which messages of a stream are delivered, to whom, how, and when again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools)] // They are independent switches on the wire.
pub struct ConsumerConfig {
    /// Its name, if it is to stay when nobody uses it.
    #[serde(skip_serializing_if = "is_zero")]
    pub durable_name: String,
    /// Its name; equal to `durable_name` if both are given.
    #[serde(skip_serializing_if = "is_zero")]
    pub name: String,
    /// For people.
    #[serde(skip_serializing_if = "is_zero")]
    pub description: String,
    /// Where to begin.
    pub deliver_policy: DeliverPolicy,
    /// For [`DeliverPolicy::ByStartSequence`].
    #[serde(skip_serializing_if = "is_zero")]
    pub opt_start_seq: u64,
    /// For [`DeliverPolicy::ByStartTime`].
    #[serde(skip_serializing_if = "is_zero", with = "time::json_option")]
    pub opt_start_time: Option<i64>,
    /// What an acknowledgement stands for.
    pub ack_policy: AckPolicy,
    /// How long a delivery may stay unacknowledged before it is repeated.
    #[serde(skip_serializing_if = "is_zero")]
    pub ack_wait: i64,
    /// The most deliveries of a message; -1: any number.
    #[serde(skip_serializing_if = "is_zero")]
    pub max_deliver: i64,
    /// How long each delivery may stay unacknowledged, instead of `ack_wait`; the last counts for all that follow.
    #[serde(skip_serializing_if = "is_zero")]
    pub backoff: Vec<i64>,
    /// Which messages; all if empty and there are no `filter_subjects`.
    #[serde(skip_serializing_if = "is_zero")]
    pub filter_subject: String,
    /// Which messages.
    #[serde(skip_serializing_if = "is_zero")]
    pub filter_subjects: Vec<String>,
    /// How fast.
    pub replay_policy: ReplayPolicy,
    /// How fast at most, in bits per second. Push only.
    #[serde(skip_serializing_if = "is_zero")]
    pub rate_limit_bps: u64,
    /// Which share of acknowledgements is reported, in per cent: `30` or `30%`.
    #[serde(skip_serializing_if = "is_zero")]
    pub sample_freq: String,
    /// How many pull requests may wait. Pull only.
    #[serde(skip_serializing_if = "is_zero")]
    pub max_waiting: i64,
    /// How many deliveries may be unacknowledged at once; -1: any number.
    #[serde(skip_serializing_if = "is_zero")]
    pub max_ack_pending: i64,
    /// The client tells how much it has taken. Push only.
    #[serde(skip_serializing_if = "is_zero")]
    pub flow_control: bool,
    /// Without payloads.
    #[serde(skip_serializing_if = "is_zero")]
    pub headers_only: bool,
    /// The most messages of a pull request; 0: any number.
    #[serde(skip_serializing_if = "is_zero")]
    pub max_batch: i64,
    /// The longest a pull request may wait; 0: any time.
    #[serde(skip_serializing_if = "is_zero")]
    pub max_expires: i64,
    /// The most bytes of a pull request; 0: any number.
    #[serde(skip_serializing_if = "is_zero")]
    pub max_bytes: i64,
    /// Where to deliver; empty for a pull consumer.
    #[serde(skip_serializing_if = "is_zero")]
    pub deliver_subject: String,
    /// The queue group of those who receive.
    #[serde(skip_serializing_if = "is_zero")]
    pub deliver_group: String,
    /// How often to say that there is nothing to say; 0: never. Push only.
    #[serde(skip_serializing_if = "is_zero")]
    pub idle_heartbeat: i64,
    /// How long it outlives its client; 0: for ever.
    #[serde(skip_serializing_if = "is_zero")]
    pub inactive_threshold: i64,
    /// 0: as the stream.
    pub num_replicas: i64,
    /// Its state is kept in memory whatever the stream's storage.
    #[serde(skip_serializing_if = "is_zero")]
    pub mem_storage: bool,
    /// Whatever the user wants to keep with it.
    #[serde(skip_serializing_if = "is_zero")]
    pub metadata: BTreeMap<String, String>,
    /// Nothing is delivered until then.
    #[serde(skip_serializing_if = "is_zero", with = "time::json_option")]
    pub pause_until: Option<i64>,
    /// The groups pull requests may belong to.
    #[serde(skip_serializing_if = "is_zero")]
    pub priority_groups: Vec<String>,
    /// Which pull requests come first.
    #[serde(skip_serializing_if = "is_zero")]
    pub priority_policy: PriorityPolicy,
    /// How long a pinned client may be silent.
    #[serde(skip_serializing_if = "is_zero")]
    pub priority_timeout: i64,
}

impl ConsumerConfig {
    /// Clients ask for messages.
    pub fn is_pull(&self) -> bool {
        self.deliver_subject.is_empty()
    }

    /// It stays when nobody uses it.
    pub fn is_durable(&self) -> bool {
        !self.durable_name.is_empty()
    }

    /// Its filters: `filter_subject` or `filter_subjects`; none for every message.
    pub fn filters(&self) -> impl Iterator<Item = &str> {
        let single = Some(self.filter_subject.as_str()).filter(|filter| !filter.is_empty());
        single.into_iter().chain(self.filter_subjects.iter().map(String::as_str))
    }
}

/// Where a consumer begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliverPolicy {
    /// With the first message.
    #[default]
    All,
    /// With the last message.
    Last,
    /// With the next message.
    New,
    /// With a sequence.
    ByStartSequence,
    /// With the first message since a time.
    ByStartTime,
    /// With the last message of each subject.
    LastPerSubject,
}

/// What an acknowledgement stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AckPolicy {
    /// There is none: to be delivered is to be acknowledged.
    #[default]
    None,
    /// For all messages up to this.
    All,
    /// For this message.
    Explicit,
    /// As [`AckPolicy::All`], by the answers to flow control.
    FlowControl,
}

/// How fast messages are delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayPolicy {
    /// As fast as may be.
    #[default]
    Instant,
    /// As they came.
    Original,
}

/// Which pull requests come first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriorityPolicy {
    /// Those that came first.
    #[default]
    None,
    /// Only those whose `min_pending` or `min_ack_pending` is reached.
    Overflow,
    /// Those of one client, while it is there.
    PinnedClient,
    /// Those with the lowest `priority`.
    Prioritized,
}
