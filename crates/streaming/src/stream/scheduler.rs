//! Messages that a publisher hands over now, to be delivered later (ADR-51).
//!
//! A schedule is a message of the stream itself, one for each subject. The log keeps its time with it, so that it fires
//! after a restart as well: at once if its time passed meanwhile, and only once however often it was missed.

use journal::Append;
use protocol::headers::{self, Headers, Writer};

use super::State;
use super::publish::{EXPIRES, FIRES};
use super::wishes::{Rollup, Wishes};
use crate::schedule::{Schedule, ttl};

/// A schedule read back from the log.
struct Fired {
    subject: Vec<u8>,
    headers: Vec<u8>,
    payload: Vec<u8>,
}

impl State {
    /// Delivers the message that the schedule under `sequence` stands for.
    pub fn fire(&mut self, sequence: u64, now: i64) {
        let fired = match self.log.get(sequence) {
            Ok(Some(record)) => Fired {
                subject: record.subject.to_vec(),
                headers: record.headers.to_vec(),
                payload: record.payload.to_vec(),
            },
            _ => return,
        };
        let Ok(wishes) = Wishes::read(&fired.headers) else { return };
        let next = match wishes.parsed_schedule() {
            Ok(Some(schedule)) if !schedule.once() => schedule.next(now),
            _ => None,
        };
        self.store_scheduled(&fired, &wishes, next, now);
        match next {
            Some(at) => self.log.set_due(sequence, at),
            None => {
                self.remove(sequence);
            }
        }
    }

    fn store_scheduled(&mut self, fired: &Fired, wishes: &Wishes<'_>, next: Option<i64>, now: i64) {
        let (Some(target), Ok(scheduler)) = (wishes.schedule_target, std::str::from_utf8(&fired.subject)) else {
            return;
        };
        // The schedule's own body, or the last message of the subject it names.
        let (from, payload) = match wishes.schedule_source {
            None => (fired.headers.clone(), fired.payload.clone()),
            Some(source) => match self.log.last_of(source.as_bytes()).map(|last| self.log.get(last)) {
                Some(Ok(Some(record))) => (record.headers.to_vec(), record.payload.to_vec()),
                _ => (fired.headers.clone(), fired.payload.clone()),
            },
        };
        let next = next.map_or_else(|| headers::SCHEDULE_PURGE.to_owned(), protocol::time::rfc3339);
        let ours = |name: &str| {
            name.starts_with(headers::SCHEDULE_PREFIX)
                || name.starts_with("Nats-Expected-")
                || [headers::SCHEDULER, headers::TTL, headers::ROLLUP, headers::MSG_ID].contains(&name)
        };
        let mut block = Vec::new();
        let mut writer = Writer::copy(&mut block, &from, |name| !ours(name))
            .field(headers::SCHEDULER, scheduler)
            .field(headers::SCHEDULE_NEXT, &next);
        let lives = wishes.schedule_ttl.and_then(ttl::parse);
        if let Some(text) = wishes.schedule_ttl {
            writer = writer.field(headers::TTL, text);
        }
        let rolls_up = wishes.schedule_rollup.is_some();
        if rolls_up {
            writer = writer.field(headers::ROLLUP, headers::ROLLUP_SUBJECT);
        }
        writer.finish();
        let due = lives.map(|ttl| journal::Due { at: ttl.ends(now).unwrap_or(i64::MAX), kind: EXPIRES });
        let mapped = self.mapped(target);
        let subject = mapped.as_deref().unwrap_or(target).as_bytes().to_vec();
        let time = self.stamp(now);
        let sequence = self.log.append(&Append { subject: &subject, headers: &block, payload: &payload, time, due });
        self.roll_up(rolls_up.then_some(Rollup::Subject), &subject, sequence);
        self.drop_unwanted(&subject, sequence);
    }

    /// `Nats-Scheduler` with `Nats-Schedule-Next: purge` on a published message ends that schedule.
    pub fn cancel_schedule(&mut self, wishes: &Wishes<'_>) {
        if wishes.schedule_next != Some(headers::SCHEDULE_PURGE) {
            return;
        }
        let Some(scheduler) = wishes.scheduler else { return };
        if let Some(sequence) = self.log.last_of(scheduler.as_bytes()) {
            let is_schedule = match self.log.get(sequence) {
                Ok(Some(record)) => record.due.is_some_and(|due| due.kind == FIRES),
                _ => false,
            };
            if is_schedule {
                self.remove(sequence);
            }
        }
    }

    /// Stores a marker where the last message of a subject expired, if the stream was asked to.
    pub fn mark(&mut self, subject: &[u8], now: i64) {
        let lives = self.config.subject_delete_marker_ttl;
        if lives <= 0 || subject.is_empty() || self.log.count_staged_of(subject) > 0 {
            return;
        }
        let mut block = Vec::new();
        let ttl = crate::schedule::duration::format(lives);
        Writer::new(&mut block)
            .field(headers::MARKER_REASON, headers::MARKER_MAX_AGE)
            .field(headers::TTL, ttl)
            .finish();
        let due = Some(journal::Due { at: now.saturating_add(lives), kind: EXPIRES });
        let time = self.stamp(now);
        self.log.append(&Append { subject, headers: &block, payload: &[], time, due });
    }
}

/// Whether a message says that its subject has ended: when it goes there is nothing left to mark.
pub(super) fn is_marker(block: &[u8]) -> bool {
    let block = Headers::parse(block);
    block.get(headers::MARKER_REASON).is_some() || block.get(headers::KV_OPERATION).is_some()
}

/// Reads a schedule back from its message's headers.
pub(super) fn of(block: &[u8]) -> Option<Schedule> {
    Wishes::read(block).ok()?.parsed_schedule().ok()?
}
