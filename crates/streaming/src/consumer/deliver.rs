//! Picks the next message and who gets it.

use super::{
    machine::Consumer,
    output::{Advice, Delivery, Output, Status, Target},
    pace::Candidate,
    progress::Change,
    request::Load,
    settings::Nanos,
};

/// The committed log, as the consumer's filter sees it.
pub trait Source {
    /// The first live message that matches, at or after `from`.
    fn next(&mut self, from: u64) -> Next;
    /// This message, if it is still there.
    fn find(&mut self, sequence: u64) -> Option<Found>;
    /// Whether the last answer, an end or nothing found, is not to be believed: the disk could not be read. Then
    /// nothing is concluded from it, and it is asked again a second later.
    fn unreadable(&self) -> bool {
        false
    }
}

/// How soon a log that could not be read is tried again.
const UNREADABLE_RETRY: Nanos = 1_000_000_000;

/// What [`Source::next`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A message.
    Found(Found),
    /// None up to the end of the log. The next message stored will have this sequence.
    End(u64),
}

/// A message of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its sequence in the stream.
    pub sequence: u64,
    /// The bytes of its subject, header block and payload as they will be sent: for a headers-only consumer without
    /// the payload, but with the header that names its size.
    pub size: u64,
    /// When it was stored.
    pub time: Nanos,
}

/// What could be sent next.
enum Pick {
    /// This message, for the so-manieth time.
    Message(Found, u32),
    /// There may be new messages, but too many are pending.
    Full,
    /// Nobody knows.
    Unreadable,
    /// Nothing.
    End,
}

impl Consumer {
    /// Picks the next message to send; to be called until there is none. First act on `out`, then send the delivery.
    pub fn poll(&mut self, source: &mut impl Source, now: Nanos, out: &mut Vec<Output>) -> Option<Delivery> {
        if self.closed || self.paused(now) || !self.wanted() {
            return None;
        }
        let (found, deliveries) = match self.pick(source, out) {
            Pick::Message(found, deliveries) => (found, deliveries),
            Pick::Full => return None,
            Pick::Unreadable => {
                self.held_until = Some(now.saturating_add(UNREADABLE_RETRY));
                return None;
            }
            Pick::End => {
                self.requests.end_of_log(out);
                return None;
            }
        };
        let consumer_sequence = self.progress.delivered.consumer + 1;
        let pending = self.num_pending.saturating_sub(u64::from(deliveries == 1));
        let reply_bytes = self.settings.ack_prefix_bytes as u64
            + [u64::from(deliveries), found.sequence, consumer_sequence, found.time.unsigned_abs(), pending]
                .map(digits)
                .iter()
                .sum::<u64>()
            + 4;
        let size = found.size + reply_bytes;
        if let Some(pull) = self.settings.pull() {
            let load = Load { pending: self.num_pending, ack_pending: self.progress.pending.len() as u64 };
            if !self.requests.choose(size, (!pull.groups.is_empty()).then_some(load), now, out) {
                return None;
            }
        }
        let candidate = Candidate { sequence: found.sequence, time: found.time, size, redelivered: deliveries > 1 };
        let ready_at = self.pace.ready_at(candidate);
        if ready_at > now {
            self.held_until = Some(ready_at);
            return None;
        }
        self.held_until = None;
        self.pace.sent(candidate, now);
        let (to, then) = self.serve(size, now)?;
        self.note_delivered(found.sequence, consumer_sequence, deliveries, now);
        self.num_pending = pending;
        Some(Delivery {
            to,
            sequence: found.sequence,
            consumer_sequence,
            deliveries,
            time: found.time,
            pending,
            settled: !self.settings.tracks(),
            then,
        })
    }

    /// Whether anybody waits for messages.
    fn wanted(&self) -> bool {
        if self.settings.pull().is_some() {
            !self.requests.is_empty()
        } else {
            self.interest && !self.flow.as_ref().is_some_and(super::flow::Flow::stalled)
        }
    }

    fn pick(&mut self, source: &mut impl Source, out: &mut Vec<Output>) -> Pick {
        while let Some(&sequence) = self.queue.front() {
            if let Some(entry) = self.progress.pending.get(sequence).copied().filter(|entry| entry.queued) {
                let exhausted = self.settings.max_deliver.is_some_and(|max| entry.deliveries >= max);
                if !exhausted && let Some(found) = source.find(sequence) {
                    return Pick::Message(found, entry.deliveries.saturating_add(1));
                }
                if !exhausted && source.unreadable() {
                    return Pick::Unreadable;
                }
                let advice = Advice::about(&entry);
                if exhausted {
                    self.record(Change::GaveUp { sequence });
                    out.push(Output::GaveUp(advice));
                } else {
                    self.record(Change::Removed { sequence });
                    out.push(Output::Terminated(advice));
                }
            }
            self.queue.pop_front();
        }
        let full = self.settings.max_ack_pending.is_some_and(|max| self.progress.pending.len() >= max as usize);
        if self.new_held || (full && self.settings.tracks()) {
            return Pick::Full;
        }
        while let Some(sequence) = self.progress.listed() {
            if let Some(found) = source.find(sequence) {
                return Pick::Message(found, 1);
            }
            if source.unreadable() {
                return Pick::Unreadable;
            }
            self.record(Change::Removed { sequence });
            self.num_pending = self.num_pending.saturating_sub(1);
        }
        match source.next(self.position()) {
            Next::Found(found) => Pick::Message(found, 1),
            Next::End(_) if source.unreadable() => Pick::Unreadable,
            Next::End(next) => {
                self.scanned = self.scanned.max(next);
                Pick::End
            }
        }
    }

    /// Takes the message off what its receiver may get.
    fn serve(&mut self, size: u64, now: Nanos) -> Option<(Target, Option<Status>)> {
        self.active = self.active.max(now);
        if self.settings.pull().is_some() {
            let (reply, then) = self.requests.serve(size, now)?;
            return Some((Target::Request(reply), then));
        }
        self.beat(now);
        let token = self.flow.as_mut().and_then(|flow| flow.sent(size));
        Some((Target::Push, token.map(|token| Status::FlowControl { token })))
    }

    fn note_delivered(&mut self, sequence: u64, consumer_sequence: u64, deliveries: u32, now: Nanos) {
        if deliveries > 1 {
            self.queue.pop_front();
        }
        self.record(Change::Delivered { sequence, consumer_sequence, deliveries, at: now });
        if self.settings.tracks() {
            self.wait(sequence, deliveries, now);
        }
    }

    /// Notes that the wait of a pending message began.
    pub(super) fn wait(&mut self, sequence: u64, deliveries: u32, since: Nanos) {
        self.expiry.add((sequence, since, deliveries), &self.settings);
    }
}

/// How many characters the number has.
fn digits(number: u64) -> u64 {
    u64::from(number.checked_ilog10().unwrap_or(0)) + 1
}
