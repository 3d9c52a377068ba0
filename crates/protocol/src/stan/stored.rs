//! What the original server writes into its files: the messages inside the records of its file store. A message of a
//! channel is stored as the [`MsgProto`](super::MsgProto) that is delivered.

/// Whose store it is: the one record of `server.dat`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ServerInfo {
    /// What clients call the server by.
    #[prost(string, tag = "1")]
    pub cluster_id: String,
    /// Where they find it.
    #[prost(string, tag = "2")]
    pub discovery: String,
    /// Where they publish.
    #[prost(string, tag = "3")]
    pub publish: String,
    /// Where they subscribe.
    #[prost(string, tag = "4")]
    pub subscribe: String,
    /// Where they unsubscribe.
    #[prost(string, tag = "5")]
    pub unsubscribe: String,
    /// Where they say good-bye.
    #[prost(string, tag = "6")]
    pub close: String,
    /// Where they close a subscription.
    #[prost(string, tag = "7")]
    pub sub_close: String,
    /// Where acknowledgements went once.
    #[prost(string, tag = "8")]
    pub acks: String,
    /// Of a cluster's server, which one.
    #[prost(string, tag = "9")]
    pub node_id: String,
}

/// A client came.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ClientInfo {
    /// Its name.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Where it is asked whether it lives.
    #[prost(string, tag = "2")]
    pub heartbeat_inbox: String,
    /// Its connection.
    #[prost(bytes = "vec", tag = "3")]
    pub connection_id: Vec<u8>,
    /// What it speaks.
    #[prost(int32, tag = "4")]
    pub protocol: i32,
    /// Seconds between its pings.
    #[prost(int32, tag = "5")]
    pub ping_interval: i32,
    /// Unanswered pings after which it gives up.
    #[prost(int32, tag = "6")]
    pub ping_max_out: i32,
}

/// A client went.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ClientDelete {
    /// Its name.
    #[prost(string, tag = "1")]
    pub id: String,
}

/// A subscription, as it was when the record was written.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SubState {
    /// Its number, by which later records name it.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// Its client; of a durable queue group that nobody is in, perhaps none.
    #[prost(string, tag = "2")]
    pub client_id: String,
    /// Its queue group; of a durable one `durable:group`.
    #[prost(string, tag = "3")]
    pub queue_group: String,
    /// Where messages go.
    #[prost(string, tag = "4")]
    pub inbox: String,
    /// Where acknowledgements come from.
    #[prost(string, tag = "5")]
    pub ack_inbox: String,
    /// How many messages it may hold.
    #[prost(int32, tag = "6")]
    pub max_in_flight: i32,
    /// Seconds it may hold one.
    #[prost(int32, tag = "7")]
    pub ack_wait_seconds: i32,
    /// Its durable's name; empty for none, and in a queue group.
    #[prost(string, tag = "8")]
    pub durable_name: String,
    /// The last message sent to it.
    #[prost(uint64, tag = "9")]
    pub last_sent: u64,
    /// It stays without its client. Old servers did not say so of durables outside queue groups.
    #[prost(bool, tag = "10")]
    pub is_durable: bool,
    /// A durable whose client closed it, and may be connected all the same.
    #[prost(bool, tag = "11")]
    pub is_closed: bool,
}

/// A subscription is gone.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SubStateDelete {
    /// Its number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
}

/// A message was sent to a subscription, or acknowledged by it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SubStateUpdate {
    /// The subscription's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// The message's sequence.
    #[prost(uint64, tag = "2")]
    pub sequence: u64,
}
