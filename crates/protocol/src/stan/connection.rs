//! A client comes, shows that it lives, and goes.

/// A client presents itself.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ConnectRequest {
    /// Its name, of which there is one at a time.
    #[prost(string, tag = "1")]
    pub client_id: String,
    /// Where it is asked whether it lives.
    #[prost(string, tag = "2")]
    pub heartbeat_inbox: String,
    /// What it speaks: 1 if it sends pings.
    #[prost(int32, tag = "3")]
    pub protocol: i32,
    /// This connection of it, as distinct from an earlier one by the same name.
    #[prost(bytes = "vec", tag = "4")]
    pub connection_id: Vec<u8>,
    /// Seconds between its pings.
    #[prost(int32, tag = "5")]
    pub ping_interval: i32,
    /// Unanswered pings after which it gives up.
    #[prost(int32, tag = "6")]
    pub ping_max_out: i32,
}

/// Where to send what, or why not.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ConnectResponse {
    /// Publishes go to this, a dot and the channel.
    #[prost(string, tag = "1")]
    pub pub_prefix: String,
    /// Where to subscribe.
    #[prost(string, tag = "2")]
    pub sub_requests: String,
    /// Where to unsubscribe: a durable is forgotten.
    #[prost(string, tag = "3")]
    pub unsub_requests: String,
    /// Where to say good-bye.
    #[prost(string, tag = "4")]
    pub close_requests: String,
    /// Why the client is refused.
    #[prost(string, tag = "5")]
    pub error: String,
    /// Where to close a subscription: a durable is kept.
    #[prost(string, tag = "6")]
    pub sub_close_requests: String,
    /// Where to send pings.
    #[prost(string, tag = "7")]
    pub ping_requests: String,
    /// Seconds between pings.
    #[prost(int32, tag = "8")]
    pub ping_interval: i32,
    /// Unanswered pings to give up after.
    #[prost(int32, tag = "9")]
    pub ping_max_out: i32,
    /// What the server speaks.
    #[prost(int32, tag = "10")]
    pub protocol: i32,
    /// Was never used.
    #[prost(string, tag = "100")]
    pub public_key: String,
}

/// Is the connection still known?
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Ping {
    /// Which.
    #[prost(bytes = "vec", tag = "1")]
    pub connection_id: Vec<u8>,
}

/// It is, unless an error says otherwise.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PingResponse {
    /// Why not.
    #[prost(string, tag = "1")]
    pub error: String,
}

/// A client goes.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct CloseRequest {
    /// Which.
    #[prost(string, tag = "1")]
    pub client_id: String,
}

/// It may, unless an error says otherwise.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct CloseResponse {
    /// What was wrong.
    #[prost(string, tag = "1")]
    pub error: String,
}
