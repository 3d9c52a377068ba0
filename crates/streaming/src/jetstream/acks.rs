//! What clients say to consumers on `$JS.ACK.>` and `$JS.FC.>`.

use std::sync::Arc;

use protocol::jetstream::ack::{Ack, AckSubject};
use protocol::subject;

use crate::router::{Handler, Subscription, Target};
use crate::server::Server;
use crate::turn::{Message, Turn};

/// Takes the subjects of acknowledgements and of flow control.
pub(super) fn subscribe(server: &Arc<Server>) {
    for (filter, handler) in
        [("$JS.ACK.>", Arc::new(Acks) as Arc<dyn Handler>), ("$JS.FC.>", Arc::new(FlowControl) as Arc<dyn Handler>)]
    {
        server.router.insert(Subscription::new(filter, None, Target::Handler(handler)));
    }
}

struct Acks;

impl Handler for Acks {
    fn handle(&self, turn: &mut Turn, message: &Message<'_>) {
        let Some(about) = AckSubject::parse(message.subject) else {
            tracing::debug!(subject = message.subject, "not an acknowledgement's subject");
            return;
        };
        let server = turn.server().clone();
        let stream = server.jetstream.as_ref().and_then(|j| j.stream(about.stream));
        let Some(stream) = stream else { return };
        let Some(said) = Ack::parse(message.payload) else {
            tracing::debug!(subject = message.subject, "not an acknowledgement");
            return;
        };
        stream.ack(turn, &about, said, message.reply);
    }
}

struct FlowControl;

impl Handler for FlowControl {
    fn handle(&self, turn: &mut Turn, message: &Message<'_>) {
        // $JS.FC.<stream>.<consumer>.<token>
        let mut tokens = subject::tokens(message.subject).skip(2);
        let (Some(stream), Some(consumer), Some(token)) = (tokens.next(), tokens.next(), tokens.next()) else { return };
        let Ok(token) = token.parse() else { return };
        let server = turn.server().clone();
        if let Some(stream) = server.jetstream.as_ref().and_then(|j| j.stream(stream)) {
            stream.flow_control_reply(turn, consumer, token);
        }
    }
}
