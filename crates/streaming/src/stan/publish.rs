//! A client publishes: the message is stored in the channel's stream, and acknowledged when the disk has it.

use protocol::stan::{Message as _, PubAck, PubMsg, error, is_channel};

use super::{Stan, answer};
use crate::turn::{Message, Turn};

/// `_STAN.pub.<cluster>.<channel>`; the channel is the one the message names.
pub(super) fn handle(stan: &Stan, turn: &mut Turn, message: &Message<'_>) {
    stan.counts.received(message.payload.len());
    let decoded = PubMsg::decode(message.payload).ok();
    let guid = decoded.as_ref().map(|published| published.guid.clone()).unwrap_or_default();
    if let Err(error) = stan.publish(turn, message, decoded) {
        stan.note("", format_args!("publish refused: {error}"));
        answer(turn, message, &PubAck { guid, error });
    }
}

impl Stan {
    fn publish(&self, turn: &mut Turn, message: &Message<'_>, published: Option<PubMsg>) -> Result<(), String> {
        let invalid = || error::INVALID_PUBLISH.to_owned();
        let published = published.filter(|p| !p.guid.is_empty() && is_channel(&p.subject)).ok_or_else(invalid)?;
        if !self.registry.lock().knows(&published.client_id, &published.connection_id) {
            return Err(invalid());
        }
        self.check_publish(turn, message, &published.subject)?;
        let channel = self.channels.find_or_make(turn, &self.options, &published.subject)?;
        let stream = channel.stream().ok_or_else(invalid)?;
        channel.used(turn.now);
        let stored = Message {
            subject: &published.subject,
            reply: message.reply,
            headers: &[],
            payload: &published.data,
            from: message.from,
        };
        if self.options.trace {
            tracing::info!("STREAM: [Client:{}] Received message for channel {:?}", published.client_id, channel.name);
        }
        stream.publish_named(turn, &stored, &published.guid).map_err(|error| format!("stan: {error}"))
    }
}
