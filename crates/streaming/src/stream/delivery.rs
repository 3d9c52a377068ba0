//! Messages go out: the consumers say which, this says it to the clients.

use std::sync::Arc;

use journal::{Filter, Log, Record};
use protocol::headers::{self, Writer};
use protocol::jetstream::ack::AckSubject;

use super::slot::{Slot, Wanted};
use super::{State, Stream};
use crate::consumer::{Delivery, Found, Next, Output, Source, Status, Target};
use crate::router::Matches;
use crate::turn::{Message, Turn};

/// Messages one consumer is served in a row, before others have their turn.
const BURST: usize = 512;

/// Bytes pending for a client at which deliveries to it pause. Far below the limit of a slow consumer: a client that is
/// merely slower than the log is not cut off, it waits.
const PENDING_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How soon a paused delivery is tried again.
const RETRY: i64 = 2_000_000;

/// The log as one consumer's filter sees it.
struct View<'a> {
    log: &'a mut Log,
    wanted: &'a Wanted,
    headers_only: bool,
    damage: Option<journal::ReadError>,
}

impl Source for View<'_> {
    fn next(&mut self, from: u64) -> Next {
        let end = Next::End(self.log.committed() + 1);
        match self.log.next(from, self.wanted) {
            Ok(Some(record)) => Next::Found(found(&record, self.headers_only)),
            Ok(None) => end,
            Err(error) => {
                self.damage = Some(error);
                end
            }
        }
    }

    fn unreadable(&self) -> bool {
        self.damage.is_some()
    }

    fn find(&mut self, sequence: u64) -> Option<Found> {
        let headers_only = self.headers_only;
        match self.log.get(sequence) {
            Ok(record) => record.map(|r| found(&r, headers_only)),
            Err(error) => {
                self.damage = Some(error);
                None
            }
        }
    }
}

fn found(record: &Record<'_>, headers_only: bool) -> Found {
    let body = if headers_only { 0 } else { record.payload.len() };
    let size = record.subject.len() + record.headers.len() + body;
    Found { sequence: record.sequence, size: size as u64, time: record.time }
}

/// What became of serving one consumer.
enum Served {
    /// It has nothing more to send now.
    Idle,
    /// It has more, but others come first.
    More,
    /// Its client has enough pending for now.
    Paused,
}

impl State {
    /// Serves every consumer that may have something to send.
    pub fn deliver(&mut self, stream: &Stream, turn: &mut Turn) {
        let mut again = Vec::new();
        while let Some(name) = self.hot.pop_first() {
            match turn.locked(|turn| self.serve(stream, turn, &name)) {
                Served::Idle => {}
                Served::More => again.push(name),
                Served::Paused => {
                    self.retry_at = Some(self.retry_at.unwrap_or(i64::MAX).min(turn.now + RETRY));
                    self.paused.insert(name);
                }
            }
        }
        if !again.is_empty() {
            self.hot.extend(again);
            stream.wake_driver();
        }
    }

    /// Serves those again whose clients had too much pending.
    pub fn resume_paused(&mut self, now: i64) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            self.hot.append(&mut self.paused);
        }
    }

    fn serve(&mut self, stream: &Stream, turn: &mut Turn, name: &str) -> Served {
        let Some(mut slot) = self.consumers.remove(name) else { return Served::Idle };
        let server = turn.server().clone();
        let mut outputs = std::mem::take(&mut slot.outputs);
        slot.look_for_interest(&server.router, turn.now);
        let mut served = Served::More;
        for _ in 0..BURST {
            slot.tie(turn.now);
            let headers_only = slot.config.headers_only;
            let mut view = View { log: &mut self.log, wanted: &slot.wanted, headers_only, damage: None };
            let delivery = slot.consumer.poll(&mut view, turn.now, &mut outputs);
            if let Some(error) = view.damage {
                tracing::error!(stream = &*stream.name, "cannot read: {error}");
            }
            self.act(stream, turn, &mut slot, &mut outputs);
            let Some(delivery) = delivery else {
                served = Served::Idle;
                break;
            };
            if self.send(turn, &mut slot, &delivery) {
                served = Served::Paused;
                break;
            }
        }
        self.note_changes(turn.now, &mut slot);
        self.consumers_due = self.consumers_due.min(slot.due());
        slot.outputs = outputs;
        self.consumers.insert(name.into(), slot);
        served
    }

    /// Sends one message. True when its client has enough pending for now.
    fn send(&mut self, turn: &mut Turn, slot: &mut Slot, delivery: &Delivery) -> bool {
        if slot.membership.is_some() {
            return self.send_to_member(turn, slot, delivery);
        }
        let server = turn.server().clone();
        let Some(inbox) = slot.inbox(&delivery.to) else { return false };
        let matches = slot.route(&server.router, &inbox);
        let mut reply = std::mem::take(&mut self.reply);
        reply.clear();
        AckSubject {
            stream: &self.config.name,
            consumer: slot.name(),
            delivered: u64::from(delivery.deliveries),
            stream_seq: delivery.sequence,
            consumer_seq: delivery.consumer_sequence,
            timestamp: delivery.time,
            pending: delivery.pending,
        }
        .write(&mut reply);
        let Ok(Some(record)) = self.log.get(delivery.sequence) else { return false };
        let subject = std::str::from_utf8(record.subject).unwrap_or_default();
        let mut with_size = Vec::new();
        let (headers, payload) = if slot.config.headers_only {
            Writer::copy(&mut with_size, record.headers, |name| name != headers::MSG_SIZE)
                .number(headers::MSG_SIZE, record.payload.len() as u64)
                .finish();
            (&*with_size, &[][..])
        } else {
            (record.headers, record.payload)
        };
        // It is made of names and numbers only.
        let ack = std::str::from_utf8(&reply).ok();
        let routed = Message { subject: &inbox, reply: ack, headers, payload, from: None };
        turn.deliver(&matches, subject, &routed);
        self.reply = reply;
        // Nothing more is heard of it: to be sent is to be acknowledged.
        if delivery.settled {
            self.settled(delivery.sequence);
        }
        if let Some(status) = &delivery.then {
            self.say(turn, slot, &delivery.to, status);
        }
        has_enough(turn, &matches)
    }

    /// Does what a consumer asked for besides deliveries.
    pub fn act(&mut self, stream: &Stream, turn: &mut Turn, slot: &mut Slot, outputs: &mut Vec<Output>) {
        for output in outputs.drain(..) {
            match output {
                Output::Status { to, status } => self.say(turn, slot, &to, &status),
                Output::Acked { sequence } => {
                    slot.release(sequence);
                    self.settled(sequence);
                }
                Output::Naked(advice) => stream.advise_naked(turn, slot, &advice),
                Output::Terminated(advice) => {
                    slot.release(advice.sequence);
                    let reason = slot.term_reasons.remove(&advice.sequence).flatten();
                    stream.advise_terminated(turn, slot, &advice, reason.as_deref());
                }
                Output::GaveUp(advice) => stream.advise_gave_up(turn, slot, &advice),
                Output::Inactive => self.inactive.push(slot.name().into()),
                Output::Resumed => stream.advise_paused(turn, slot, false),
            }
        }
        // What was said of messages that nobody was at work on.
        slot.term_reasons.clear();
    }

    /// Sends a status.
    pub fn say(&mut self, turn: &mut Turn, slot: &mut Slot, to: &Target, status: &Status) {
        let Some(inbox) = slot.inbox(to) else { return };
        let server = turn.server().clone();
        let matches = slot.route(&server.router, &inbox);
        let mut block = std::mem::take(&mut self.scratch);
        block.clear();
        status.encode(&slot.flow_prefix, &mut block);
        let answer = match status {
            Status::FlowControl { token } => Some(format!("{}{token}", slot.flow_prefix)),
            _ => None,
        };
        let message = Message { subject: &inbox, reply: answer.as_deref(), headers: &block, payload: &[], from: None };
        turn.deliver(&matches, &inbox, &message);
        self.scratch = block;
    }
}

/// Whether the client that gets these messages has enough of them pending; sends what is there if it is much.
pub(super) fn has_enough(turn: &Turn, matches: &Matches) -> bool {
    let [only] = &matches.plain[..] else { return false };
    let Some(connection) = only.connection() else { return false };
    turn.hurry(connection);
    connection.outbox.len() > PENDING_BYTES_MAX
}

impl Slot {
    fn inbox(&self, to: &Target) -> Option<Arc<str>> {
        match to {
            Target::Request(reply) => Some(reply.clone()),
            Target::Push => self.deliver_subject.clone(),
        }
    }
}

/// Whether a consumer with this filter wants messages of `subject`.
pub(super) fn wants(wanted: &Wanted, subject: &[u8]) -> bool {
    wanted.everything() || wanted.matches(subject)
}
