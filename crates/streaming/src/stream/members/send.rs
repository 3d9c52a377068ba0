//! A message goes to the member whose turn it is.

use protocol::stan::MsgProto;

use super::super::slot::{Route, Slot};
use super::super::{State, delivery};
use crate::consumer::Delivery;
use crate::turn::{Message, Turn};

impl State {
    /// Sends one message to the member whose turn it is. True when its client has enough pending for now.
    pub(in crate::stream) fn send_to_member(&mut self, turn: &mut Turn, slot: &mut Slot, delivery: &Delivery) -> bool {
        let server = turn.server().clone();
        let Some(membership) = &mut slot.membership else { return false };
        if membership.group.choose(delivery.sequence).is_none() {
            return false;
        }
        // Who was chosen stands behind all others.
        let Some(member) = membership.group.iter_mut().last() else { return false };
        let (inbox, seat) = (member.about.inbox.clone(), &mut member.about);
        let matches = Route::find(&mut seat.route, &server.router, &inbox);
        let Ok(Some(record)) = self.log.get(delivery.sequence) else { return false };
        let channel = std::str::from_utf8(record.subject).unwrap_or_default();
        let again = delivery.deliveries.saturating_sub(1);
        self.reply.clear();
        MsgProto::write(&mut self.reply, record.sequence, channel, record.payload, record.time, again);
        let message = Message { subject: &inbox, reply: None, headers: &[], payload: &self.reply, from: None };
        turn.deliver(&matches, &inbox, &message);
        if let Some(stan) = &server.stan {
            stan.counts.sent(self.reply.len());
        }
        delivery::has_enough(turn, &matches)
    }
}
