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
    /// `None`: it was tried, and cannot be told.
    subjects: HashMap<Id, Option<VecDeque<u64>>>,
    sequences: usize,
}

impl History {
    /// Whether all messages of a subject are known. `None`: it was not tried yet.
    pub fn is_known(&self, id: Id) -> Option<bool> {
        self.subjects.get(&id).map(Option::is_some)
    }

    /// The first message of a subject from `least` on, before which none will be asked for that is removed.
    pub fn next(&self, id: Id, least: u64) -> Option<u64> {
        let known = self.subjects.get(&id)?.as_ref()?;
        known.get(known.partition_point(|sequence| *sequence < least)).copied()
    }

    /// How many messages a subject has from `least` on.
    pub fn count(&self, id: Id, least: u64) -> Option<u64> {
        let known = self.subjects.get(&id)?.as_ref()?;
        Some((known.len() - known.partition_point(|sequence| *sequence < least)) as u64)
    }

    /// All the messages of a subject were found.
    pub fn learn(&mut self, id: Id, sequences: VecDeque<u64>) {
        if self.sequences + sequences.len() > SEQUENCES_MAX {
            self.clear();
        }
        self.sequences += sequences.len();
        self.forget(id);
        self.subjects.insert(id, Some(sequences));
    }

    /// The messages of a subject cannot be found this way.
    pub fn give_up(&mut self, id: Id) {
        self.learn(id, VecDeque::from([0]));
        self.subjects.insert(id, None);
    }

    /// A message was appended.
    pub fn add(&mut self, id: Id, sequence: u64) {
        if self.subjects.is_empty() {
            return;
        }
        if let Some(Some(known)) = self.subjects.get_mut(&id) {
            known.push_back(sequence);
            self.sequences += 1;
            if known.len() as u64 > 2 * LENGTH_MAX {
                self.forget(id);
            }
        }
    }

    /// A message was removed.
    pub fn remove(&mut self, id: Id, sequence: u64) {
        if let Some(Some(known)) = self.subjects.get_mut(&id) {
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
            // One that cannot be told counts as one.
            self.sequences -= old.map_or(1, |old| old.len());
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
