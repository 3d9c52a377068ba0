//! What the index needs to know of a run of the log, without the messages: what a sealed file's sidecar holds.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::record::{Due, Entry, u32_of};

/// The messages and removals of one block of the log, as they lie in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// No message of the block has a lower sequence.
    pub base: u64,
    /// The last sequence it covers; less than `base` if it covers none.
    pub end: u64,
    /// Messages in it.
    pub messages: u64,
    /// The bytes they take.
    pub bytes: u64,
    /// The greatest time of a message.
    pub time_max: i64,
    /// The time of the last message.
    pub last_time: i64,
    /// Everything before this sequence is removed.
    pub head: u64,
    /// Runs of sequences from `base` to `end` that are not there: first and last.
    pub absent: Vec<(u64, u64)>,
    /// Runs of sequences that were damaged: first and last.
    pub lost: Vec<(u64, u64)>,
    /// Messages with a due time.
    pub dues: Vec<(u64, Due)>,
    /// The subjects of messages and removals.
    pub subjects: Vec<SubjectSummary>,
    /// Their names, one after the other.
    pub names: Vec<u8>,
    /// Messages that are removed, here or in blocks before this one.
    pub removals: Vec<Removal>,
}

/// One subject in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SubjectSummary {
    /// Where its name ends in [`Summary::names`]; it begins where the one before ends.
    pub name_end: u32,
    /// Its messages.
    pub count: u32,
    /// The first of them; 0 if there is none.
    pub first: u64,
    /// The last of them; 0 if there is none.
    pub last: u64,
}

/// A message that is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// Which.
    pub sequence: u64,
    /// Its subject, as an index into [`Summary::subjects`].
    pub subject: u32,
    /// The bytes it took.
    pub bytes: u32,
    /// How far back the subject's previous message lies, 0 for unknown.
    pub previous: u32,
    /// When it was due.
    pub due: Option<Due>,
}

impl Summary {
    /// The last message that is there; one before the base if none is.
    pub fn last_message(&self) -> u64 {
        match self.absent.last() {
            Some((first, last)) if *last == self.end => first - 1,
            _ => self.end,
        }
    }

    /// The name of the subject at `index`.
    pub fn name(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.subjects[index - 1].name_end };
        &self.names[start as usize..self.subjects[index].name_end as usize]
    }
}

/// Makes a summary, entry by entry.
pub struct Builder {
    summary: Summary,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Builder {
    /// Of a block that begins at `base`, where everything before `head` is removed.
    pub fn new(base: u64, head: u64) -> Self {
        let summary = Summary { base, end: base.saturating_sub(1), head, time_max: i64::MIN, ..Summary::default() };
        Self { summary, table: HashTable::new(), hasher: DefaultHashBuilder::default() }
    }

    /// A message comes next.
    pub fn message(&mut self, entry: &Entry<'_>) {
        self.message_of(entry, entry.length());
    }

    /// The same, of which `bytes` are known and not all is at hand.
    pub fn message_of(&mut self, entry: &Entry<'_>, bytes: u32) {
        self.pass(entry.sequence);
        let summary = &mut self.summary;
        summary.messages += 1;
        summary.bytes += u64::from(bytes);
        summary.time_max = summary.time_max.max(entry.time);
        summary.last_time = entry.time;
        if let Some(due) = entry.due {
            summary.dues.push((entry.sequence, due));
        }
        let subject = self.subject(entry.subject);
        let subject = &mut self.summary.subjects[subject as usize];
        if subject.count == 0 {
            subject.first = entry.sequence;
        }
        subject.count += 1;
        subject.last = entry.sequence;
    }

    /// A message is removed.
    pub fn removal(&mut self, entry: &Entry<'_>) {
        let subject = self.subject(entry.subject);
        let removal = Removal {
            sequence: entry.sequence,
            subject,
            bytes: u32::try_from(entry.time).unwrap_or(0),
            previous: entry.previous,
            due: entry.due,
        };
        self.summary.removals.push(removal);
    }

    /// Everything before `first` is.
    pub fn head(&mut self, first: u64) {
        self.summary.head = self.summary.head.max(first);
    }

    /// The sequences up to `end` are covered, and those not seen are not there.
    pub fn cover(&mut self, end: u64) {
        if self.summary.end < end {
            self.absent(self.summary.end + 1, end);
            self.summary.end = end;
        }
    }

    /// The summary.
    pub fn finish(self) -> Summary {
        self.summary
    }

    /// The last sequence covered so far.
    pub fn end(&self) -> u64 {
        self.summary.end
    }

    fn pass(&mut self, sequence: u64) {
        self.cover(sequence.saturating_sub(1));
        self.summary.end = sequence;
    }

    fn absent(&mut self, first: u64, last: u64) {
        match self.summary.absent.last_mut() {
            Some((_, end)) if *end + 1 == first => *end = last,
            _ => self.summary.absent.push((first, last)),
        }
    }

    fn subject(&mut self, name: &[u8]) -> u32 {
        let Self { summary, table, hasher } = self;
        let hash = hasher.hash_one(name);
        if let Some(index) = table.find(hash, |index| summary.name(*index as usize) == name) {
            return *index;
        }
        let index = u32_of(summary.subjects.len());
        summary.names.extend_from_slice(name);
        let name_end = u32_of(summary.names.len());
        summary.subjects.push(SubjectSummary { name_end, ..SubjectSummary::default() });
        table.insert_unique(hash, index, |index| hasher.hash_one(summary.name(*index as usize)));
        index
    }
}
