//! A subscriber acknowledges: each subscription has an inbox of its own for it.

use std::sync::Arc;

use protocol::stan::{Ack, Message as _};

use super::reach::Reach;
use crate::router::{Handler, Subscription, Target};
use crate::turn::{Message, Turn};

/// The ack inbox of a member.
struct Inbox {
    reach: Arc<Reach>,
    consumer: Box<str>,
}

/// What hears the acknowledgements of a member of `consumer`.
pub(super) fn subscription(reach: &Arc<Reach>, consumer: &str, ack_inbox: &str) -> Arc<Subscription> {
    let inbox = Inbox { reach: reach.clone(), consumer: consumer.into() };
    Subscription::new(ack_inbox, None, Target::Handler(Arc::new(inbox)))
}

impl Handler for Inbox {
    fn handle(&self, turn: &mut Turn, message: &Message<'_>) {
        // What is none, or of nothing that is pending, is passed over: so it always was.
        let Ok(ack) = Ack::decode(message.payload) else { return };
        if let Some(stream) = self.reach.stream_of(&ack.subject) {
            stream.member_ack(turn, &self.consumer, ack.sequence);
        }
    }
}
