//! A subscription begins and ends.

/// A client wants a channel's messages.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SubscriptionRequest {
    /// Who.
    #[prost(string, tag = "1")]
    pub client_id: String,
    /// The channel.
    #[prost(string, tag = "2")]
    pub subject: String,
    /// Whose members share the messages; empty for none.
    #[prost(string, tag = "3")]
    pub queue_group: String,
    /// Where to deliver.
    #[prost(string, tag = "4")]
    pub inbox: String,
    /// How many messages may be unacknowledged.
    #[prost(int32, tag = "5")]
    pub max_in_flight: i32,
    /// Seconds after which an unacknowledged message comes again.
    #[prost(int32, tag = "6")]
    pub ack_wait_seconds: i32,
    /// The name by which it goes on later; empty for none.
    #[prost(string, tag = "7")]
    pub durable_name: String,
    /// Where to begin: see [`SubscriptionRequest::start`].
    #[prost(int32, tag = "10")]
    pub start_position: i32,
    /// With [`StartPosition::Sequence`].
    #[prost(uint64, tag = "11")]
    pub start_sequence: u64,
    /// With [`StartPosition::TimeDelta`]: nanoseconds back from now.
    #[prost(int64, tag = "12")]
    pub start_time_delta: i64,
}

/// Where a subscription begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartPosition {
    /// With the next message.
    NewOnly,
    /// With the last message.
    LastReceived,
    /// With the first message no older than so many nanoseconds.
    TimeDelta(i64),
    /// With a sequence.
    Sequence(u64),
    /// With the first message.
    First,
}

impl SubscriptionRequest {
    /// Where to begin; `None` if it says what nobody knows.
    pub fn start(&self) -> Option<StartPosition> {
        Some(match self.start_position {
            0 => StartPosition::NewOnly,
            1 => StartPosition::LastReceived,
            2 => StartPosition::TimeDelta(self.start_time_delta),
            3 => StartPosition::Sequence(self.start_sequence),
            4 => StartPosition::First,
            _ => return None,
        })
    }

    /// Says where to begin.
    pub fn start_from(&mut self, start: StartPosition) {
        self.start_position = match start {
            StartPosition::NewOnly => 0,
            StartPosition::LastReceived => 1,
            StartPosition::TimeDelta(back) => {
                self.start_time_delta = back;
                2
            }
            StartPosition::Sequence(sequence) => {
                self.start_sequence = sequence;
                3
            }
            StartPosition::First => 4,
        };
    }
}

/// Where to acknowledge, or why not.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SubscriptionResponse {
    /// Where to acknowledge; it names the subscription from now on.
    #[prost(string, tag = "2")]
    pub ack_inbox: String,
    /// What was wrong.
    #[prost(string, tag = "3")]
    pub error: String,
}

/// A client wants no more of them.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct UnsubscribeRequest {
    /// Who.
    #[prost(string, tag = "1")]
    pub client_id: String,
    /// The channel.
    #[prost(string, tag = "2")]
    pub subject: String,
    /// The subscription, by its ack inbox.
    #[prost(string, tag = "3")]
    pub inbox: String,
    /// What it went by; says nothing that the inbox does not.
    #[prost(string, tag = "4")]
    pub durable_name: String,
}
