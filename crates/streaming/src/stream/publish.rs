//! A message comes in: what is checked before it is stored, and how it is stored.

use journal::{Append, Due};
use protocol::jetstream::api;
use protocol::jetstream::config::{Discard, Retention};
use protocol::jetstream::error::{self, ApiError};
use protocol::{headers, subject};

use super::wishes::{Rollup, Wishes};
use super::{STAGED_BYTES_MAX, State, Stream};
use crate::schedule::Schedule;
use crate::schedule::ttl::Ttl;
use crate::turn::{Message, Turn};

/// What [`Due`] says of a record that expires.
pub(super) const EXPIRES: u8 = 1;
/// What [`Due`] says of a record that is a schedule.
pub(super) const FIRES: u8 = 2;

/// What became of a message.
pub(super) enum Accepted {
    /// It is staged under this sequence.
    Stored(u64),
    /// It had been stored under this one.
    Duplicate(u64),
}

impl Stream {
    /// Stores a message, and tells its reply subject once it is committed, or why it is refused.
    pub fn publish(&self, turn: &mut Turn, message: &Message<'_>) {
        let mut guard = self.lock();
        let state = &mut *guard;
        if self.is_closed() {
            return;
        }
        let accepted = state.accept(turn.now, message);
        let full = state.log.staged_bytes() > STAGED_BYTES_MAX;
        match accepted {
            Ok(accepted) => {
                if let Some(reply) = message.reply.filter(|_| !state.config.no_ack) {
                    match accepted {
                        Accepted::Stored(sequence) => state.receipts.stored(reply, sequence),
                        Accepted::Duplicate(sequence) => state.receipts.duplicate(reply, sequence),
                    }
                }
                drop(guard);
                if let Some(stream) = self.arc() {
                    turn.touch(&stream);
                    if full {
                        turn.stall(stream);
                    }
                }
            }
            Err(error) => {
                drop(guard);
                self.refuse(turn, message.reply, &error);
            }
        }
    }

    /// Stores a message, and tells its reply subject once it is committed with an acknowledgement that names `guid`.
    pub fn publish_named(&self, turn: &mut Turn, message: &Message<'_>, guid: &str) -> Result<(), ApiError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        if self.is_closed() {
            return Err(error::STREAM_NOT_FOUND);
        }
        state.accept(turn.now, message)?;
        let full = state.log.staged_bytes() > STAGED_BYTES_MAX;
        if let Some(reply) = message.reply {
            state.receipts.published(reply, guid);
        }
        drop(guard);
        if let Some(stream) = self.arc() {
            turn.touch(&stream);
            if full {
                turn.stall(stream);
            }
        }
        Ok(())
    }

    fn refuse(&self, turn: &mut Turn, reply: Option<&str>, error: &ApiError) {
        tracing::debug!(stream = &*self.name, code = error.err_code, "message refused: {}", error.description);
        if let Some(reply) = reply {
            let mut payload = Vec::new();
            api::pub_error(&mut payload, &self.json_name, error);
            turn.reply(reply, &payload);
        }
    }
}

impl State {
    /// Checks a message and stages it.
    pub(super) fn accept(&mut self, now: i64, message: &Message<'_>) -> Result<Accepted, ApiError> {
        let wishes = Wishes::read(message.headers)?;
        self.refuse_by_fault()?;
        if self.config.sealed {
            return Err(error::STREAM_SEALED);
        }
        if wishes.expected_stream.is_some_and(|name| name != self.config.name) {
            return Err(error::STREAM_NOT_MATCH);
        }
        if wishes.id.is_some() || wishes.expected_last_id.is_some() {
            self.recall_ids(now);
        }
        if let Some(sequence) = wishes.id.and_then(|id| self.dedupe.find(id, now)) {
            return Ok(Accepted::Duplicate(sequence));
        }
        self.check_expectations(&wishes, message.subject, now)?;
        self.check_size(message)?;
        self.check_rollup(&wishes)?;
        let due = self.due(&wishes, message.subject, now)?;
        self.check_room(message)?;
        let time = self.stamp(now);
        let rollup = if due.is_some_and(|d| d.kind == FIRES) { Some(Rollup::Subject) } else { wishes.rollup };
        let mapped = self.mapped(message.subject);
        let subject = mapped.as_deref().unwrap_or(message.subject).as_bytes();
        let before = self.republish.as_ref().map(|_| self.log.last_staged_of(subject).unwrap_or(0));
        let sequence =
            self.log.append(&Append { subject, headers: message.headers, payload: message.payload, time, due });
        if let (Some(republish), Some(before)) = (&mut self.republish, before) {
            republish.follows(sequence, before);
        }
        if let Some(id) = wishes.id {
            self.dedupe.insert(id, sequence, time);
        }
        self.roll_up(rollup, subject, sequence);
        self.drop_unwanted(subject, sequence);
        self.cancel_schedule(&wishes);
        Ok(Accepted::Stored(sequence))
    }

    /// The time to store a message under: each later than the one before, so that a time names one message.
    pub fn stamp(&mut self, now: i64) -> i64 {
        self.last_stamp = now.max(self.last_stamp + 1);
        self.last_stamp
    }

    fn check_expectations(&mut self, wishes: &Wishes<'_>, subject: &str, now: i64) -> Result<(), ApiError> {
        if let Some(expected) = wishes.expected_last_subject_sequence {
            let about = wishes.expected_last_subject.unwrap_or(subject);
            let last = if subject::has_wildcards(about) {
                self.last_staged_matching(about)
            } else {
                self.log.last_staged_of(about.as_bytes()).unwrap_or(0)
            };
            if last != expected {
                return Err(error::wrong_last_sequence(last));
            }
        }
        if let Some(expected) = wishes.expected_last_sequence {
            let last = self.log.last_staged();
            if last != expected {
                return Err(error::wrong_last_sequence(last));
            }
        }
        if let Some(expected) = wishes.expected_last_id {
            let last = self.dedupe.last(now).unwrap_or_default();
            if last != expected {
                return Err(error::wrong_last_msg_id(String::from_utf8_lossy(last)));
            }
        }
        Ok(())
    }

    fn check_size(&self, message: &Message<'_>) -> Result<(), ApiError> {
        let bytes = message.headers.len() + message.payload.len();
        let max = usize::try_from(self.config.max_msg_size).unwrap_or(usize::MAX);
        if bytes > max { Err(error::MESSAGE_SIZE_EXCEEDED) } else { Ok(()) }
    }

    fn check_rollup(&self, wishes: &Wishes<'_>) -> Result<(), ApiError> {
        match wishes.rollup {
            None => Ok(()),
            Some(_) if self.config.deny_purge => Err(error::rollup_failed("rollup not permitted")),
            Some(_) if self.config.allow_rollup_hdrs => Ok(()),
            Some(_) => Err(error::rollup_failed("rollup not permitted")),
        }
    }

    /// When the message expires or fires.
    fn due(&self, wishes: &Wishes<'_>, subject: &str, now: i64) -> Result<Option<Due>, ApiError> {
        if let Some(schedule) = self.schedule(wishes, subject)? {
            // A schedule that never fires is kept, as one that fires in the far future would be.
            return Ok(Some(Due { at: schedule.first(now).unwrap_or(i64::MAX), kind: FIRES }));
        }
        let lives = wishes.time_to_live(self.config.allow_msg_ttl)?;
        // One that never ends is kept past the stream's age limit as well.
        // A marker must not be gone before the message it stands for would be.
        let markers = if self.config.max_msgs_per_subject == 1 { 0 } else { self.config.subject_delete_marker_ttl };
        let ends = |ttl: Ttl| ttl.ends(now).map_or(i64::MAX, |at| at.max(now + markers));
        Ok(lives.map(|ttl| Due { at: ends(ttl), kind: EXPIRES }))
    }

    fn schedule(&self, wishes: &Wishes<'_>, subject: &str) -> Result<Option<Schedule>, ApiError> {
        if wishes.schedule.is_some() && !self.config.allow_msg_schedules {
            return Err(error::SCHEDULES_DISABLED);
        }
        let Some(schedule) = wishes.parsed_schedule()? else { return Ok(None) };
        let ours = |target: &str| self.config.subjects.iter().any(|s| subject::matches(s, target));
        let target = wishes.schedule_target.unwrap_or_default();
        if !subject::is_valid_literal(target) || target == subject || !ours(target) {
            return Err(error::SCHEDULE_TARGET_INVALID);
        }
        if let Some(source) = wishes.schedule_source
            && (!subject::is_valid_literal(source) || source == subject || !ours(source))
        {
            return Err(error::SCHEDULE_SOURCE_INVALID);
        }
        if let Some(text) = wishes.schedule_ttl {
            if !self.config.allow_msg_ttl {
                return Err(error::MESSAGE_TTL_DISABLED);
            }
            crate::schedule::ttl::parse(text).ok_or(error::SCHEDULE_TTL_INVALID)?;
        }
        if wishes.schedule_rollup.is_some_and(|rollup| rollup != headers::ROLLUP_SUBJECT) {
            return Err(error::SCHEDULE_ROLLUP_INVALID);
        }
        Ok(Some(schedule))
    }

    /// Whether the server has a place for the message and, with `discard: new`, the stream: it refuses rather than drop
    /// what it has.
    fn check_room(&self, message: &Message<'_>) -> Result<(), ApiError> {
        let config = &self.config;
        let needed = journal::record_bytes(message.subject.len(), message.headers.len(), message.payload.len());
        if self.share.is_full(needed) {
            return Err(error::INSUFFICIENT_RESOURCES);
        }
        if config.discard != Discard::New {
            return Ok(());
        }
        let subject = message.subject.as_bytes();
        if config.discard_new_per_subject && at_limit(self.log.count_staged_of(subject), config.max_msgs_per_subject) {
            return Err(error::store_failed("maximum messages per subject exceeded"));
        }
        if config.max_msgs < 0 && config.max_bytes < 0 {
            return Ok(());
        }
        let held = self.log.held();
        // The oldest of the subject goes when this one comes, so that it takes no room of its own.
        let replaces =
            !config.discard_new_per_subject && at_limit(self.log.count_staged_of(subject), config.max_msgs_per_subject);
        if at_limit(held.messages, config.max_msgs) && !replaces {
            return Err(error::store_failed("maximum messages exceeded"));
        }
        if config.max_bytes > 0 && held.bytes + needed > config.max_bytes.cast_unsigned() && !replaces {
            return Err(error::store_failed("maximum bytes exceeded"));
        }
        Ok(())
    }

    /// On an interest stream: a message nobody wants goes at once; its sequence is used all the same.
    pub fn drop_unwanted(&mut self, subject: &[u8], sequence: u64) {
        if self.config.retention == Retention::Interest && !self.wanted_by_any(subject) {
            self.log.remove(sequence, false);
        }
    }

    pub fn roll_up(&mut self, rollup: Option<Rollup>, subject: &[u8], sequence: u64) {
        match rollup {
            None => {}
            Some(Rollup::All) => self.purge_before(sequence),
            Some(Rollup::Subject) => self.remove_earlier(subject, sequence),
        }
    }
}

/// Whether `count` has reached `limit`, where a limit that is not positive is none.
fn at_limit(count: u64, limit: i64) -> bool {
    limit > 0 && count >= limit.cast_unsigned()
}
