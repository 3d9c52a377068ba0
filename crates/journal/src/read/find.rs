//! Going through messages in order.

use crate::error::ReadError;
use crate::record::Record;
use crate::store::Spot;
use crate::subjects::Id;
use crate::{Filter, Log};

/// Subjects of a block up to which it is asked whether any is wanted, before its messages are read.
const ASKED_MAX: usize = 256;

impl Log {
    /// The first message at or after `from` that `filter` takes. `None`: there is none up to [`committed`](Self::committed);
    /// who asks again goes on from there.
    pub fn next(&mut self, from: u64, filter: &dyn Filter) -> Result<Option<Record<'_>>, ReadError> {
        let found = if filter.everything() {
            self.next_live(from, u64::MAX)?
        } else if let Some(name) = filter.literal() {
            self.next_of(from, name)?
        } else {
            self.next_matching(from, filter)?
        };
        Ok(found.map(|spot| self.store.record(spot).record))
    }

    /// The first live message between `from` and `last`.
    pub(super) fn next_live(&mut self, from: u64, last: u64) -> Result<Option<Spot>, ReadError> {
        let mut next = self.next_counted(from, last)?;
        // One that was erased was removed, even if nothing says so any more.
        while let Some(spot) = next.filter(|spot| spot.erased) {
            next = self.next_counted(spot.sequence + 1, last)?;
        }
        Ok(next)
    }

    /// The first message between `from` and `last` that the index takes for live.
    pub(super) fn next_counted(&mut self, from: u64, last: u64) -> Result<Option<Spot>, ReadError> {
        let last = last.min(self.index.committed);
        let mut at = from.max(self.index.first);
        loop {
            at = self.index.deleted.next_absent(at);
            if at > last {
                return Ok(None);
            }
            let Some(spot) = self.store.seek(at)? else { return Ok(None) };
            if spot.sequence == at {
                return Ok(Some(spot));
            }
            // What lies between is damaged.
            at = spot.sequence;
        }
    }

    /// The first live message between `from` and `last` that is `wanted`.
    pub(super) fn find(
        &mut self,
        from: u64,
        last: u64,
        mut wanted: impl FnMut(&Record<'_>) -> bool,
    ) -> Result<Option<u64>, ReadError> {
        let mut at = from;
        while let Some(spot) = self.next_live(at, last)? {
            if wanted(&self.store.record(spot).record) {
                return Ok(Some(spot.sequence));
            }
            at = spot.sequence + 1;
        }
        Ok(None)
    }

    fn next_of(&mut self, from: u64, name: &[u8]) -> Result<Option<Spot>, ReadError> {
        let Some(id) = self.index.subjects.find(name) else { return Ok(None) };
        self.next_of_subject(from, id)
    }

    /// The first live message of a subject from `from` on.
    fn next_of_subject(&mut self, from: u64, id: Id) -> Result<Option<Spot>, ReadError> {
        let subject = self.index.subjects.get(id);
        if subject.last_live().is_none_or(|last| last < from) {
            return Ok(None);
        }
        if subject.count > 1
            && self.learn(id)?
            && let Some(next) = self.history.next(id, from.max(self.index.first))
            && let Some(spot) = self.store.seek(next)?.filter(|spot| spot.sequence == next)
        {
            return Ok(Some(spot));
        }
        self.search_subject(from, id)
    }

    /// The same, by going through the blocks.
    pub(super) fn search_subject(&mut self, from: u64, id: Id) -> Result<Option<Spot>, ReadError> {
        let subject = self.index.subjects.get(id);
        let Some(last) = subject.last_live() else { return Ok(None) };
        let least = if subject.count == 1 { last } else { subject.first };
        let mut at = from.max(least).max(self.index.first);
        while at <= last {
            let block = self.index.block_at(at);
            let Some((base, end)) = self.index.blocks.get(block).map(|block| (block.base, block.end)) else { break };
            if self.index.count_in(block, id) == Some(0) {
                at = end + 1;
                continue;
            }
            at = at.max(base);
            while let Some(spot) = self.next_live(at, end)? {
                let subject = self.index.subjects.get(id);
                if *self.store.record(spot).record.subject == *subject.name {
                    return Ok(Some(spot));
                }
                at = spot.sequence + 1;
            }
            at = end + 1;
        }
        Ok(None)
    }

    fn next_matching(&mut self, from: u64, filter: &dyn Filter) -> Result<Option<Spot>, ReadError> {
        let mut at = from.max(self.index.first);
        let mut asked = self.index.block_at(at);
        while let Some(spot) = self.next_live(at, u64::MAX)? {
            if filter.matches(self.store.record(spot).record.subject) {
                return Ok(Some(spot));
            }
            at = spot.sequence + 1;
            let block = self.index.block_at(at);
            if block > asked {
                asked = self.next_wanted(block, filter);
                let Some(block) = self.index.blocks.get(asked) else { return Ok(None) };
                at = at.max(block.base);
            }
        }
        Ok(None)
    }

    /// The first block from `block` on that may have messages `filter` takes.
    fn next_wanted(&self, mut block: usize, filter: &dyn Filter) -> usize {
        while block < self.index.blocks.len() && self.index.subjects_in(block).is_some_and(|count| count <= ASKED_MAX) {
            let mut wanted = false;
            self.index.each_in(block, |id, count| {
                wanted |= count > 0 && filter.matches(&self.index.subjects.get(id).name);
            });
            if wanted {
                break;
            }
            block += 1;
        }
        block
    }
}
