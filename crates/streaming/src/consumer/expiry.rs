//! When unacknowledged messages are due for redelivery.
//!
//! All messages with the same wait are due in the order they were sent, so each wait has a plain queue; moments that do
//! not fit at the end of one (delayed naks, a clock that was set back) go to a heap. Nothing is removed when a message
//! is settled or its time moves: its old moment is passed over when it comes to the front.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use super::{
    pending::Pending,
    settings::{Nanos, Settings},
};

/// Outdated moments that are tolerated whatever the number of valid ones.
const OUTDATED_MIN: usize = 64;

/// The moment a message is due, and its sequence.
type Due = (Nanos, u64);

/// See the module. Every pending message that is not in line for redelivery has its moment here.
#[derive(Debug, Default)]
pub(super) struct Expiry {
    /// One for each wait class, see [`Settings::wait_class`].
    queues: Vec<VecDeque<Due>>,
    heap: BinaryHeap<Reverse<Due>>,
}

impl Expiry {
    /// Notes when the message is due.
    pub fn add(&mut self, entry: (u64, Nanos, u32), settings: &Settings) {
        let (sequence, since, deliveries) = entry;
        let (class, at) = (settings.wait_class(deliveries), since.saturating_add(settings.wait(deliveries)));
        if self.queues.len() <= class {
            self.queues.resize_with(class + 1, VecDeque::new);
        }
        let queue = &mut self.queues[class];
        if queue.back().is_none_or(|back| back.0 <= at) {
            queue.push_back((at, sequence));
        } else {
            self.heap.push(Reverse((at, sequence)));
        }
    }

    /// The earliest moment noted. It may be outdated, then nothing is due at that time.
    pub fn first(&self) -> Option<Nanos> {
        let queues = self.queues.iter().filter_map(|queue| queue.front());
        queues.copied().chain(self.heap.peek().map(|due| due.0)).map(|due| due.0).min()
    }

    /// Takes out a message that is due.
    pub fn pop(&mut self, now: Nanos, pending: &Pending, settings: &Settings) -> Option<u64> {
        while let Some((at, sequence)) = self.pop_noted(now) {
            if valid((at, sequence), pending, settings) {
                return Some(sequence);
            }
        }
        None
    }

    fn pop_noted(&mut self, now: Nanos) -> Option<Due> {
        for queue in &mut self.queues {
            if queue.front().is_some_and(|front| front.0 <= now) {
                return queue.pop_front();
            }
        }
        if self.heap.peek().is_some_and(|first| first.0.0 <= now) {
            return self.heap.pop().map(|first| first.0);
        }
        None
    }

    /// Forgets outdated moments at the fronts, and all of them once they outnumber the valid ones.
    pub fn prune(&mut self, pending: &Pending, settings: &Settings) {
        let outdated = |due: &Due| !valid(*due, pending, settings);
        for queue in &mut self.queues {
            while queue.front().is_some_and(outdated) {
                queue.pop_front();
            }
            if queue.len() > 2 * pending.len() + OUTDATED_MIN {
                queue.retain(|due| !outdated(due));
            }
        }
        if self.heap.len() > 2 * pending.len() + OUTDATED_MIN {
            self.heap.retain(|due| !outdated(&due.0));
        }
    }

    /// Starts over from what is pending.
    pub fn rebuild(&mut self, pending: &Pending, settings: &Settings) {
        self.queues.clear();
        self.heap.clear();
        for entry in pending.iter().filter(|entry| !entry.queued) {
            self.add((entry.sequence, entry.since, entry.deliveries), settings);
        }
    }
}

/// Whether this is still the moment the message is due.
fn valid((at, sequence): Due, pending: &Pending, settings: &Settings) -> bool {
    pending
        .get(sequence)
        .is_some_and(|entry| !entry.queued && entry.since.saturating_add(settings.wait(entry.deliveries)) == at)
}

#[cfg(test)]
impl Expiry {
    pub fn noted(&self) -> usize {
        self.queues.iter().map(VecDeque::len).sum::<usize>() + self.heap.len()
    }
}
