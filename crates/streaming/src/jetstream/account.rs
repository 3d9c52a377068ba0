//! `INFO`: what all streams together use, and may use.

use std::sync::atomic::Ordering;

use protocol::jetstream::api::{AccountInfo, AccountLimits, AccountTier, ApiStats};
use protocol::jetstream::config::Storage;

use super::JetStream;
use super::request::{Answer, Request};
use crate::stream::API_LEVEL;

/// Tells it. Whatever the body says is of no interest.
pub(super) fn info(request: &Request<'_>) -> Answer {
    let jetstream = request.jetstream;
    let usage = &jetstream.usage;
    let api = ApiStats {
        level: u32::try_from(API_LEVEL).unwrap_or(u32::MAX),
        total: usage.total.load(Ordering::Relaxed),
        errors: usage.errors.load(Ordering::Relaxed),
        inflight: 0,
    };
    request.now(&AccountInfo { total: tier(jetstream), domain: request.domain(), api })
}

fn tier(jetstream: &JetStream) -> AccountTier {
    let mut tier = AccountTier {
        reserved_memory: jetstream.reserved(Storage::Memory),
        reserved_storage: jetstream.reserved(Storage::File),
        limits: limits(jetstream),
        ..AccountTier::default()
    };
    for stream in jetstream.streams() {
        let bytes = stream.summary().bytes;
        match stream.config().storage {
            Storage::Memory => tier.memory += bytes,
            Storage::File => tier.storage += bytes,
        }
        tier.streams += 1;
        tier.consumers += stream.consumer_count();
    }
    tier
}

fn limits(jetstream: &JetStream) -> AccountLimits {
    fn limit<T: TryInto<i64>>(set: Option<T>) -> i64 {
        set.map_or(-1, |limit| limit.try_into().unwrap_or(i64::MAX))
    }
    let set = &jetstream.options;
    AccountLimits {
        max_memory: limit(set.max_memory),
        max_storage: limit(set.max_file),
        max_streams: limit(set.max_streams),
        max_consumers: limit(set.max_consumers),
        max_ack_pending: limit(set.max_ack_pending),
        ..AccountLimits::default()
    }
}
