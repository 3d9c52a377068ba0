//! How many messages match: by the blocks' tables as far as possible, by reading at the edges.

use crate::error::ReadError;
use crate::subjects::Id;
use crate::{Filter, Log};

/// Whether subjects are wanted: asked once each.
struct Wanted<'a> {
    filter: &'a dyn Filter,
    /// The one subject that is, if it is only one: `Some(None)` when it is one that has no messages.
    #[allow(clippy::option_option, reason = "whether it is one, and whether that one is known")]
    only: Option<Option<Id>>,
    answers: Vec<Option<bool>>,
}

impl Log {
    /// How many messages from `from` on `filter` takes.
    pub fn count(&mut self, from: u64, filter: &dyn Filter) -> u64 {
        self.count_between(from, u64::MAX, filter)
    }

    /// How many messages from `first` to `last`, with both, `filter` takes.
    pub fn count_between(&mut self, first: u64, last: u64, filter: &dyn Filter) -> u64 {
        let (first, last) = (first.max(self.index.first), last.min(self.index.committed));
        if first > last {
            return 0;
        }
        let all = first == self.index.first && last == self.index.committed;
        if filter.everything() {
            let deleted = self.index.deleted.count(first, last);
            return if all { self.index.messages } else { last - first + 1 - deleted };
        }
        if all {
            let mut count = 0;
            self.subjects(filter, &mut |_, more| count += more);
            return count;
        }
        match self.count_by_blocks(first, last, filter) {
            Ok(count) => count,
            Err(error) => {
                self.failed(error);
                0
            }
        }
    }

    fn count_by_blocks(&mut self, first: u64, last: u64, filter: &dyn Filter) -> Result<u64, ReadError> {
        let only = filter.literal().map(|name| self.index.subjects.find(name));
        if let Some(only) = only {
            let Some(id) = only else { return Ok(0) };
            let subject = self.index.subjects.get(id);
            if subject.last_live().is_none_or(|end| end < first) || subject.first > last {
                return Ok(0);
            }
        }
        let mut wanted = Wanted { filter, only, answers: Vec::new() };
        let (mut count, mut at) = (0, first);
        while at <= last {
            let block = self.index.block_at(at);
            let Some((base, end)) = self.index.blocks.get(block).map(|block| (block.base, block.end)) else { break };
            let (from, to) = (at.max(base), last.min(end));
            let (before, within, after) = (from - base.min(from), to.saturating_sub(from), end - to);
            // Whichever is less to read: what is in, or what is out.
            if before + after < within {
                let mut rest = self.count_by_table(block, &mut wanted);
                if base < from {
                    rest -= self.count_by_reading(base, from - 1, filter)?.min(rest);
                }
                if to < end {
                    rest -= self.count_by_reading(to + 1, end, filter)?.min(rest);
                }
                count += rest;
            } else if from <= to {
                count += self.count_by_reading(from, to, filter)?;
            }
            at = end + 1;
        }
        Ok(count)
    }

    fn count_by_table(&self, block: usize, wanted: &mut Wanted<'_>) -> u64 {
        match wanted.only {
            Some(Some(id)) => return self.index.count_in(block, id),
            Some(None) => return 0,
            None => wanted.answers.resize(self.index.subjects.bound(), None),
        }
        let mut count = 0;
        self.index.each_in(block, |id, more| {
            let name = || wanted.filter.matches(&self.index.subjects.get(id).name);
            if more > 0 && *wanted.answers[id as usize].get_or_insert_with(name) {
                count += more;
            }
        });
        count
    }

    fn count_by_reading(&mut self, first: u64, last: u64, filter: &dyn Filter) -> Result<u64, ReadError> {
        let (mut count, mut at) = (0, first);
        let literal = filter.literal();
        while let Some(spot) = self.next_live(at, last)? {
            let subject = self.store.record(spot).record.subject;
            count += u64::from(literal.map_or_else(|| filter.matches(subject), |name| name == subject));
            at = spot.sequence + 1;
        }
        Ok(count)
    }
}
