//! What a server answers when it refuses: clients compare these texts.

/// A connect request that cannot be read, or names no inbox for heartbeats.
pub const INVALID_CONNECT: &str = "stan: invalid connection request";
/// A client's name with other signs than are allowed.
pub const INVALID_CLIENT_ID: &str = "stan: invalid clientID: only alphanumeric and `-` or `_` characters allowed";
/// A client of that name is there, and answers.
pub const CLIENT_ID_TAKEN: &str = "stan: clientID already registered";
/// The answer to a ping of a client we do not know any more.
pub const REPLACED: &str = "client has been replaced or is no longer registered";
/// A publish that cannot be read, to no channel, or by nobody we know.
pub const INVALID_PUBLISH: &str = "stan: invalid publish request";
/// A subscription that cannot be read.
pub const INVALID_SUBSCRIBE: &str = "stan: invalid subscription request";
/// A subscription of nobody.
pub const CLIENT_ID_MISSING: &str = "stan: clientID missing";
/// A subscription without time to acknowledge.
pub const INVALID_ACK_WAIT: &str = "stan: invalid ack wait time, should be >= 1s";
/// A subscription that takes nothing.
pub const INVALID_MAX_IN_FLIGHT: &str = "stan: invalid MaxInflight, should be >= 1";
/// A start we do not know.
pub const INVALID_START: &str = "stan: invalid start position";
/// A sequence to start with, and wildcards.
pub const SEQUENCE_OF_MANY: &str = "stan: invalid start position: each channel has sequences of its own";
/// A channel that cannot be.
pub const INVALID_SUBJECT: &str = "stan: invalid subject";
/// A client we do not know.
pub const UNKNOWN_CLIENT: &str = "stan: unknown clientID";
/// The durable is in use.
pub const DUPLICATE_DURABLE: &str = "stan: duplicate durable registration";
/// A durable queue group's name with the sign that stands between its parts.
pub const INVALID_DURABLE: &str = "stan: durable name of a durable queue subscriber can't contain the character ':'";
/// An end of a subscription that cannot be read.
pub const INVALID_UNSUBSCRIBE: &str = "stan: invalid unsubscribe request";
/// No such channel.
pub const UNKNOWN_CHANNEL: &str = "stan: unknown channel";
/// No such subscription.
pub const UNKNOWN_SUBSCRIPTION: &str = "stan: invalid subscription";
/// A close request that cannot be read.
pub const INVALID_CLOSE: &str = "stan: invalid close request";
/// As many channels as there may be.
pub const TOO_MANY_CHANNELS: &str = "too many channels";
/// As many subscriptions as a channel may have.
pub const TOO_MANY_SUBSCRIPTIONS: &str = "too many subscriptions per channel";

/// What the client's NATS user may not publish to.
pub fn may_not_publish(channel: &str) -> String {
    format!("stan: Permissions Violation for Publish to \"{channel}\"")
}

/// What the client's NATS user may not subscribe to, or not in that queue group.
pub fn may_not_subscribe(channel: &str, queue: &str) -> String {
    let using = if queue.is_empty() { String::new() } else { format!(" using queue \"{queue}\"") };
    format!("stan: Permissions Violation for Subscription to \"{channel}\"{using}")
}

/// Two channels may not differ in case only. (The slip of the pen is the original's.)
pub fn other_case(name: &str, there: &str) -> String {
    format!("rejecting channel \"{name}\" because channel \"{there}\" alreay exists (different cases not allowed)")
}
