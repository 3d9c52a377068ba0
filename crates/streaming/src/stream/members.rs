//! Consumers whose subscribers are members of a group: who joins, who leaves, and what is delivered to them.
//!
//! This is what a STAN subscription is. A plain one is a group of one; the members of a queue group share a consumer.
//! The machine says which message goes next, the [`Group`] to whom, and it goes out as a `MsgProto`.
//!
//! What the group is lies in the consumer's metadata under [`KEY`], so that it is remembered, and forgotten, with the
//! consumer itself. A durable without members keeps its last one for those who ask who it was.

mod join;
mod leave;
mod send;

use std::sync::Arc;

use protocol::jetstream::config::ConsumerConfig;
use protocol::jetstream::error::ApiError;
use serde::{Deserialize, Serialize};

use super::slot::{Route, Slot};
use super::{Gate, Stream};
use crate::consumer::{Group, Member};
use crate::router::{Router, Watcher};
use crate::turn::Turn;

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
    /// The NATS user who asked for it.
    #[serde(default)]
    pub user: Option<String>,
}

/// Who hears that somebody joined, when that is on disk.
pub enum Notice<'a> {
    /// The subscriber, to whom `response` is sent: from then on it gets messages.
    Response {
        /// Where to.
        reply: &'a str,
        /// What.
        response: Vec<u8>,
    },
    /// A gate. Whoever made it starts the member.
    Gate(&'a Arc<Gate>),
    /// Nobody: the subscriber has been told before. Whoever has it join starts it.
    None,
}

/// What a group is, whoever its members are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charter {
    /// The channel, or a filter for several.
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

/// Why a durable stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotDropped {
    /// There is none such.
    Missing,
    /// This client uses it.
    InUse(String),
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

impl Charter {
    /// Whether it is of several channels.
    pub fn is_wide(&self) -> bool {
        protocol::subject::has_wildcards(&self.channel)
    }

    /// The queue group as its members name it; empty for none.
    pub fn queue_group(&self) -> &str {
        // The durable of a group is named before it, and may hold no colon.
        let after = self.queue.split_once(':').filter(|_| self.stays).map(|(_, group)| group);
        after.unwrap_or(&self.queue)
    }
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
        keep(config, self.charter.clone(), members, self.last.clone());
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

/// Writes down in a consumer's metadata what its group is, and who is in it.
pub fn keep(config: &mut ConsumerConfig, charter: Charter, members: Vec<Subscriber>, last: Option<Subscriber>) {
    let kept = Kept { charter, members, last };
    config.metadata.insert(KEY.to_owned(), serde_json::to_string(&kept).unwrap_or_default());
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
