//! Subscriptions of the original as consumers of ours, so that their clients find them again.
//!
//! A durable goes on where it was: what it had and did not acknowledge comes first, then what it was not sent yet. The
//! members of a queue group share a consumer, so theirs are one. A subscription that is not durable is taken over only
//! if its client is: it may come back on its connection and never know.

use std::collections::{BTreeMap, BTreeSet};

use protocol::stan::SubscriptionRequest;
use protocol::stan::stored::{ClientInfo, SubState};

use super::notes::Notes;
use super::source::{Subscription, Subscriptions};
use crate::consumer::{Held, Position, Snapshot};
use crate::stan::subscribe::{membership, unplaced};
use crate::stream::Adopted;
use crate::stream::members::{self, Charter, Subscriber};

/// A subscription, or those of a queue group, that will be a consumer.
#[derive(Debug, Clone)]
pub struct Resumed {
    /// The consumer's name.
    pub name: String,
    /// What it is.
    pub charter: Charter,
    /// Who is in it: clients that were connected.
    pub members: Vec<Subscriber>,
    /// Of a durable that nobody was in: who was, last.
    pub last: Option<Subscriber>,
    /// The last message sent.
    pub last_sent: u64,
    /// What was sent and not acknowledged.
    pub pending: BTreeSet<u64>,
}

/// What becomes of a channel's subscriptions.
pub fn of(
    channel: &str,
    subscriptions: &Subscriptions,
    clients: &BTreeMap<String, ClientInfo>,
    notes: &mut Notes,
) -> Vec<Resumed> {
    let mut all: BTreeMap<String, Resumed> = BTreeMap::new();
    for subscription in subscriptions.values() {
        let state = &subscription.state;
        let is_durable = state.is_durable || (state.queue_group.is_empty() && !state.durable_name.is_empty());
        let is_online = clients.contains_key(&state.client_id) && !(is_durable && state.is_closed);
        if !is_durable && !is_online {
            continue; // Its client went, and it with it.
        }
        let Some(request) = request(channel, state, is_durable) else {
            notes
                .push(format!("{channel}: subscription {} is nobody's, and cannot be found again: left out", state.id));
            continue;
        };
        let (name, charter) = membership(&request, &state.ack_inbox);
        let resumed = all.entry(name.clone()).or_insert_with(|| Resumed {
            name,
            charter,
            members: Vec::new(),
            last: None,
            last_sent: 0,
            pending: BTreeSet::new(),
        });
        resumed.last_sent = resumed.last_sent.max(state.last_sent);
        resumed.pending.extend(&subscription.pending);
        let alone = resumed.charter.queue.is_empty() && !resumed.members.is_empty();
        if is_online && !alone {
            resumed.members.push(subscriber(subscription));
        } else {
            resumed.last = Some(subscriber(subscription));
        }
    }
    let mut all: Vec<_> = all.into_values().collect();
    for resumed in all.iter_mut().filter(|resumed| !resumed.members.is_empty()) {
        resumed.last = None;
    }
    all
}

/// The request by which a client would subscribe so. `None`: nobody could.
fn request(channel: &str, state: &SubState, is_durable: bool) -> Option<SubscriptionRequest> {
    let (durable, queue) = match (state.queue_group.as_str(), is_durable) {
        ("", _) if is_durable && state.client_id.is_empty() => return None,
        ("", _) => (state.durable_name.as_str(), ""),
        (group, true) => group.split_once(':')?,
        (group, false) => ("", group),
    };
    Some(SubscriptionRequest {
        client_id: state.client_id.clone(),
        subject: channel.to_owned(),
        queue_group: queue.to_owned(),
        durable_name: durable.to_owned(),
        ..SubscriptionRequest::default()
    })
}

fn subscriber(Subscription { state, client, .. }: &Subscription) -> Subscriber {
    Subscriber {
        client: client.clone(),
        inbox: state.inbox.clone(),
        ack_inbox: state.ack_inbox.clone(),
        max_in_flight: usize::try_from(state.max_in_flight).unwrap_or(0).max(1),
        ack_wait: i64::from(state.ack_wait_seconds).max(1),
        user: None, // The original did not know.
    }
}

impl Resumed {
    /// Drops what is not in the channel any more, whose messages are `first` to `last`.
    pub fn fit(&mut self, channel: &str, first: u64, last: u64, notes: &mut Notes) {
        self.pending.retain(|sequence| (first.max(1)..=last).contains(sequence));
        if self.last_sent > last {
            let beyond = self.last_sent;
            notes.push(format!(
                "{channel}: {} was sent messages up to {beyond}, and the last there is is {last}: it goes on behind that",
                self.name
            ));
            self.last_sent = last;
        }
        // The original notes the one after the other.
        self.last_sent = self.last_sent.max(self.pending.last().copied().unwrap_or(0));
    }

    /// The consumer. `time` tells when a message was stored.
    pub fn adopted(&self, channel: &str, time: impl Fn(u64) -> i64) -> Adopted {
        let seats = self.members.iter().chain(&self.last);
        let ack_wait = seats.map(|subscriber| subscriber.ack_wait).max().unwrap_or(1);
        let mut config = unplaced(&self.name, channel, ack_wait);
        members::keep(&mut config, self.charter.clone(), self.members.clone(), self.last.clone());
        let at = |sequence| Position { consumer: sequence, stream: sequence, active: None };
        let floor = self.pending.first().map_or(self.last_sent, |first| first - 1);
        let held = |sequence: &u64| Held {
            sequence: *sequence,
            consumer_sequence: *sequence,
            // As the original does after a start: it waits from when the message came.
            since: time(*sequence),
            deliveries: 1,
        };
        let snapshot = Snapshot {
            delivered: at(self.last_sent),
            ack_floor: at(floor),
            pending: self.pending.iter().map(held).collect(),
            resume: self.last_sent + 1,
            ..Snapshot::default()
        };
        Adopted { config, snapshot }
    }

    /// What it is, for people.
    pub fn what(&self) -> String {
        let Charter { queue, durable, stays, .. } = &self.charter;
        match (queue.as_str(), durable.as_str(), stays) {
            ("", "", _) => "subscription".to_owned(),
            ("", durable, _) => format!("durable {durable}"),
            (queue, _, true) => format!("durable queue group {queue}"),
            (queue, _, false) => format!("queue group {queue}"),
        }
    }
}
