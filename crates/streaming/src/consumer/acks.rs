//! What clients say of the messages they got.

use super::{
    machine::Consumer,
    output::{Advice, Output},
    progress::Change,
    settings::{AckPolicy, Nanos},
};

/// An acknowledgement: what was said, and of which delivery (from its reply subject).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// What was said.
    pub kind: AckKind,
    /// The message's sequence in the stream.
    pub sequence: u64,
    /// The number of the delivery: only passed on to advisories.
    pub consumer_sequence: u64,
    /// How many times it had been delivered: only passed on to advisories.
    pub deliveries: u32,
}

/// What a client may say of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckKind {
    /// `+ACK`, an empty payload, or the first half of `+NXT` (whose second half is a pull request).
    Ack,
    /// `-NAK`: deliver it again, after so many nanoseconds if given.
    Nak {
        /// How long to wait first.
        delay: Option<Nanos>,
    },
    /// `+WPI`: still at work, wait anew.
    InProgress,
    /// `+TERM`: never deliver it again.
    Term,
}

impl Consumer {
    /// Acts on an acknowledgement; call [`poll`](Self::poll) afterwards. What concerns no pending message is ignored,
    /// though the acknowledgement of a message that was given up still settles it.
    pub fn ack(&mut self, ack: Ack, now: Nanos, out: &mut Vec<Output>) {
        self.active = self.active.max(now);
        let (sequence, pending) = (ack.sequence, self.progress.pending.get(ack.sequence).is_some());
        let advice = Advice { sequence, consumer_sequence: ack.consumer_sequence, deliveries: ack.deliveries };
        match ack.kind {
            AckKind::Ack => self.settle(sequence, now, out),
            AckKind::Term => {
                self.settle(sequence, now, out);
                out.extend(pending.then_some(Output::Terminated(advice)));
            }
            AckKind::Nak { delay } => {
                self.nak(sequence, delay.unwrap_or(0), now);
                out.extend(pending.then_some(Output::Naked(advice)));
            }
            AckKind::InProgress => self.postpone(sequence, now),
        }
        self.tidy();
    }

    fn settle(&mut self, sequence: u64, now: Nanos, out: &mut Vec<Output>) {
        match self.settings.ack_policy {
            AckPolicy::None => {}
            AckPolicy::Explicit => {
                if self.progress.pending.get(sequence).is_some() || self.progress.has_given_up(sequence) {
                    out.push(Output::Acked { sequence });
                    self.note_skipped();
                    self.record(Change::Acked { sequence, at: now });
                }
            }
            AckPolicy::All => {
                if sequence > self.progress.floor.stream && sequence <= self.progress.delivered.stream {
                    self.progress.unsettled_to(sequence, |sequence| out.push(Output::Acked { sequence }));
                    self.note_skipped();
                    self.record(Change::AckedTo { sequence, at: now });
                }
            }
        }
    }

    /// The last acknowledgement moves the ack floor to where the consumer has come to, which may be further than its
    /// last delivery: the ledger has to know.
    fn note_skipped(&mut self) {
        let to = self.position();
        if self.progress.listed().is_none() && to > self.progress.delivered.stream + 1 {
            self.record(Change::Skipped { to });
        }
    }

    fn nak(&mut self, sequence: u64, delay: Nanos, now: Nanos) {
        let Some(entry) = self.progress.pending.get(sequence) else { return };
        // So that the wait ends with the delay, also after a restart.
        let since = now.saturating_add(delay).saturating_sub(self.settings.wait(entry.deliveries));
        if delay > 0 {
            if self.progress.pending.set_queued(sequence, false) {
                self.queue.retain(|queued| *queued != sequence);
            }
            self.postpone(sequence, since);
        } else if !entry.queued {
            self.record(Change::Postponed { sequence, since });
            self.enqueue(sequence);
        }
    }

    /// Lets the wait of a pending message begin at another time.
    fn postpone(&mut self, sequence: u64, since: Nanos) {
        let Some(entry) = self.progress.pending.get(sequence) else { return };
        let (deliveries, queued) = (entry.deliveries, entry.queued);
        self.record(Change::Postponed { sequence, since });
        if !queued {
            self.wait(sequence, deliveries, since);
        }
    }

    /// Forgets what is outdated, now and then. (The redelivery queue needs none of it: it is emptied of what was settled
    /// before anything new becomes pending.)
    pub(super) fn tidy(&mut self) {
        self.expiry.prune(&self.progress.pending, &self.settings);
    }
}
