//! Who waits to hear that a batch is on disk.

use protocol::jetstream::api;
use protocol::jetstream::error::ApiError;

use super::Stream;
use crate::turn::Turn;

/// What a waiting publisher is told.
#[derive(Debug, Clone, Copy)]
struct Entry {
    sequence: u64,
    reply_bytes: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A new message was stored.
    Stored,
    /// It had been stored before.
    Duplicate,
    /// An acknowledgement of a consumer's client was recorded: an empty answer.
    Confirmed,
    /// What the API was asked for is done: the next of the ready answers.
    Answered,
}

/// An answer of the API, ready to be sent.
#[derive(Debug)]
struct Ready {
    kind: api::Kind,
    bytes: Vec<u8>,
}

impl Ready {
    /// The same answer as an error.
    fn failed(&self, error: &ApiError) -> Vec<u8> {
        let mut bytes = Vec::new();
        api::write_error(&mut bytes, self.kind, error);
        bytes
    }

    /// It stands or falls with the consumers' ledger, not with the log.
    fn is_of_ledger(&self) -> bool {
        !matches!(self.kind, api::Kind::StreamPurge | api::Kind::StreamMsgDelete)
    }
}

/// The answers to send once a batch is committed, in order. The reply subjects lie in one buffer: a publish allocates
/// nothing.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    entries: Vec<Entry>,
    replies: String,
    /// Those of the entries that are [`Kind::Answered`], in order.
    ready: Vec<Ready>,
}

impl Stream {
    /// Sends `bytes`, an answer of that kind, once all that is staged now is on disk; an error if it cannot be stored.
    pub fn answer_durably(&self, turn: &mut Turn, reply: &str, kind: api::Kind, bytes: Vec<u8>) {
        let mut state = self.lock();
        state.receipts.answered(reply, kind, bytes);
        drop(state);
        if let Some(stream) = self.arc() {
            turn.touch(&stream);
        }
    }
}

impl Receipts {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn stored(&mut self, reply: &str, sequence: u64) {
        self.push(reply, sequence, Kind::Stored);
    }

    pub fn duplicate(&mut self, reply: &str, sequence: u64) {
        self.push(reply, sequence, Kind::Duplicate);
    }

    pub fn confirmed(&mut self, reply: &str) {
        self.push(reply, 0, Kind::Confirmed);
    }

    /// Puts `others` behind its own.
    pub fn append(&mut self, others: Self) {
        self.entries.extend(others.entries);
        self.replies.push_str(&others.replies);
        self.ready.extend(others.ready);
    }

    fn answered(&mut self, reply: &str, kind: api::Kind, bytes: Vec<u8>) {
        self.push(reply, 0, Kind::Answered);
        self.ready.push(Ready { kind, bytes });
    }

    fn push(&mut self, reply: &str, sequence: u64, kind: Kind) {
        self.replies.push_str(reply);
        self.entries.push(Entry { sequence, reply_bytes: reply.len(), kind });
    }

    /// Tells everyone that it is done.
    /// `stream` is its name as JSON.
    pub fn send(&mut self, turn: &mut Turn, stream: &str) {
        let mut payload = Vec::new();
        self.drain(|reply, entry, ready| {
            payload.clear();
            match (entry.kind, ready) {
                (Kind::Stored, _) => api::pub_ack(&mut payload, stream, entry.sequence, false),
                (Kind::Duplicate, _) => api::pub_ack(&mut payload, stream, entry.sequence, true),
                (Kind::Confirmed, _) | (Kind::Answered, None) => {}
                (Kind::Answered, Some(ready)) => payload.extend_from_slice(&ready.bytes),
            }
            turn.reply(reply, &payload);
        });
    }

    /// Tells everyone that it failed; a confirmation is withheld, so that its client asks again.
    pub fn fail(&mut self, turn: &mut Turn, stream: &str, error: &ApiError) {
        let mut payload = Vec::new();
        api::pub_error(&mut payload, stream, error);
        self.drain(|reply, entry, ready| match (entry.kind, ready) {
            (Kind::Stored | Kind::Duplicate, _) => turn.reply(reply, &payload),
            (Kind::Confirmed, _) | (Kind::Answered, None) => {}
            (Kind::Answered, Some(ready)) => turn.reply(reply, &ready.failed(error)),
        });
    }

    /// Lets go of those whose acknowledgement could not be recorded: their clients will ask again. Who made or changed a
    /// consumer is told that it failed.
    pub fn withhold_confirmations(&mut self, turn: &mut Turn, error: &ApiError) {
        let mut kept = Self::default();
        self.drain(|reply, entry, ready| match (entry.kind, ready) {
            (Kind::Stored | Kind::Duplicate, _) => kept.push(reply, entry.sequence, entry.kind),
            (Kind::Confirmed, _) | (Kind::Answered, None) => {}
            (Kind::Answered, Some(ready)) if ready.is_of_ledger() => turn.reply(reply, &ready.failed(error)),
            (Kind::Answered, Some(ready)) => kept.answered(reply, ready.kind, ready.bytes),
        });
        *self = kept;
    }

    fn drain(&mut self, mut each: impl FnMut(&str, Entry, Option<Ready>)) {
        let mut rest = self.replies.as_str();
        let mut ready = std::mem::take(&mut self.ready).into_iter();
        for entry in &self.entries {
            let (reply, after) = rest.split_at(entry.reply_bytes);
            each(reply, *entry, if entry.kind == Kind::Answered { ready.next() } else { None });
            rest = after;
        }
        self.entries.clear();
        self.replies.clear();
    }
}
