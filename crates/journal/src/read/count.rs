//! How many messages match: by what is known of subjects and blocks as far as possible, by reading at the edges.

use hashbrown::HashMap;

use crate::error::ReadError;
use crate::subjects::{Id, Subject};
use crate::{Filter, Log};

/// Subjects of which some messages are before and some after, whose messages are looked for one by one.
const UNCLEAR_MAX: usize = 64;

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
        let counted = if last == self.index.committed { self.count_by_subjects(first, filter) } else { Ok(None) };
        match counted.and_then(|count| count.map_or_else(|| self.count_by_blocks(first, last, filter), Ok)) {
            Ok(count) => count,
            Err(error) => {
                self.failed(error);
                0
            }
        }
    }

    /// By what is known of each subject: `None` if that does not tell for more than a few.
    fn count_by_subjects(&mut self, first: u64, filter: &dyn Filter) -> Result<Option<u64>, ReadError> {
        let (mut count, mut unclear) = (0, Vec::new());
        let mut each = |id: Id, subject: &Subject| match subject.last_live() {
            Some(last) if last >= first && (subject.count == 1 || subject.first >= first) => count += subject.count,
            Some(last) if last >= first => unclear.push(id),
            _ => {}
        };
        if let Some(name) = filter.literal() {
            if let Some(id) = self.index.subjects.find(name) {
                each(id, self.index.subjects.get(id));
            }
        } else {
            let matching = self.index.subjects.iter().filter(|(_, subject)| filter.matches(&subject.name));
            matching.for_each(|(id, subject)| each(id, subject));
        }
        if unclear.len() > UNCLEAR_MAX {
            return Ok(None);
        }
        for id in unclear {
            match self.learn(id)?.then(|| self.history.count(id, first)).flatten() {
                Some(more) => count += more,
                None => return Ok(None),
            }
        }
        Ok(Some(count))
    }

    /// The live messages of a block by subject, by reading them.
    pub(crate) fn count_subjects(&mut self, first: u64, last: u64) -> Result<Vec<(Id, u32)>, ReadError> {
        let (mut counts, mut at) = (HashMap::new(), first);
        while let Some(spot) = self.next_counted(at, last)? {
            at = spot.sequence + 1;
            if let Some(id) = self.index.subjects.find(self.store.record(spot).record.subject) {
                *counts.entry(id).or_insert(0) += 1;
            }
        }
        let mut counts: Vec<(Id, u32)> = counts.into_iter().collect();
        counts.sort_unstable();
        Ok(counts)
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
            if before + after < within && self.index.is_counted(block) {
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
            Some(Some(id)) => return self.index.count_in(block, id).unwrap_or(0),
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
