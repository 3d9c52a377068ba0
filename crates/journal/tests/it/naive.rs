//! What a log is, as simply as it can be said: a map from sequence to message.

use std::collections::BTreeMap;

use journal::{Append, Due, Filter, Record};

/// A message, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub subject: Vec<u8>,
    pub headers: Vec<u8>,
    pub payload: Vec<u8>,
    pub time: i64,
    pub due: Option<Due>,
}

impl Message {
    pub fn append(&self) -> Append<'_> {
        let Self { subject, headers, payload, time, due } = self;
        Append { subject, headers, payload, time: *time, due: *due }
    }

    pub fn of(record: &Record<'_>) -> Self {
        Self {
            subject: record.subject.to_vec(),
            headers: record.headers.to_vec(),
            payload: record.payload.to_vec(),
            time: record.time,
            due: record.due,
        }
    }

    /// Bytes it takes in the log.
    pub fn bytes(&self) -> u64 {
        let due = if self.due.is_some() { 8 } else { 0 };
        journal::record_bytes(self.subject.len(), self.headers.len(), self.payload.len()) + due
    }
}

/// Which subjects are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    All,
    Only(&'static str),
    /// All that begin so.
    Under(&'static str),
}

impl Filter for Wanted {
    fn matches(&self, subject: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Only(name) => subject == name.as_bytes(),
            Self::Under(prefix) => subject.starts_with(prefix.as_bytes()),
        }
    }

    fn literal(&self) -> Option<&[u8]> {
        match self {
            Self::Only(name) => Some(name.as_bytes()),
            _ => None,
        }
    }

    fn everything(&self) -> bool {
        *self == Self::All
    }
}

pub type Messages = BTreeMap<u64, Message>;

/// The log.
#[derive(Debug, Clone)]
pub struct Naive {
    /// What is committed and not removed.
    pub live: Messages,
    /// What is staged and not removed.
    pub staged: Messages,
    pub committed: u64,
    pub next: u64,
    /// What a restart would find, and the last sequence it would.
    pub durable: (Messages, u64),
    /// What it would find once the commit under way succeeded; and the messages of that commit.
    flying: Option<(Messages, u64)>,
}

impl Default for Naive {
    fn default() -> Self {
        Self {
            live: Messages::new(),
            staged: Messages::new(),
            committed: 0,
            next: 1,
            durable: (Messages::new(), 0),
            flying: None,
        }
    }
}

impl Naive {
    pub fn append(&mut self, message: Message) -> u64 {
        self.staged.insert(self.next, message);
        self.next += 1;
        self.next - 1
    }

    pub fn remove(&mut self, sequence: u64) -> bool {
        self.live.remove(&sequence).or_else(|| self.staged.remove(&sequence)).is_some()
    }

    pub fn truncate_before(&mut self, sequence: u64) -> u64 {
        let before = self.live.len() + self.staged.len();
        self.live.retain(|at, _| *at >= sequence);
        self.staged.retain(|at, _| *at >= sequence);
        (before - self.live.len() - self.staged.len()) as u64
    }

    pub fn begin_commit(&mut self) {
        let mut after = self.live.clone();
        after.extend(self.staged.clone());
        self.flying = Some((after, self.next - 1));
    }

    pub fn end_commit(&mut self) {
        let Some((after, last)) = self.flying.take() else { return };
        self.committed = last;
        let later = self.staged.split_off(&(last + 1));
        self.live.append(&mut self.staged);
        self.staged = later;
        self.durable = (after, last);
    }

    /// A commit failed, or the process died.
    pub fn roll_back(&mut self) {
        self.flying = None;
        self.staged.clear();
        self.live = self.durable.0.clone();
        self.committed = self.durable.1;
        self.next = self.committed + 1;
    }

    pub fn matching<'a>(&'a self, wanted: &'a Wanted) -> impl DoubleEndedIterator<Item = (u64, &'a Message)> {
        self.live.iter().filter(|(_, m)| wanted.matches(&m.subject)).map(|(at, m)| (*at, m))
    }
}
