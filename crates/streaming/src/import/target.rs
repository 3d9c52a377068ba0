//! The store that the channels go into: whether they may, and how they do.

use std::collections::HashMap;
use std::path::PathBuf;

use protocol::jetstream::config::StreamConfig;
use protocol::stan::stored::ClientInfo;

use super::error::Error;
use super::progress::Progress;
use super::source::Reading;
use super::survey::{Channel, Store};
use crate::jetstream::JetStream;
use crate::options::{self, ChannelLimits, Stan, StanStore};
use crate::stan::registry::Presented;
use crate::stan::{channels, clients};
use crate::stream::Stream;

/// Where a stream's metadata says what was imported into it.
const KEY: &str = "_stan.imported";

/// The target, locked: no server can have it meanwhile.
pub struct Target {
    jetstream: JetStream,
    path: PathBuf,
    now: i64,
}

/// Whether a channel is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is not.
    Free,
    /// It is, out of this very store.
    Done,
}

impl Target {
    /// Takes the store that a server with these options would have.
    pub fn open(options: &options::JetStream, now: i64) -> Result<Self, Error> {
        let jetstream = JetStream::open(options, now)?;
        Ok(Self { jetstream, path: options.store_dir.clone(), now })
    }

    /// Whether the channel can go into it, or has already.
    pub fn place(&self, channel: &Channel) -> Result<Place, Error> {
        let config = config(channel)?;
        let there = self.jetstream.stream(&config.name).or_else(|| channels::holder(&self.jetstream, &channel.name));
        let Some(there) = there else { return Ok(Place::Free) };
        let metadata = there.config().metadata;
        let is_channels = metadata.get(channels::KEY).is_some_and(|name| *name == channel.name);
        if is_channels && metadata.get(KEY) == config.metadata.get(KEY) {
            return Ok(Place::Done);
        }
        let taken = |why: String| Error::Taken { channel: channel.name.clone(), path: self.path.clone(), why };
        Err(taken(what_is_there(&there, is_channels && metadata.contains_key(KEY))))
    }

    /// Writes down who was connected, if nobody is written down yet. False: the target has a list of its own.
    pub fn write_clients(&self, cluster: &str, store: &Store) -> Result<bool, Error> {
        let presented = |client: &ClientInfo| Presented {
            id: client.id.as_str().into(),
            heartbeat_inbox: client.heartbeat_inbox.as_str().into(),
            connection: client.connection_id.as_slice().into(),
            protocol: client.protocol,
        };
        let presented: Vec<_> = store.cluster.clients.values().map(presented).collect();
        Ok(clients::adopt(&clients::Home::beside(&self.jetstream), cluster, &presented)?)
    }

    /// Writes a channel whose place is free.
    pub fn write(&self, reading: &Reading, channel: &Channel, progress: &mut Progress) -> Result<(), Error> {
        let failed = |why: String| Error::Write { channel: channel.name.clone(), why };
        let first = channel.contents.first.max(1);
        let adoption = self.jetstream.adopt(config(channel)?, first);
        let mut adoption = adoption.map_err(|error| failed(error.to_string()))?;
        let mut times: HashMap<u64, i64> = channel.pending_times();
        let contents = channel.read_again(reading, progress, |message| {
            if let Some(time) = times.get_mut(&message.sequence) {
                *time = message.time;
            }
            adoption.append(message.sequence, message.time, &message.data).map_err(|error| failed(error.to_string()))
        })?;
        if contents != channel.contents {
            return Err(Error::Changed(channel.name.clone()));
        }
        let time = |sequence: u64| times.get(&sequence).copied().unwrap_or(0);
        let consumers: Vec<_> = channel.resumed.iter().map(|resumed| resumed.adopted(&channel.name, time)).collect();
        let made = adoption.finish(&consumers, self.now).map_err(|error| failed(error.to_string()))?;
        let last = if contents.messages == 0 { made.last_seq } else { contents.last };
        assert_eq!((made.messages, made.last_seq), (contents.messages, last), "the log holds what was put into it");
        Ok(())
    }
}

fn what_is_there(stream: &Stream, was_imported: bool) -> String {
    let name = &stream.name;
    if was_imported {
        return format!(
            "it was imported before, and this store has other messages or subscriptions than it had then. To take it \
             as it is now, delete stream \"{name}\" or choose an empty folder"
        );
    }
    let messages = stream.summary().messages;
    format!(
        "stream \"{name}\" with {messages} messages is there and did not come from this store. Delete it, or choose \
         another folder"
    )
}

/// The channel's stream, without limits: the server gives it those it is told when it starts.
fn config(channel: &Channel) -> Result<StreamConfig, Error> {
    let none = ChannelLimits {
        max_messages: None,
        max_bytes: None,
        max_age: None,
        max_subscriptions: None,
        max_inactivity: None,
    };
    let unlimited = Stan { store: StanStore::File, limits: none, ..Stan::default() };
    let mut config = channels::config(&unlimited, &channel.name);
    let contents = channel.contents;
    config.metadata.insert(KEY.to_owned(), format!("{} to {}, {:08x}", contents.first, contents.last, contents.digest));
    let refused = |error: protocol::jetstream::error::ApiError| Error::Channel {
        path: channel.folder.clone(),
        why: error.to_string(),
    };
    config.normalized().map_err(refused)
}
