//! The sequences of subjects that have few messages and lose their oldest again and again, as keys with a history do:
//! found once by going back from message to message, then kept up.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::subjects::Id;

/// Subjects with more messages are searched forward: their next message is not far.
pub(crate) const LENGTH_MAX: u64 = 128;
/// Sequences kept in all, 8 MiB or so. Beyond, all are forgotten, and found again by those who need them.
const SEQUENCES_MAX: usize = 512 * 1024;

/// What is known.
#[derive(Debug, Default)]
pub(crate) struct History {
    subjects: HashMap<Id, VecDeque<u64>>,
    sequences: usize,
}

impl History {
    /// The first message of a subject, none before `least`.
    pub fn first(&mut self, id: Id, least: u64) -> Option<u64> {
        let known = self.subjects.get_mut(&id)?;
        while known.front().is_some_and(|first| *first < least) {
            known.pop_front();
            self.sequences -= 1;
        }
        known.front().copied()
    }

    /// All the messages of a subject were found.
    pub fn learn(&mut self, id: Id, sequences: VecDeque<u64>) {
        if self.sequences + sequences.len() > SEQUENCES_MAX {
            self.clear();
        }
        self.sequences += sequences.len();
        if let Some(old) = self.subjects.insert(id, sequences) {
            self.sequences -= old.len();
        }
    }

    /// A message was appended.
    pub fn add(&mut self, id: Id, sequence: u64) {
        if self.subjects.is_empty() {
            return;
        }
        if let Some(known) = self.subjects.get_mut(&id) {
            known.push_back(sequence);
            self.sequences += 1;
            if known.len() as u64 > 2 * LENGTH_MAX {
                self.forget(id);
            }
        }
    }

    /// A message was removed.
    pub fn remove(&mut self, id: Id, sequence: u64) {
        if let Some(known) = self.subjects.get_mut(&id) {
            if known.front() == Some(&sequence) {
                known.pop_front();
                self.sequences -= 1;
            } else {
                self.forget(id);
            }
        }
    }

    pub fn forget(&mut self, id: Id) {
        if let Some(old) = self.subjects.remove(&id) {
            self.sequences -= old.len();
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
