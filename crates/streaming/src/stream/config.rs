//! A consumer's configuration, as the API has it, turned into what the state machine goes by.

use protocol::jetstream::api;
use protocol::jetstream::config::{self, ConsumerConfig, PriorityPolicy, ReplayPolicy, StreamConfig};
use protocol::jetstream::error::{self, ApiError};

use crate::consumer::{AckPolicy, Mode, Pull, PullRequest, Push, Rate, Settings};

/// The state machine's settings for a normalized configuration. `journaled` is whether its changes are to be kept.
pub(super) fn settings(stream: &StreamConfig, consumer: &ConsumerConfig, journaled: bool) -> Settings {
    let name = &consumer.name;
    let mode = if consumer.is_pull() {
        Mode::Pull(Pull {
            max_waiting: usize::try_from(consumer.max_waiting).unwrap_or(usize::MAX),
            max_batch: limit(consumer.max_batch),
            max_expires: (consumer.max_expires > 0).then_some(consumer.max_expires),
            max_bytes: limit(consumer.max_bytes),
            groups: match consumer.priority_policy {
                PriorityPolicy::Overflow => consumer.priority_groups.clone(),
                PriorityPolicy::None | PriorityPolicy::PinnedClient | PriorityPolicy::Prioritized => Vec::new(),
            },
        })
    } else {
        let largest = u64::try_from(stream.max_msg_size).unwrap_or(1024 * 1024);
        Mode::Push(Push {
            heartbeat: (consumer.idle_heartbeat > 0).then_some(consumer.idle_heartbeat),
            flow_control: consumer.flow_control,
            rate: (consumer.rate_limit_bps > 0)
                .then_some(Rate { bytes_per_second: consumer.rate_limit_bps / 8, burst: largest }),
        })
    };
    Settings {
        mode,
        ack_policy: match consumer.ack_policy {
            config::AckPolicy::None => AckPolicy::None,
            config::AckPolicy::All | config::AckPolicy::FlowControl => AckPolicy::All,
            config::AckPolicy::Explicit => AckPolicy::Explicit,
        },
        ack_wait: consumer.ack_wait,
        backoff: consumer.backoff.clone(),
        max_deliver: limit(consumer.max_deliver),
        max_ack_pending: limit(consumer.max_ack_pending),
        inactive_threshold: (consumer.inactive_threshold > 0).then_some(consumer.inactive_threshold),
        paused_until: consumer.pause_until.filter(|at| *at > 0),
        replay_original: consumer.replay_policy == ReplayPolicy::Original,
        ack_prefix_bytes: "$JS.ACK...".len() + stream.name.len() + name.len(),
        journaled,
    }
}

/// A limit that is none where it is not positive.
fn limit<T: TryFrom<i64>>(value: i64) -> Option<T> {
    if value > 0 { T::try_from(value).ok() } else { None }
}

/// A request for messages as the state machine takes it.
pub(super) fn pull_request(request: &api::PullRequest, reply: &str) -> PullRequest {
    PullRequest {
        reply: reply.into(),
        batch: u32::try_from(request.batch).unwrap_or(u32::MAX),
        expires: request.expires.unwrap_or(0),
        no_wait: request.no_wait,
        max_bytes: request.max_bytes,
        heartbeat: request.idle_heartbeat.unwrap_or(0),
        min_pending: request.min_pending.unwrap_or(0),
        min_ack_pending: request.min_ack_pending.unwrap_or(0),
        group: request.group.clone(),
    }
}

/// What of a consumer may not be changed once it is made.
pub(super) fn check_change(old: &ConsumerConfig, new: &ConsumerConfig) -> Result<(), ApiError> {
    let refuse = |what: &str| Err(error::consumer_create(format_args!("{what} can not be updated")));
    if old.deliver_policy != new.deliver_policy {
        return refuse("deliver policy");
    }
    if old.opt_start_seq != new.opt_start_seq {
        return refuse("start sequence");
    }
    if old.opt_start_time != new.opt_start_time {
        return refuse("start time");
    }
    if old.ack_policy != new.ack_policy {
        return refuse("ack policy");
    }
    if old.replay_policy != new.replay_policy {
        return refuse("replay policy");
    }
    if old.idle_heartbeat != new.idle_heartbeat {
        return refuse("heart beats");
    }
    if old.flow_control != new.flow_control {
        return refuse("flow control");
    }
    if old.is_pull() != new.is_pull() {
        return refuse("pull or push mode");
    }
    if old.is_pull() && old.max_waiting != new.max_waiting {
        return refuse("max waiting");
    }
    Ok(())
}
