//! The log: what is staged, how it is committed, what it holds then.

use std::io;
use std::sync::Arc;

use crate::deleted::Deleted;
use crate::disk::Disk;
use crate::error::{Damage, OpenError, ReadError, Recovery};
use crate::history::History;
use crate::index::{Index, Loading, Message, Retired};
use crate::record::{Append, Entry, Kind};
use crate::segments::Segments;
use crate::staged::{Batch, Staged};
use crate::store::{Live, Store, Work, Write};

/// How a log is kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes at which a file is sealed and the next one begun.
    pub segment_bytes: u32,
    /// The log need not outlive the process: nothing is checksummed, synced or indexed on disk.
    pub volatile: bool,
    /// Subjects a file may have for their messages to be counted by file, at 8 bytes each. Of files with more it takes
    /// reading to tell whether a subject is in them.
    pub counted_subjects_max: usize,
}

/// With as many files as 10 million small messages take, these are 8 MiB at most.
const COUNTED_SUBJECTS_MAX: usize = 16 * 1024;

impl Options {
    /// For a log on a [`Memory`](crate::Memory) disk.
    pub fn memory() -> Self {
        Self { segment_bytes: 1024 * 1024, volatile: true, ..Self::default() }
    }
}

impl Default for Options {
    /// For a log on disk.
    fn default() -> Self {
        Self { segment_bytes: 32 * 1024 * 1024, volatile: false, counted_subjects_max: COUNTED_SUBJECTS_MAX }
    }
}

/// Whether a commit is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// It is, once it returned.
    Always,
    /// It is when the operating system comes to it; a crash of the machine may take it.
    Never,
}

/// What a log holds, as committed. Removals count from when they are staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// Live messages.
    pub messages: u64,
    /// The bytes they take.
    pub bytes: u64,
    /// The first live one; `last_seq + 1` if there is none.
    pub first_seq: u64,
    /// Its time; 0 if there is none.
    pub first_time: i64,
    /// The last one there ever was; the one before the first there will be if there was none.
    pub last_seq: u64,
    /// Its time; 0 if there was none.
    pub last_time: i64,
    /// Subjects of live messages.
    pub subjects: u64,
    /// Sequences between first and last that are not live.
    pub deleted: u64,
}

/// What a log will hold once everything staged is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Messages.
    pub messages: u64,
    /// The bytes they take.
    pub bytes: u64,
}

/// The messages a commit made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The first.
    pub first: u64,
    /// The last; less than `first` if it was only removals.
    pub last: u64,
}

impl Committed {
    /// First and last, if there is any.
    pub fn range(self) -> Option<(u64, u64)> {
        (self.first <= self.last).then_some((self.first, self.last))
    }
}

/// A commit failed: everything staged, with this batch and since, is undone. Its sequences will be given again.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct RolledBack {
    /// The first message that is not stored.
    pub first: u64,
    /// The last; less than `first` if it was only removals.
    pub last: u64,
    /// Why.
    pub error: io::Error,
}

/// A batch on its way to the disk.
pub struct Commit {
    write: Box<dyn Write>,
}

impl Commit {
    /// Writes it and, if asked to, syncs it. Needs no lock on the log, and takes as long as the disk does.
    pub fn run(&mut self, sync: Sync) -> io::Result<()> {
        self.write.run(sync)
    }
}

/// Work on sealed files that can wait, but not forever: writing indexes, rewriting files that are mostly dead, removing
/// those that are wholly.
pub struct Upkeep {
    work: Box<dyn Work>,
}

impl Upkeep {
    /// Does it. Needs no lock on the log; reads and writes up to a segment.
    pub fn run(&mut self) -> io::Result<()> {
        self.work.run()
    }
}

/// The log.
pub struct Log {
    pub(crate) store: Box<dyn Store>,
    pub(crate) index: Index,
    /// The batch that is being written.
    pub(crate) flying: Option<Batch>,
    flying_bytes: usize,
    pub(crate) staged: Batch,
    /// The sequence of the next message.
    pub(crate) next: u64,
    /// The store began a block with what was no message: the index does with the next one.
    pub(crate) opened: bool,
    /// Messages staged and not removed, and their bytes.
    pub(crate) waiting: Held,
    /// Everything before it is durably removed.
    durable_head: u64,
    /// The first live message and its time.
    first_time: (u64, i64),
    pub(crate) history: History,
    pub(crate) damages: Vec<Damage>,
    spare: Batch,
}

impl Log {
    /// Opens the log in `disk`, or makes one with its first commit.
    pub fn open(disk: Arc<dyn Disk>, options: Options) -> Result<(Self, Recovery), OpenError> {
        let counted_subjects_max = options.counted_subjects_max;
        Self::over(Box::new(Segments::new(disk, options)), counted_subjects_max)
    }

    /// Opens the log that lies in `store`. `counted_subjects_max`: see [`Options`].
    pub fn over(mut store: Box<dyn Store>, counted_subjects_max: usize) -> Result<(Self, Recovery), OpenError> {
        let (mut index, mut loading) = (Index::new(counted_subjects_max), Loading::default());
        let (mut recovery, last) = store.recover(&mut |summary| index.load(&summary, &mut loading))?;
        // Whose every message was removed anyway is no loss.
        recovery.damages.retain(|damage| damage.sequences.is_none_or(|(first, last)| loading.is_missed(first, last)));
        if let Some(block) = index.blocks.back()
            && block.end < last
        {
            index.deleted.insert_range(block.end + 1, last);
        }
        index.committed = last;
        index.first = index.blocks.front().map_or(last + 1, |block| block.base);
        let mut log = Self {
            store,
            index,
            flying: None,
            flying_bytes: 0,
            staged: Batch::default(),
            next: last + 1,
            opened: false,
            waiting: Held::default(),
            durable_head: loading.head,
            first_time: (0, 0),
            history: History::default(),
            damages: Vec::new(),
            spare: Batch::default(),
        };
        log.drop_before(loading.head.min(last + 1));
        // Even if the disk kept us from counting what is before it.
        log.index.first = log.index.first.max(loading.head.min(last + 1));
        log.index.advance(last + 1);
        log.staged.reset(last + 1);
        log.index.subjects.forget_idle();
        log.find_last(loading.without_last);
        log.refresh_first();
        recovery.damages.append(&mut log.take_damages());
        Ok((log, recovery))
    }

    /// Has a log that never held anything begin at `first`. Without effect on another.
    pub fn begin_at(&mut self, first: u64) {
        if self.next == 1 && first > 1 && self.staged.is_empty() && self.flying.is_none() {
            self.next = first;
            self.index.committed = first - 1;
            self.index.first = first;
            self.durable_head = first;
            self.staged.reset(first);
            self.store.begin_after(first - 1);
        }
    }

    /// Stages a message and returns its sequence: one more than the last.
    ///
    /// Panics if the subject is longer than 65535 bytes or all of it than 128 MiB; what comes by a protocol is bounded
    /// there.
    pub fn append(&mut self, message: &Append<'_>) -> u64 {
        let sequence = self.next;
        let id = self.index.subjects.intern(message.subject);
        let subject = self.index.subjects.get_mut(id);
        let previous = subject.last_staged().unwrap_or(0);
        subject.staged += 1;
        subject.staged_last = sequence;
        let distance = if previous == 0 { 0 } else { sequence - previous };
        let entry = Entry {
            kind: Kind::Message,
            first_of_commit: false,
            erased: false,
            sequence,
            time: message.time,
            previous: u32::try_from(distance).unwrap_or(0),
            due: message.due,
            subject: message.subject,
            headers: message.headers,
            payload: message.payload,
        };
        let bytes = entry.length();
        let opens = self.store.stage(&entry) | std::mem::take(&mut self.opened);
        let staged =
            Staged { subject: id, bytes, time: message.time, previous, due: message.due, removed: false, opens };
        self.staged.messages.push(staged);
        self.waiting.messages += 1;
        self.waiting.bytes += u64::from(bytes);
        self.next += 1;
        sequence
    }

    /// Bytes waiting for a commit, with those of the one under way.
    pub fn staged_bytes(&self) -> usize {
        self.store.staged_bytes() + self.flying_bytes
    }

    /// Whether anything waits for [`begin_commit`](Self::begin_commit).
    pub fn has_staged(&self) -> bool {
        !self.staged.is_empty() || self.store.has_staged()
    }

    /// The last sequence given, committed or staged.
    pub fn last_staged(&self) -> u64 {
        self.next - 1
    }

    /// The last sequence that is durable.
    pub fn committed(&self) -> u64 {
        self.index.committed
    }

    /// Takes everything staged. `None` if there is nothing, or a commit is under way.
    pub fn begin_commit(&mut self) -> Option<Commit> {
        if self.flying.is_some() || !self.has_staged() {
            return None;
        }
        if let Some(head) = self.staged.head {
            self.opened |= self.store.stage(&Entry::bare(Kind::Head, head));
        }
        self.flying_bytes = self.store.staged_bytes();
        let mut next = std::mem::take(&mut self.spare);
        next.reset(self.next);
        self.flying = Some(std::mem::replace(&mut self.staged, next));
        Some(Commit { write: self.store.begin() })
    }

    /// Ends a commit as it went. On failure everything staged is undone, see [`RolledBack`]; reads go on, and the next
    /// commit begins a new file, as what a failed sync left in the old one cannot be known.
    pub fn end_commit(&mut self, commit: Commit, outcome: io::Result<()>) -> Result<Committed, RolledBack> {
        let batch = self.flying.take().unwrap_or_default();
        self.flying_bytes = 0;
        match outcome {
            Ok(()) => Ok(self.take_batch(commit, batch)),
            Err(error) => Err(self.roll_back(commit, batch, error)),
        }
    }

    fn take_batch(&mut self, commit: Commit, mut batch: Batch) -> Committed {
        let first = batch.first;
        for (sequence, message) in (first..).zip(&batch.messages) {
            self.index.extend(sequence, message.time, message.opens);
            if message.removed {
                // Before the first live one, too: that may go back, should a later batch fail.
                self.index.deleted.insert(sequence);
                continue;
            }
            self.waiting.messages -= 1;
            self.waiting.bytes -= u64::from(message.bytes);
            let Staged { subject, bytes, due, .. } = *message;
            self.index.subjects.get_mut(subject).staged -= 1;
            self.index.add(Message { sequence, subject, bytes, due });
            self.history.add(subject, sequence);
        }
        self.durable_head = self.durable_head.max(batch.head.unwrap_or(0));
        self.index.deleted.drop_before(self.durable_head);
        for retired in &batch.retired {
            self.index.forget(retired);
        }
        self.store.end(commit.write, true, self.durable_head);
        let last = self.index.committed;
        if self.staged.messages.is_empty() && !self.staged.undoes() {
            self.index.subjects.forget_idle();
        }
        batch.reset(self.next);
        self.spare = batch;
        self.refresh_first();
        Committed { first, last }
    }

    fn roll_back(&mut self, commit: Commit, batch: Batch, error: io::Error) -> RolledBack {
        let (first, last) = (batch.first, self.next - 1);
        self.store.end(commit.write, false, self.durable_head);
        let staged = std::mem::take(&mut self.staged);
        let first_before = batch.first_before.or(staged.first_before);
        self.next = self.index.committed + 1;
        self.opened = false;
        for message in batch.messages.iter().chain(&staged.messages) {
            self.index.subjects.get_mut(message.subject).staged = 0;
            self.index.subjects.may_go(message.subject);
        }
        self.waiting = Held::default();
        for batch in [staged, batch] {
            for retired in batch.retired.into_iter().rev() {
                self.index.put_back_block(retired);
            }
            for message in batch.removed.into_iter().rev() {
                // What was not committed either is not put back.
                if message.sequence <= self.index.committed {
                    self.index.put_back(message);
                }
            }
        }
        self.history.clear();
        if let Some(first) = first_before {
            self.index.first = first.min(self.next);
        }
        self.index.first = self.index.first.min(self.next);
        self.staged.reset(self.next);
        self.index.subjects.forget_idle();
        self.refresh_first();
        RolledBack { first, last, error }
    }

    /// What it holds.
    pub fn state(&self) -> State {
        let index = &self.index;
        let none = index.messages == 0;
        let first_seq = if none { index.committed + 1 } else { index.first };
        State {
            messages: index.messages,
            bytes: index.bytes,
            first_seq,
            first_time: if none { 0 } else { self.first_time.1 },
            last_seq: index.committed,
            last_time: index.last_time,
            subjects: index.subjects.live(),
            deleted: (index.committed + 1 - first_seq).saturating_sub(index.messages),
        }
    }

    /// What it holds with what is staged: what limits are checked against.
    pub fn held(&self) -> Held {
        Held { messages: self.index.messages + self.waiting.messages, bytes: self.index.bytes + self.waiting.bytes }
    }

    /// Takes work on sealed files if there is some. The user runs it without a lock and ends it; one at a time. Worth
    /// asking after a commit, and again after each piece of work.
    pub fn begin_upkeep(&mut self) -> Option<Upkeep> {
        let batches = || self.flying.iter().chain([&self.staged]);
        let view = View {
            index: &self.index,
            head: self.durable_head,
            removed: batches().flat_map(|batch| &batch.removed).copied().collect(),
            retired: batches().flat_map(|batch| &batch.retired).collect(),
        };
        self.store.begin_upkeep(&view).map(|work| Upkeep { work })
    }

    /// Ends upkeep as it went. Failure changes nothing; the work is taken up again later.
    #[allow(clippy::needless_pass_by_value, reason = "the outcome of `Upkeep::run` ends here, as a commit's does")]
    pub fn end_upkeep(&mut self, upkeep: Upkeep, outcome: io::Result<()>) {
        if let Some((first, last)) = self.store.end_upkeep(upkeep.work, outcome.is_ok()) {
            self.index.merge(first, last);
        }
    }

    /// Damage found since the last call, each place once.
    pub fn take_damages(&mut self) -> Vec<Damage> {
        let mut found = self.store.take_damages();
        // Of nobody's concern if it all was removed.
        found.retain(|damage| damage.sequences.is_none_or(|(a, b)| (a..=b).any(|s| self.index.is_live(s))));
        found.append(&mut self.damages);
        found
    }

    /// Frees caches and spare buffers: the log is idle.
    pub fn trim(&mut self) {
        self.store.trim();
        self.history.clear();
        self.index.subjects.trim();
        self.spare = Batch::default();
    }

    /// The staged message under `sequence`.
    pub(crate) fn staged_at(&self, sequence: u64) -> Option<&Staged> {
        let flying = self.flying.as_ref().and_then(|batch| batch.get(sequence));
        flying.or_else(|| self.staged.get(sequence))
    }

    pub(crate) fn staged_at_mut(&mut self, sequence: u64) -> Option<&mut Staged> {
        let flying = self.flying.as_mut().and_then(|batch| batch.get_mut(sequence));
        flying.or_else(|| self.staged.get_mut(sequence))
    }

    /// Reads the time of the first message, should that be another one than last time.
    pub(crate) fn refresh_first(&mut self) {
        let first = self.index.first;
        if first > self.index.committed || self.first_time.0 == first {
            return;
        }
        let time = match self.store.seek(first) {
            Ok(Some(spot)) => self.store.record(spot).record.time,
            // It cannot be read: no time is better than none.
            Ok(None) | Err(_) => 0,
        };
        self.first_time = (first, time);
    }

    /// Notes a search the disk failed.
    pub(crate) fn failed(&mut self, error: ReadError) {
        match error {
            ReadError::Damaged(damage) => self.damages.push(damage),
            ReadError::Disk { file, offset, .. } => {
                let damage = Damage { file, offset, bytes: 0, sequences: None, what: "cannot be read" };
                if !self.damages.contains(&damage) {
                    self.damages.push(damage);
                }
            }
        }
    }
}

/// The index as upkeep may see it: without what is not durable.
struct View<'a> {
    index: &'a Index,
    head: u64,
    /// What is removed, but not durably.
    removed: Vec<Message>,
    retired: Vec<&'a Retired>,
}

impl Live for View<'_> {
    fn bytes(&self, first: u64, last: u64) -> u64 {
        let within = |sequence: u64| first <= sequence && sequence <= last;
        let removed = self.removed.iter().filter(|message| within(message.sequence)).map(|m| u64::from(m.bytes));
        let retired = self.retired.iter().filter(|retired| within(retired.end())).map(|retired| retired.bytes());
        self.index.bytes_between(first, last) + removed.sum::<u64>() + retired.sum::<u64>()
    }

    fn head(&self) -> u64 {
        self.head
    }

    fn removed(&self, first: u64, last: u64) -> Deleted {
        let mut removed = self.index.deleted.copy(first, last);
        for message in &self.removed {
            removed.remove(message.sequence);
        }
        removed
    }
}
