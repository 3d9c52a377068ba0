//! What is staged and not committed: the messages of a batch, and how to undo its removals.

use crate::index::{Message, Retired};
use crate::record::Due;
use crate::subjects::Id;

/// A staged message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Staged {
    pub subject: Id,
    pub bytes: u32,
    pub time: i64,
    /// The message of its subject before it; 0 for none.
    pub previous: u64,
    pub due: Option<Due>,
    /// It was removed before it was committed.
    pub removed: bool,
    /// A block begins with it.
    pub opens: bool,
}

/// A batch.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The sequence of its first message.
    pub first: u64,
    pub messages: Vec<Staged>,
    /// What its removals took out.
    pub removed: Vec<Message>,
    /// Blocks that went as a whole, in the order they went.
    pub retired: Vec<Retired>,
    /// The first live message before its first removal.
    pub first_before: Option<u64>,
    /// The first that may live after it, if that moved.
    pub head: Option<u64>,
}

impl Batch {
    /// Nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty() && !self.undoes() && self.head.is_none()
    }

    /// There is something to undo should it fail.
    pub fn undoes(&self) -> bool {
        !self.removed.is_empty() || !self.retired.is_empty() || self.first_before.is_some()
    }

    pub fn get(&self, sequence: u64) -> Option<&Staged> {
        self.messages.get(usize::try_from(sequence.checked_sub(self.first)?).ok()?)
    }

    pub fn get_mut(&mut self, sequence: u64) -> Option<&mut Staged> {
        self.messages.get_mut(usize::try_from(sequence.checked_sub(self.first)?).ok()?)
    }

    /// Empties it for messages from `first` on, and keeps its memory unless that is much.
    pub fn reset(&mut self, first: u64) {
        const SPARE_MAX: usize = 16 * 1024;
        let mut messages = std::mem::take(&mut self.messages);
        if messages.capacity() > SPARE_MAX {
            messages = Vec::new();
        }
        messages.clear();
        *self = Self { first, messages, ..Self::default() };
    }
}
