//! What clients are told. Written with [`super::write()`]; fields in the order `nats-server` 2.14 writes them.

mod account;
mod consumer;
mod stream;

pub use account::{AccountInfo, AccountLimits, AccountTier, ApiStats};
pub use consumer::{
    ConsumerInfo, ConsumerList, ConsumerNames, ConsumerPaused, ConsumerReset, PriorityGroupState, SequenceInfo,
};
pub use stream::{
    Purged, SourceInfo, StoredMessage, StreamCreated, StreamInfo, StreamInfoPage, StreamList, StreamNames, StreamState,
};

use serde::{Deserialize, Serialize};

/// Absent, as Go's `omitempty` has it.
fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `STREAM.DELETE.<stream>`, `STREAM.MSG.DELETE.<stream>`, `CONSUMER.DELETE.<stream>.<consumer>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success {
    /// Always true: what failed is an error.
    pub success: bool,
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
