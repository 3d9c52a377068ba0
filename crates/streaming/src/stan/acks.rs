//! A subscriber acknowledges: each subscription has an inbox of its own for it.

use std::sync::{Arc, Weak};

use protocol::stan::{Ack, Message as _};

use crate::router::{Handler, Subscription, Target};
use crate::stream::Stream;
use crate::turn::{Message, Turn};

/// The ack inbox of a member.
struct Inbox {
    stream: Weak<Stream>,
    consumer: Box<str>,
}

/// What hears the acknowledgements of a member of `consumer`.
pub(super) fn subscription(stream: &Arc<Stream>, consumer: &str, ack_inbox: &str) -> Arc<Subscription> {
    let inbox = Inbox { stream: Arc::downgrade(stream), consumer: consumer.into() };
    Subscription::new(ack_inbox, None, Target::Handler(Arc::new(inbox)))
}

impl Handler for Inbox {
    fn handle(&self, turn: &mut Turn, message: &Message<'_>) {
        // What is none, or of nothing that is pending, is passed over: so it always was.
        let (Ok(ack), Some(stream)) = (Ack::decode(message.payload), self.stream.upgrade()) else { return };
        stream.member_ack(turn, &self.consumer, ack.sequence);
    }
}
