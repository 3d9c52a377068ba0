//! The consumers of a stream: how they are made, changed, told and deleted.

use std::sync::{Arc, Weak};

use protocol::jetstream::api::{Action, ConsumerInfo, SequenceInfo};
use protocol::jetstream::config::{AckPolicy, ConsumerConfig, DeliverPolicy, Retention};
use protocol::jetstream::error::{self, ApiError};
use protocol::subject;

use super::config::settings;
use super::retention::ahead;
use super::slot::{Slot, Wanted};
use super::{State, Stream};
use crate::consumer::{Closing, Consumer, Position, Start};
use crate::router::Watcher;
use crate::turn::Turn;

/// Wakes a stream when somebody comes or goes where one of its push consumers sends.
pub(super) struct Listeners {
    pub stream: Weak<Stream>,
    pub consumer: Box<str>,
}

impl Watcher for Listeners {
    fn interest_changed(&self, turn: &mut Turn) {
        let Some(stream) = self.stream.upgrade() else { return };
        let mut state = stream.lock();
        if let Some(slot) = state.consumers.get_mut(&self.consumer) {
            slot.interest_stale = true;
            state.hot.insert(self.consumer.clone());
            drop(state);
            turn.touch(&stream);
        }
    }
}

impl Stream {
    /// Makes or changes a consumer. `config` is normalized and has a name.
    pub fn create_consumer(
        self: &Arc<Self>,
        turn: &mut Turn,
        config: ConsumerConfig,
        action: Action,
        max_consumers: Option<usize>,
    ) -> Result<ConsumerInfo, ApiError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let name: Box<str> = config.name.as_str().into();
        if state.consumers.contains_key(&name) {
            return self.change_consumer(turn, guard, config, action);
        }
        if action == Action::Update {
            return Err(error::CONSUMER_DOES_NOT_EXIST);
        }
        state.check_consumer(&config, max_consumers)?;
        state.check_cycle(&config)?;
        let mut slot = state.slot(&config, turn.now)?;
        if let Some(subject) = &slot.deliver_subject {
            let listeners = Listeners { stream: self.this.clone(), consumer: name.clone() };
            let watcher: Arc<dyn Watcher> = Arc::new(listeners);
            turn.server().router.watch(subject, watcher.clone());
            slot.watcher = Some(watcher);
        }
        state.note_made(&mut slot);
        state.consumers.insert(name.clone(), slot);
        state.hot.insert(name.clone());
        let info = state.consumer_info(&name, turn);
        state.arm(self);
        drop(guard);
        turn.touch(self);
        self.advise_made(turn, &name);
        tracing::debug!(stream = &*self.name, consumer = &*name, "consumer created");
        info.ok_or(error::CONSUMER_NOT_FOUND)
    }

    fn change_consumer(
        self: &Arc<Self>,
        turn: &mut Turn,
        mut guard: parking_lot::MutexGuard<'_, State>,
        config: ConsumerConfig,
        action: Action,
    ) -> Result<ConsumerInfo, ApiError> {
        let state = &mut *guard;
        let name: Box<str> = config.name.as_str().into();
        let Some(slot) = state.consumers.get(&name) else { return Err(error::CONSUMER_NOT_FOUND) };
        // Its configuration is its subscribers'.
        if slot.membership.is_some() {
            return Err(error::CONSUMER_NAME_EXISTS);
        }
        if slot.config != config {
            if action == Action::Create {
                return Err(error::CONSUMER_ALREADY_EXISTS);
            }
            super::config::check_change(&slot.config, &config)?;
            if slot.config.deliver_subject != config.deliver_subject && slot.has_interest(&turn.server().router) {
                return Err(error::CONSUMER_NAME_EXISTS);
            }
            state.check_filters(&config, &name)?;
            state.reconfigure(turn, self, &name, config)?;
        }
        let info = state.consumer_info(&name, turn);
        drop(guard);
        turn.touch(self);
        info.ok_or(error::CONSUMER_NOT_FOUND)
    }

    /// Deletes a consumer; false when there is none of that name.
    pub fn delete_consumer(&self, turn: &mut Turn, name: &str) -> bool {
        let mut guard = self.lock();
        let deleted = turn.locked(|turn| guard.delete_consumer(self, turn, name));
        guard.arm(self);
        drop(guard);
        if deleted && let Some(stream) = self.arc() {
            turn.touch(&stream);
        }
        deleted
    }

    /// A consumer as the API shows it.
    pub fn consumer_info(&self, turn: &mut Turn, name: &str) -> Option<ConsumerInfo> {
        let mut state = self.lock();
        let info = state.consumer_info(name, turn);
        state.arm(self);
        info
    }

    /// The names of the consumers, in order.
    pub fn consumer_names(&self) -> Vec<String> {
        self.lock().consumers.keys().map(ToString::to_string).collect()
    }

    /// How many consumers there are.
    pub fn consumer_count(&self) -> usize {
        self.lock().consumers.len()
    }

    /// Stops a consumer's deliveries until a moment, or lets them go on.
    pub fn pause_consumer(&self, turn: &mut Turn, name: &str, until: Option<i64>) -> Option<ConsumerInfo> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let mut slot = state.consumers.remove(name)?;
        slot.config.pause_until = until;
        slot.consumer.pause(until);
        turn.locked(|turn| self.advise_paused(turn, &slot, until.is_some_and(|at| at > turn.now)));
        state.note_made(&mut slot);
        state.consumers.insert(name.into(), slot);
        state.hot.insert(name.into());
        let info = state.consumer_info(name, turn);
        state.arm(self);
        drop(guard);
        if let Some(stream) = self.arc() {
            turn.touch(&stream);
        }
        info
    }

    /// Sets a consumer back, or forward, to `sequence`; to its start where `None`.
    pub fn reset_consumer(&self, turn: &mut Turn, name: &str, sequence: Option<u64>) -> Option<(ConsumerInfo, u64)> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let mut slot = state.consumers.remove(name)?;
        let from = sequence.unwrap_or_else(|| slot.consumer.info(turn.now).ack_floor.stream + 1).max(1);
        let pending = state.log.count(from, &slot.wanted);
        slot.consumer.reset(from, pending);
        state.note_changes(turn.now, &mut slot);
        state.consumers.insert(name.into(), slot);
        state.hot.insert(name.into());
        let info = state.consumer_info(name, turn);
        drop(guard);
        if let Some(stream) = self.arc() {
            turn.touch(&stream);
        }
        info.map(|info| (info, from))
    }
}

impl State {
    pub(super) fn check_consumer(&self, config: &ConsumerConfig, max_consumers: Option<usize>) -> Result<(), ApiError> {
        let own = usize::try_from(self.config.max_consumers).ok().filter(|max| *max > 0);
        if own.into_iter().chain(max_consumers).any(|max| self.consumers.len() >= max) {
            return Err(error::MAXIMUM_CONSUMERS);
        }
        self.check_filters(config, "")
    }

    /// What is delivered must not come back into the stream.
    fn check_cycle(&self, config: &ConsumerConfig) -> Result<(), ApiError> {
        let deliver = &config.deliver_subject;
        if !config.is_pull() && self.config.subjects.iter().any(|s| subject::overlaps(s, deliver)) {
            return Err(error::CONSUMER_DELIVER_CYCLE);
        }
        Ok(())
    }

    /// Whether the filters fit the stream, and on a work queue leave every message to one consumer.
    fn check_filters(&self, config: &ConsumerConfig, besides: &str) -> Result<(), ApiError> {
        let filters: Vec<&str> = config.filters().collect();
        let within = |filter: &str| self.config.subjects.iter().any(|s| subject::overlaps(s, filter));
        if self.config.subject_transform.is_none() && filters.iter().any(|f| !within(f)) {
            return Err(error::CONSUMER_FILTER_NOT_SUBSET);
        }
        if self.config.retention != Retention::WorkQueue {
            return Ok(());
        }
        if config.ack_policy != AckPolicy::Explicit {
            return Err(error::CONSUMER_WORK_QUEUE_REQUIRES_EXPLICIT_ACK);
        }
        if config.deliver_policy != DeliverPolicy::All {
            return Err(error::CONSUMER_WORK_QUEUE_NOT_DELIVER_ALL);
        }
        for (name, slot) in self.consumers.iter().filter(|(name, _)| &***name != besides) {
            let taken: Vec<&str> = slot.config.filters().collect();
            if filters.is_empty() || taken.is_empty() {
                tracing::debug!(consumer = &**name, "already takes the whole work queue");
                return Err(error::CONSUMER_WORK_QUEUE_MULTIPLE_UNFILTERED);
            }
            if filters.iter().any(|a| taken.iter().any(|b| subject::overlaps(a, b))) {
                return Err(error::CONSUMER_WORK_QUEUE_NOT_UNIQUE);
            }
        }
        Ok(())
    }

    /// A new consumer, at its start.
    pub(super) fn slot(&mut self, config: &ConsumerConfig, now: i64) -> Result<Slot, ApiError> {
        let wanted = Wanted::new(config.filters()).ok_or(error::CONSUMER_FILTER_NOT_SUBSET)?;
        let start = self.start(config, &wanted);
        let durable = self.ledger.is_some() && config.is_durable() && !config.mem_storage;
        let consumer = Consumer::new(settings(&self.config, config, durable), &start, now);
        Ok(Slot::new(&self.config.name, config.clone(), wanted, consumer, durable, now))
    }

    /// Where a consumer begins.
    fn start(&mut self, config: &ConsumerConfig, wanted: &Wanted) -> Start {
        let state = self.log.state();
        let (first, last) = (state.first_seq.max(1), state.last_seq);
        let mut list = Vec::new();
        let sequence = match config.deliver_policy {
            DeliverPolicy::All => first,
            DeliverPolicy::New => last + 1,
            DeliverPolicy::Last => self.log.last_matching(wanted).unwrap_or(last + 1),
            DeliverPolicy::ByStartSequence => config.opt_start_seq.max(first),
            DeliverPolicy::ByStartTime => self.log.sequence_at(config.opt_start_time.unwrap_or(0)),
            DeliverPolicy::LastPerSubject => {
                self.log.last_per_subject(wanted, last, &mut list);
                last + 1
            }
        };
        let pending = list.len() as u64 + self.log.count(sequence, wanted);
        Start { sequence, list, last, pending }
    }

    fn reconfigure(
        &mut self,
        turn: &mut Turn,
        stream: &Arc<Stream>,
        name: &str,
        config: ConsumerConfig,
    ) -> Result<(), ApiError> {
        let wanted = Wanted::new(config.filters()).ok_or(error::CONSUMER_FILTER_NOT_SUBSET)?;
        let Some(mut slot) = self.consumers.remove(name) else { return Err(error::CONSUMER_NOT_FOUND) };
        if slot.config.deliver_subject != config.deliver_subject {
            let router = &turn.server().router;
            if let (Some(watcher), Some(old)) = (&slot.watcher, &slot.deliver_subject) {
                router.unwatch(old, watcher);
                slot.deliver_subject = (!config.is_pull()).then(|| config.deliver_subject.as_str().into());
                if let Some(new) = &slot.deliver_subject {
                    router.watch(new, watcher.clone());
                }
            }
        }
        let refiltered = !slot.config.filters().eq(config.filters());
        slot.wanted = wanted;
        slot.interest_stale = true;
        slot.route = None;
        slot.consumer.update(settings(&self.config, &config, slot.durable), turn.now);
        if refiltered {
            let pending = ahead(&mut self.log, &slot.consumer, &slot.wanted);
            slot.consumer.recount(pending);
        }
        slot.config = config;
        self.note_made(&mut slot);
        self.consumers.insert(name.into(), slot);
        self.hot.insert(name.into());
        self.arm(stream);
        Ok(())
    }

    /// Takes a consumer out, tells its clients, and lets go of what only it still wanted.
    pub(super) fn delete_consumer(&mut self, stream: &Stream, turn: &mut Turn, name: &str) -> bool {
        let Some(mut slot) = self.consumers.remove(name) else { return false };
        let mut outputs = std::mem::take(&mut slot.outputs);
        slot.consumer.close(Closing::Deleted, &mut outputs);
        self.act(stream, turn, &mut slot, &mut outputs);
        if let (Some(watcher), Some(subject)) = (&slot.watcher, &slot.deliver_subject) {
            turn.server().router.unwatch(subject, watcher);
        }
        self.note_deleted(&slot);
        stream.advise_deleted(turn, name);
        self.hot.remove(name);
        self.paused.remove(name);
        self.sweep();
        tracing::debug!(stream = &*stream.name, consumer = name, "consumer deleted");
        true
    }

    /// Tells the clients that wait for messages that the server stops.
    pub(super) fn close_consumer(&mut self, stream: &Stream, turn: &mut Turn, name: &str) {
        let Some(mut slot) = self.consumers.remove(name) else { return };
        let mut outputs = std::mem::take(&mut slot.outputs);
        slot.consumer.close(Closing::Shutdown, &mut outputs);
        self.act(stream, turn, &mut slot, &mut outputs);
        self.consumers.insert(name.into(), slot);
    }

    fn consumer_info(&mut self, name: &str, turn: &mut Turn) -> Option<ConsumerInfo> {
        let server = turn.server().clone();
        let slot = self.consumers.get_mut(name)?;
        slot.look_for_interest(&server.router, turn.now);
        // Whose last request went may be inactive sooner than was thought.
        self.consumers_due = self.consumers_due.min(slot.due());
        let slot = self.consumers.get(name)?;
        let info = slot.consumer.info(turn.now);
        let sequence =
            |at: &Position| SequenceInfo { consumer_seq: at.consumer, stream_seq: at.stream, last_active: at.active };
        let push_bound = slot.deliver_subject.is_some() && slot.has_interest(&server.router);
        Some(ConsumerInfo {
            stream_name: self.config.name.clone(),
            name: name.to_owned(),
            created: slot.created,
            config: slot.config.clone(),
            delivered: sequence(&info.delivered),
            ack_floor: sequence(&info.ack_floor),
            num_ack_pending: info.num_ack_pending as u64,
            num_redelivered: info.num_redelivered as u64,
            num_waiting: info.num_waiting as u64,
            num_pending: info.num_pending,
            push_bound,
            paused: info.pause_remaining.is_some(),
            pause_remaining: info.pause_remaining.unwrap_or(0),
            ts: turn.now,
            ..ConsumerInfo::default()
        })
    }
}
