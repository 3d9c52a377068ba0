//! What clients say to a consumer: requests for messages, acknowledgements, answers to flow control.

use protocol::jetstream::ack::{self, AckSubject};
use protocol::jetstream::api;

use super::Stream;
use crate::consumer::{Ack, AckKind, PullRequest};
use crate::turn::Turn;

impl Stream {
    /// A client asks a pull consumer for messages, to be sent to `request.reply`.
    pub fn pull(&self, turn: &mut Turn, name: &str, request: PullRequest) {
        // A message sent to nobody would count as delivered. (Who goes later is missed by `look_for_interest`.)
        if !turn.server().router.has_interest(&request.reply) {
            return;
        }
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(slot) = state.consumers.get_mut(name) else {
            drop(guard);
            turn.reply_headers(&request.reply, protocol::server::NO_RESPONDERS);
            return;
        };
        slot.consumer.request(request, turn.now, &mut slot.outputs);
        state.hot.insert(name.into());
        drop(guard);
        if let Some(stream) = self.arc() {
            turn.touch(&stream);
        }
    }

    /// A client acknowledges a message, or asks for it again.
    pub fn ack(&self, turn: &mut Turn, about: &AckSubject<'_>, said: ack::Ack<'_>, reply: Option<&str>) {
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(slot) = state.consumers.get_mut(about.consumer) else { return };
        let (kind, next) = match said {
            ack::Ack::Ack => (AckKind::Ack, None),
            ack::Ack::Nak { delay } => (AckKind::Nak { delay }, None),
            ack::Ack::Progress => (AckKind::InProgress, None),
            ack::Ack::Term { reason } => {
                // The first word on a message is the one that counts.
                slot.term_reasons.entry(about.stream_seq).or_insert_with(|| reason.map(Into::into));
                (AckKind::Term, None)
            }
            ack::Ack::Next(request) => (AckKind::Ack, Some(request)),
        };
        let ack = Ack {
            kind,
            sequence: about.stream_seq,
            consumer_sequence: about.consumer_seq,
            deliveries: u32::try_from(about.delivered).unwrap_or(u32::MAX),
        };
        slot.consumer.ack(ack, turn.now, &mut slot.outputs);
        if let (Some(request), Some(reply)) = (next, reply) {
            let request = super::config::pull_request(&request, reply);
            slot.consumer.request(request, turn.now, &mut slot.outputs);
        } else if let Some(reply) = reply {
            // Said only once it will be remembered.
            if state.ledger.is_some() && slot.durable {
                state.receipts.confirmed(reply);
            } else {
                state.answers.push(reply.into());
            }
        }
        state.hot.insert(about.consumer.into());
        drop(guard);
        if let Some(stream) = self.arc() {
            turn.touch(&stream);
        }
    }

    /// A client confirms that it keeps up.
    pub fn flow_control_reply(&self, turn: &mut Turn, name: &str, token: u64) {
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(slot) = state.consumers.get_mut(name) else { return };
        slot.consumer.flow_control_reply(token);
        state.hot.insert(name.into());
        drop(guard);
        if let Some(stream) = self.arc() {
            turn.touch(&stream);
        }
    }
}

/// What an API request for messages asks of the state machine.
pub fn pull_request(request: &api::PullRequest, reply: &str) -> PullRequest {
    super::config::pull_request(request, reply)
}
