//! What an administrator may do to channels, durables and clients. `monitor/admin.rs` is where it is asked for.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use protocol::jetstream::api::PurgeRequest;
use protocol::jetstream::error::ApiError;
use protocol::subject;

use super::{Stan, subscribe};
use crate::router::Handler;
use crate::stream::members::NotDropped;
use crate::stream::{Gate, Stream};
use crate::turn::{Message, Turn};

/// How long the disk may take: after that an administrator is told that it is not known whether it was done.
const DISK_TIME_MAX: Duration = Duration::from_secs(30);

/// A durable, as whoever wants it gone knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durable<'a> {
    /// A client's own.
    Client {
        /// Who.
        client: &'a str,
        /// What it calls it.
        name: &'a str,
    },
    /// A queue group's.
    Queue {
        /// Which group.
        queue: &'a str,
        /// What its members call it.
        name: &'a str,
    },
}

/// Why it is not done.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// There is no such channel.
    #[error("channel {0:?} not found")]
    NoChannel(String),
    /// There is no such durable.
    #[error("durable {0:?} not found on {1:?}")]
    NoDurable(String, String),
    /// There is no such client.
    #[error("client {0:?} not found")]
    NoClient(String),
    /// The channel is not its stream's only one.
    #[error("channel {channel:?} is a view of the stream {stream:?}: delete what is in it by JetStream, or purge it")]
    View {
        /// The channel.
        channel: String,
        /// The stream.
        stream: String,
    },
    /// Somebody is subscribed.
    #[error("{0:?} is in use by {1:?}: disconnect that client first{2}")]
    InUse(String, String, &'static str),
    /// The stream does not take it.
    #[error("{0}")]
    Refused(#[from] ApiError),
    /// The disk has not confirmed it.
    #[error("the disk has not confirmed it in {} seconds; it may still be done", DISK_TIME_MAX.as_secs())]
    Unconfirmed,
}

/// Tells a thread that waits that a gate was passed.
struct Passed(SyncSender<()>);

impl Handler for Passed {
    fn handle(&self, _: &mut Turn, _: &Message<'_>) {
        let _ = self.0.try_send(()); // Nobody waits any longer, perhaps.
    }
}

impl Stan {
    /// Deletes a channel with all it holds, and its durables. With `force` those who are subscribed to it are disconnected
    /// first, and hear of that at their next ping. It must be a channel of its own.
    pub fn delete_channel(&self, turn: &mut Turn, name: &str, force: bool) -> Result<(), NotDone> {
        let missing = || NotDone::NoChannel(name.to_owned());
        let channel = self.channels.find(name).ok_or_else(missing)?;
        let stream = channel.stream().ok_or_else(missing)?;
        if !channel.is_own {
            return Err(NotDone::View { channel: name.to_owned(), stream: stream.name.to_string() });
        }
        let online = || stream.membered().into_iter().find(|m| !m.is_offline && !m.charter.is_wide());
        while let Some(subscriber) = online().map(|membered| membered.subscriber) {
            // One whose client is gone already is about to leave by itself.
            if !force || !self.remove_client(turn, &subscriber.client, "Disconnected, its channel is deleted") {
                return Err(NotDone::InUse(name.to_owned(), subscriber.client, ", or force it"));
            }
        }
        self.channels.delete(turn, &channel)?;
        Ok(())
    }

    /// Removes all messages of a channel. Returns how many; they are gone from the disk too.
    pub fn purge_channel(&self, turn: &mut Turn, name: &str) -> Result<u64, NotDone> {
        let channel = self.channels.find(name);
        let stream = channel.and_then(|channel| channel.stream()).ok_or_else(|| NotDone::NoChannel(name.to_owned()))?;
        let purged = stream.purge(turn, &PurgeRequest { filter: name.to_owned(), ..PurgeRequest::default() })?;
        confirmed(turn, &[stream])?;
        Ok(purged)
    }

    /// Forgets a durable that nobody uses. `channel` may be a filter, if that is what was subscribed to.
    pub fn drop_durable(&self, turn: &mut Turn, channel: &str, durable: Durable<'_>) -> Result<(), NotDone> {
        let (consumer, name) = match durable {
            Durable::Client { client, name } => (subscribe::durable_of_client(channel, client, name), name),
            Durable::Queue { queue, name } => (subscribe::durable_of_queue(channel, queue, name), name),
        };
        let in_use = |client: String| NotDone::InUse(name.to_owned(), client, "");
        let streams = if subject::has_wildcards(channel) {
            let found = self.drop_wide(&consumer).map_err(in_use)?;
            let jetstream = turn.server().jetstream.as_ref();
            found.then(|| jetstream.map(crate::jetstream::JetStream::streams).unwrap_or_default())
        } else {
            let channel = self.channels.find(channel).ok_or_else(|| NotDone::NoChannel(channel.to_owned()))?;
            channel.stream().map(|stream| vec![stream])
        };
        let missing = || NotDone::NoDurable(name.to_owned(), channel.to_owned());
        let mut dropped = Vec::new();
        for stream in streams.ok_or_else(missing)? {
            match stream.drop_offline(turn, &consumer) {
                Ok(()) => dropped.push(stream),
                Err(NotDropped::Missing) => {}
                Err(NotDropped::InUse(client)) => return Err(in_use(client)),
            }
        }
        if dropped.is_empty() && !subject::has_wildcards(channel) {
            return Err(missing());
        }
        confirmed(turn, &dropped)
    }

    /// Takes a client out as if it had said good-bye: its durables stay. It hears of it at its next ping.
    pub fn disconnect(&self, turn: &mut Turn, client: &str) -> Result<(), NotDone> {
        let removed = self.remove_client(turn, client, "Disconnected by an administrator");
        removed.then_some(()).ok_or_else(|| NotDone::NoClient(client.to_owned()))
    }
}

/// Waits until what was staged in `streams` is on disk. The thread may block.
fn confirmed(turn: &mut Turn, streams: &[Arc<Stream>]) -> Result<(), NotDone> {
    let (passed, wait) = sync_channel(1);
    let gate = Gate::followed("_STAN.admin", Vec::new(), Arc::new(Passed(passed)));
    for stream in streams {
        stream.hold_gate(turn, &gate);
    }
    gate.pass(turn);
    turn.finish();
    wait.recv_timeout(DISK_TIME_MAX).map_err(|_| NotDone::Unconfirmed)
}
