//! What `nats-server` makes of a consumer's configuration, or why it refuses it.

use super::{
    AckPolicy, ApiError, ConsumerConfig, DESCRIPTION_BYTES_MAX, DeliverPolicy, METADATA_BYTES_MAX, MILLISECOND,
    NAME_BYTES_MAX, PriorityPolicy, Retention, StreamConfig, error, is_name, metadata_bytes,
    subject::{is_subset, is_valid_filter, is_valid_literal, overlaps},
};
use crate::time::go_duration;

/// The shortest idle heartbeat.
const HEARTBEAT_MIN: i64 = 100 * MILLISECOND;
/// A priority group's name, in bytes.
const GROUP_NAME_BYTES_MAX: usize = 16;

impl ConsumerConfig {
    /// With defaults filled in, and checked against its `stream` (itself [normalized](StreamConfig::normalized)).
    ///
    /// It is for the caller to compare it with the stream's other consumers: names, their number, and on a work queue
    /// their filters. As in `nats-server`, a `deliver_group` without a `deliver_subject` is of no effect, not an error.
    pub fn normalized(mut self, stream: &StreamConfig) -> Result<Self, ApiError> {
        self.check_names()?;
        self.apply_defaults(stream);
        self.check_replicas(stream)?;
        self.check_acks()?;
        if self.description.len() > DESCRIPTION_BYTES_MAX {
            return Err(error::consumer_description_too_long(DESCRIPTION_BYTES_MAX));
        }
        if self.is_pull() { self.check_pull(stream) } else { self.check_push(stream) }?;
        self.check_limits(stream)?;
        self.check_filters(stream)?;
        self.check_start()?;
        if let Err(why) = sampling(&self.sample_freq) {
            return Err(error::consumer_invalid_sampling(why));
        }
        if self.flow_control && self.idle_heartbeat == 0 {
            return Err(error::CONSUMER_FLOW_CONTROL_NEEDS_HEARTBEATS);
        }
        if metadata_bytes(&self.metadata) > METADATA_BYTES_MAX {
            return Err(error::consumer_metadata_length(format_args!("{}KB", METADATA_BYTES_MAX / 1024)));
        }
        self.check_priorities()?;
        self.check_work_queue(stream)?;
        Ok(self)
    }

    /// The API level it needs (ADR-44): 1 for pausing and priorities, and so on.
    pub fn required_level(&self) -> u32 {
        if self.ack_policy == AckPolicy::FlowControl {
            4
        } else if self.priority_policy == PriorityPolicy::Prioritized {
            2
        } else {
            u32::from(self.pause_until.is_some() || self.priority_policy != PriorityPolicy::None)
        }
    }

    /// The share of acknowledgements to report, in per cent.
    pub fn sample_percent(&self) -> u64 {
        sampling(&self.sample_freq).unwrap_or(0).min(100)
    }

    fn check_names(&self) -> Result<(), ApiError> {
        for name in [&self.name, &self.durable_name] {
            if name.is_empty() {
                continue;
            }
            if !is_name(name) {
                return Err(error::CONSUMER_BAD_DURABLE_NAME);
            }
            if name.len() > NAME_BYTES_MAX {
                return Err(error::consumer_name_too_long(NAME_BYTES_MAX));
            }
            if name.contains(['/', '\\']) {
                return Err(error::CONSUMER_NAME_CONTAINS_PATH_SEPARATORS);
            }
        }
        if !self.name.is_empty() && self.is_durable() && self.name != self.durable_name {
            return Err(error::CONSUMER_CREATE_DURABLE_AND_NAME_MISMATCH);
        }
        Ok(())
    }

    fn check_replicas(&self, stream: &StreamConfig) -> Result<(), ApiError> {
        if self.num_replicas > stream.num_replicas {
            return Err(error::CONSUMER_REPLICAS_EXCEED_STREAM);
        }
        if self.num_replicas < 0 {
            return Err(error::REPLICAS_NEGATIVE);
        }
        Ok(())
    }

    fn check_acks(&self) -> Result<(), ApiError> {
        if self.backoff.iter().any(|&wait| wait < 0) {
            return Err(error::CONSUMER_BACKOFF_NEGATIVE);
        }
        if self.ack_wait < 0 {
            return Err(error::CONSUMER_ACK_WAIT_NEGATIVE);
        }
        if self.ack_policy == AckPolicy::FlowControl {
            if self.is_pull() {
                return Err(error::CONSUMER_ACK_FC_REQUIRES_PUSH);
            }
            if self.max_ack_pending <= 0 {
                return Err(error::CONSUMER_ACK_FC_REQUIRES_MAX_ACK_PENDING);
            }
            if self.ack_wait != 0 {
                return Err(error::CONSUMER_ACK_FC_REQUIRES_NO_ACK_WAIT);
            }
            if self.max_deliver > 0 {
                return Err(error::CONSUMER_ACK_FC_REQUIRES_NO_MAX_DELIVER);
            }
        }
        let steps = i64::try_from(self.backoff.len()).unwrap_or(i64::MAX);
        // The text says "greater"; 2.14 accepts as many deliveries as there are values.
        if self.max_deliver != -1 && steps > self.max_deliver {
            return Err(error::CONSUMER_MAX_DELIVER_BACKOFF);
        }
        Ok(())
    }

    fn check_push(&self, stream: &StreamConfig) -> Result<(), ApiError> {
        let to = &self.deliver_subject;
        if !is_valid_filter(to) {
            return Err(error::CONSUMER_INVALID_DELIVER_SUBJECT);
        }
        if !is_valid_literal(to) {
            return Err(error::CONSUMER_DELIVER_TO_WILDCARDS);
        }
        if stream.subjects.iter().any(|subject| overlaps(subject, to)) {
            return Err(error::CONSUMER_DELIVER_CYCLE);
        }
        if self.max_waiting != 0 {
            return Err(error::CONSUMER_PUSH_MAX_WAITING);
        }
        if self.max_ack_pending > 0 && self.ack_policy == AckPolicy::None {
            return Err(error::CONSUMER_MAX_ACK_PENDING_NEEDS_ACK_POLICY);
        }
        if self.idle_heartbeat > 0 && self.idle_heartbeat < HEARTBEAT_MIN {
            return Err(error::CONSUMER_SMALL_HEARTBEAT);
        }
        Ok(())
    }

    fn check_pull(&self, stream: &StreamConfig) -> Result<(), ApiError> {
        let unacknowledged = self.ack_policy == AckPolicy::None;
        let refusals = [
            (unacknowledged && stream.retention == Retention::WorkQueue, error::CONSUMER_PULL_REQUIRES_ACK),
            (self.rate_limit_bps > 0, error::CONSUMER_PULL_WITH_RATE_LIMIT),
            (self.idle_heartbeat > 0, error::CONSUMER_HEARTBEAT_REQUIRES_PUSH),
            (self.flow_control, error::CONSUMER_FLOW_CONTROL_REQUIRES_PUSH),
            (self.max_expires != 0 && self.max_expires < MILLISECOND, error::CONSUMER_MAX_EXPIRES_TOO_SMALL),
        ];
        refusals.into_iter().find(|(applies, _)| *applies).map_or(Ok(()), |(_, refusal)| Err(refusal))
    }

    fn check_limits(&self, stream: &StreamConfig) -> Result<(), ApiError> {
        let limits = stream.consumer_limits;
        if limits.max_ack_pending > 0 && self.max_ack_pending > limits.max_ack_pending {
            return Err(error::consumer_max_ack_pending_excess(limits.max_ack_pending));
        }
        if limits.inactive_threshold > 0 && self.inactive_threshold > limits.inactive_threshold {
            return Err(error::consumer_inactive_threshold_excess(go_duration(limits.inactive_threshold)));
        }
        Ok(())
    }

    fn check_filters(&self, stream: &StreamConfig) -> Result<(), ApiError> {
        if !self.filter_subject.is_empty() && !self.filter_subjects.is_empty() {
            return Err(error::CONSUMER_DUPLICATE_FILTER_SUBJECTS);
        }
        if self.filter_subjects.iter().any(String::is_empty) {
            return Err(error::CONSUMER_EMPTY_FILTER);
        }
        for (at, filter) in self.filters().enumerate() {
            if !is_valid_filter(filter) {
                return Err(error::stream_config("invalid subject"));
            }
            if self.filters().skip(at + 1).any(|other| is_subset(filter, other) || is_subset(other, filter)) {
                return Err(error::CONSUMER_OVERLAPPING_SUBJECT_FILTERS);
            }
            // What comes from elsewhere, or under another name, may match though no subject of the stream does.
            let foreign = stream.mirror.is_some() || !stream.sources.is_empty() || stream.subject_transform.is_some();
            let within = |subject: &String| is_subset(filter, subject) || is_subset(subject, filter);
            if !foreign && !stream.subjects.iter().any(within) {
                return Err(error::CONSUMER_FILTER_NOT_SUBSET);
            }
        }
        Ok(())
    }

    fn check_start(&self) -> Result<(), ApiError> {
        let policy = match self.deliver_policy {
            DeliverPolicy::All => "all",
            DeliverPolicy::Last => "last",
            DeliverPolicy::New => "new",
            DeliverPolicy::LastPerSubject => "last per subject",
            DeliverPolicy::ByStartSequence => "by start sequence",
            DeliverPolicy::ByStartTime => "by start time",
        };
        let missing = |what| {
            let text = format_args!("consumer delivery policy is deliver {policy}, but optional {what} is not set");
            Err(error::consumer_invalid_policy(text))
        };
        let excess = |what| {
            let text =
                format_args!("consumer delivery policy is deliver {policy}, but optional start {what} is also set");
            Err(error::consumer_invalid_policy(text))
        };
        let (seq, time) = (self.opt_start_seq > 0, self.opt_start_time.is_some());
        match self.deliver_policy {
            DeliverPolicy::ByStartSequence if !seq => missing("start sequence"),
            DeliverPolicy::ByStartSequence if time => excess("time"),
            DeliverPolicy::ByStartTime if !time => missing("start time"),
            // "start start sequence": so every version prints it.
            DeliverPolicy::ByStartTime if seq => excess("start sequence"),
            DeliverPolicy::ByStartSequence | DeliverPolicy::ByStartTime => Ok(()),
            _ if seq => excess("sequence"),
            _ if time => excess("time"),
            DeliverPolicy::LastPerSubject if self.filters().next().is_none() => missing("filter subject"),
            _ => Ok(()),
        }
    }

    fn check_priorities(&self) -> Result<(), ApiError> {
        if self.priority_policy == PriorityPolicy::None {
            if !self.priority_groups.is_empty() {
                return Err(error::CONSUMER_PRIORITY_GROUP_WITH_POLICY_NONE);
            }
            if self.priority_timeout > 0 {
                return Err(error::CONSUMER_PINNED_TTL_WITHOUT_POLICY);
            }
            return Ok(());
        }
        if !self.is_pull() {
            return Err(error::CONSUMER_PUSH_WITH_PRIORITY_GROUP);
        }
        if self.priority_groups.is_empty() {
            return Err(error::CONSUMER_PRIORITY_POLICY_WITHOUT_GROUP);
        }
        for group in &self.priority_groups {
            if group.is_empty() {
                return Err(error::CONSUMER_EMPTY_GROUP_NAME);
            }
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'=' | b'-');
            if group.len() > GROUP_NAME_BYTES_MAX || !group.bytes().all(plain) {
                return Err(error::CONSUMER_INVALID_GROUP_NAME);
            }
        }
        Ok(())
    }

    fn check_work_queue(&self, stream: &StreamConfig) -> Result<(), ApiError> {
        if stream.retention != Retention::WorkQueue {
            return Ok(());
        }
        if self.ack_policy != AckPolicy::Explicit {
            return Err(error::CONSUMER_WORK_QUEUE_REQUIRES_EXPLICIT_ACK);
        }
        if self.deliver_policy != DeliverPolicy::All {
            return Err(error::CONSUMER_WORK_QUEUE_NOT_DELIVER_ALL);
        }
        Ok(())
    }
}

/// A sampling frequency in per cent; none is none.
fn sampling(text: &str) -> Result<u64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let digits = text.strip_suffix('%').unwrap_or(text);
    digits.parse().map_err(|_| format!("strconv.Atoi: parsing {digits:?}: invalid syntax"))
}
