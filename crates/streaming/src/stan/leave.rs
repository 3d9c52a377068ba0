//! A subscription ends: unsubscribed, and a durable is forgotten, or closed, and it is kept.

use std::sync::Arc;

use protocol::stan::{Message as _, SubscriptionResponse, UnsubscribeRequest, error};
use protocol::subject;

use super::registry::Subscribed;
use super::{Stan, answer};
use crate::stream::Gate;
use crate::stream::members::Leave;
use crate::turn::{Message, Turn};

/// `_STAN.unsub.<cluster>`
pub(super) fn unsubscribe(stan: &Stan, turn: &mut Turn, message: &Message<'_>) {
    handle(stan, turn, message, Leave::Unsubscribe);
}

/// `_STAN.subclose.<cluster>`
pub(super) fn close(stan: &Stan, turn: &mut Turn, message: &Message<'_>) {
    handle(stan, turn, message, Leave::Close);
}

fn handle(stan: &Stan, turn: &mut Turn, message: &Message<'_>, how: Leave) {
    match stan.end(turn, message, how) {
        Ok(subscribed) => {
            let Some(reply) = message.reply else { return };
            let gate = Gate::new(reply, SubscriptionResponse::default().encode_to_vec());
            for stream in subscribed.reach.streams() {
                stream.hold_gate(turn, &gate);
            }
            gate.pass(turn);
        }
        Err(why) => {
            answer(turn, message, &SubscriptionResponse { error: why.to_owned(), ..SubscriptionResponse::default() });
        }
    }
}

impl Stan {
    fn end(&self, turn: &mut Turn, message: &Message<'_>, how: Leave) -> Result<Arc<Subscribed>, &'static str> {
        let request = UnsubscribeRequest::decode(message.payload).map_err(|_| error::INVALID_UNSUBSCRIBE)?;
        if !subject::has_wildcards(&request.subject) {
            self.channels.find(&request.subject).ok_or(error::UNKNOWN_CHANNEL)?;
        }
        let subscribed = {
            let mut registry = self.registry.lock();
            let client = registry.clients.get_mut(request.client_id.as_str()).ok_or(error::UNKNOWN_CLIENT)?;
            let is_meant = |s: &Arc<Subscribed>| {
                *s.channel == *request.subject && [&*s.ack_inbox, &*s.inbox].contains(&&*request.inbox)
            };
            let at = client.subscriptions.iter().position(is_meant).ok_or(error::UNKNOWN_SUBSCRIPTION)?;
            client.subscriptions.swap_remove(at)
        };
        let word = if how == Leave::Close { "closed" } else { "removed" };
        self.note(&request.client_id, format_args!("Subscription of {:?} {word}", request.subject));
        self.let_go(turn, &subscribed, how);
        Ok(subscribed)
    }

    /// Takes a member out of its consumer, in every stream it is in.
    pub(super) fn let_go(&self, turn: &mut Turn, subscribed: &Subscribed, how: Leave) {
        turn.server().router.remove(&subscribed.acks);
        if subject::has_wildcards(&subscribed.channel) {
            self.delist(&subscribed.consumer, &subscribed.ack_inbox, how);
        }
        for stream in subscribed.reach.streams() {
            stream.leave(turn, &subscribed.consumer, &subscribed.ack_inbox, how);
        }
        if let Some(channel) = self.channels.find(&subscribed.channel) {
            channel.used(turn.now);
        }
    }
}
