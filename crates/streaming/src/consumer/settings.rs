//! What a consumer was asked to be: its configuration with every default filled in, and where it starts.

/// Nanoseconds since the UNIX epoch. The state machine never reads a clock; it is told.
pub type Nanos = i64;

/// A consumer's configuration, normalized: defaults are filled in, "no limit" is `None`, durations are nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Who decides when a message is sent.
    pub mode: Mode,
    /// Which messages an acknowledgement settles.
    pub ack_policy: AckPolicy,
    /// How long a delivered message may stay unacknowledged before it is redelivered.
    pub ack_wait: Nanos,
    /// If not empty, replaces `ack_wait`: the n-th delivery waits for `backoff[n - 1]`, later ones for the last entry.
    pub backoff: Vec<Nanos>,
    /// How many times a message is delivered before the consumer gives it up.
    pub max_deliver: Option<u32>,
    /// How many messages may be unacknowledged before new ones are held back. Redeliveries are not held back.
    pub max_ack_pending: Option<u32>,
    /// How long nobody may be interested before the consumer reports itself [`Inactive`](super::Output::Inactive).
    pub inactive_threshold: Option<Nanos>,
    /// Whether nothing is delivered until a moment that may lie ahead.
    pub paused_until: Option<Nanos>,
    /// Whether the messages stored before the consumer was made keep the intervals they were published in.
    pub replay_original: bool,
    /// The length of `$JS.ACK.<stream>.<consumer>.`: the reply subject counts towards `max_bytes` and flow control.
    pub ack_prefix_bytes: usize,
    /// Whether changes are collected for [`take_changes`](super::Consumer::take_changes).
    pub journaled: bool,
}

/// Pull or push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Messages are sent when asked for.
    Pull(Pull),
    /// Messages are sent as they come, while somebody listens.
    Push(Push),
}

/// The limits of a pull consumer's requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// How many requests may wait at the same time.
    pub max_waiting: usize,
    /// The largest batch a request may ask for.
    pub max_batch: Option<u32>,
    /// The longest time a request may wait.
    pub max_expires: Option<Nanos>,
    /// The most bytes a request may ask for.
    pub max_bytes: Option<u64>,
    /// The groups of which a request has to name one, and whose requests may have thresholds: `min_pending` and
    /// `min_ack_pending`. Empty unless the priority policy is `overflow`.
    pub groups: Vec<String>,
}

/// How a push consumer sends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Push {
    /// A status is sent when nothing else was for this long.
    pub heartbeat: Option<Nanos>,
    /// Whether the client must confirm from time to time that it keeps up.
    pub flow_control: bool,
    /// How fast to send.
    pub rate: Option<Rate>,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How fast the bucket fills. `rate_limit_bps` counts bits: divide by 8.
    pub bytes_per_second: u64,
    /// How much it holds: the stream's largest message.
    pub burst: u64,
}

/// Which messages an acknowledgement settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckPolicy {
    /// Sending a message settles it.
    None,
    /// An acknowledgement settles its message and all before it.
    All,
    /// An acknowledgement settles its message only.
    Explicit,
}

/// Where a new consumer starts; the server works it out from the deliver policy and the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Start {
    /// Deliver from here on (at least 1).
    pub sequence: u64,
    /// Deliver these first, ascending and all below `sequence`: the last message of each subject.
    pub list: Vec<u64>,
    /// The log's last sequence: up to it, `replay_original` keeps the original intervals.
    pub last: u64,
    /// How many live messages match the filter and lie ahead: all of `list`, and those at or after `sequence`.
    pub pending: u64,
}

impl Settings {
    /// How long the `deliveries`-th delivery of a message may stay unacknowledged.
    pub(super) fn wait(&self, deliveries: u32) -> Nanos {
        self.backoff.get(self.wait_class(deliveries)).copied().unwrap_or(self.ack_wait)
    }

    /// Which wait applies: all messages of one class expire in the order they were sent.
    pub(super) fn wait_class(&self, deliveries: u32) -> usize {
        let last = self.backoff.len().saturating_sub(1);
        last.min((deliveries as usize).saturating_sub(1))
    }

    pub(super) fn pull(&self) -> Option<&Pull> {
        match &self.mode {
            Mode::Pull(pull) => Some(pull),
            Mode::Push(_) => None,
        }
    }

    pub(super) fn push(&self) -> Option<&Push> {
        match &self.mode {
            Mode::Push(push) => Some(push),
            Mode::Pull(_) => None,
        }
    }

    pub(super) fn tracks(&self) -> bool {
        self.ack_policy != AckPolicy::None
    }
}
