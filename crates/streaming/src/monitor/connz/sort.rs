//! The orders `/connz` can tell its connections in: `?sort=`.

use std::cmp::Reverse;
use std::sync::atomic::Ordering;

use super::{Known, Refusal, State};

/// By what connections are sorted. Of what can be much or little the most comes first; among equals the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Cid,
    Start,
    Subscriptions,
    PendingBytes,
    MessagesTo,
    MessagesFrom,
    BytesTo,
    BytesFrom,
    LastActivity,
    Idle,
    Uptime,
    RoundTrip,
    Stop,
    Reason,
}

impl Sort {
    pub fn read(text: Option<&str>, state: State) -> Result<Self, Refusal> {
        let sort = match text.unwrap_or("cid") {
            "cid" => Self::Cid,
            "start" => Self::Start,
            "subs" => Self::Subscriptions,
            "pending" => Self::PendingBytes,
            "msgs_to" => Self::MessagesTo,
            "msgs_from" => Self::MessagesFrom,
            "bytes_to" => Self::BytesTo,
            "bytes_from" => Self::BytesFrom,
            "last" => Self::LastActivity,
            "idle" => Self::Idle,
            "uptime" => Self::Uptime,
            "rtt" => Self::RoundTrip,
            "stop" | "reason" if state != State::Closed => {
                let by = text.unwrap_or_default();
                return Err(Refusal::Unfit(format!("sort by {by} only valid on closed connections")));
            }
            "stop" => Self::Stop,
            "reason" => Self::Reason,
            other => return Err(Refusal::Unfit(format!("invalid sorting option: {other}"))),
        };
        Ok(sort)
    }

    pub fn apply(self, known: &mut [Known], now: i64) {
        known.sort_unstable_by_key(|k| k.connection.id);
        // What is compared may change meanwhile: each is looked at once.
        let most = |known: &mut [Known], of: &dyn Fn(&Known) -> u64| known.sort_by_cached_key(|k| Reverse(of(k)));
        let latest = |known: &mut [Known], of: &dyn Fn(&Known) -> i64| known.sort_by_cached_key(|k| Reverse(of(k)));
        match self {
            Self::Cid => {}
            Self::Start => known.sort_by_key(|k| k.connection.started),
            Self::Subscriptions => most(known, &|k| k.connection.subscription_count() as u64),
            Self::PendingBytes => most(known, &|k| k.connection.outbox.len() as u64),
            Self::MessagesTo => most(known, &|k| k.connection.outbox.delivered().0),
            Self::MessagesFrom => most(known, &|k| k.connection.received().0),
            Self::BytesTo => most(known, &|k| k.connection.outbox.delivered().1),
            Self::BytesFrom => most(known, &|k| k.connection.received().1),
            Self::LastActivity => latest(known, &Known::last_activity),
            Self::Idle => latest(known, &|k| k.until(now) - k.last_activity()),
            // Alone in this, nats-server tells the youngest first.
            Self::Uptime => known.sort_by_cached_key(|k| k.until(now) - k.connection.started),
            Self::RoundTrip => latest(known, &|k| k.connection.round_trip.load(Ordering::Relaxed)),
            Self::Stop => latest(known, &|k| k.until(now)),
            Self::Reason => known.sort_by_key(|k| k.ended.map(|(_, reason)| reason.text())),
        }
    }
}
