//! What a stream tells the world of its consumers and their deliveries.
//!
//! Called under the stream's lock: the turn holds back what goes to the server's own handlers.

use super::Stream;
use super::slot::Slot;
use crate::consumer::Advice;
use crate::jetstream::advisories::{self, Action, Delivery, Fate};
use crate::turn::Turn;

impl Stream {
    /// A message was delivered as often as allowed, and never acknowledged.
    pub(super) fn advise_gave_up(&self, turn: &mut Turn, slot: &Slot, advice: &Advice) {
        advisories::delivery(turn, self.delivery(slot, advice), Fate::GivenUp);
    }

    /// A message is not to be delivered again.
    pub(super) fn advise_terminated(&self, turn: &mut Turn, slot: &Slot, advice: &Advice, reason: Option<&str>) {
        advisories::delivery(turn, self.delivery(slot, advice), Fate::Terminated { reason });
    }

    /// A client asked for a message again.
    pub(super) fn advise_naked(&self, turn: &mut Turn, slot: &Slot, advice: &Advice) {
        advisories::delivery(turn, self.delivery(slot, advice), Fate::Naked);
    }

    /// A consumer was paused, or goes on.
    pub(super) fn advise_paused(&self, turn: &mut Turn, slot: &Slot, paused: bool) {
        advisories::paused(turn, &self.name, slot.name(), slot.config.pause_until, paused);
    }

    /// A consumer was made.
    pub(super) fn advise_made(&self, turn: &mut Turn, consumer: &str) {
        advisories::consumer(turn, &self.name, consumer, Action::Create);
    }

    /// A consumer was deleted, by a client or because nobody used it.
    pub(super) fn advise_deleted(&self, turn: &mut Turn, consumer: &str) {
        advisories::consumer(turn, &self.name, consumer, Action::Delete);
    }

    fn delivery<'a>(&'a self, slot: &'a Slot, advice: &Advice) -> Delivery<'a> {
        Delivery {
            stream: &self.name,
            consumer: slot.name(),
            consumer_seq: advice.consumer_sequence,
            stream_seq: advice.sequence,
            deliveries: advice.deliveries.into(),
        }
    }
}
