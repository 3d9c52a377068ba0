//! The messages that were delivered and not settled yet, in the order of their first delivery.
//!
//! First deliveries go up the log, so the entries are sorted by sequence, and an acknowledgement usually finds its
//! entry where it would be if no sequence were missing: one comparison. A settled entry stays as a gap until it reaches
//! the front, or until gaps outnumber the living.

use std::collections::VecDeque;

use super::settings::Nanos;

/// Gaps that are tolerated whatever the number of living entries; keeps small windows from compacting often.
const GAPS_MIN: usize = 64;

/// A delivered message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its sequence in the stream.
    pub sequence: u64,
    /// The number of its first delivery.
    pub consumer_sequence: u64,
    /// When its wait began: its last delivery, the last sign of progress, or, after a delayed nak, so that the wait
    /// ends with the delay.
    pub since: Nanos,
    /// How many times it was delivered: at least 1.
    pub deliveries: u32,
    /// Whether it is in line for redelivery. Not part of what is persisted: its wait is over anyway.
    pub queued: bool,
}

impl Entry {
    /// The mark of a gap.
    const SETTLED: u32 = 0;

    fn lives(&self) -> bool {
        self.deliveries != Self::SETTLED
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// The first is never a gap.
    entries: VecDeque<Entry>,
    living: usize,
    redelivered: usize,
}

impl Pending {
    pub fn len(&self) -> usize {
        self.living
    }

    /// How many were delivered more than once.
    pub fn redelivered(&self) -> usize {
        self.redelivered
    }

    pub fn first(&self) -> Option<&Entry> {
        self.entries.front()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.lives())
    }

    fn position(&self, sequence: u64) -> Option<usize> {
        let offset = sequence.checked_sub(self.entries.front()?.sequence)?;
        let last = self.entries.len() - 1;
        let guess = usize::try_from(offset).map_or(last, |offset| offset.min(last));
        let position = if self.entries[guess].sequence == sequence {
            guess
        } else {
            // Sequences are distinct, so no entry lies behind the place it would have in a log without holes.
            self.entries.binary_search_by_key(&sequence, |entry| entry.sequence).ok()?
        };
        self.entries[position].lives().then_some(position)
    }

    pub fn get(&self, sequence: u64) -> Option<&Entry> {
        self.position(sequence).map(|position| &self.entries[position])
    }

    pub fn set_since(&mut self, sequence: u64, since: Nanos) {
        if let Some(position) = self.position(sequence) {
            self.entries[position].since = since;
        }
    }

    /// Marks an entry as in line for redelivery or not; `false` if it was so already, or is not there.
    pub fn set_queued(&mut self, sequence: u64, queued: bool) -> bool {
        self.position(sequence)
            .is_some_and(|position| std::mem::replace(&mut self.entries[position].queued, queued) != queued)
    }

    /// Notes a delivery: the first of a message, which lies after all before it, or a further one.
    pub fn deliver(&mut self, sequence: u64, consumer_sequence: u64, deliveries: u32, now: Nanos) {
        if let Some(position) = self.position(sequence) {
            let entry = &mut self.entries[position];
            self.redelivered += usize::from(entry.deliveries == 1 && deliveries > 1);
            entry.deliveries = deliveries;
            entry.since = now;
            entry.queued = false;
        } else if self.entries.back().is_none_or(|back| back.sequence < sequence) {
            self.push(Entry { sequence, consumer_sequence, since: now, deliveries, queued: false });
        }
    }

    /// Adds an entry behind all others.
    pub fn push(&mut self, entry: Entry) {
        debug_assert!(self.entries.back().is_none_or(|back| back.sequence < entry.sequence));
        self.living += 1;
        self.redelivered += usize::from(entry.deliveries > 1);
        self.entries.push_back(entry);
    }

    /// Takes an entry out.
    pub fn settle(&mut self, sequence: u64) -> Option<Entry> {
        let position = self.position(sequence)?;
        let entry = self.entries[position];
        self.entries[position].deliveries = Entry::SETTLED;
        self.living -= 1;
        self.redelivered -= usize::from(entry.deliveries > 1);
        while self.entries.front().is_some_and(|front| !front.lives()) {
            self.entries.pop_front();
        }
        if self.entries.len() > 2 * self.living + GAPS_MIN {
            self.entries.retain(Entry::lives);
        }
        Some(entry)
    }

    /// Takes the first entry out if its sequence is at most `last`.
    pub fn settle_first(&mut self, last: u64) -> Option<Entry> {
        let first = self.entries.front().filter(|first| first.sequence <= last)?.sequence;
        self.settle(first)
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
impl Pending {
    pub fn slots(&self) -> usize {
        self.entries.len()
    }
}
