//! Who is connected, what each is subscribed to, and whom we asked whether it lives.
//!
//! ```text
//!            connect                       heartbeat answered
//!  (nobody) ─────────▶ ┌─────────┐ ◀───────────────────────────┐
//!                      │ resting │ ── its interval is over ──▶ ┌───────┐
//!  (removed) ◀──────── └─────────┘ ◀── no answer in time ───── │ asked │
//!        close, replaced, or as many failures as allowed       └───────┘
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;
use journal::Ledger;
use protocol::stan::ConnectRequest;
use serde::{Deserialize, Serialize};

use super::reach::Reach;
use super::wildcards::Wide;
use crate::router::Subscription;

/// A client as it presented itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presented {
    /// Its name.
    pub id: Box<str>,
    /// Where it is asked whether it lives.
    pub heartbeat_inbox: Box<str>,
    /// Its connection, by which its pings and publishes are known.
    pub connection: Box<[u8]>,
    /// What it speaks.
    pub protocol: i32,
}

/// A client.
#[derive(Clone)]
pub struct Client {
    /// What it said of itself.
    pub presented: Presented,
    /// What it is subscribed to.
    pub subscriptions: Vec<Arc<Subscribed>>,
    /// Heartbeats in a row that it did not answer.
    pub failures: u32,
    /// The heartbeat that waits for an answer.
    pub(super) asked: Option<u64>,
    /// When it is asked again, or given up.
    pub(super) due: i64,
}

/// A subscription as its client holds it.
pub struct Subscribed {
    /// The channel, or a filter for several.
    pub channel: Box<str>,
    /// The consumer it is a member of.
    pub consumer: Box<str>,
    /// Its name among the members, and where its acknowledgements go.
    pub ack_inbox: Arc<str>,
    /// Where its messages go.
    pub inbox: Arc<str>,
    /// What hears the acknowledgements.
    pub(super) acks: Arc<Subscription>,
    /// The streams it is a member in.
    pub(super) reach: Arc<Reach>,
}

/// A client that waits until it is known whether the one before it lives.
pub(super) struct Newcomer {
    pub request: ConnectRequest,
    pub reply: Option<Box<str>>,
    pub number: u64,
    pub due: i64,
}

/// What an answer will be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// Does this client live?
    Heartbeat(Box<str>),
    /// Does the client live whose name another wants?
    Probe(Box<str>),
}

/// See the module.
#[derive(Default)]
pub(super) struct Registry {
    pub clients: BTreeMap<Box<str>, Client>,
    /// Groups of subscriptions by wildcards, by their consumer's name.
    pub wide: BTreeMap<Box<str>, Wide>,
    /// Clients by connection.
    connections: HashMap<Box<[u8]>, Box<str>>,
    /// Those who wait for a name. One at a time for each: another is refused.
    pub newcomers: HashMap<Box<str>, Newcomer>,
    /// What was asked and not answered yet: at most one question a client and one a newcomer.
    pub questions: HashMap<u64, Question>,
    /// When which client is due.
    timers: BTreeSet<(i64, Box<str>)>,
    last_number: u64,
    /// The clients on disk, if anywhere.
    pub ledger: Option<Ledger>,
}

impl Registry {
    /// A client comes; whoever had its name is gone already. It is first asked at `due`.
    pub fn insert(&mut self, presented: Presented, due: i64) {
        let id = presented.id.clone();
        if !presented.connection.is_empty() {
            self.connections.insert(presented.connection.clone(), id.clone());
        }
        self.timers.insert((due, id.clone()));
        let client = Client { presented, subscriptions: Vec::new(), failures: 0, asked: None, due };
        self.clients.insert(id, client);
    }

    /// A client goes.
    pub fn remove(&mut self, id: &str) -> Option<Client> {
        let client = self.clients.remove(id)?;
        self.connections.remove(&client.presented.connection);
        self.timers.remove(&(client.due, id.into()));
        if let Some(number) = client.asked {
            self.questions.remove(&number);
        }
        Some(client)
    }

    /// The client with this connection.
    pub fn connected(&self, connection: &[u8]) -> Option<&str> {
        self.connections.get(connection).map(|id| &**id)
    }

    /// Whether a message comes from a client we know: by its connection, if it names one, or by its name.
    pub fn knows(&self, client: &str, connection: &[u8]) -> bool {
        if connection.is_empty() {
            self.clients.contains_key(client)
        } else {
            self.connections.contains_key(connection)
        }
    }

    /// The client's subscription with this ack inbox.
    pub fn subscribed(&self, client: &str, ack_inbox: &str) -> Option<Arc<Subscribed>> {
        let client = self.clients.get(client)?;
        client.subscriptions.iter().find(|subscribed| *subscribed.ack_inbox == *ack_inbox).cloned()
    }

    /// A number for a question.
    pub fn ask(&mut self, question: Question) -> u64 {
        self.last_number += 1;
        self.questions.insert(self.last_number, question);
        self.last_number
    }

    /// Sets when a client is due, and what it was asked.
    pub fn set_due(&mut self, id: &str, due: i64, asked: Option<u64>) {
        let Some(client) = self.clients.get_mut(id) else { return };
        self.timers.remove(&(client.due, id.into()));
        if let Some(number) = std::mem::replace(&mut client.asked, asked) {
            self.questions.remove(&number);
        }
        client.due = due;
        self.timers.insert((due, id.into()));
    }

    /// A client that is due.
    pub fn due(&self, now: i64) -> Option<Box<str>> {
        self.timers.first().filter(|(at, _)| *at <= now).map(|(_, id)| id.clone())
    }

    /// When the first client or newcomer is due.
    pub fn next_due(&self) -> Option<i64> {
        let first = self.timers.first().map(|(at, _)| *at);
        first.into_iter().chain(self.newcomers.values().map(|newcomer| newcomer.due)).min()
    }
}

impl Presented {
    pub fn of(request: &ConnectRequest) -> Self {
        Self {
            id: request.client_id.as_str().into(),
            heartbeat_inbox: request.heartbeat_inbox.as_str().into(),
            connection: request.connection_id.as_slice().into(),
            protocol: request.protocol,
        }
    }
}
