//! What `INFO` tells of an account.

use serde::{Deserialize, Serialize};

use super::is_zero;

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
