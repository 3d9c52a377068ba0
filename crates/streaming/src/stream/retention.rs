//! What a stream keeps: limits, ages, expiries, and what its consumers still want.

use journal::{Everything, Filter, Log};
use protocol::jetstream::config::{Discard, Retention};

use super::publish::EXPIRES;
use super::scheduler::is_marker;
use super::slot::Wanted;
use super::{State, delivery};
use crate::consumer::Consumer;

/// Records removed for their age in one go; the rest follow in the next.
const EXPIRED_MAX: usize = 4096;

impl State {
    /// Messages `first` to `last` are committed: consumers may have them, and limits apply.
    pub fn stored(&mut self, now: i64, first: u64, last: u64) {
        self.count_for_consumers(first, last);
        self.apply_limits_per_subject(first, last);
        self.apply_limits();
        if self.config.max_age > 0 {
            self.age_due.get_or_insert(now + self.config.max_age);
        }
    }

    fn count_for_consumers(&mut self, first: u64, last: u64) {
        for (name, slot) in &mut self.consumers {
            let added = if slot.wanted.everything() && first == last {
                1
            } else {
                self.log.count_between(first, last, &slot.wanted)
            };
            if added > 0 {
                slot.consumer.message_added(added);
                self.hot.insert(name.clone());
            }
        }
    }

    fn apply_limits_per_subject(&mut self, first: u64, last: u64) {
        let Ok(max) = u64::try_from(self.config.max_msgs_per_subject) else { return };
        if max == 0 || self.config.discard_new_per_subject {
            return;
        }
        let mut over = Vec::new();
        let mut from = first;
        while let Ok(Some(record)) = self.log.next(from, &Everything) {
            if record.sequence > last {
                break;
            }
            from = record.sequence + 1;
            over.push(record.subject.to_vec());
        }
        over.sort_unstable();
        over.dedup();
        for subject in over {
            while self.log.count_of(&subject) > max {
                let Some(oldest) = self.log.first_of(&subject) else { break };
                self.remove(oldest);
            }
        }
    }

    /// Drops the oldest over the stream's limits.
    pub fn apply_limits(&mut self) {
        let config = &self.config;
        let (max_msgs, max_bytes) = (config.max_msgs, config.max_bytes);
        // A stream that refuses what is new never has too much, but for a limit that was lowered.
        let limited = max_msgs > 0 || max_bytes > 0;
        if !limited || (config.discard == Discard::New && !self.limits_lowered) {
            return;
        }
        let over = |state: &journal::State| {
            (max_msgs > 0 && state.messages > max_msgs.cast_unsigned())
                || (max_bytes > 0 && state.bytes > max_bytes.cast_unsigned())
        };
        let mut state = self.log.state();
        let mut dropped = 0;
        while over(&state) && state.messages > 0 {
            dropped += self.log.truncate_before(state.first_seq + 1);
            state = self.log.state();
        }
        if dropped > 0 {
            self.recount();
        }
        self.limits_lowered = false;
    }

    /// Removes what is too old. Returns when there may be more to do.
    pub fn expire(&mut self, now: i64) -> Option<i64> {
        self.expire_by_age(now);
        self.expire_by_wish(now);
        let by_age = self.next_by_age();
        let by_wish = self.log.next_due();
        by_age.into_iter().chain(by_wish).min()
    }

    fn expire_by_age(&mut self, now: i64) {
        let max_age = self.config.max_age;
        if max_age <= 0 {
            return;
        }
        for _ in 0..EXPIRED_MAX {
            let Ok(Some(record)) = self.log.next(self.age_cursor, &Everything) else { break };
            if record.time.saturating_add(max_age) > now {
                break;
            }
            let (sequence, subject) = (record.sequence, record.subject.to_vec());
            let was_marker = is_marker(record.headers);
            // A message that asked to be kept for longer is passed over.
            if record.due.is_some_and(|due| due.kind == EXPIRES && due.at > now) {
                self.age_cursor = sequence + 1;
                continue;
            }
            self.remove(sequence);
            if !was_marker {
                self.mark(&subject, now);
            }
        }
    }

    fn next_by_age(&mut self) -> Option<i64> {
        let max_age = self.config.max_age;
        if max_age <= 0 {
            return None;
        }
        let Ok(Some(record)) = self.log.next(self.age_cursor, &Everything) else { return None };
        Some(record.time.saturating_add(max_age))
    }

    fn expire_by_wish(&mut self, now: i64) {
        for (sequence, due) in self.log.due(now, EXPIRED_MAX) {
            if due.kind == EXPIRES {
                let (subject, was_marker) = match self.log.get(sequence) {
                    Ok(Some(record)) => (record.subject.to_vec(), is_marker(record.headers)),
                    _ => (Vec::new(), true),
                };
                self.remove(sequence);
                if !was_marker {
                    self.mark(&subject, now);
                }
            } else {
                self.fire(sequence, now);
            }
        }
    }

    /// Takes one message out, and tells the consumers.
    pub fn remove(&mut self, sequence: u64) -> bool {
        let subject = match self.log.get(sequence) {
            Ok(Some(record)) => record.subject.to_vec(),
            _ => Vec::new(),
        };
        if !self.log.remove(sequence, false) {
            return false;
        }
        for (name, slot) in &mut self.consumers {
            if delivery::wants(&slot.wanted, &subject) {
                slot.consumer.message_removed(sequence, true, &mut slot.outputs);
                self.hot.insert(name.clone());
            }
        }
        true
    }

    /// Takes out everything before `sequence`.
    pub fn purge_before(&mut self, sequence: u64) {
        if self.log.truncate_before(sequence) > 0 {
            self.recount();
        }
    }

    /// Takes out all messages of `subject` before `sequence`.
    pub fn remove_earlier(&mut self, subject: &[u8], sequence: u64) {
        while let Some(oldest) = self.log.first_of(subject) {
            if oldest >= sequence {
                break;
            }
            self.remove(oldest);
        }
    }

    /// After many messages went: tells every consumer anew how many are ahead of it, and which are gone.
    pub fn recount(&mut self) {
        let first = self.log.state().first_seq;
        for (name, slot) in &mut self.consumers {
            // Whoever is past what went has lost nothing.
            if slot.consumer.is_past(first) {
                continue;
            }
            let pending = ahead(&mut self.log, &slot.consumer, &slot.wanted);
            slot.consumer.purged(first, pending);
            self.hot.insert(name.clone());
        }
    }

    /// A consumer is through with a message: does anyone still want it?
    pub fn settled(&mut self, sequence: u64) {
        match self.config.retention {
            Retention::Limits => {}
            Retention::WorkQueue => {
                self.done.push(sequence);
            }
            Retention::Interest => {
                let Ok(Some(record)) = self.log.get(sequence) else { return };
                let subject = record.subject.to_vec();
                let waiting =
                    self.consumers.values().any(|s| delivery::wants(&s.wanted, &subject) && s.consumer.needs(sequence));
                if !waiting {
                    self.done.push(sequence);
                }
            }
        }
    }

    /// Whether any consumer's filter takes `subject`.
    pub fn wanted_by_any(&self, subject: &[u8]) -> bool {
        self.consumers.values().any(|slot| delivery::wants(&slot.wanted, subject))
    }

    /// Removes what every consumer is through with.
    pub fn remove_done(&mut self, now: i64) {
        if self.keeps_calm(now) {
            return;
        }
        for sequence in self.done.drain(..) {
            if self.log.remove(sequence, false) {
                self.removing.push(sequence);
            }
        }
    }

    /// After a consumer of an interest stream went: what only it still wanted goes too.
    pub fn sweep(&mut self) {
        if self.config.retention != Retention::Interest {
            return;
        }
        let mut from = 0;
        while let Ok(Some(record)) = self.log.next(from, &Everything) {
            let sequence = record.sequence;
            from = sequence + 1;
            let subject = record.subject.to_vec();
            let waiting =
                self.consumers.values().any(|s| delivery::wants(&s.wanted, &subject) && s.consumer.needs(sequence));
            if !waiting {
                self.done.push(sequence);
            }
        }
    }
}

/// How many messages a consumer has not come to yet.
pub(super) fn ahead(log: &mut Log, consumer: &Consumer, wanted: &Wanted) -> u64 {
    let listed = consumer.listed().filter(|sequence| matches!(log.get(*sequence), Ok(Some(_)))).count();
    listed as u64 + log.count(consumer.next(), wanted)
}
