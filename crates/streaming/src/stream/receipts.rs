//! Who waits to hear that a batch is on disk.

use protocol::jetstream::api;
use protocol::jetstream::error::ApiError;

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
    /// An acknowledgement of a consumer's client was recorded, or a message deleted: an empty answer.
    Confirmed,
}

/// The answers to send once a batch is committed, in order. The reply subjects lie in one buffer: a publish allocates
/// nothing.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    entries: Vec<Entry>,
    replies: String,
}

impl Receipts {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
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

    fn push(&mut self, reply: &str, sequence: u64, kind: Kind) {
        self.replies.push_str(reply);
        self.entries.push(Entry { sequence, reply_bytes: reply.len(), kind });
    }

    /// Tells everyone that it is done.
    /// `stream` is its name as JSON.
    pub fn send(&mut self, turn: &mut Turn, stream: &str) {
        let mut payload = Vec::new();
        self.drain(|reply, entry| {
            payload.clear();
            if entry.kind != Kind::Confirmed {
                api::pub_ack(&mut payload, stream, entry.sequence, entry.kind == Kind::Duplicate);
            }
            turn.reply(reply, &payload);
        });
    }

    /// Tells every publisher that it failed; a confirmation is withheld, so that its client asks again.
    pub fn fail(&mut self, turn: &mut Turn, stream: &str, error: &ApiError) {
        let mut payload = Vec::new();
        api::pub_error(&mut payload, stream, error);
        self.drain(|reply, entry| {
            if entry.kind != Kind::Confirmed {
                turn.reply(reply, &payload);
            }
        });
    }

    /// Lets go of those whose acknowledgement could not be recorded: their clients will ask again.
    pub fn withhold_confirmations(&mut self) {
        let mut kept = Self::default();
        self.drain(|reply, entry| {
            if entry.kind != Kind::Confirmed {
                kept.push(reply, entry.sequence, entry.kind);
            }
        });
        *self = kept;
    }

    fn drain(&mut self, mut each: impl FnMut(&str, Entry)) {
        let mut rest = self.replies.as_str();
        for entry in &self.entries {
            let (reply, after) = rest.split_at(entry.reply_bytes);
            each(reply, *entry);
            rest = after;
        }
        self.entries.clear();
        self.replies.clear();
    }
}
