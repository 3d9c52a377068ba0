//! What the NATS Streaming face may be told. Defaults are those of the original.

use std::time::Duration;

use super::Password;

/// The NATS Streaming face of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch by itself, as people set it")]
pub struct Stan {
    /// What clients call the server by (`test-cluster`).
    pub cluster_id: String,
    /// Where clients find it: this, a dot, and the cluster's id (`_STAN.discover`).
    pub discover_prefix: String,
    /// Where channels and clients are kept (memory).
    pub store: StanStore,
    /// Pause between two heartbeats to a client (30 s).
    pub heartbeat_interval: Duration,
    /// How long a client may take to answer one (10 s).
    pub heartbeat_timeout: Duration,
    /// Heartbeats in a row that a client fails to answer before it is removed (10); at least 1.
    pub heartbeat_fail_count: u32,
    /// Log what clients ask for.
    pub debug: bool,
    /// Log each message too.
    pub trace: bool,
    /// A durable that is in use goes to whoever asks for it next.
    pub replace_durable: bool,
    /// Clients may subscribe by filters with wildcards, which the original refuses.
    pub wildcards: bool,
    /// Whoever knows this may delete channels, durables and clients over HTTP; nobody where `None`.
    pub admin_token: Option<Password>,
    /// Channels at a time (100); unlimited where `None`.
    pub max_channels: Option<usize>,
    /// The limits of every channel.
    pub limits: ChannelLimits,
    /// Other limits for the channels that a name, or a filter with wildcards, takes; the narrowest counts.
    pub channels: Vec<(String, ChannelOverrides)>,
}

/// Where channels and clients are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StanStore {
    /// Gone with the process.
    #[default]
    Memory,
    /// On disk.
    File,
    /// In a database.
    Sql,
}

/// What a channel may hold, and for how long. `None` is no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelLimits {
    /// Messages (1 000 000).
    pub max_messages: Option<u64>,
    /// Bytes (1 024 000 000).
    pub max_bytes: Option<u64>,
    /// Age of a message (unlimited).
    pub max_age: Option<Duration>,
    /// Subscriptions (1 000).
    pub max_subscriptions: Option<usize>,
    /// How long nobody may publish or be subscribed before the channel is deleted (unlimited).
    pub max_inactivity: Option<Duration>,
}

/// What a channel's own limits say: nothing, no limit (`Some(None)`), or a limit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelOverrides {
    /// Messages.
    pub max_messages: Option<Option<u64>>,
    /// Bytes.
    pub max_bytes: Option<Option<u64>>,
    /// Age of a message.
    pub max_age: Option<Option<Duration>>,
    /// Subscriptions.
    pub max_subscriptions: Option<Option<usize>>,
    /// Time without use.
    pub max_inactivity: Option<Option<Duration>>,
}

impl Default for Stan {
    fn default() -> Self {
        Self {
            cluster_id: "test-cluster".to_owned(),
            discover_prefix: "_STAN.discover".to_owned(),
            store: StanStore::default(),
            heartbeat_interval: Duration::from_secs(30),
            heartbeat_timeout: Duration::from_secs(10),
            heartbeat_fail_count: 10,
            debug: false,
            trace: false,
            replace_durable: false,
            wildcards: false,
            admin_token: None,
            max_channels: Some(100),
            limits: ChannelLimits::default(),
            channels: Vec::new(),
        }
    }
}

impl Default for ChannelLimits {
    fn default() -> Self {
        Self {
            max_messages: Some(1_000_000),
            max_bytes: Some(1_024_000_000),
            max_age: None,
            max_subscriptions: Some(1000),
            max_inactivity: None,
        }
    }
}

impl Stan {
    /// The limits of the channel `name`: those of every filter that takes it, the narrower over the wider, over the
    /// ones for all channels.
    pub fn limits_of(&self, name: &str) -> ChannelLimits {
        let mut limits = self.limits.clone();
        let mut matching: Vec<_> =
            self.channels.iter().filter(|(filter, _)| protocol::subject::matches(filter, name)).collect();
        // A filter that takes more stands before one that takes less; two that only overlap keep their order.
        matching.sort_by(|(a, _), (b, _)| {
            let subset = protocol::subject::is_subset;
            subset(a, b).cmp(&subset(b, a))
        });
        for (_, own) in matching {
            own.apply(&mut limits);
        }
        limits
    }
}

impl ChannelOverrides {
    fn apply(&self, limits: &mut ChannelLimits) {
        limits.max_messages = self.max_messages.unwrap_or(limits.max_messages);
        limits.max_bytes = self.max_bytes.unwrap_or(limits.max_bytes);
        limits.max_age = self.max_age.unwrap_or(limits.max_age);
        limits.max_subscriptions = self.max_subscriptions.unwrap_or(limits.max_subscriptions);
        limits.max_inactivity = self.max_inactivity.unwrap_or(limits.max_inactivity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_filter_counts_whatever_the_order() {
        let own = |max| ChannelOverrides { max_messages: Some(max), ..ChannelOverrides::default() };
        let mut channels = vec![
            ("foo.bar".to_owned(), own(Some(3))),
            ("foo.>".to_owned(), own(Some(1))),
            ("foo.*".to_owned(), own(None)),
        ];
        for _ in 0..channels.len() {
            channels.rotate_left(1);
            let stan = Stan { channels: channels.clone(), ..Stan::default() };
            let max = |name| stan.limits_of(name).max_messages;
            assert_eq!(max("foo.bar"), Some(3));
            assert_eq!(max("foo.baz"), None);
            assert_eq!(max("foo.a.b"), Some(1));
            assert_eq!(max("other"), Some(1_000_000));
        }
    }
}
