//! What a stream and its consumers come to at a glance, for those who look at many of them every other second.

use protocol::jetstream::config::Storage;

use super::members::Charter;
use super::slot::Slot;
use super::{State, Stream};
use crate::consumer::Info;

/// Subjects that are told of a stream.
const SUBJECTS_MAX: usize = 4;

/// Subscribers that are told of a consumer.
const SUBSCRIBERS_MAX: usize = 4;

/// A stream, its consumers summed up.
pub struct Glance {
    /// Where it is kept.
    pub storage: Storage,
    /// What it takes, or the first few of it.
    pub subjects: Vec<String>,
    /// Its log.
    pub log: journal::State,
    /// How many consumers it has.
    pub consumers: usize,
    /// Deliveries of all of them together.
    pub deliveries: u64,
    /// Messages still to be delivered by the one furthest behind.
    pub lag: u64,
    /// Deliveries not acknowledged, of all of them together.
    pub unacknowledged: usize,
    /// Why its disk fails, while it does.
    pub fault: Option<String>,
}

/// A consumer.
pub struct ConsumerGlance {
    /// Its name.
    pub name: String,
    /// How messages leave it.
    pub kind: Kind,
    /// It outlives its clients.
    pub is_durable: bool,
    /// Deliveries that may wait for their acknowledgement, where that is limited.
    pub unacknowledged_max: Option<usize>,
    /// Its numbers.
    pub info: Info,
}

/// How messages leave a consumer.
pub enum Kind {
    /// Clients ask for them.
    Pull,
    /// They are sent to a subject.
    Push,
    /// They are sent to subscribers of NATS Streaming.
    Members {
        /// What the subscription is.
        charter: Charter,
        /// The clients of the first few.
        clients: Vec<String>,
        /// How many there are.
        count: usize,
        /// Every one of them holds as many messages as it may.
        are_stalled: bool,
    },
}

impl Stream {
    /// See [`Glance`].
    pub fn glance(&self, now: i64) -> Glance {
        let state = self.lock();
        let mut glance = Glance {
            storage: state.config.storage,
            subjects: state.config.subjects.iter().take(SUBJECTS_MAX).cloned().collect(),
            log: state.log.state(),
            consumers: state.consumers.len(),
            deliveries: 0,
            lag: 0,
            unacknowledged: 0,
            fault: state.fault_text().map(str::to_owned),
        };
        for info in state.consumers.values().map(|slot| slot.consumer.info(now)) {
            glance.deliveries += info.delivered.consumer;
            glance.lag = glance.lag.max(info.num_pending);
            glance.unacknowledged += info.num_ack_pending;
        }
        glance
    }

    /// Its consumers, by name.
    pub fn consumers_at_a_glance(&self, now: i64) -> Vec<ConsumerGlance> {
        let state: &State = &self.lock();
        state.consumers.values().map(|slot| slot.glance(now)).collect()
    }
}

impl Slot {
    fn glance(&self, now: i64) -> ConsumerGlance {
        let kind = match &self.membership {
            Some(membership) => {
                let members = membership.group.members();
                let clients = members.iter().map(|member| member.about.subscriber.client.clone());
                Kind::Members {
                    charter: membership.charter.clone(),
                    clients: clients.take(SUBSCRIBERS_MAX).collect(),
                    count: members.len(),
                    are_stalled: !members.is_empty() && members.iter().all(crate::consumer::Member::is_stalled),
                }
            }
            None if self.config.is_pull() => Kind::Pull,
            None => Kind::Push,
        };
        ConsumerGlance {
            name: self.name().to_owned(),
            kind,
            is_durable: self.durable,
            unacknowledged_max: usize::try_from(self.config.max_ack_pending).ok().filter(|max| *max > 0),
            info: self.consumer.info(now),
        }
    }
}
