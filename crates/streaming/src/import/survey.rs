//! A look at the whole store before anything is written: what is there, and whether it can be read.

use std::collections::HashMap;
use std::path::PathBuf;

use protocol::stan::Message as _;

use super::durables::{self, Resumed};
use super::error::Error;
use super::notes::Notes;
use super::progress::Progress;
use super::source::{self, Cluster, Message, Messages, Reading, Subscriptions};

/// A store.
pub struct Store {
    pub cluster: Cluster,
    pub channels: Vec<Channel>,
}

/// A channel of it.
pub struct Channel {
    pub name: String,
    pub folder: PathBuf,
    pub contents: Contents,
    /// What its subscriptions become.
    pub resumed: Vec<Resumed>,
}

/// What a channel holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Contents {
    pub messages: u64,
    /// As the original counts.
    pub bytes: u64,
    /// 0 if there is no message.
    pub first: u64,
    /// 0 if there is no message.
    pub last: u64,
    /// Stands for all of it, subscriptions too.
    pub digest: u32,
}

impl Store {
    /// Looks at the store in `folder`.
    pub fn look(
        reading: &Reading,
        folder: &std::path::Path,
        notes: &mut Notes,
        progress: &mut Progress,
    ) -> Result<Self, Error> {
        let cluster = Cluster::read(reading, folder, notes)?;
        let found = source::channels(reading, folder, notes)?;
        progress.begin("read", found.values().map(|folder| source::slice_bytes(folder)).sum());
        let mut channels = Vec::new();
        for (name, folder) in found {
            channels.push(Channel::look(reading, name, folder, &cluster, notes, progress)?);
        }
        progress.end();
        Ok(Self { cluster, channels })
    }
}

impl Channel {
    fn look(
        reading: &Reading,
        name: String,
        folder: PathBuf,
        cluster: &Cluster,
        notes: &mut Notes,
        progress: &mut Progress,
    ) -> Result<Self, Error> {
        let mut replies = 0_u64;
        let mut channel = Self { name, folder, contents: Contents::default(), resumed: Vec::new() };
        let subscriptions = channel.subscriptions(reading, notes)?;
        channel.contents = channel.read(reading, &subscriptions, notes, progress, |message| {
            replies += u64::from(!message.reply.is_empty());
            Ok(())
        })?;
        if replies > 0 {
            notes.push(format!("{}: {replies} messages name a reply subject, which is not kept", channel.name));
        }
        channel.resumed = durables::of(&channel.name, &subscriptions, &cluster.clients, notes);
        for resumed in &mut channel.resumed {
            resumed.fit(&channel.name, channel.contents.first, channel.contents.last, notes);
        }
        Ok(channel)
    }

    fn subscriptions(&self, reading: &Reading, notes: &mut Notes) -> Result<Subscriptions, Error> {
        let found = source::subscriptions(reading, &self.folder, notes)?;
        Ok(found.unwrap_or_else(|| {
            notes.push(format!("{}: there is no subs.dat: nobody is taken for subscribed", self.folder.display()));
            Subscriptions::new()
        }))
    }

    /// Reads all messages once more, and gives each to `each`.
    pub fn read_again(
        &self,
        reading: &Reading,
        progress: &mut Progress,
        each: impl FnMut(&Message) -> Result<(), Error>,
    ) -> Result<Contents, Error> {
        let mut told_before = Notes::default();
        let subscriptions = self.subscriptions(reading, &mut told_before)?;
        self.read(reading, &subscriptions, &mut told_before, progress, each)
    }

    fn read(
        &self,
        reading: &Reading,
        subscriptions: &Subscriptions,
        notes: &mut Notes,
        progress: &mut Progress,
        mut each: impl FnMut(&Message) -> Result<(), Error>,
    ) -> Result<Contents, Error> {
        let mut messages = Messages::open(reading, &self.folder, &self.name, notes)?;
        let mut contents = Contents::default();
        let mut digest = crc32fast::Hasher::new();
        for subscription in subscriptions.values() {
            digest.update(&subscription.state.encode_to_vec());
            subscription.pending.iter().for_each(|sequence| digest.update(&sequence.to_le_bytes()));
        }
        let mut told = 0;
        while let Some(message) = messages.next(notes)? {
            contents.messages += 1;
            contents.bytes += message.bytes;
            contents.last = message.sequence;
            if contents.first == 0 {
                contents.first = message.sequence;
            }
            digest.update(&message.sequence.to_le_bytes());
            digest.update(&message.time.to_le_bytes());
            digest.update(&message.data);
            each(&message)?;
            let read = messages.bytes_read();
            progress.add(&self.name, read - told);
            told = read;
        }
        progress.add(&self.name, messages.bytes_read() - told);
        contents.digest = digest.finalize();
        Ok(contents)
    }

    /// When the messages that some subscription has pending were stored: to be filled in while they are read.
    pub fn pending_times(&self) -> HashMap<u64, i64> {
        self.resumed.iter().flat_map(|resumed| &resumed.pending).map(|sequence| (*sequence, 0)).collect()
    }
}
