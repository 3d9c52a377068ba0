//! What a consumer gets where it asks for nothing.

use super::{
    ACK_WAIT, AckPolicy, ConsumerConfig, INACTIVE_THRESHOLD, MAX_ACK_PENDING, MAX_WAITING, PriorityPolicy, SECOND,
    StreamConfig,
};

/// The one idle heartbeat of [`AckPolicy::FlowControl`].
const FLOW_CONTROL_HEARTBEAT: i64 = SECOND;
/// How long a pinned client may be silent unless said otherwise.
const PINNED_TTL: i64 = 120 * SECOND;

impl ConsumerConfig {
    /// Fills in the defaults, the `stream`'s before the server's.
    pub(super) fn apply_defaults(&mut self, stream: &StreamConfig) {
        if self.max_deliver == 0 || self.max_deliver < -1 {
            self.max_deliver = -1;
        }
        self.max_ack_pending = self.max_ack_pending.max(-1);
        for limit in [
            &mut self.max_waiting,
            &mut self.max_batch,
            &mut self.max_expires,
            &mut self.max_bytes,
            &mut self.idle_heartbeat,
            &mut self.inactive_threshold,
            &mut self.priority_timeout,
        ] {
            *limit = (*limit).max(0);
        }
        if self.is_pull() && self.max_waiting == 0 {
            self.max_waiting = MAX_WAITING;
        }
        if self.ack_wait == 0 && matches!(self.ack_policy, AckPolicy::Explicit | AckPolicy::All) {
            self.ack_wait = ACK_WAIT;
        }
        if let Some(&first) = self.backoff.first() {
            self.ack_wait = first;
        }
        if self.max_ack_pending == 0 {
            self.max_ack_pending = stream.consumer_limits.max_ack_pending;
        }
        if self.max_ack_pending == 0 && self.ack_policy != AckPolicy::None {
            self.max_ack_pending = MAX_ACK_PENDING;
        }
        if self.inactive_threshold == 0 {
            self.inactive_threshold = stream.consumer_limits.inactive_threshold;
        }
        if self.inactive_threshold == 0 && !self.is_durable() {
            self.inactive_threshold = INACTIVE_THRESHOLD;
        }
        if self.priority_policy == PriorityPolicy::PinnedClient && self.priority_timeout == 0 {
            self.priority_timeout = PINNED_TTL;
        }
        if self.ack_policy == AckPolicy::FlowControl {
            self.flow_control = true;
            self.idle_heartbeat = FLOW_CONTROL_HEARTBEAT;
        }
    }
}
