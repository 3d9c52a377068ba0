//! All that happens by itself: waits that end, requests that expire, heartbeats, pauses, the end of the unused.

use super::{
    machine::Consumer,
    output::{Output, Status, Target},
    request::earlier,
    settings::Nanos,
};

impl Consumer {
    /// Does what is due; call [`poll`](Self::poll) afterwards.
    pub fn tick(&mut self, now: Nanos, out: &mut Vec<Output>) {
        if self.closed {
            return;
        }
        if self.settings.paused_until.take_if(|until| *until <= now).is_some() {
            out.push(Output::Resumed);
        }
        self.held_until.take_if(|until| *until <= now);
        self.expire(now);
        self.tick_requests(now, out);
        if self.heartbeat_at.is_some_and(|at| at <= now) {
            out.push(Output::Status { to: Target::Push, status: self.heartbeat() });
            self.beat(now);
        }
        if self.inactive_at().is_some_and(|at| at <= now) {
            self.closed = true;
            out.push(Output::Inactive);
        }
    }

    /// When [`tick`](Self::tick) has something to do, or a little earlier.
    pub fn deadline(&self) -> Option<Nanos> {
        if self.closed {
            return None;
        }
        [
            self.expiry.first(),
            self.requests.due(),
            self.heartbeat_at,
            self.held_until,
            self.settings.paused_until,
            self.inactive_at(),
        ]
        .into_iter()
        .fold(None, earlier)
    }

    /// Queues the messages whose wait is over, in the order of the log.
    fn expire(&mut self, now: Nanos) {
        let first = self.queue.len();
        while let Some(sequence) = self.expiry.pop(now, &self.progress.pending, &self.settings) {
            self.enqueue(sequence);
        }
        if self.queue.len() > first + 1 {
            self.queue.make_contiguous()[first..].sort_unstable();
        }
    }

    pub(super) fn tick_requests(&mut self, now: Nanos, out: &mut Vec<Output>) {
        let heartbeat = self.heartbeat();
        self.requests.tick(now, &heartbeat, out);
    }

    fn heartbeat(&self) -> Status {
        Status::IdleHeartbeat {
            consumer_sequence: self.progress.delivered.consumer,
            stream_sequence: self.reached(),
            stalled: self.flow.as_ref().and_then(super::flow::Flow::asked),
        }
    }

    /// When the consumer counts as unused: `inactive_threshold` after the last sign of life, unless a request waits or
    /// somebody listens.
    fn inactive_at(&self) -> Option<Nanos> {
        let used = self.interest || !self.requests.is_empty();
        self.settings.inactive_threshold.filter(|_| !used).map(|threshold| self.active.saturating_add(threshold))
    }
}
