//! What happens by the clock: ages, expiries and schedules, redeliveries, heartbeats, pauses, second tries.

use super::{State, Stream};
use crate::router::Router;
use crate::turn::Turn;

impl State {
    /// Does what is due.
    pub fn tick(&mut self, stream: &Stream, turn: &mut Turn) {
        let now = turn.now;
        self.resume_paused(now);
        let expires = self.age_due.is_some_and(|at| at <= now) || self.log.next_due().is_some_and(|at| at <= now);
        if expires && !self.holds_clock(now) {
            self.age_due = self.expire(now);
        }
        self.tick_consumers(&turn.server().router, now);
        self.delete_inactive(stream, turn);
    }

    fn tick_consumers(&mut self, router: &Router, now: i64) {
        if self.consumers_due > now {
            return;
        }
        self.consumers_due = i64::MAX;
        for (name, slot) in &mut self.consumers {
            if slot.due() <= now {
                // A client that went without a word does not keep its consumer in use.
                slot.look_for_interest(router, now);
                slot.consumer.tick(now, &mut slot.outputs);
                self.hot.insert(name.clone());
            }
            self.consumers_due = self.consumers_due.min(slot.due());
        }
    }

    pub fn delete_inactive(&mut self, stream: &Stream, turn: &mut Turn) {
        for name in std::mem::take(&mut self.inactive) {
            tracing::debug!(stream = &*stream.name, consumer = &*name, "consumer not used for too long");
            turn.locked(|turn| self.delete_consumer(stream, turn, &name));
        }
    }

    /// Asks to be looked after when the next thing is due. What is named here may come too early, never too late.
    pub fn arm(&mut self, stream: &Stream) {
        // On a disk that fails nothing is done sooner than it is tried again.
        let stored = match &self.fault {
            Some(fault) => Some(fault.retry_at),
            None => self.age_due.into_iter().chain(self.log.next_due()).min(),
        };
        let consumers = Some(self.consumers_due).filter(|at| *at < i64::MAX);
        let due = [stored, self.ledger_due, self.retry_at, self.sync_at, consumers];
        stream.seat().arm(&stream.this, due.into_iter().flatten().min());
    }
}
