//! Who waits to hear that a batch is on disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use protocol::jetstream::api;
use protocol::jetstream::error::ApiError;
use protocol::stan::{Message as _, PubAck, SubscriptionResponse};

use super::Stream;
use crate::router::Handler;
use crate::turn::{Message, Turn};

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
    /// A message was stored whose publisher is told by its own name for it, which lies behind the reply subject and
    /// is as long as the entry's `sequence` says.
    Named,
    /// What was asked for is done: the next of the ready answers.
    Answered,
}

/// An answer that is ready to be sent.
#[derive(Debug)]
enum Ready {
    /// The API's.
    Api { kind: api::Kind, bytes: Vec<u8> },
    /// To a new member of a consumer's group, which gets messages from then on.
    Joined { consumer: Box<str>, member: Arc<str>, bytes: Vec<u8> },
    /// Not ours alone to send.
    Passed(Arc<Gate>),
}

impl Ready {
    /// Tells that it is done.
    fn send(self, turn: &mut Turn, reply: &str, joined: &mut Vec<(Box<str>, Arc<str>)>) {
        match self {
            Self::Api { bytes, .. } => turn.reply(reply, &bytes),
            Self::Joined { consumer, member, bytes } => {
                turn.reply(reply, &bytes);
                joined.push((consumer, member));
            }
            Self::Passed(gate) => gate.pass(turn),
        }
    }

    /// Tells that it failed.
    fn fail(self, turn: &mut Turn, reply: &str, error: &ApiError) {
        match self {
            Self::Api { kind, .. } => {
                let mut bytes = Vec::new();
                api::write_error(&mut bytes, kind, error);
                turn.reply(reply, &bytes);
            }
            Self::Joined { .. } => {
                let refused = SubscriptionResponse { error: error.to_string(), ..SubscriptionResponse::default() };
                turn.reply(reply, &refused.encode_to_vec());
            }
            Self::Passed(gate) => gate.pass(turn),
        }
    }

    /// It stands or falls with the consumers' ledger, not with the log.
    fn is_of_ledger(&self) -> bool {
        !matches!(self, Self::Api { kind: api::Kind::StreamPurge | api::Kind::StreamMsgDelete, .. })
    }
}

/// An answer that waits until several streams are through with what they have staged.
pub struct Gate {
    left: AtomicUsize,
    reply: Box<str>,
    bytes: Vec<u8>,
    then: Option<Arc<dyn Handler>>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("left", &self.left).field("reply", &self.reply).finish_non_exhaustive()
    }
}

impl Gate {
    /// `bytes`, to be sent to `reply` when every stream, and its maker, has passed.
    pub fn new(reply: &str, bytes: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(1), reply: reply.into(), bytes, then: None })
    }

    /// The same, and `then` hears of it after the answer was sent.
    pub fn followed(reply: &str, bytes: Vec<u8>, then: Arc<dyn Handler>) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(1), reply: reply.into(), bytes, then: Some(then) })
    }

    /// One of those who are waited for is through. The last one sends the answer.
    pub fn pass(&self, turn: &mut Turn) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            turn.reply(&self.reply, &self.bytes);
            if let Some(then) = &self.then {
                let sent = Message { subject: &self.reply, reply: None, headers: &[], payload: &[], from: None };
                turn.hand(then, &sent);
            }
        }
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

impl Stream {
    /// Has `gate` wait until all that is staged now is on disk.
    pub fn hold_gate(&self, turn: &mut Turn, gate: &Arc<Gate>) {
        let mut state = self.lock();
        let ledger_waits = state.ledger.as_ref().is_some_and(|ledger| ledger.staged_bytes() > 0);
        if !(ledger_waits || state.committing || state.needs_commit()) || self.is_closed() {
            return;
        }
        state.receipts.gated(gate);
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

    pub fn published(&mut self, reply: &str, guid: &str) {
        self.replies.push_str(reply);
        self.replies.push_str(guid);
        let (sequence, reply_bytes) = (guid.len() as u64, reply.len() + guid.len());
        self.entries.push(Entry { sequence, reply_bytes, kind: Kind::Named });
    }

    pub fn joined(&mut self, reply: &str, consumer: Box<str>, member: Arc<str>, bytes: Vec<u8>) {
        self.ready(reply, Ready::Joined { consumer, member, bytes });
    }

    /// Has `gate` wait for this batch.
    pub fn gated(&mut self, gate: &Arc<Gate>) {
        gate.left.fetch_add(1, Ordering::AcqRel);
        self.ready("", Ready::Passed(gate.clone()));
    }

    fn answered(&mut self, reply: &str, kind: api::Kind, bytes: Vec<u8>) {
        self.ready(reply, Ready::Api { kind, bytes });
    }

    fn ready(&mut self, reply: &str, ready: Ready) {
        self.push(reply, 0, Kind::Answered);
        self.ready.push(ready);
    }

    fn push(&mut self, reply: &str, sequence: u64, kind: Kind) {
        self.replies.push_str(reply);
        self.entries.push(Entry { sequence, reply_bytes: reply.len(), kind });
    }

    /// Tells everyone that it is done. `stream` is its name as JSON. Returns who joined which consumer's group.
    pub fn send(&mut self, turn: &mut Turn, stream: &str) -> Vec<(Box<str>, Arc<str>)> {
        let mut payload = Vec::new();
        let mut joined = Vec::new();
        self.drain(|reply, entry, ready| {
            payload.clear();
            match (entry.kind, ready) {
                (Kind::Stored, _) => api::pub_ack(&mut payload, stream, entry.sequence, false),
                (Kind::Duplicate, _) => api::pub_ack(&mut payload, stream, entry.sequence, true),
                (Kind::Named, _) => return named(turn, entry, reply, String::new()),
                (Kind::Confirmed, _) | (Kind::Answered, None) => {}
                (Kind::Answered, Some(ready)) => return ready.send(turn, reply, &mut joined),
            }
            turn.reply(reply, &payload);
        });
        joined
    }

    /// Tells everyone that it failed; a confirmation is withheld, so that its client asks again.
    pub fn fail(&mut self, turn: &mut Turn, stream: &str, error: &ApiError) {
        let mut payload = Vec::new();
        api::pub_error(&mut payload, stream, error);
        self.drain(|reply, entry, ready| match (entry.kind, ready) {
            (Kind::Stored | Kind::Duplicate, _) => turn.reply(reply, &payload),
            (Kind::Named, _) => named(turn, entry, reply, error.to_string()),
            (Kind::Confirmed, _) | (Kind::Answered, None) => {}
            (Kind::Answered, Some(ready)) => ready.fail(turn, reply, error),
        });
    }

    /// Lets go of those whose acknowledgement could not be recorded: their clients will ask again. Who made or changed a
    /// consumer is told that it failed.
    pub fn withhold_confirmations(&mut self, turn: &mut Turn, error: &ApiError) {
        let mut kept = Self::default();
        self.drain(|reply, entry, ready| match (entry.kind, ready) {
            (Kind::Stored | Kind::Duplicate | Kind::Named, _) => kept.push(reply, entry.sequence, entry.kind),
            (Kind::Confirmed, _) | (Kind::Answered, None) => {}
            (Kind::Answered, Some(ready)) if ready.is_of_ledger() => ready.fail(turn, reply, error),
            (Kind::Answered, Some(ready)) => kept.ready(reply, ready),
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

/// Tells a publisher, who named its message, that it is stored, or why it is not.
fn named(turn: &mut Turn, entry: Entry, text: &str, error: String) {
    let guid_bytes = usize::try_from(entry.sequence).unwrap_or(0);
    let (reply, guid) = text.split_at(text.len() - guid_bytes);
    turn.reply(reply, &PubAck { guid: guid.to_owned(), error }.encode_to_vec());
}
