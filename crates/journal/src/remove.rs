//! How messages leave the log. A removal is seen at once, and durable with the next commit; it is undone should that fail.

use crate::Log;
use crate::error::ReadError;
use crate::index::Message;
use crate::record::{Due, Entry, Kind};

/// What a removal needs to know of a message.
struct Known {
    message: Message,
    previous: Option<u64>,
}

impl Log {
    /// Stages the removal of a message, committed or staged. False if there is none, or it cannot be read. `erase`: headers and
    /// body are overwritten as well, in the same commit or, if that is not possible yet, soon after; a crash in between
    /// leaves them.
    pub fn remove(&mut self, sequence: u64, erase: bool) -> bool {
        let removed = if sequence > self.index.committed {
            Ok(self.remove_staged(sequence))
        } else {
            self.remove_committed(sequence)
        };
        match removed {
            Ok(true) => {
                if erase {
                    self.store.erase(sequence);
                }
                self.refresh_first();
                true
            }
            Ok(false) => false,
            Err(error) => {
                self.failed(error);
                false
            }
        }
    }

    fn remove_committed(&mut self, sequence: u64) -> Result<bool, ReadError> {
        if !self.index.is_live(sequence) {
            return Ok(false);
        }
        let Some(known) = self.known(sequence)? else { return Ok(false) };
        self.note_first();
        self.staged.removed.push(known.message);
        let id = known.message.subject;
        if sequence == self.index.first {
            self.index.first += 1;
            self.take(&known);
            self.advance();
        } else {
            let name = &*self.index.subjects.get(id).name;
            let previous = known.previous.map_or(0, |previous| sequence - previous);
            self.opened |= self.store.stage(&removal(&known.message, u32::try_from(previous).unwrap_or(0), name));
            self.index.deleted.insert(sequence);
            self.take(&known);
        }
        Ok(true)
    }

    /// Takes a message out of the index, and finds the last of its subject if it was that.
    fn take(&mut self, known: &Known) {
        let Message { sequence, subject: id, .. } = known.message;
        self.index.take(known.message);
        self.history.remove(id, sequence);
        let subject = self.index.subjects.get(id);
        if subject.count > 0 && subject.last == sequence {
            let last = self.last_before(id, sequence, known.previous);
            self.index.subjects.get_mut(id).last = last.unwrap_or(0);
        }
    }

    fn remove_staged(&mut self, sequence: u64) -> bool {
        let Some(message) = self.drop_staged(sequence) else { return false };
        self.note_first();
        self.staged.removed.push(message);
        if sequence == self.index.first {
            self.advance();
        } else {
            let name = &*self.index.subjects.get(message.subject).name;
            self.opened |= self.store.stage(&removal(&message, 0, name));
        }
        true
    }

    /// Marks a staged message as removed.
    fn drop_staged(&mut self, sequence: u64) -> Option<Message> {
        let staged = self.staged_at_mut(sequence).filter(|staged| !staged.removed)?;
        staged.removed = true;
        let (id, bytes, due, mut previous) = (staged.subject, staged.bytes, staged.due, staged.previous);
        self.waiting.messages -= 1;
        self.waiting.bytes -= u64::from(bytes);
        // The last staged one of the subject may be an earlier one now.
        while self.staged_at(previous).is_some_and(|before| before.removed) {
            previous = self.staged_at(previous).map_or(0, |before| before.previous);
        }
        let subject = self.index.subjects.get_mut(id);
        subject.staged -= 1;
        if subject.staged_last == sequence {
            subject.staged_last = previous;
        }
        self.index.subjects.may_go(id);
        Some(Message { sequence, subject: id, bytes, due })
    }

    /// Stages the removal of everything before `sequence`, staged messages too. Returns how many messages go.
    pub fn truncate_before(&mut self, sequence: u64) -> u64 {
        let target = sequence.min(self.next);
        if target <= self.index.first {
            return 0;
        }
        let before = self.held().messages;
        self.note_first();
        self.drop_before(target);
        if self.index.first > self.index.committed {
            for sequence in self.index.first..target {
                if let Some(message) = self.drop_staged(sequence) {
                    self.staged.removed.push(message);
                }
            }
            self.index.first = target.max(self.index.first);
        }
        self.advance();
        self.refresh_first();
        before - self.held().messages
    }

    /// Takes the committed messages before `target` out of the index: blocks as a whole, and in the last one message by
    /// message. Stops where the disk fails.
    pub(crate) fn drop_before(&mut self, target: u64) {
        let limit = target.min(self.index.committed + 1);
        while let Some(block) = self.index.blocks.front().filter(|block| block.end < limit) {
            let (base, end) = (block.base, block.end);
            let read = if self.index.is_counted(0) { Ok(Vec::new()) } else { self.count_subjects(base, end) };
            match read {
                Ok(read) => self.staged.retired.extend(self.index.retire(read)),
                Err(error) => {
                    self.failed(error);
                    return;
                }
            }
            self.index.first = self.index.first.max(end + 1);
        }
        while self.index.first < limit {
            let sequence = self.index.deleted.next_absent(self.index.first);
            if sequence >= limit {
                break;
            }
            match self.known(sequence) {
                Ok(Some(known)) => {
                    self.index.first = sequence + 1;
                    self.staged.removed.push(known.message);
                    self.index.take(known.message);
                    self.history.remove(known.message.subject, sequence);
                }
                // Damaged: it goes with its block.
                Ok(None) => self.index.first = sequence + 1,
                Err(error) => {
                    self.failed(error);
                    return;
                }
            }
        }
        self.index.first = self.index.first.max(limit);
    }

    /// Before the first removal of a batch: where the log began.
    fn note_first(&mut self) {
        self.staged.first_before.get_or_insert(self.index.first);
    }

    /// Has the first message be one that lives or is staged, and notes that it moved.
    fn advance(&mut self) {
        self.index.advance(self.index.committed + 1);
        while self.index.first > self.index.committed && self.staged_at(self.index.first).is_some_and(|s| s.removed) {
            self.index.first += 1;
        }
        if self.staged.first_before.is_some_and(|before| before < self.index.first) {
            self.staged.head = Some(self.index.first);
        }
    }

    /// Reads what a removal needs to know. `None`: the message is damaged.
    fn known(&mut self, sequence: u64) -> Result<Option<Known>, ReadError> {
        let Some(spot) = self.store.seek(sequence)?.filter(|spot| spot.sequence == sequence) else { return Ok(None) };
        let found = self.store.record(spot);
        let (bytes, due, previous) = (found.bytes, found.record.due, found.previous);
        // Unknown only if the bytes are not what they were when they were appended.
        let Some(subject) = self.index.subjects.find(found.record.subject) else { return Ok(None) };
        Ok(Some(Known { message: Message { sequence, subject, bytes, due }, previous }))
    }
}

fn removal<'a>(message: &Message, previous: u32, subject: &'a [u8]) -> Entry<'a> {
    let Message { sequence, bytes, due, .. } = *message;
    let due: Option<Due> = due;
    Entry { time: bytes.into(), previous, due, subject, ..Entry::bare(Kind::Remove, sequence) }
}
