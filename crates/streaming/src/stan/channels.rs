//! Channels: the names clients use, and the streams that hold them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};
use protocol::jetstream::config::{Retention, Storage, StreamConfig};
use protocol::jetstream::error::ApiError;
use protocol::stan::error;
use protocol::subject;

use crate::clock::nanos;
use crate::jetstream::JetStream;
use crate::options::{ChannelLimits, Stan, StanStore};
use crate::server::Server;
use crate::stream::Stream;
use crate::turn::Turn;

/// Where a stream's metadata says that it was made for a channel.
pub(crate) const KEY: &str = "_stan.channel";

/// A channel.
pub struct Channel {
    /// Its name.
    pub name: Box<str>,
    stream: Weak<Stream>,
    /// The stream was made for it, and bears its limits.
    pub is_own: bool,
    /// When anybody last published, subscribed or left.
    used: AtomicI64,
}

impl Channel {
    /// What holds its messages; `None` once that was deleted.
    pub fn stream(&self) -> Option<Arc<Stream>> {
        self.stream.upgrade().filter(|stream| !stream.is_closed())
    }

    pub(super) fn used(&self, now: i64) {
        self.used.fetch_max(now, Ordering::Relaxed);
    }
}

/// All channels.
#[derive(Default)]
pub struct Channels {
    named: RwLock<BTreeMap<Box<str>, Arc<Channel>>>,
    /// Held while one is made or deleted.
    changing: Mutex<()>,
}

impl Channels {
    /// All of them, by name.
    pub fn all(&self) -> Vec<Arc<Channel>> {
        self.named.read().values().filter(|channel| channel.stream().is_some()).cloned().collect()
    }

    /// The channel of that name, if there is one.
    pub fn find(&self, name: &str) -> Option<Arc<Channel>> {
        self.named.read().get(name).filter(|channel| channel.stream().is_some()).cloned()
    }

    /// Whether a channel of that name is, or would be, a view of a stream that was not made for it.
    pub(super) fn is_view(&self, server: &Server, name: &str) -> bool {
        match (self.find(name), &server.jetstream) {
            (Some(channel), _) => !channel.is_own,
            (None, Some(jetstream)) => holder(jetstream, name).is_some(),
            (None, None) => false,
        }
    }

    /// The channel of that name, made if need be. `name` is valid.
    pub(super) fn find_or_make(&self, turn: &mut Turn, options: &Stan, name: &str) -> Result<Arc<Channel>, String> {
        if let Some(channel) = self.find(name) {
            return Ok(channel);
        }
        let _changing = self.changing.lock();
        let all = self.all();
        if let Some(other) = all.iter().find(|other| other.name.eq_ignore_ascii_case(name)) {
            // Or somebody else was quicker.
            return if *other.name == *name { Ok(other.clone()) } else { Err(error::other_case(name, &other.name)) };
        }
        let server = turn.server().clone();
        let Some(jetstream) = &server.jetstream else { return Err(error::TOO_MANY_CHANNELS.to_owned()) };
        if options.max_channels.is_some_and(|max| all.len() >= max) {
            return Err(error::TOO_MANY_CHANNELS.to_owned());
        }
        let (stream, is_own) = if let Some(stream) = holder(jetstream, name) {
            (stream, false)
        } else {
            let made = jetstream.create(turn, config(options, name)).map_err(|error| format!("stan: {error}"))?;
            (made.0, true)
        };
        tracing::info!("STREAM: Channel {name:?} has been created{}", if is_own { "" } else { " as a view" });
        Ok(self.insert(name, &stream, is_own, turn.now))
    }

    fn insert(&self, name: &str, stream: &Arc<Stream>, is_own: bool, now: i64) -> Arc<Channel> {
        let used = AtomicI64::new(now);
        let channel = Arc::new(Channel { name: name.into(), stream: Arc::downgrade(stream), is_own, used });
        self.named.write().insert(name.into(), channel.clone());
        channel
    }

    /// After a start: the streams that were made for channels, with the limits as they are now, and the views that
    /// somebody is subscribed to.
    pub(super) fn recover(&self, turn: &mut Turn, options: &Stan) {
        let server = turn.server().clone();
        let Some(jetstream) = &server.jetstream else { return };
        for stream in jetstream.streams() {
            let there = stream.config();
            if let Some(name) = there.metadata.get(KEY) {
                self.insert(name, &stream, true, turn.now);
                let mut limited = there.clone();
                limit(&mut limited, &options.limits_of(name));
                if limited != there
                    && let Err(error) = jetstream.update(turn, limited)
                {
                    tracing::warn!("STREAM: the limits of channel {name:?} stay as they were: {error}");
                }
            }
            for membered in stream.membered().into_iter().filter(|membered| !membered.charter.is_wide()) {
                let name = membered.charter.channel;
                if self.find(&name).is_none() {
                    self.insert(&name, &stream, false, turn.now);
                }
            }
        }
    }

    /// Deletes channels nobody has used for too long.
    pub(super) fn remove_unused(&self, turn: &mut Turn, options: &Stan) {
        let limited = options.limits.max_inactivity.is_some()
            || options.channels.iter().any(|(_, own)| own.max_inactivity.flatten().is_some());
        if !limited {
            return;
        }
        for channel in self.all() {
            let Some(max) = options.limits_of(&channel.name).max_inactivity else { continue };
            let _changing = self.changing.lock();
            let Some(stream) = channel.stream().filter(|_| channel.is_own) else { continue };
            // Who subscribed by wildcards wants whatever there is, and this one no more than another.
            let online = stream.membered().iter().any(|membered| !membered.is_offline && !membered.charter.is_wide());
            let last = channel.used.load(Ordering::Relaxed).max(stream.summary().last_time);
            if online || turn.now - last < nanos(max) {
                continue;
            }
            tracing::info!("STREAM: Channel {:?} was not used for too long and is deleted", channel.name);
            if let Err(error) = self.remove(turn, &channel, &stream) {
                tracing::error!("STREAM: cannot delete channel {:?}: {error}", channel.name);
            }
        }
    }

    /// Deletes a channel of its own.
    pub(super) fn delete(&self, turn: &mut Turn, channel: &Channel) -> Result<(), ApiError> {
        let _changing = self.changing.lock();
        channel.stream().map_or(Ok(()), |stream| self.remove(turn, channel, &stream))
    }

    fn remove(&self, turn: &mut Turn, channel: &Channel, stream: &Stream) -> Result<(), ApiError> {
        self.named.write().remove(&channel.name);
        let server = turn.server().clone();
        server.jetstream.as_ref().map_or(Ok(()), |jetstream| jetstream.delete(turn, &stream.name))
    }
}

/// The stream that holds the subject `name` already.
pub(crate) fn holder(jetstream: &JetStream, name: &str) -> Option<Arc<Stream>> {
    let holds = |stream: &Arc<Stream>| stream.config().subjects.iter().any(|filter| subject::matches(filter, name));
    jetstream.streams().into_iter().find(holds)
}

/// The stream for the channel `name`.
pub(crate) fn config(options: &Stan, name: &str) -> StreamConfig {
    let mut config = StreamConfig {
        // A stream's name is one token: a channel's need not be.
        name: name.replace('%', "%25").replace('.', "%2E").replace('\\', "%5C"),
        description: format!("NATS Streaming channel {name}"),
        subjects: vec![name.to_owned()],
        retention: Retention::Limits,
        storage: match options.store {
            StanStore::Memory => Storage::Memory,
            StanStore::File | StanStore::Sql => Storage::File,
        },
        ..StreamConfig::default()
    };
    config.metadata.insert(KEY.to_owned(), name.to_owned());
    limit(&mut config, &options.limits_of(name));
    match config.clone().normalized() {
        Ok(config) => config,
        // Refused when it is to be made, with the reason.
        Err(_) => config,
    }
}

/// Gives a stream a channel's limits.
fn limit(config: &mut StreamConfig, limits: &ChannelLimits) {
    let bound = |limit: Option<u64>| limit.map_or(-1, |max| i64::try_from(max).unwrap_or(i64::MAX));
    config.max_msgs = bound(limits.max_messages);
    config.max_bytes = bound(limits.max_bytes);
    config.max_age = limits.max_age.map_or(0, nanos);
    if config.max_age > 0 && config.duplicate_window > config.max_age {
        config.duplicate_window = config.max_age;
    }
}
