//! The part of a consumer that outlives the server: how far it came, and what is not settled yet.
//!
//! It changes through [`Progress::apply`] only, so that replaying the changes gives the same state.

use std::collections::VecDeque;

use super::{
    pending::{Entry, Pending},
    settings::{AckPolicy, Nanos, Settings, Start},
};

/// A place in the consumer's deliveries and in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// The number of a delivery.
    pub consumer: u64,
    /// A sequence of the stream.
    pub stream: u64,
    /// When it was last moved by a delivery or an acknowledgement.
    pub active: Option<Nanos>,
}

/// One step of a consumer, to be kept in its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A message was sent, for the first time or again.
    Delivered {
        /// Its sequence in the stream.
        sequence: u64,
        /// The number of this delivery.
        consumer_sequence: u64,
        /// How many times it was delivered, this time included.
        deliveries: u32,
        /// When.
        at: Nanos,
    },
    /// A message was acknowledged or terminated.
    Acked {
        /// Its sequence in the stream.
        sequence: u64,
        /// When.
        at: Nanos,
    },
    /// A message and all before it were acknowledged.
    AckedTo {
        /// Its sequence in the stream.
        sequence: u64,
        /// When.
        at: Nanos,
    },
    /// The wait of a message begins (or, for a delayed nak, counts as begun) at another time.
    Postponed {
        /// Its sequence in the stream.
        sequence: u64,
        /// The new beginning.
        since: Nanos,
    },
    /// A message was delivered as often as allowed.
    GaveUp {
        /// Its sequence in the stream.
        sequence: u64,
    },
    /// A message was removed from the log.
    Removed {
        /// Its sequence in the stream.
        sequence: u64,
    },
    /// No message before this one is delivered any more, whether delivered already or not.
    Skipped {
        /// The next sequence to deliver.
        to: u64,
    },
    /// All messages before this one were removed from the log.
    Purged {
        /// The first sequence left.
        before: u64,
    },
    /// The consumer starts over.
    Reset {
        /// The next sequence to deliver.
        to: u64,
    },
}

/// How many given up messages are remembered. They are only counted and recognized when acknowledged late, so that
/// forgetting the oldest does no harm.
pub const GIVEN_UP_MAX: usize = 65_536;

/// What has to survive a restart, as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The last delivery.
    pub delivered: Position,
    /// All up to here is acknowledged.
    pub ack_floor: Position,
    /// What was delivered and not settled, ascending.
    pub pending: Vec<Held>,
    /// What was delivered as often as allowed and not acknowledged, ascending.
    pub given_up: Vec<u64>,
    /// What is still to be delivered before all else, ascending (last message of each subject).
    pub list: Vec<u64>,
    /// Where to go on after `list`.
    pub resume: u64,
}

/// A delivered message that is not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Its sequence in the stream.
    pub sequence: u64,
    /// The number of its first delivery.
    pub consumer_sequence: u64,
    /// When its wait began; see [`Change::Postponed`].
    pub since: Nanos,
    /// How many times it was delivered.
    pub deliveries: u32,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Progress {
    pub delivered: Position,
    pub floor: Position,
    pub pending: Pending,
    given_up: VecDeque<u64>,
    list: VecDeque<u64>,
    resume: u64,
    /// Whether deliveries are pending until acknowledged.
    tracks: bool,
}

impl Snapshot {
    /// Where to look for new messages after `list`.
    pub fn next(&self) -> u64 {
        self.resume.max(self.delivered.stream + 1)
    }

    /// Brings it up to date.
    pub fn replay(&mut self, settings: &Settings, changes: impl IntoIterator<Item = Change>) {
        let mut progress = Progress::restore(self, settings);
        changes.into_iter().for_each(|change| progress.apply(change));
        *self = progress.snapshot();
    }
}

impl Progress {
    pub fn new(start: &Start, settings: &Settings) -> Self {
        let resume = start.sequence.max(1);
        let first = start.list.first().copied().unwrap_or(resume);
        Self {
            delivered: Position { stream: first.saturating_sub(1), ..Position::default() },
            floor: Position::default(),
            pending: Pending::default(),
            given_up: VecDeque::new(),
            list: start.list.iter().copied().collect(),
            resume,
            tracks: settings.ack_policy != AckPolicy::None,
        }
    }

    pub fn restore(snapshot: &Snapshot, settings: &Settings) -> Self {
        let mut pending = Pending::default();
        for held in &snapshot.pending {
            pending.push(Entry {
                sequence: held.sequence,
                consumer_sequence: held.consumer_sequence,
                since: held.since,
                deliveries: held.deliveries,
                queued: false,
            });
        }
        Self {
            delivered: snapshot.delivered,
            floor: snapshot.ack_floor,
            pending,
            given_up: snapshot.given_up.iter().copied().collect(),
            list: snapshot.list.iter().copied().collect(),
            resume: snapshot.resume,
            tracks: settings.ack_policy != AckPolicy::None,
        }
    }

    pub fn snapshot(&self) -> Snapshot {
        let held = |entry: &Entry| Held {
            sequence: entry.sequence,
            consumer_sequence: entry.consumer_sequence,
            since: entry.since,
            deliveries: entry.deliveries,
        };
        Snapshot {
            delivered: self.delivered,
            ack_floor: self.floor,
            pending: self.pending.iter().map(held).collect(),
            given_up: self.given_up.iter().copied().collect(),
            list: self.list.iter().copied().collect(),
            resume: self.resume,
        }
    }

    /// The listed message to deliver next.
    pub fn listed(&self) -> Option<u64> {
        self.list.front().copied()
    }

    pub fn list(&self) -> impl Iterator<Item = u64> {
        self.list.iter().copied()
    }

    pub fn lists(&self, sequence: u64) -> bool {
        self.list.binary_search(&sequence).is_ok()
    }

    pub fn listed_before(&self, sequence: u64) -> usize {
        self.list.partition_point(|listed| *listed < sequence)
    }

    /// Where deliveries go on when nothing is listed.
    pub fn next(&self) -> u64 {
        if self.list.is_empty() { self.resume.max(self.delivered.stream + 1) } else { self.delivered.stream + 1 }
    }

    pub fn resume(&self) -> u64 {
        self.resume
    }

    pub fn has_given_up(&self, sequence: u64) -> bool {
        self.given_up.binary_search(&sequence).is_ok()
    }

    pub fn has_given_up_before(&self, sequence: u64) -> bool {
        self.given_up.front().is_some_and(|first| *first < sequence)
    }

    /// Visits what is pending or given up, up to `last`.
    pub fn unsettled_to(&self, last: u64, mut visit: impl FnMut(u64)) {
        let pending = self.pending.iter().map(|entry| entry.sequence);
        pending.take_while(|sequence| *sequence <= last).for_each(&mut visit);
        self.given_up.iter().copied().take_while(|sequence| *sequence <= last).for_each(visit);
    }

    pub fn given_up(&self) -> usize {
        self.given_up.len()
    }

    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Delivered { sequence, consumer_sequence, deliveries, at } => {
                self.delivered.consumer = self.delivered.consumer.max(consumer_sequence);
                self.delivered.stream = self.delivered.stream.max(sequence);
                self.delivered.active = Some(at);
                self.forget_listed(sequence.saturating_add(1));
                if self.tracks {
                    self.pending.deliver(sequence, consumer_sequence, deliveries, at);
                } else {
                    self.floor = self.delivered;
                }
            }
            Change::Acked { sequence, at } => {
                self.pending.settle(sequence);
                self.forget_given_up(sequence);
                self.floor.active = Some(at);
                self.raise_floor(u64::MAX);
            }
            Change::AckedTo { sequence, at } => {
                while self.pending.settle_first(sequence).is_some() {}
                self.given_up.drain(..self.given_up.partition_point(|given_up| *given_up <= sequence));
                self.floor.active = Some(at);
                self.raise_floor(sequence);
            }
            Change::Postponed { sequence, since } => self.pending.set_since(sequence, since),
            Change::GaveUp { sequence } => {
                if self.pending.settle(sequence).is_some() {
                    let place = self.given_up.partition_point(|given_up| *given_up < sequence);
                    self.given_up.insert(place, sequence);
                    if self.given_up.len() > GIVEN_UP_MAX {
                        self.given_up.pop_front();
                    }
                }
            }
            Change::Removed { sequence } => {
                if let Ok(place) = self.list.binary_search(&sequence) {
                    self.list.remove(place);
                }
                if self.pending.settle(sequence).is_some() | self.forget_given_up(sequence) {
                    self.raise_floor(u64::MAX);
                }
            }
            Change::Skipped { to } => {
                self.delivered.stream = self.delivered.stream.max(to.saturating_sub(1));
                self.forget_listed(to);
            }
            Change::Purged { before } => {
                while self.pending.settle_first(before.saturating_sub(1)).is_some() {}
                self.given_up.drain(..self.given_up.partition_point(|given_up| *given_up < before));
                self.forget_listed(before);
                self.delivered.stream = self.delivered.stream.max(before.saturating_sub(1));
                self.raise_floor(u64::MAX);
            }
            Change::Reset { to } => {
                let before = Position { stream: to.saturating_sub(1), ..Position::default() };
                self.pending.clear();
                self.given_up.clear();
                self.list.clear();
                self.resume = to;
                self.delivered = before;
                self.floor = before;
            }
        }
    }

    /// Moves the ack floor after something was settled: to the last delivery if nothing is pending, else to just before
    /// the first that is pending, though not beyond `last`. A message that was given up holds the floor back until it,
    /// or all others, are acknowledged.
    fn raise_floor(&mut self, last: u64) {
        let Some(first) = self.pending.first() else {
            self.floor.consumer = self.delivered.consumer;
            self.floor.stream = self.floor.stream.max(self.delivered.stream);
            return;
        };
        let held_back = self.given_up.front().is_some_and(|given_up| *given_up < first.sequence);
        if !held_back && first.consumer_sequence - 1 > self.floor.consumer {
            self.floor.consumer = first.consumer_sequence - 1;
            self.floor.stream = self.floor.stream.max(last.min(first.sequence - 1));
        }
    }

    fn forget_given_up(&mut self, sequence: u64) -> bool {
        let place = self.given_up.binary_search(&sequence);
        place.is_ok_and(|place| self.given_up.remove(place).is_some())
    }

    fn forget_listed(&mut self, before: u64) {
        if self.list.front().is_some_and(|first| *first < before) {
            self.list.drain(..self.listed_before(before));
        }
    }
}
