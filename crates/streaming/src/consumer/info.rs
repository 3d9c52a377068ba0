//! What a consumer says of itself (`$JS.API.CONSUMER.INFO`).

use super::{machine::Consumer, progress::Position, settings::Nanos};

/// The numbers of a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// The number of the last delivery, and the sequence the consumer has come to in the stream.
    pub delivered: Position,
    /// Up to here all is acknowledged.
    pub ack_floor: Position,
    /// Delivered and not acknowledged.
    pub num_ack_pending: usize,
    /// Of those, delivered more than once; and those that were given up.
    pub num_redelivered: usize,
    /// Pull requests in line.
    pub num_waiting: usize,
    /// Matching messages not delivered yet.
    pub num_pending: u64,
    /// Whether somebody listens on the deliver subject.
    pub push_bound: bool,
    /// How long nothing will be delivered.
    pub pause_remaining: Option<Nanos>,
}

impl Consumer {
    /// See [`Info`].
    pub fn info(&self, now: Nanos) -> Info {
        let paused_until = self.settings.paused_until.filter(|_| self.paused(now));
        Info {
            delivered: Position { stream: self.reached(), ..self.progress.delivered },
            ack_floor: self.progress.floor,
            num_ack_pending: self.progress.pending.len(),
            num_redelivered: self.progress.pending.redelivered() + self.progress.given_up(),
            num_waiting: self.requests.len(),
            num_pending: self.num_pending,
            push_bound: self.interest,
            pause_remaining: paused_until.map(|until| until - now),
        }
    }

    /// What was delivered and not settled yet, ascending.
    pub fn pending(&self) -> impl Iterator<Item = u64> {
        self.progress.pending.iter().map(|entry| entry.sequence)
    }

    /// How many those are.
    pub fn pending_count(&self) -> usize {
        self.progress.pending.len()
    }

    /// The last message that was delivered, or passed over.
    pub fn last_delivered(&self) -> u64 {
        self.progress.delivered.stream
    }

    /// Whether this message was delivered and not settled yet.
    pub fn is_pending(&self, sequence: u64) -> bool {
        self.progress.pending.get(sequence).is_some()
    }

    /// The sequence the consumer has come to in the stream: that of the last delivery, or beyond if nothing there
    /// matched.
    pub(super) fn reached(&self) -> u64 {
        match self.progress.listed() {
            Some(_) => self.progress.delivered.stream,
            None => self.position() - 1,
        }
    }
}
