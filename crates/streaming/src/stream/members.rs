//! Consumers whose subscribers are members of a group: who joins, who leaves, and what is delivered to them.
//!
//! This is what a STAN subscription is. A plain one is a group of one; the members of a queue group share a consumer.
//! The machine says which message goes next, the [`Group`] to whom, and it goes out as a `MsgProto`.
//!
//! What the group is lies in the consumer's metadata under [`KEY`], so that it is remembered, and forgotten, with the
//! consumer itself. A durable without members keeps its last one for those who ask who it was.

use std::sync::Arc;

use protocol::jetstream::config::ConsumerConfig;
use protocol::jetstream::error::ApiError;
use protocol::stan::MsgProto;
use serde::{Deserialize, Serialize};

use super::config::settings;
use super::consumers::Listeners;
use super::slot::{Route, Slot};
use super::{State, Stream};
use crate::consumer::{Ack, AckKind, Delivery, Group, Member};
use crate::router::{Router, Watcher};
use crate::turn::{Message, Turn};

/// Where a consumer's metadata tells of its group. Clients of the API cannot set it.
pub const KEY: &str = "_stan";

/// A subscriber: what it asked for, and where its messages go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// The client.
    pub client: String,
    /// Where messages go.
    pub inbox: String,
    /// Where acknowledgements come from; names the subscription.
    pub ack_inbox: String,
    /// How many messages it may hold.
    pub max_in_flight: usize,
    /// How long it may hold one, seconds.
    pub ack_wait: i64,
}

/// What a group is, whoever its members are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charter {
    /// The channel.
    pub channel: String,
    /// The queue group, as monitoring names it; empty for a plain subscription.
    pub queue: String,
    /// The durable's name; empty for none, and for a queue group.
    pub durable: String,
    /// It stays when its last member leaves.
    pub stays: bool,
}

/// As the metadata has it.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    charter: Charter,
    members: Vec<Subscriber>,
    last: Option<Subscriber>,
}

/// A group in its slot.
pub(super) struct Membership {
    pub charter: Charter,
    pub group: Group<Seat>,
    /// Of a group without members: the one that left last.
    last: Option<Subscriber>,
}

/// A member's place.
pub(super) struct Seat {
    pub subscriber: Subscriber,
    inbox: Arc<str>,
    watcher: Option<Arc<dyn Watcher>>,
    route: Option<Route>,
}

/// Why nobody can join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The durable has its subscriber.
    #[error("duplicate durable")]
    Duplicate,
    /// The channel has as many as it may.
    #[error("too many subscriptions")]
    TooMany,
    /// The stream does not take such a consumer.
    #[error("{0}")]
    Refused(#[from] ApiError),
}

/// What leaves behind a member who goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// What is durable.
    Close,
    /// Nothing, if it was the last.
    Unsubscribe,
}

/// A subscription as monitoring tells of it.
#[derive(Debug, Clone)]
pub struct Membered {
    /// What it is.
    pub charter: Charter,
    /// Who.
    pub subscriber: Subscriber,
    /// Nobody is there: a durable waits.
    pub is_offline: bool,
    /// The last message sent.
    pub last_sent: u64,
    /// How many are held.
    pub pending: usize,
    /// As many as may be.
    pub is_stalled: bool,
}

impl Membership {
    /// The group a consumer's metadata tells of.
    pub fn of(config: &ConsumerConfig) -> Option<Self> {
        let kept: Kept = serde_json::from_str(config.metadata.get(KEY)?).ok()?;
        let mut membership = Self { charter: kept.charter, group: Group::default(), last: kept.last };
        for subscriber in kept.members {
            membership.seat(subscriber).started = true;
        }
        Some(membership)
    }

    fn seat(&mut self, subscriber: Subscriber) -> &mut Member<Seat> {
        let (id, window) = (subscriber.ack_inbox.as_str().into(), subscriber.max_in_flight);
        let inbox = subscriber.inbox.as_str().into();
        self.group.join(Member::new(id, window, Seat { subscriber, inbox, watcher: None, route: None }))
    }

    fn keep(&self, config: &mut ConsumerConfig) {
        let members = self.group.members().iter().map(|member| member.about.subscriber.clone()).collect();
        let kept = Kept { charter: self.charter.clone(), members, last: self.last.clone() };
        config.metadata.insert(KEY.to_owned(), serde_json::to_string(&kept).unwrap_or_default());
    }

    /// Sees who is there.
    pub fn look(&mut self, router: &Router) {
        for member in self.group.iter_mut() {
            member.present = router.has_interest(&member.about.subscriber.inbox);
        }
    }

    /// How long the most patient member holds a message: for another it must not come again too soon.
    fn ack_wait(&self) -> Option<i64> {
        self.group.members().iter().map(|member| member.about.subscriber.ack_wait * 1_000_000_000).max()
    }

    fn count(&self) -> usize {
        self.group.members().len().max(1)
    }
}

impl Slot {
    /// Tells the state machine what of its group concerns it.
    pub fn tie(&mut self, now: i64) {
        let Some(membership) = &mut self.membership else { return };
        let (group, consumer) = (&mut membership.group, &mut self.consumer);
        group.reconcile(consumer.pending_count(), |sequence| consumer.is_pending(sequence));
        consumer.interest(group.can_receive(), now);
        consumer.hold_new(!group.has_room());
    }

    /// Nobody holds this message any more.
    pub fn release(&mut self, sequence: u64) {
        if let Some(membership) = &mut self.membership {
            membership.group.release(sequence);
        }
    }
}

impl Stream {
    /// Takes `subscriber` into the group of the consumer that `config` names, which is made if there is none. When that
    /// is on disk, `response` goes to `reply`, and then the first message. `channel_max` bounds the channel's
    /// subscriptions.
    pub fn join(
        self: &Arc<Self>,
        turn: &mut Turn,
        config: &ConsumerConfig,
        charter: &Charter,
        subscriber: Subscriber,
        (reply, response): (&str, Vec<u8>),
        channel_max: Option<usize>,
    ) -> Result<(), JoinError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let name: Box<str> = config.name.as_str().into();
        let id: Arc<str> = subscriber.ack_inbox.as_str().into();
        let there = state.consumers.get(&name).and_then(|slot| slot.membership.as_ref());
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
        state.receipts.joined(reply, name, id, response);
        state.arm(self);
        drop(guard);
        turn.touch(self);
        Ok(())
    }

    /// A member knows that it is one: messages may go to it.
    pub(super) fn start_member(&self, turn: &mut Turn, consumer: &str, id: &str) {
        let mut state = self.lock();
        let Some(slot) = state.consumers.get_mut(consumer) else { return };
        if let Some(member) = slot.membership.as_mut().and_then(|m| m.group.get_mut(id)) {
            member.started = true;
            state.hot.insert(consumer.into());
            drop(state);
            self.touch(turn);
        }
    }

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

    /// Every subscription, those that are offline too.
    pub fn membered(&self) -> Vec<Membered> {
        let guard = self.lock();
        let mut all = Vec::new();
        for slot in guard.consumers.values() {
            let Some(membership) = &slot.membership else { continue };
            let (charter, consumer) = (&membership.charter, &slot.consumer);
            for member in membership.group.members() {
                all.push(Membered {
                    charter: charter.clone(),
                    subscriber: member.about.subscriber.clone(),
                    is_offline: false,
                    last_sent: consumer.last_delivered(),
                    pending: member.held(),
                    is_stalled: member.is_stalled(),
                });
            }
            if let Some(last) = membership.last.as_ref().filter(|_| membership.group.members().is_empty()) {
                all.push(Membered {
                    charter: charter.clone(),
                    subscriber: last.clone(),
                    is_offline: true,
                    last_sent: consumer.last_delivered(),
                    pending: consumer.pending_count(),
                    is_stalled: consumer.pending_count() >= last.max_in_flight,
                });
            }
        }
        all
    }

    fn touch(&self, turn: &mut Turn) {
        if let Some(stream) = self.arc() {
            turn.touch(&stream);
        }
    }
}

impl State {
    fn subscriptions_of(&self, channel: &str) -> usize {
        let of_channel = self.consumers.values().filter_map(|slot| slot.membership.as_ref());
        of_channel.filter(|membership| membership.charter.channel == channel).map(Membership::count).sum()
    }

    /// Writes down what the group has become.
    fn keep_group(&mut self, now: i64, slot: &mut Slot) {
        let Some(membership) = &slot.membership else { return };
        membership.keep(&mut slot.config);
        if let Some(wait) = membership.ack_wait().filter(|wait| *wait != slot.config.ack_wait) {
            slot.config.ack_wait = wait;
            slot.consumer.update(settings(&self.config, &slot.config, slot.durable), now);
        }
        self.note_made(slot);
    }

    /// Sends one message to the member whose turn it is. True when its client has enough pending for now.
    pub(super) fn send_to_member(&mut self, turn: &mut Turn, slot: &mut Slot, delivery: &Delivery) -> bool {
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
        super::delivery::has_enough(turn, &matches)
    }
}
