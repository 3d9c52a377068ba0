//! A stream as the API sees it: what it is and holds, how it is changed, emptied and deleted.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use protocol::jetstream::api::{PurgeRequest, StreamState};
use protocol::jetstream::config::{Discard, Retention, StreamConfig};
use protocol::jetstream::error::{self, ApiError};
use protocol::subject;

use journal::Everything;

use super::slot::Wanted;
use super::{State, Stream};
use crate::turn::Turn;

/// Subjects a stream tells of at once.
pub const SUBJECTS_MAX: usize = 100_000;

/// A message read from a stream, its parts copied: it outlives the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its sequence.
    pub sequence: u64,
    /// When it was stored.
    pub time: i64,
    /// Its subject.
    pub subject: String,
    /// Its header block.
    pub headers: Vec<u8>,
    /// Its body.
    pub payload: Vec<u8>,
}

/// Which message is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// The one under this sequence.
    At(u64),
    /// The last of a subject, which may hold wildcards.
    Last(&'a str),
    /// The first at or after a sequence that matches.
    Next(u64, &'a str),
    /// The first stored at or after a time that matches.
    Since(i64, &'a str),
}

impl Stream {
    /// Its configuration.
    pub fn config(&self) -> StreamConfig {
        self.lock().config.clone()
    }

    /// Whether `DIRECT.GET` is answered.
    pub fn allows_direct(&self) -> bool {
        self.lock().config.allow_direct
    }

    /// When it was made.
    pub fn created(&self) -> i64 {
        self.lock().created
    }

    /// What its log holds.
    pub fn summary(&self) -> journal::State {
        self.lock().log.state()
    }

    /// Why its disk fails, while it does.
    pub fn fault(&self) -> Option<String> {
        self.lock().fault_text().map(str::to_owned)
    }

    /// What it holds, as the API shows it.
    pub fn state(&self) -> StreamState {
        let state = self.lock();
        let log = state.log.state();
        StreamState {
            messages: log.messages,
            bytes: log.bytes,
            // Before there was any message there is no first one either.
            first_seq: if log.last_seq == 0 { 0 } else { log.first_seq },
            first_ts: log.first_time,
            last_seq: log.last_seq,
            last_ts: log.last_time,
            num_subjects: log.subjects,
            num_deleted: log.deleted,
            consumer_count: state.consumers.len(),
            ..StreamState::default()
        }
    }

    /// The sequences deleted amid others, at most `max` of them.
    pub fn deleted(&self, max: usize) -> Vec<u64> {
        self.lock().log.deleted(max)
    }

    /// Subjects that match `filter` with their messages, from the `offset`-th on, and how many there are in all.
    pub fn subjects(&self, filter: &str, offset: usize) -> (BTreeMap<String, u64>, usize) {
        let mut all = BTreeMap::new();
        let Some(wanted) = Wanted::new([filter]) else { return (all, 0) };
        self.lock().log.subjects(&wanted, &mut |subject, count| {
            all.insert(String::from_utf8_lossy(subject).into_owned(), count);
        });
        let total = all.len();
        (all.into_iter().skip(offset).take(SUBJECTS_MAX).collect(), total)
    }

    /// Reads one message.
    pub fn find(&self, which: Which<'_>) -> Option<Found> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let sequence = match which {
            Which::At(sequence) => Some(sequence),
            Which::Last(filter) if !subject::has_wildcards(filter) => state.log.last_of(filter.as_bytes()),
            Which::Last(filter) => Wanted::new([filter]).and_then(|wanted| state.log.last_matching(&wanted)),
            Which::Next(from, filter) => state.next_matching(from, filter),
            Which::Since(time, filter) => {
                let from = state.log.sequence_at(time);
                state.next_matching(from, filter)
            }
        };
        let record = state.log.get(sequence?);
        match record {
            Ok(Some(record)) => Some(Found {
                sequence: record.sequence,
                time: record.time,
                subject: String::from_utf8_lossy(record.subject).into_owned(),
                headers: record.headers.to_vec(),
                payload: record.payload.to_vec(),
            }),
            Ok(None) => None,
            Err(error) => {
                tracing::error!(stream = &*self.name, "cannot read: {error}");
                None
            }
        }
    }

    /// The last message of every subject that one of `filters` takes, up to a sequence, in order.
    pub fn last_of_each(&self, filters: &[String], up_to: u64) -> Vec<u64> {
        let mut found = Vec::new();
        if let Some(wanted) = Wanted::new(filters.iter().map(String::as_str)) {
            self.lock().log.last_per_subject(&wanted, up_to, &mut found);
        }
        found
    }

    /// How many messages from `from` on match.
    pub fn count(&self, from: u64, filter: &str) -> u64 {
        Wanted::new([filter]).map_or(0, |wanted| self.lock().log.count(from, &wanted))
    }

    /// Deletes one message. [`Stream::answer_durably`] tells who asked for it.
    pub fn delete_message(&self, turn: &mut Turn, sequence: u64, erase: bool) -> Result<(), ApiError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        if state.config.sealed {
            return Err(error::STREAM_SEALED);
        }
        if state.config.deny_delete {
            return Err(error::message_delete("message delete not permitted"));
        }
        let _ = erase;
        if !state.remove(sequence) {
            return Err(error::message_delete("no message found"));
        }
        drop(guard);
        self.touched(turn);
        Ok(())
    }

    /// Removes messages; returns how many. [`Stream::answer_durably`] tells who asked for it.
    pub fn purge(&self, turn: &mut Turn, request: &PurgeRequest) -> Result<u64, ApiError> {
        if request.seq > 0 && request.keep > 0 {
            return Err(error::BAD_REQUEST);
        }
        let mut guard = self.lock();
        let state = &mut *guard;
        if state.config.sealed {
            return Err(error::STREAM_SEALED);
        }
        if state.config.deny_purge {
            return Err(error::purge_failed("stream purge not permitted"));
        }
        let before = state.log.state().messages;
        if request.filter.is_empty() || request.filter == ">" {
            let last = state.log.state().last_seq;
            let keep_from = match (request.seq, request.keep) {
                (0, 0) => last + 1,
                (0, keep) => state.first_of_last(keep),
                (seq, _) => seq.min(last + 1),
            };
            state.purge_before(keep_from);
        } else {
            state.purge_matching(request).ok_or(error::BAD_REQUEST)?;
        }
        let purged = before - state.log.state().messages;
        state.purged |= purged > 0;
        drop(guard);
        self.touched(turn);
        Ok(purged)
    }

    /// Changes the stream. `config` is normalized.
    pub fn update(&self, turn: &mut Turn, config: StreamConfig) -> Result<(), ApiError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        check_change(&state.config, &config)?;
        if config == state.config {
            return Ok(());
        }
        state
            .store
            .write_config(&config, state.created)
            .map_err(|e| error::stream_update(format_args!("cannot write the configuration: {e}")))?;
        state.dedupe.set_window(config.duplicate_window);
        state.config = config;
        state.limits_lowered = true;
        state.age_cursor = 0;
        state.age_due = Some(0);
        state.transform = super::open::transform(&state.config);
        state.republish = super::republish::Republish::of(&state.config);
        state.apply_limits();
        state.apply_subject_limits();
        drop(guard);
        self.touched(turn);
        Ok(())
    }

    /// Deletes the stream: consumers' clients are told, then everything is removed.
    pub fn delete(&self, turn: &mut Turn) -> std::io::Result<()> {
        self.closed.store(true, Ordering::Release);
        self.unsubscribe(turn);
        let mut guard = self.lock();
        let names: Vec<Box<str>> = guard.consumers.keys().cloned().collect();
        turn.locked(|turn| {
            for name in names {
                guard.delete_consumer(self, turn, &name);
            }
        });
        guard.deleted = true;
        let removed = guard.store.place.remove();
        drop(guard);
        self.room.notify_waiters();
        removed
    }

    /// Commits what is staged, and takes nothing more.
    pub fn close(&self, turn: &mut Turn) {
        self.closed.store(true, Ordering::Release);
        self.drive(turn);
        let mut state = self.lock();
        let names: Vec<Box<str>> = state.consumers.keys().cloned().collect();
        for name in names {
            turn.locked(|turn| state.close_consumer(self, turn, &name));
        }
        drop(state);
        turn.finish();
        self.room.notify_waiters();
    }

    fn touched(&self, turn: &mut Turn) {
        if let Some(stream) = self.arc() {
            turn.touch(&stream);
        }
    }
}

impl State {
    fn next_matching(&mut self, from: u64, filter: &str) -> Option<u64> {
        let wanted = Wanted::new([filter])?;
        self.log.next(from, &wanted).ok().flatten().map(|record| record.sequence)
    }

    /// The highest sequence of a subject, wildcards allowed, with what is staged.
    pub fn last_staged_matching(&mut self, filter: &str) -> u64 {
        Wanted::new([filter]).map_or(0, |wanted| self.log.last_staged_matching(&wanted).unwrap_or(0))
    }

    /// Where the last `keep` messages begin.
    fn first_of_last(&mut self, keep: u64) -> u64 {
        let state = self.log.state();
        if keep >= state.messages {
            return state.first_seq;
        }
        if state.deleted == 0 {
            return state.last_seq + 1 - keep;
        }
        let mut skip = state.messages - keep;
        let mut from = state.first_seq;
        while let Ok(Some(record)) = self.log.next(from, &Everything) {
            from = record.sequence + 1;
            if skip == 0 {
                return record.sequence;
            }
            skip -= 1;
        }
        from
    }

    fn purge_matching(&mut self, request: &PurgeRequest) -> Option<()> {
        let wanted = Wanted::new([request.filter.as_str()])?;
        let matching = self.log.count(0, &wanted);
        let mut remaining = matching.saturating_sub(request.keep);
        let mut from = 0;
        while remaining > 0 {
            let Ok(Some(record)) = self.log.next(from, &wanted) else { break };
            let sequence = record.sequence;
            if request.seq > 0 && sequence >= request.seq {
                break;
            }
            from = sequence + 1;
            self.remove(sequence);
            remaining -= 1;
        }
        Some(())
    }

    /// After the limit for each subject was lowered: drops what is over it.
    pub fn apply_subject_limits(&mut self) {
        let Ok(max) = u64::try_from(self.config.max_msgs_per_subject) else { return };
        if max == 0 {
            return;
        }
        let mut over = Vec::new();
        self.log.subjects(&Everything, &mut |subject, count| {
            if count > max {
                over.push((subject.to_vec(), count - max));
            }
        });
        for (subject, excess) in over {
            for _ in 0..excess {
                let Some(oldest) = self.log.first_of(&subject) else { break };
                self.remove(oldest);
            }
        }
    }

    /// The subject a message is stored under, where the stream maps subjects.
    pub fn mapped(&self, subject: &str) -> Option<String> {
        self.transform.as_ref()?.apply(subject)
    }
}

/// What of a stream may not be changed once it is made.
fn check_change(old: &StreamConfig, new: &StreamConfig) -> Result<(), ApiError> {
    let refuse = |what: &str| Err(error::stream_config(format_args!("stream configuration update can not {what}")));
    if old.storage != new.storage {
        return refuse("change storage type");
    }
    if old.max_consumers != new.max_consumers {
        return refuse("change MaxConsumers");
    }
    let changes_work_queue = (old.retention == Retention::WorkQueue) != (new.retention == Retention::WorkQueue);
    if changes_work_queue {
        return refuse("change retention policy to/from workqueue");
    }
    if old.sealed && !new.sealed {
        return refuse("unseal a sealed stream");
    }
    if old.deny_delete && !new.deny_delete {
        return refuse("cancel deny message deletes");
    }
    if old.deny_purge && !new.deny_purge {
        return refuse("cancel deny purge");
    }
    if old.allow_msg_schedules && !new.allow_msg_schedules {
        return refuse("disable schedules");
    }
    if old.allow_msg_ttl && !new.allow_msg_ttl {
        return refuse("disable per-message TTLs");
    }
    if new.discard == Discard::New && new.discard_new_per_subject && new.max_msgs_per_subject <= 0 {
        return Err(error::stream_config("discard new per subject requires max msgs per subject > 0"));
    }
    Ok(())
}
