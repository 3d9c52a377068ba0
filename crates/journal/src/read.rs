//! What can be asked of a log. Only committed messages are seen, and removed ones no more, but where a name says
//! `staged`. A search that the disk fails ends where it got to; the failure is among [`Log::take_damages`].

use crate::error::ReadError;
use crate::record::{Due, Record};
use crate::{Filter, Log};

impl Log {
    /// The message under `sequence`.
    pub fn get(&mut self, _sequence: u64) -> Result<Option<Record<'_>>, ReadError> {
        unimplemented!()
    }

    /// The first message at or after `from` that `filter` takes. `None`: there is none up to [`Log::committed`].
    pub fn next(&mut self, _from: u64, _filter: &dyn Filter) -> Result<Option<Record<'_>>, ReadError> {
        unimplemented!()
    }

    /// The last message of a subject.
    pub fn last_of(&self, _subject: &[u8]) -> Option<u64> {
        unimplemented!()
    }

    /// The last message of a subject, with what is staged.
    pub fn last_staged_of(&self, _subject: &[u8]) -> Option<u64> {
        unimplemented!()
    }

    /// The first message of a subject.
    pub fn first_of(&mut self, _subject: &[u8]) -> Option<u64> {
        unimplemented!()
    }

    /// The first message of a subject, with what is staged: the one to go when it has too many.
    pub fn first_staged_of(&mut self, _subject: &[u8]) -> Option<u64> {
        unimplemented!()
    }

    /// How many messages a subject has.
    pub fn count_of(&self, _subject: &[u8]) -> u64 {
        unimplemented!()
    }

    /// How many messages a subject has, with what is staged.
    pub fn count_staged_of(&self, _subject: &[u8]) -> u64 {
        unimplemented!()
    }

    /// The last message that `filter` takes.
    pub fn last_matching(&self, _filter: &dyn Filter) -> Option<u64> {
        unimplemented!()
    }

    /// The last message that `filter` takes, with what is staged.
    pub fn last_staged_matching(&self, _filter: &dyn Filter) -> Option<u64> {
        unimplemented!()
    }

    /// Appends to `found` the last message up to `up_to` of every subject that `filter` takes, ascending.
    pub fn last_per_subject(&mut self, _filter: &dyn Filter, _up_to: u64, _found: &mut Vec<u64>) {
        unimplemented!()
    }

    /// How many messages from `from` on `filter` takes.
    pub fn count(&mut self, _from: u64, _filter: &dyn Filter) -> u64 {
        unimplemented!()
    }

    /// How many messages from `first` to `last`, with both, `filter` takes.
    pub fn count_between(&mut self, _first: u64, _last: u64, _filter: &dyn Filter) -> u64 {
        unimplemented!()
    }

    /// Every subject that `filter` takes and how many messages it has, in no order.
    pub fn subjects(&self, _filter: &dyn Filter, _each: &mut dyn FnMut(&[u8], u64)) {
        unimplemented!()
    }

    /// The first message that came at `time` or later; one after the last if none did.
    pub fn sequence_at(&mut self, _time: i64) -> u64 {
        unimplemented!()
    }

    /// Sequences amid live ones that are not, ascending, at most `limit`.
    pub fn deleted(&self, _limit: usize) -> Vec<u64> {
        unimplemented!()
    }

    /// Messages that are due at `now`, the longest due first, at most `limit`. They are due until removed, or
    /// [put off](Self::set_due).
    pub fn due(&self, _now: i64, _limit: usize) -> Vec<(u64, Due)> {
        unimplemented!()
    }

    /// When the next message is due.
    pub fn next_due(&self) -> Option<i64> {
        unimplemented!()
    }

    /// Puts a due message off. Not recorded: after a restart it is due as it was appended.
    pub fn set_due(&mut self, _sequence: u64, _at: i64) {
        unimplemented!()
    }
}
