//! What a subject has: how many, which is the first, which the last.

use std::collections::VecDeque;

use crate::error::ReadError;
use crate::history::LENGTH_MAX;
use crate::subjects::{Id, Subject};
use crate::{Filter, Log};

/// Messages of a subject that are gone back through for its last one before some other; then files are searched.
const STEPS_MAX: usize = 256;

impl Log {
    fn subject(&self, name: &[u8]) -> Option<&Subject> {
        self.index.subjects.find(name).map(|id| self.index.subjects.get(id))
    }

    /// The last message of a subject.
    pub fn last_of(&self, subject: &[u8]) -> Option<u64> {
        self.subject(subject)?.last_live()
    }

    /// The last message of a subject, with what is staged.
    pub fn last_staged_of(&self, subject: &[u8]) -> Option<u64> {
        self.subject(subject)?.last_staged()
    }

    /// How many messages a subject has.
    pub fn count_of(&self, subject: &[u8]) -> u64 {
        self.subject(subject).map_or(0, |subject| subject.count)
    }

    /// How many messages a subject has, with what is staged.
    pub fn count_staged_of(&self, subject: &[u8]) -> u64 {
        self.subject(subject).map_or(0, |subject| subject.count + u64::from(subject.staged))
    }

    /// The first message of a subject.
    pub fn first_of(&mut self, subject: &[u8]) -> Option<u64> {
        let id = self.index.subjects.find(subject)?;
        match self.first_of_id(id) {
            Ok(first) => first,
            Err(error) => {
                self.failed(error);
                None
            }
        }
    }

    /// The first message of a subject, with what is staged: the one to go when it has too many.
    pub fn first_staged_of(&mut self, subject: &[u8]) -> Option<u64> {
        let id = self.index.subjects.find(subject)?;
        let known = self.index.subjects.get(id);
        if known.count > 0 {
            return self.first_of(subject);
        }
        let mut left = known.staged;
        let mut at = (left > 0).then_some(known.staged_last)?;
        while let Some(staged) = self.staged_at(at) {
            left -= u32::from(!staged.removed);
            if left == 0 {
                return Some(at);
            }
            at = staged.previous;
        }
        None
    }

    fn first_of_id(&mut self, id: Id) -> Result<Option<u64>, ReadError> {
        let subject = self.index.subjects.get(id);
        let Some(last) = subject.last_live() else { return Ok(None) };
        if subject.count == 1 {
            return Ok(Some(last));
        }
        if subject.first_known && subject.first >= self.index.first {
            return Ok(Some(subject.first));
        }
        let mut first = None;
        if self.learn(id)? {
            first = self.history.next(id, self.index.first);
        }
        if first.is_none() {
            first = self.search_subject(0, id)?.map(|spot| spot.sequence);
        }
        if let Some(first) = first {
            let subject = self.index.subjects.get_mut(id);
            (subject.first, subject.first_known) = (first, true);
        }
        Ok(first)
    }

    /// Finds all messages of a subject from the last one back, as each says where the one before is. False: there are too
    /// many, or one of those was removed, and what is before it cannot be told this way.
    pub(super) fn learn(&mut self, id: Id) -> Result<bool, ReadError> {
        let subject = self.index.subjects.get(id);
        if subject.count > LENGTH_MAX {
            return Ok(false);
        }
        if let Some(known) = self.history.is_known(id) {
            return Ok(known);
        }
        let (count, mut at) = (usize::try_from(subject.count).unwrap_or(usize::MAX), subject.last);
        let mut found = VecDeque::new();
        found.push_front(at);
        while found.len() < count {
            let Some(previous) = self.previous_of(at, id)?.filter(|previous| self.index.is_live(*previous)) else {
                self.history.give_up(id);
                return Ok(false);
            };
            at = previous;
            found.push_front(at);
        }
        self.history.learn(id, found);
        Ok(true)
    }

    /// The message before the one at `sequence`, if that is one of this subject.
    fn previous_of(&mut self, sequence: u64, id: Id) -> Result<Option<u64>, ReadError> {
        let Some(spot) = self.store.seek(sequence)?.filter(|spot| spot.sequence == sequence) else { return Ok(None) };
        let found = self.store.record(spot);
        let ours = *found.record.subject == *self.index.subjects.get(id).name;
        Ok(found.previous.filter(|_| ours))
    }

    /// The last live message of a subject before `before`; the one to begin with is the last that is known.
    pub(crate) fn last_before(&mut self, id: Id, before: u64, known: Option<u64>) -> Option<u64> {
        match self.search_back(id, before, known) {
            Ok(last) => last,
            Err(error) => {
                self.failed(error);
                None
            }
        }
    }

    fn search_back(&mut self, id: Id, before: u64, known: Option<u64>) -> Result<Option<u64>, ReadError> {
        let mut at = known;
        for _ in 0..STEPS_MAX {
            let Some(sequence) = at.filter(|at| *at >= self.index.first) else { break };
            let ours = self.is_of(sequence, id)?;
            if ours && sequence < before && self.index.is_live(sequence) {
                return Ok(Some(sequence));
            }
            at = if ours { self.previous_of(sequence, id)? } else { None };
        }
        let mut end = before.saturating_sub(1).min(self.index.committed);
        let mut blocks = (self.index.block_at(end) + 1).min(self.index.blocks.len());
        while blocks > 0 && end >= self.index.first {
            blocks -= 1;
            let base = self.index.blocks[blocks].base;
            if self.index.count_in(blocks, id) != Some(0)
                && let Some(last) = self.last_within(id, base, end)?
            {
                return Ok(Some(last));
            }
            end = base.saturating_sub(1);
        }
        Ok(None)
    }

    fn is_of(&mut self, sequence: u64, id: Id) -> Result<bool, ReadError> {
        let Some(spot) = self.store.seek(sequence)?.filter(|spot| spot.sequence == sequence) else { return Ok(false) };
        Ok(*self.store.record(spot).record.subject == *self.index.subjects.get(id).name)
    }

    fn last_within(&mut self, id: Id, first: u64, last: u64) -> Result<Option<u64>, ReadError> {
        let (mut at, mut found) = (first, None);
        while let Some(spot) = self.next_live(at, last)? {
            if *self.store.record(spot).record.subject == *self.index.subjects.get(id).name {
                found = Some(spot.sequence);
            }
            at = spot.sequence + 1;
        }
        Ok(found)
    }

    /// After loading: finds the last message of subjects that lost theirs.
    pub(crate) fn find_last(&mut self, ids: Vec<Id>) {
        for id in ids {
            let subject = self.index.subjects.get(id);
            if subject.count > 0 && !self.index.is_live(subject.last) {
                let known = Some(subject.last).filter(|last| *last > 0);
                let last = self.last_before(id, self.index.committed + 1, known);
                self.index.subjects.get_mut(id).last = last.unwrap_or(0);
            }
        }
    }

    /// The last message that `filter` takes.
    pub fn last_matching(&self, filter: &dyn Filter) -> Option<u64> {
        if filter.everything() {
            return self.index.deleted.previous_absent(self.index.committed, self.index.first);
        }
        self.matching(filter, Subject::last_live).max()
    }

    /// The last message that `filter` takes, with what is staged.
    pub fn last_staged_matching(&self, filter: &dyn Filter) -> Option<u64> {
        self.matching(filter, Subject::last_staged).max()
    }

    /// `of` every subject that `filter` takes.
    fn matching<'a, T: 'a>(
        &'a self,
        filter: &'a dyn Filter,
        of: impl Fn(&Subject) -> Option<T> + 'a,
    ) -> Box<dyn Iterator<Item = T> + 'a> {
        if let Some(name) = filter.literal() {
            return Box::new(self.subject(name).and_then(of).into_iter());
        }
        let wanted = |subject: &Subject| filter.everything() || filter.matches(&subject.name);
        Box::new(self.index.subjects.iter().filter(move |(_, s)| wanted(s)).filter_map(move |(_, s)| of(s)))
    }

    /// Appends to `found` the last message up to `up_to` of every subject that `filter` takes, ascending.
    pub fn last_per_subject(&mut self, filter: &dyn Filter, up_to: u64, found: &mut Vec<u64>) {
        let start = found.len();
        let mut later = Vec::new();
        let mut each = |id: Id, subject: &Subject| match subject.last_live() {
            Some(last) if last <= up_to => found.push(last),
            Some(last) => later.push((id, last)),
            None => {}
        };
        if let Some(name) = filter.literal() {
            if let Some(id) = self.index.subjects.find(name) {
                each(id, self.index.subjects.get(id));
            }
        } else {
            for (id, subject) in self.index.subjects.iter() {
                if filter.everything() || filter.matches(&subject.name) {
                    each(id, subject);
                }
            }
        }
        for (id, last) in later {
            found.extend(self.last_before(id, up_to.saturating_add(1), Some(last)));
        }
        found[start..].sort_unstable();
    }

    /// Every subject that `filter` takes and how many messages it has, in no order.
    pub fn subjects(&self, filter: &dyn Filter, each: &mut dyn FnMut(&[u8], u64)) {
        if let Some(name) = filter.literal() {
            if let Some(subject) = self.subject(name).filter(|subject| subject.count > 0) {
                each(name, subject.count);
            }
            return;
        }
        for (_, subject) in self.index.subjects.iter() {
            if subject.count > 0 && (filter.everything() || filter.matches(&subject.name)) {
                each(&subject.name, subject.count);
            }
        }
    }
}
