//! What `/varz` and `/jsz` tell of all streams together.

use std::sync::atomic::Ordering;

use protocol::jetstream::config::Storage;
use serde::Serialize;

use super::totals::Totals;
use crate::clock::nanos;
use crate::jetstream::JetStream;
use crate::options::Sync;
use crate::stream::API_LEVEL;

/// Where a server sets no limit.
const UNLIMITED: i64 = -1;

/// What was set for all streams.
#[derive(Serialize, Default)]
pub(super) struct Config<'a> {
    max_memory: i64,
    max_storage: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    store_dir: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sync_interval: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sync_always: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    strict: bool,
}

/// What one stream or consumer may be asked for at most, where that is limited.
#[derive(Serialize, Default)]
pub(super) struct Limits {
    #[serde(rename = "max_request_batch", skip_serializing_if = "Option::is_none")]
    request_batch: Option<u64>,
    #[serde(rename = "max_ack_pending", skip_serializing_if = "Option::is_none")]
    ack_pending: Option<u64>,
    #[serde(rename = "max_duplicate_window", skip_serializing_if = "Option::is_none")]
    duplicate_window: Option<i64>,
}

/// What all streams use.
#[derive(Serialize, Default)]
pub(super) struct Stats {
    memory: u64,
    storage: u64,
    reserved_memory: u64,
    reserved_storage: u64,
    accounts: usize,
    ha_assets: usize,
    api: Api,
}

#[derive(Serialize, Default)]
struct Api {
    level: u64,
    total: u64,
    errors: u64,
}

impl<'a> Config<'a> {
    pub fn of(jetstream: &'a JetStream) -> Self {
        let options = &jetstream.options;
        let bytes = |max: Option<u64>| max.map_or(UNLIMITED, |max| i64::try_from(max).unwrap_or(i64::MAX));
        Self {
            max_memory: bytes(options.max_memory),
            max_storage: bytes(options.max_file),
            store_dir: Some(match jetstream.database() {
                Some(database) => database.source().to_string(),
                None => options.directory().display().to_string(),
            }),
            sync_interval: match options.sync {
                Sync::Every(interval) => Some(nanos(interval)),
                Sync::Always | Sync::Never => None,
            },
            sync_always: options.sync == Sync::Always,
            domain: options.domain.as_deref(),
            strict: options.strict,
        }
    }
}

impl Limits {
    pub fn of(jetstream: &JetStream) -> Self {
        Self {
            request_batch: jetstream.options.max_request_batch,
            ack_pending: jetstream.options.max_ack_pending,
            duplicate_window: jetstream.options.duplicate_window.map(nanos),
        }
    }
}

impl Stats {
    pub fn of(jetstream: &JetStream, totals: Totals) -> Self {
        Self {
            memory: totals.memory,
            storage: totals.file,
            reserved_memory: jetstream.reserved(Storage::Memory),
            reserved_storage: jetstream.reserved(Storage::File),
            accounts: 1,
            ha_assets: 0,
            api: Api {
                level: API_LEVEL,
                total: jetstream.usage.total.load(Ordering::Relaxed),
                errors: jetstream.usage.errors.load(Ordering::Relaxed),
            },
        }
    }

    /// As they are told of one account.
    pub fn of_one_account(self) -> Self {
        Self { accounts: 0, ..self }
    }
}
