//! What was found and what was done with it: a table for people, JSON for programs.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use serde::Serialize;

use super::durables::Resumed;
use super::notes::Notes;
use super::survey::{Channel, Store};
use super::target::Place;

/// Everything there is to tell. Its JSON has the names of the original's `/streaming/channelsz`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The store.
    pub source: PathBuf,
    /// Its cluster.
    pub cluster_id: String,
    /// Where it went; nowhere in a dry run.
    pub target: Option<PathBuf>,
    pub channels: Vec<ChannelReport>,
    /// Who was connected.
    pub clients: Vec<String>,
    pub notes: Vec<String>,
    /// Records and files that were passed over.
    pub damages: usize,
}

/// A channel.
#[derive(Debug, Serialize)]
pub struct ChannelReport {
    pub name: String,
    pub msgs: u64,
    pub bytes: u64,
    pub first_seq: u64,
    pub last_seq: u64,
    pub subs_count: usize,
    pub subscriptions: Vec<SubscriptionReport>,
    /// It was there already.
    pub was_done: bool,
}

/// A subscription, or the members of a queue group together.
#[derive(Debug, Serialize)]
pub struct SubscriptionReport {
    #[serde(skip)]
    what: String,
    pub client_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub queue_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub durable_name: String,
    pub is_durable: bool,
    pub is_offline: bool,
    pub max_inflight: usize,
    pub ack_wait: i64,
    pub last_sent: u64,
    pub pending_count: usize,
}

impl Report {
    /// Of what was found; `places` says which channels were there already.
    pub fn new(
        source: PathBuf,
        cluster_id: String,
        target: Option<PathBuf>,
        store: &Store,
        places: &[Place],
        notes: &Notes,
    ) -> Self {
        let was_done = |at: usize| places.get(at) == Some(&Place::Done);
        let channels = store.channels.iter().enumerate().map(|(at, channel)| of(channel, was_done(at)));
        Self {
            source,
            cluster_id,
            target,
            channels: channels.collect(),
            clients: store.cluster.clients.keys().cloned().collect(),
            notes: notes.lines().collect(),
            damages: notes.damages,
        }
    }

    fn is_done(&self) -> bool {
        self.target.is_some() && self.channels.iter().all(|channel| channel.was_done)
    }
}

fn of(channel: &Channel, was_done: bool) -> ChannelReport {
    let contents = channel.contents;
    ChannelReport {
        name: channel.name.clone(),
        msgs: contents.messages,
        bytes: contents.bytes,
        first_seq: contents.first,
        last_seq: contents.last,
        subs_count: channel.resumed.iter().map(|resumed| resumed.members.len().max(1)).sum(),
        subscriptions: channel.resumed.iter().map(subscription).collect(),
        was_done,
    }
}

fn subscription(resumed: &Resumed) -> SubscriptionReport {
    let who = resumed.members.first().or(resumed.last.as_ref());
    SubscriptionReport {
        what: resumed.what(),
        client_id: who.map(|who| who.client.clone()).unwrap_or_default(),
        queue_name: resumed.charter.queue.clone(),
        durable_name: resumed.charter.durable.clone(),
        is_durable: resumed.charter.stays,
        is_offline: resumed.members.is_empty(),
        max_inflight: who.map_or(0, |who| who.max_in_flight),
        ack_wait: who.map_or(0, |who| who.ack_wait),
        last_sent: resumed.last_sent,
        pending_count: resumed.pending.len(),
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "Store {} of cluster \"{}\"", self.source.display(), self.cluster_id)?;
        let width = self.channels.iter().map(|channel| channel.name.chars().count()).max().unwrap_or(0);
        for channel in &self.channels {
            let ChannelReport { name, msgs, bytes, first_seq, last_seq, .. } = channel;
            write!(f, "  {name:width$}  ")?;
            match msgs {
                0 => write!(f, "no messages")?,
                _ => write!(f, "{msgs} messages, {bytes} bytes, {first_seq} to {last_seq}")?,
            }
            writeln!(f, "{}", if channel.was_done { " (there already)" } else { "" })?;
            for subscription in &channel.subscriptions {
                writeln!(f, "  {:width$}    {subscription}", "")?;
            }
        }
        for client in &self.clients {
            writeln!(f, "  client {client} was connected")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        let sum = |of: fn(&ChannelReport) -> u64| self.channels.iter().map(of).sum::<u64>();
        let (msgs, bytes, subs) = (sum(|c| c.msgs), sum(|c| c.bytes), sum(|c| c.subs_count as u64));
        let (channels, clients) = (self.channels.len(), self.clients.len());
        write!(f, "{channels} channels, {msgs} messages, {bytes} bytes, {subs} subscriptions, {clients} clients")?;
        if self.damages > 0 {
            write!(f, "; {} places passed over as damaged", self.damages)?;
        }
        match &self.target {
            None => writeln!(f, ". Nothing was written."),
            Some(target) if self.is_done() => writeln!(f, " are in {}: nothing to do.", target.display()),
            Some(target) => {
                let (cluster, target) = (&self.cluster_id, target.display());
                writeln!(
                    f,
                    " imported.\nStart the server on them: streaming-server -cid {cluster} -st file -dir {target}"
                )
            }
        }
    }
}

impl Display for SubscriptionReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { what, client_id, last_sent, pending_count, .. } = self;
        write!(f, "{what}")?;
        if !client_id.is_empty() {
            write!(f, " of {client_id}")?;
        }
        write!(f, ": sent to {last_sent}, {pending_count} of these not acknowledged")?;
        if self.is_offline { write!(f, ", offline") } else { Ok(()) }
    }
}
