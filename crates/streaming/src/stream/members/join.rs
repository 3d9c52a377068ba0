//! Whoever subscribes becomes a member; those found after a start are taken up again.

use std::sync::Arc;

use protocol::jetstream::config::ConsumerConfig;

use super::super::config::settings;
use super::super::consumers::Listeners;
use super::super::slot::Slot;
use super::super::{State, Stream};
use super::{Charter, JoinError, Membership, Notice, Subscriber};
use crate::consumer::Group;
use crate::router::Watcher;
use crate::turn::Turn;

impl Stream {
    /// Takes `subscriber` into the group of the consumer that `config` names, which is made if there is none; `notice` says
    /// who hears of it. Who is a member already stays one. `channel_max` bounds the channel's subscriptions.
    pub fn join(
        self: &Arc<Self>,
        turn: &mut Turn,
        config: &ConsumerConfig,
        charter: &Charter,
        subscriber: Subscriber,
        notice: Notice<'_>,
        channel_max: Option<usize>,
    ) -> Result<(), JoinError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let name: Box<str> = config.name.as_str().into();
        let id: Arc<str> = subscriber.ack_inbox.as_str().into();
        let there = state.consumers.get(&name).and_then(|slot| slot.membership.as_ref());
        if there.is_some_and(|membership| membership.group.members().iter().any(|member| member.id == id)) {
            return Ok(());
        }
        let comes_back = there.is_some_and(|membership| membership.group.members().is_empty());
        if there.is_some() && !comes_back && charter.queue.is_empty() {
            return Err(JoinError::Duplicate);
        }
        if !comes_back && channel_max.is_some_and(|max| state.subscriptions_of(&charter.channel) >= max) {
            return Err(JoinError::TooMany);
        }
        let mut slot = if let Some(slot) = state.consumers.remove(&name) {
            slot
        } else {
            state.check_consumer(config, None)?;
            let mut slot = state.slot(config, turn.now)?;
            slot.membership = Some(Membership { charter: charter.clone(), group: Group::default(), last: None });
            slot
        };
        let Some(membership) = &mut slot.membership else {
            state.consumers.insert(name, slot);
            return Err(JoinError::Duplicate);
        };
        let watcher: Arc<dyn Watcher> = Arc::new(Listeners { stream: self.this.clone(), consumer: name.clone() });
        turn.server().router.watch(&subscriber.inbox, watcher.clone());
        membership.seat(subscriber).about.watcher = Some(watcher);
        membership.last = None;
        if comes_back {
            // What was not acknowledged comes first, and at once.
            slot.consumer.redeliver(|_| true);
        }
        slot.interest_stale = true;
        state.keep_group(turn.now, &mut slot);
        state.consumers.insert(name.clone(), slot);
        match notice {
            Notice::Response { reply, response } => state.receipts.joined(reply, name, id, response),
            Notice::Gate(gate) => state.receipts.gated(gate),
            Notice::None => {}
        }
        state.arm(self);
        drop(guard);
        turn.touch(self);
        Ok(())
    }

    /// A member knows that it is one: messages may go to it.
    pub fn start_member(&self, turn: &mut Turn, consumer: &str, id: &str) {
        let mut state = self.lock();
        let Some(slot) = state.consumers.get_mut(consumer) else { return };
        if let Some(member) = slot.membership.as_mut().and_then(|m| m.group.get_mut(id)) {
            member.started = true;
            state.hot.insert(consumer.into());
            drop(state);
            self.touch(turn);
        }
    }

    /// Every group's members and, of those without any, the last one, with the consumer's name. Subscriptions that were
    /// found after a start are taken up again.
    pub fn resume_members(&self, turn: &mut Turn) -> Vec<(Box<str>, Charter, Vec<Subscriber>)> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let mut found = Vec::new();
        for (name, slot) in &mut state.consumers {
            let Some(membership) = &mut slot.membership else { continue };
            membership.group.hold(slot.consumer.pending());
            let mut members = Vec::new();
            for member in membership.group.iter_mut() {
                let watcher: Arc<dyn Watcher> =
                    Arc::new(Listeners { stream: self.this.clone(), consumer: name.clone() });
                turn.server().router.watch(&member.about.subscriber.inbox, watcher.clone());
                member.about.watcher = Some(watcher);
                members.push(member.about.subscriber.clone());
            }
            slot.interest_stale = true;
            found.push((name.clone(), membership.charter.clone(), members));
        }
        found
    }
}

impl State {
    fn subscriptions_of(&self, channel: &str) -> usize {
        let of_channel = self.consumers.values().filter_map(|slot| slot.membership.as_ref());
        of_channel.filter(|membership| membership.charter.channel == channel).map(Membership::count).sum()
    }

    /// Writes down what the group has become.
    pub(super) fn keep_group(&mut self, now: i64, slot: &mut Slot) {
        let Some(membership) = &slot.membership else { return };
        membership.keep(&mut slot.config);
        if let Some(wait) = membership.ack_wait().filter(|wait| *wait != slot.config.ack_wait) {
            slot.config.ack_wait = wait;
            slot.consumer.update(settings(&self.config, &slot.config, slot.durable), now);
        }
        self.note_made(slot);
    }
}
