//! What comes out of the state machine: deliveries, statuses for clients, and news for the stream.

use std::{borrow::Cow, io::Write, sync::Arc};

use super::{pending::Entry, settings::Nanos};
use crate::schedule::duration;

/// Where a message or a status goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The inbox of a pull request.
    Request(Arc<str>),
    /// The deliver subject of a push consumer (one member of its deliver group, if it has one).
    Push,
}

/// A message to send now. Its reply subject is
/// `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<consumer_sequence>.<time>.<pending>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where it goes.
    pub to: Target,
    /// The message's sequence in the stream.
    pub sequence: u64,
    /// This delivery's number: 1, 2, 3 … over all deliveries and redeliveries of the consumer.
    pub consumer_sequence: u64,
    /// How many times this message was delivered, this time included.
    pub deliveries: u32,
    /// When the message was stored.
    pub time: Nanos,
    /// How many matching messages were never delivered yet.
    pub pending: u64,
    /// Whether it is settled by being sent (ack policy none): interest and work-queue retention may let it go.
    pub settled: bool,
    /// A status to send to the same place right after the message.
    pub then: Option<Status>,
}

/// What else there is to do. Outputs are to be acted on in order, and before the delivery returned with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a status.
    Status {
        /// Where it goes.
        to: Target,
        /// What it says.
        status: Status,
    },
    /// This message is settled: interest and work-queue retention may let it go. May be said twice of a message.
    Acked {
        /// Its sequence in the stream.
        sequence: u64,
    },
    /// A client asked for a redelivery (`MSG_NAKED` advisory).
    Naked(Advice),
    /// A client, or the message's removal from the log, ended its redelivery (`MSG_TERMINATED` advisory).
    /// An [`Output::Acked`] was said as well, unless the message was removed.
    Terminated(Advice),
    /// A message was delivered as often as allowed and never acknowledged (`MAX_DELIVERIES` advisory). It stays in the
    /// log, no longer pending here; a late acknowledgement still brings [`Output::Acked`].
    GaveUp(Advice),
    /// Nobody was interested for `inactive_threshold`: the consumer is to be deleted. Said once.
    Inactive,
    /// The pause ended (`PAUSE` advisory). Said once.
    Resumed,
}

/// Which delivery an advisory is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// The message's sequence in the stream.
    pub sequence: u64,
    /// The number of its delivery.
    pub consumer_sequence: u64,
    /// How many times it was delivered.
    pub deliveries: u32,
}

/// A message without payload that tells a client what its header's first line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Nothing to send, still here.
    IdleHeartbeat {
        /// The number of the last delivery.
        consumer_sequence: u64,
        /// The sequence the consumer has come to in the stream.
        stream_sequence: u64,
        /// The flow control request that nobody answered yet.
        stalled: Option<u64>,
    },
    /// The client is to publish an empty message to the reply subject; it stands for this token.
    FlowControl {
        /// Goes back to [`Consumer::flow_control_reply`](super::Consumer::flow_control_reply).
        token: u64,
    },
    /// Nothing to send to a request that does not wait.
    NoMessages,
    /// A request's time is over, or a request that does not wait got all there was.
    RequestTimeout(Rest),
    /// Earlier requests will take what there is.
    RequestsPending,
    /// The batch is complete and some of `max_bytes` is left.
    BatchCompleted(Rest),
    /// The next message is larger than what is left of `max_bytes`.
    SizeExceedsMaxBytes(Rest),
    /// The heartbeat is longer than half of `expires`.
    HeartbeatTooLarge,
    /// The consumer has priority groups, and the request names none.
    GroupMissing,
    /// The request names a priority group that the consumer does not have.
    InvalidGroup,
    /// The request has a threshold, which means nothing to this consumer.
    NotOverflow,
    /// The consumer's `max_batch` is exceeded.
    ExceedsMaxBatch(u32),
    /// The consumer's `max_expires` is exceeded.
    ExceedsMaxExpires(Nanos),
    /// The consumer's `max_bytes` is exceeded.
    ExceedsMaxBytes(u64),
    /// As many requests wait as may.
    ExceedsMaxWaiting,
    /// A request came to a push consumer.
    PushBased,
    /// The consumer was deleted.
    ConsumerDeleted,
    /// The server is about to stop.
    ServerShutdown,
}

/// What was left of a request when it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Messages not sent.
    pub messages: u32,
    /// Bytes not sent; 0 if the request named no `max_bytes`.
    pub bytes: u64,
}

impl Advice {
    pub(super) fn about(entry: &Entry) -> Self {
        Self { sequence: entry.sequence, consumer_sequence: entry.consumer_sequence, deliveries: entry.deliveries }
    }
}

impl Status {
    /// The number in the first line of the header.
    pub fn code(&self) -> u16 {
        match self {
            Self::IdleHeartbeat { .. } | Self::FlowControl { .. } => 100,
            Self::HeartbeatTooLarge | Self::GroupMissing | Self::InvalidGroup | Self::NotOverflow => 400,
            Self::NoMessages => 404,
            Self::RequestTimeout(_) | Self::RequestsPending => 408,
            Self::BatchCompleted(_)
            | Self::SizeExceedsMaxBytes(_)
            | Self::ExceedsMaxBatch(_)
            | Self::ExceedsMaxExpires(_)
            | Self::ExceedsMaxBytes(_)
            | Self::ExceedsMaxWaiting
            | Self::PushBased
            | Self::ConsumerDeleted
            | Self::ServerShutdown => 409,
        }
    }

    /// The words after it, which clients match literally.
    pub fn description(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::IdleHeartbeat { .. } => "Idle Heartbeat",
            Self::FlowControl { .. } => "FlowControl Request",
            Self::NoMessages => "No Messages",
            Self::RequestTimeout(_) => "Request Timeout",
            Self::RequestsPending => "Requests Pending",
            Self::BatchCompleted(_) => "Batch Completed",
            Self::SizeExceedsMaxBytes(_) => "Message Size Exceeds MaxBytes",
            Self::HeartbeatTooLarge => "Bad Request - heartbeat value too large",
            Self::GroupMissing => "Bad Request - Priority Group missing",
            Self::InvalidGroup => "Bad Request - Invalid Priority Group",
            Self::NotOverflow => "Bad Request - Not a Overflow Priority consumer",
            Self::ExceedsMaxBatch(max) => return format!("Exceeded MaxRequestBatch of {max}").into(),
            Self::ExceedsMaxExpires(max) => {
                return format!("Exceeded MaxRequestExpires of {}", duration::format(*max)).into();
            }
            Self::ExceedsMaxBytes(max) => return format!("Exceeded MaxRequestMaxBytes of {max}").into(),
            Self::ExceedsMaxWaiting => "Exceeded MaxWaiting",
            Self::PushBased => "Consumer is push based",
            Self::ConsumerDeleted => "Consumer Deleted",
            Self::ServerShutdown => "Server Shutdown",
        })
    }

    /// Appends the whole header block, from `NATS/1.0` to the empty line. `flow_control_prefix` is
    /// `$JS.FC.<stream>.<consumer>.`, in front of a token.
    pub fn encode(&self, flow_control_prefix: &str, into: &mut Vec<u8>) {
        let mut line = |text: std::fmt::Arguments<'_>| {
            // Writing to a Vec cannot fail.
            let _ = into.write_fmt(text);
            into.extend_from_slice(b"\r\n");
        };
        line(format_args!("NATS/1.0 {} {}", self.code(), self.description()));
        match self {
            Self::IdleHeartbeat { consumer_sequence, stream_sequence, stalled } => {
                line(format_args!("Nats-Last-Consumer: {consumer_sequence}"));
                line(format_args!("Nats-Last-Stream: {stream_sequence}"));
                if let Some(token) = stalled {
                    line(format_args!("Nats-Consumer-Stalled: {flow_control_prefix}{token}"));
                }
            }
            Self::RequestTimeout(rest) | Self::BatchCompleted(rest) | Self::SizeExceedsMaxBytes(rest) => {
                line(format_args!("Nats-Pending-Messages: {}", rest.messages));
                line(format_args!("Nats-Pending-Bytes: {}", rest.bytes));
            }
            _ => {}
        }
        line(format_args!(""));
    }
}
