//! A client goes: because it says so, because another has its name now, or because it does not answer.

use protocol::stan::{CloseRequest, CloseResponse, Message as _, error};

use super::{Stan, answer};
use crate::stream::Gate;
use crate::stream::members::Leave;
use crate::turn::{Message, Turn};

/// `_STAN.close.<cluster>`
pub(super) fn handle(stan: &Stan, turn: &mut Turn, message: &Message<'_>) {
    let refused = |why: &str| CloseResponse { error: why.to_owned() };
    let Ok(request) = CloseRequest::decode(message.payload) else {
        return answer(turn, message, &refused(error::INVALID_CLOSE));
    };
    if !stan.remove_client(turn, &request.client_id, "Closed") {
        return answer(turn, message, &refused(error::UNKNOWN_CLIENT));
    }
    let Some(reply) = message.reply else { return };
    // What it published before is acknowledged before it hears that it may go.
    let gate = Gate::new(reply, CloseResponse::default().encode_to_vec());
    for channel in stan.channels.all() {
        if let Some(stream) = channel.stream() {
            stream.hold_gate(turn, &gate);
        }
    }
    gate.pass(turn);
}

impl Stan {
    /// Takes a client out, with its subscriptions: durables stay, without it. False when there is none such.
    pub(super) fn remove_client(&self, turn: &mut Turn, id: &str, why: &str) -> bool {
        let client = {
            let mut registry = self.registry.lock();
            let client = registry.remove(id);
            if client.is_some() {
                registry.note_gone(id);
            }
            client
        };
        let Some(client) = client else { return false };
        self.note(id, format_args!("{why} (Inbox={})", client.presented.heartbeat_inbox));
        for subscribed in &client.subscriptions {
            self.let_go(turn, subscribed, Leave::Close);
        }
        true
    }
}
