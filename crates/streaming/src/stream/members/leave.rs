//! What a member's client says of its messages, or fails to say; and its end.

use super::super::Stream;
use super::{Leave, NotDropped};
use crate::consumer::{Ack, AckKind};
use crate::turn::Turn;

impl Stream {
    /// Takes a member out. What it held goes to the others; without any, `how` and the charter say what stays. False
    /// when there is none such.
    pub fn leave(&self, turn: &mut Turn, consumer: &str, id: &str, how: Leave) -> bool {
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(mut slot) = state.consumers.remove(consumer) else { return false };
        let left = slot.membership.as_mut().and_then(|m| m.group.leave(id));
        let (Some((member, held)), Some(membership)) = (left, &mut slot.membership) else {
            state.consumers.insert(consumer.into(), slot);
            return false;
        };
        if let Some(watcher) = &member.about.watcher {
            turn.server().router.unwatch(&member.about.subscriber.inbox, watcher);
        }
        let ends = membership.group.members().is_empty() && (how == Leave::Unsubscribe || !membership.charter.stays);
        if membership.group.members().is_empty() {
            membership.last = Some(member.about.subscriber);
        } else {
            slot.consumer.redeliver(|sequence| held.binary_search(&sequence).is_ok());
        }
        if !ends {
            state.keep_group(turn.now, &mut slot);
        }
        state.consumers.insert(consumer.into(), slot);
        if ends {
            turn.locked(|turn| state.delete_consumer(self, turn, consumer));
        } else {
            state.hot.insert(consumer.into());
        }
        state.arm(self);
        drop(guard);
        self.touch(turn);
        true
    }

    /// Forgets a group without members.
    pub fn drop_offline(&self, turn: &mut Turn, consumer: &str) -> Result<(), NotDropped> {
        let mut guard = self.lock();
        let membership = guard.consumers.get(consumer).and_then(|slot| slot.membership.as_ref());
        let membership = membership.ok_or(NotDropped::Missing)?;
        if let Some(member) = membership.group.members().first() {
            return Err(NotDropped::InUse(member.about.subscriber.client.clone()));
        }
        turn.locked(|turn| guard.delete_consumer(self, turn, consumer));
        guard.arm(self);
        drop(guard);
        self.touch(turn);
        Ok(())
    }

    /// A member is through with a message, or another one is with what it held.
    pub fn member_ack(&self, turn: &mut Turn, consumer: &str, sequence: u64) {
        let mut guard = self.lock();
        let Some(slot) = guard.consumers.get_mut(consumer) else { return };
        let ack = Ack { kind: AckKind::Ack, sequence, consumer_sequence: 0, deliveries: 0 };
        slot.consumer.ack(ack, turn.now, &mut slot.outputs);
        slot.release(sequence);
        guard.hot.insert(consumer.into());
        drop(guard);
        self.touch(turn);
    }

    /// A member's client did not answer, or answers again.
    pub fn set_silent(&self, turn: &mut Turn, consumer: &str, id: &str, silent: bool) {
        let mut guard = self.lock();
        let slot = guard.consumers.get_mut(consumer);
        if let Some(member) = slot.and_then(|s| s.membership.as_mut()).and_then(|m| m.group.get_mut(id)) {
            member.silent = silent;
            guard.hot.insert(consumer.into());
            drop(guard);
            self.touch(turn);
        }
    }
}
