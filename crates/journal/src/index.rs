//! What is live, without the bytes: by sequence, by subject, by the time something is due.
//!
//! ```text
//! blocks   [ base … end │ live, bytes, subjects (number, count) ] [ … ] [ active: counts lie with the subjects ]
//! deleted  a bit for every sequence from the first on that is not live
//! ```
//!
//! A block is what a file of the store holds, so that the subjects of a whole file can be passed over, or dropped, without
//! reading it.

use std::collections::{BTreeMap, VecDeque};

use hashbrown::HashMap;

use crate::deleted::Deleted;
use crate::record::Due;
use crate::subjects::{Id, Subjects};
use crate::summary::Summary;

/// A run of the log.
#[derive(Debug)]
pub(crate) struct Block {
    pub base: u64,
    pub end: u64,
    pub live: u64,
    pub bytes: u64,
    pub time_max: i64,
    /// Live messages with a due time.
    pub dues: u32,
    /// Live messages of each subject, by its number; none for the active block. `None`: there are too
    /// many subjects, and it takes reading the block to tell.
    pub table: Option<Vec<(Id, u32)>>,
}

/// A live message, as far as the index cares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message {
    pub sequence: u64,
    pub subject: Id,
    pub bytes: u32,
    pub due: Option<Due>,
}

/// A block that was dropped as a whole, and what it takes to undo that.
#[derive(Debug)]
pub(crate) struct Retired {
    block: Block,
    /// Its messages by subject.
    table: Vec<(Id, u32)>,
    dues: Vec<((i64, u64), u8)>,
}

impl Retired {
    /// The last sequence of the block.
    pub fn end(&self) -> u64 {
        self.block.end
    }

    /// Bytes of the messages that lived in it.
    pub fn bytes(&self) -> u64 {
        self.block.bytes
    }
}

/// The index.
#[derive(Default)]
pub(crate) struct Index {
    pub subjects: Subjects,
    pub blocks: VecDeque<Block>,
    pub deleted: Deleted,
    dues: BTreeMap<(i64, u64), u8>,
    /// Due times that were put off.
    put_off: HashMap<u64, i64>,
    /// Live messages, committed ones.
    pub messages: u64,
    pub bytes: u64,
    /// No message before it lives. It may lie among the staged ones.
    pub first: u64,
    /// The last sequence that is durable.
    pub committed: u64,
    pub last_time: i64,
    /// The last block takes new messages.
    active: bool,
    /// Subjects in the active block, some perhaps no more, some perhaps twice.
    touched: Vec<Id>,
    /// Subjects a block may have for them to be counted.
    table_max: usize,
}

impl Index {
    pub fn new(table_max: usize) -> Self {
        Self { table_max, ..Self::default() }
    }

    pub fn is_live(&self, sequence: u64) -> bool {
        self.first <= sequence && sequence <= self.committed && !self.deleted.contains(sequence)
    }

    /// The block that covers `sequence`, or the one after if none does.
    pub fn block_at(&self, sequence: u64) -> usize {
        self.blocks.partition_point(|block| block.end < sequence)
    }

    pub fn is_active(&self, block: usize) -> bool {
        self.active && block + 1 == self.blocks.len()
    }

    /// Live messages of a subject in a block; `None` if it takes reading it to tell.
    pub fn count_in(&self, block: usize, id: Id) -> Option<u64> {
        if self.is_active(block) {
            return Some(self.subjects.get(id).recent.into());
        }
        let table = self.blocks[block].table.as_ref()?;
        Some(table.binary_search_by_key(&id, |(id, _)| *id).map_or(0, |at| table[at].1.into()))
    }

    /// Whether the subjects of a block are counted.
    pub fn is_counted(&self, block: usize) -> bool {
        self.is_active(block) || self.blocks[block].table.is_some()
    }

    /// Calls `each` with every subject of a block and its live messages there, if they are counted.
    pub fn each_in(&self, block: usize, mut each: impl FnMut(Id, u64)) {
        if self.is_active(block) {
            let mut ids = self.touched.clone();
            ids.sort_unstable();
            ids.dedup();
            for id in ids {
                each(id, self.subjects.get(id).recent.into());
            }
        } else {
            for (id, count) in self.blocks[block].table.iter().flatten() {
                each(*id, (*count).into());
            }
        }
    }

    /// Subjects of a block, roughly, if they are counted.
    pub fn subjects_in(&self, block: usize) -> Option<usize> {
        if self.is_active(block) { Some(self.touched.len()) } else { self.blocks[block].table.as_ref().map(Vec::len) }
    }

    /// Extends the last block to `sequence`, which was just committed, or opens one with it.
    pub fn extend(&mut self, sequence: u64, time: i64, opens: bool) {
        if opens || !self.active {
            self.seal();
            self.blocks.push_back(Block {
                base: sequence,
                end: sequence,
                live: 0,
                bytes: 0,
                time_max: time,
                dues: 0,
                table: None,
            });
            self.active = true;
        }
        if let Some(block) = self.blocks.back_mut() {
            block.end = sequence;
            block.time_max = block.time_max.max(time);
        }
        self.committed = sequence;
        self.last_time = time;
    }

    /// Takes in a message that was just committed: the last one.
    pub fn add(&mut self, message: Message) {
        let Message { sequence, subject: id, bytes, due } = message;
        self.messages += 1;
        self.bytes += u64::from(bytes);
        self.subjects.add(id, 1);
        let subject = self.subjects.get_mut(id);
        if subject.count == 1 {
            (subject.first, subject.first_known) = (sequence, true);
        }
        subject.last = sequence;
        subject.recent += 1;
        if !std::mem::replace(&mut subject.touched, true) {
            self.touched.push(id);
        }
        if let Some(block) = self.blocks.back_mut() {
            block.live += 1;
            block.bytes += u64::from(bytes);
            block.dues += u32::from(due.is_some());
        }
        if let Some(due) = due {
            self.dues.insert((due.at, sequence), due.kind);
        }
    }

    /// Takes out a live message. That it is not live any more is up to the caller: by the deleted set or by `first`.
    pub fn take(&mut self, message: Message) {
        let Message { sequence, subject: id, bytes, due } = message;
        self.messages -= 1;
        self.bytes -= u64::from(bytes);
        self.subjects.subtract(id, 1);
        let subject = self.subjects.get_mut(id);
        if subject.first == sequence {
            (subject.first, subject.first_known) = (sequence + 1, false);
        }
        self.in_block(
            message,
            |count| *count = count.saturating_sub(1),
            |block| {
                block.live -= 1;
                block.bytes -= u64::from(bytes);
                block.dues -= u32::from(due.is_some());
            },
        );
        if let Some(due) = due {
            let at = self.put_off.remove(&sequence).unwrap_or(due.at);
            self.dues.remove(&(at, sequence));
        }
    }

    /// Undoes [`take`](Self::take), and that it is deleted.
    pub fn put_back(&mut self, message: Message) {
        let Message { sequence, subject: id, bytes, due } = message;
        self.deleted.remove(sequence);
        self.messages += 1;
        self.bytes += u64::from(bytes);
        self.subjects.add(id, 1);
        let subject = self.subjects.get_mut(id);
        let only = subject.count == 1;
        if only || sequence < subject.first {
            (subject.first, subject.first_known) = (sequence, true);
        }
        subject.last = if only { sequence } else { subject.last.max(sequence) };
        self.in_block(
            message,
            |count| *count += 1,
            |block| {
                block.live += 1;
                block.bytes += u64::from(bytes);
                block.dues += u32::from(due.is_some());
            },
        );
        if let Some(due) = due {
            self.dues.insert((due.at, sequence), due.kind);
        }
    }

    fn in_block(&mut self, message: Message, count: impl FnOnce(&mut u32), rest: impl FnOnce(&mut Block)) {
        let at = self.block_at(message.sequence);
        let active = self.is_active(at);
        let Some(block) = self.blocks.get_mut(at) else { return };
        rest(block);
        if active {
            let subject = self.subjects.get_mut(message.subject);
            count(&mut subject.recent);
            if !std::mem::replace(&mut subject.touched, true) {
                self.touched.push(message.subject);
            }
            return;
        }
        let Some(table) = &mut block.table else { return };
        let at = table.binary_search_by_key(&message.subject, |(id, _)| *id).unwrap_or_else(|at| {
            // All its messages were taken out, and the table was made without them.
            table.insert(at, (message.subject, 0));
            at
        });
        count(&mut table[at].1);
    }

    /// Ends the active block: the counts go to its table.
    fn seal(&mut self) {
        if self.active {
            let table = self.uncount();
            if let Some(block) = self.blocks.back_mut() {
                block.table = (table.len() <= self.table_max).then_some(table);
            }
        }
    }

    /// Ends the active block, and takes its counts.
    fn uncount(&mut self) -> Vec<(Id, u32)> {
        self.active = false;
        let mut ids = std::mem::take(&mut self.touched);
        ids.sort_unstable();
        ids.dedup();
        let mut table = Vec::with_capacity(ids.len());
        for id in ids {
            let subject = self.subjects.get_mut(id);
            subject.touched = false;
            let count = std::mem::take(&mut subject.recent);
            if count > 0 {
                table.push((id, count));
            }
        }
        table.shrink_to_fit();
        table
    }

    /// Drops the first block, all of which is before the new first. `read`: its live messages by subject, should they not
    /// be counted.
    pub fn retire(&mut self, read: Vec<(Id, u32)>) -> Option<Retired> {
        let active = self.is_active(0).then(|| self.uncount());
        let mut block = self.blocks.pop_front()?;
        let table = active.or_else(|| block.table.take()).unwrap_or(read);
        self.messages -= block.live;
        self.bytes -= block.bytes;
        for (id, count) in &table {
            self.subjects.subtract(*id, (*count).into());
        }
        let mut dues = Vec::new();
        if block.dues > 0 {
            self.dues.retain(|key, kind| {
                let gone = key.1 <= block.end;
                if gone {
                    dues.push((*key, *kind));
                }
                !gone
            });
        }
        Some(Retired { block, table, dues })
    }

    /// Undoes [`retire`](Self::retire).
    pub fn put_back_block(&mut self, retired: Retired) {
        let Retired { mut block, table, dues } = retired;
        self.messages += block.live;
        self.bytes += block.bytes;
        for (id, count) in &table {
            self.subjects.add(*id, (*count).into());
            let subject = self.subjects.get_mut(*id);
            if block.base < subject.first {
                (subject.first, subject.first_known) = (block.base, false);
            }
        }
        self.dues.extend(dues);
        block.table = (table.len() <= self.table_max).then_some(table);
        self.blocks.push_front(block);
    }

    /// Makes [`retire`](Self::retire) final.
    pub fn forget(&mut self, retired: &Retired) {
        for ((_, sequence), _) in &retired.dues {
            self.put_off.remove(sequence);
        }
    }

    /// Makes one block of those between two sequences.
    pub fn merge(&mut self, first: u64, last: u64) {
        let from = self.blocks.partition_point(|block| block.base < first);
        let mut to = self.blocks.partition_point(|block| block.end <= last);
        if self.active {
            to = to.min(self.blocks.len() - 1);
        }
        if from >= to {
            return;
        }
        let mut merged: Vec<Block> = self.blocks.drain(from..to).collect();
        let mut all = merged.remove(0);
        for block in merged {
            all.end = block.end;
            all.live += block.live;
            all.bytes += block.bytes;
            all.dues += block.dues;
            all.time_max = all.time_max.max(block.time_max);
            all.table = all.table.zip(block.table).map(|(mut table, more)| {
                table.extend(more);
                table
            });
        }
        if let Some(table) = &mut all.table {
            table.sort_unstable();
            table.dedup_by(|next, kept| {
                let same = next.0 == kept.0;
                if same {
                    kept.1 += next.1;
                }
                same
            });
            table.retain(|(_, count)| *count > 0);
            table.shrink_to_fit();
        }
        all.table = all.table.filter(|table| table.len() <= self.table_max);
        self.blocks.insert(from, all);
    }

    /// Bytes of live messages in the blocks between two sequences.
    pub fn bytes_between(&self, first: u64, last: u64) -> u64 {
        let from = self.blocks.partition_point(|block| block.base < first);
        self.blocks.iter().skip(from).take_while(|block| block.end <= last).map(|block| block.bytes).sum()
    }

    /// Has `first` be a message that lives, or `least` if there is none up to that.
    pub fn advance(&mut self, least: u64) {
        if self.first <= self.committed {
            self.first = self.deleted.next_absent(self.first).min(least);
        }
    }

    pub fn due(&self, now: i64, limit: usize) -> Vec<(u64, Due)> {
        let due = self.dues.range(..=(now, u64::MAX)).take(limit);
        due.map(|((at, sequence), kind)| (*sequence, Due { at: *at, kind: *kind })).collect()
    }

    pub fn next_due(&self) -> Option<i64> {
        self.dues.first_key_value().map(|((at, _), _)| *at)
    }

    /// Puts off what was due at `due`, if it is.
    pub fn put_off(&mut self, sequence: u64, due: Due, at: i64) {
        let now = self.put_off.get(&sequence).copied().unwrap_or(due.at);
        if let Some(kind) = self.dues.remove(&(now, sequence)) {
            self.dues.insert((at, sequence), kind);
            self.put_off.insert(sequence, at);
        }
    }
}

/// What is put in order once all blocks are loaded.
#[derive(Default)]
pub(crate) struct Loading {
    /// Everything before is removed.
    pub head: u64,
    /// Subjects of which the last message was removed: the one before is not known.
    pub without_last: Vec<Id>,
    /// Runs of damaged sequences, and which of those were removed anyway.
    lost: Vec<(u64, u64)>,
    missed_by_nobody: Deleted,
}

impl Loading {
    /// Whether someone may miss one of these damaged sequences.
    pub fn is_missed(&self, first: u64, last: u64) -> bool {
        let first = first.max(self.head);
        first <= last && self.missed_by_nobody.next_absent(first) <= last
    }
}

impl Index {
    /// Takes in a block that was found in the store. They come in order.
    pub fn load(&mut self, summary: &Summary, loading: &mut Loading) {
        let ids: Vec<Id> = (0..summary.subjects.len()).map(|at| self.subjects.intern(summary.name(at))).collect();
        loading.head = loading.head.max(summary.head);
        loading.lost.extend(&summary.lost);
        // What lies between blocks is not there.
        if let Some(last) = self.blocks.back()
            && last.end + 1 < summary.base
        {
            self.deleted.insert_range(last.end + 1, summary.base - 1);
        }
        for (first, last) in &summary.absent {
            self.deleted.insert_range(*first, *last);
        }
        let mut table = Vec::with_capacity(if ids.len() <= self.table_max { ids.len() } else { 0 });
        for (id, subject) in ids.iter().zip(&summary.subjects) {
            if subject.count == 0 {
                self.subjects.may_go(*id);
                continue;
            }
            // One more than fit tells that they do not.
            if table.len() <= self.table_max {
                table.push((*id, subject.count));
            }
            let none = self.subjects.get(*id).count == 0;
            self.subjects.add(*id, subject.count.into());
            let known = self.subjects.get_mut(*id);
            if none {
                (known.first, known.first_known) = (subject.first, true);
            }
            known.last = subject.last;
        }
        table.sort_unstable();
        if summary.base <= summary.end {
            self.messages += summary.messages;
            self.bytes += summary.bytes;
            self.dues.extend(summary.dues.iter().map(|(sequence, due)| ((due.at, *sequence), due.kind)));
            self.blocks.push_back(Block {
                base: summary.base,
                end: summary.end,
                live: summary.messages,
                bytes: summary.bytes,
                time_max: summary.time_max,
                dues: u32::try_from(summary.dues.len()).unwrap_or(u32::MAX),
                table: (table.len() <= self.table_max).then_some(table),
            });
            self.committed = summary.end;
            if summary.messages > 0 {
                self.last_time = summary.last_time;
            }
        }
        for removal in &summary.removals {
            let sequence = removal.sequence;
            if loading.lost.iter().any(|(first, last)| *first <= sequence && sequence <= *last) {
                loading.missed_by_nobody.insert(sequence);
            }
            let there = self.blocks.get(self.block_at(sequence)).is_some_and(|block| block.base <= sequence);
            // A rewritten file does not have it any more, and perhaps nobody needed to say so.
            if !there || !self.deleted.insert(sequence) {
                continue;
            }
            let id = ids[removal.subject as usize];
            self.take(Message { sequence, subject: id, bytes: removal.bytes, due: removal.due });
            let subject = self.subjects.get_mut(id);
            if subject.count > 0 && subject.last == sequence {
                subject.last = sequence - u64::from(removal.previous).min(sequence);
                loading.without_last.push(id);
            }
        }
    }
}
