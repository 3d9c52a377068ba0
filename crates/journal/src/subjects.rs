//! Every subject of the log, under a number. About 90 bytes each, and the name.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// A subject's number. It is given again once the subject has no messages.
pub(crate) type Id = u32;

/// What is known of one subject.
#[derive(Debug, Default)]
pub(crate) struct Subject {
    pub name: Box<[u8]>,
    /// Live messages.
    pub count: u64,
    /// The last live one; where it was if `count` is 0, so that a removal can be undone.
    pub last: u64,
    /// No live one is before this.
    pub first: u64,
    /// The last one staged, if `staged` is not 0.
    pub staged_last: u64,
    /// Staged messages that are not removed.
    pub staged: u32,
    /// Live messages in the active block.
    pub recent: u32,
    /// `first` is the first live one.
    pub first_known: bool,
    /// It is among those touched in the active block.
    pub touched: bool,
}

impl Subject {
    /// The last message, staged ones too.
    pub fn last_staged(&self) -> Option<u64> {
        if self.staged > 0 { Some(self.staged_last) } else { self.last_live() }
    }

    /// The last live message.
    pub fn last_live(&self) -> Option<u64> {
        (self.count > 0 && self.last > 0).then_some(self.last)
    }
}

/// All of them.
#[derive(Default)]
pub(crate) struct Subjects {
    table: HashTable<Id>,
    all: Vec<Subject>,
    free: Vec<Id>,
    /// Subjects that may have become unused.
    idle: Vec<Id>,
    /// Those with live messages.
    live: u64,
    hasher: DefaultHashBuilder,
}

impl Subjects {
    pub fn find(&self, name: &[u8]) -> Option<Id> {
        self.table.find(self.hasher.hash_one(name), |id| *self.all[*id as usize].name == *name).copied()
    }

    /// The number of `name`, given now if it has none.
    pub fn intern(&mut self, name: &[u8]) -> Id {
        let hash = self.hasher.hash_one(name);
        if let Some(id) = self.table.find(hash, |id| *self.all[*id as usize].name == *name) {
            return *id;
        }
        let subject = Subject { name: name.into(), ..Subject::default() };
        let id = if let Some(id) = self.free.pop() {
            self.all[id as usize] = subject;
            id
        } else {
            self.all.push(subject);
            // Four billion subjects would take 400 GB of memory.
            Id::try_from(self.all.len() - 1).unwrap_or(Id::MAX)
        };
        let Self { table, all, hasher, .. } = self;
        table.insert_unique(hash, id, |id| hasher.hash_one(&*all[*id as usize].name));
        id
    }

    pub fn get(&self, id: Id) -> &Subject {
        &self.all[id as usize]
    }

    pub fn get_mut(&mut self, id: Id) -> &mut Subject {
        &mut self.all[id as usize]
    }

    /// Those with live or staged messages.
    pub fn iter(&self) -> impl Iterator<Item = (Id, &Subject)> {
        let used = |(_, s): &(Id, &Subject)| s.count > 0 || s.staged > 0;
        (0..).zip(&self.all).filter(used)
    }

    /// Highest number given, and one more.
    pub fn bound(&self) -> usize {
        self.all.len()
    }

    /// How many have live messages.
    pub fn live(&self) -> u64 {
        self.live
    }

    /// Counts `more` live messages.
    pub fn add(&mut self, id: Id, more: u64) {
        let subject = &mut self.all[id as usize];
        self.live += u64::from(subject.count == 0 && more > 0);
        subject.count += more;
    }

    /// Counts `fewer` live messages.
    pub fn subtract(&mut self, id: Id, fewer: u64) {
        let subject = &mut self.all[id as usize];
        let rest = subject.count.saturating_sub(fewer);
        if rest == 0 && subject.count > 0 {
            self.live -= 1;
            self.idle.push(id);
        }
        subject.count = rest;
    }

    /// The subject may be unused now.
    pub fn may_go(&mut self, id: Id) {
        self.idle.push(id);
    }

    /// Forgets the subjects without messages. Nothing may be staged, nor left to undo: both hold numbers.
    pub fn forget_idle(&mut self) {
        for id in std::mem::take(&mut self.idle) {
            let subject = &self.all[id as usize];
            if subject.count > 0 || subject.staged > 0 {
                continue;
            }
            let hash = self.hasher.hash_one(&*subject.name);
            // Not there: it was idle twice.
            if let Ok(entry) = self.table.find_entry(hash, |other| *other == id) {
                entry.remove();
                self.all[id as usize] = Subject::default();
                self.free.push(id);
            }
        }
    }

    /// Gives back memory that many subjects needed once.
    pub fn trim(&mut self) {
        self.idle.shrink_to_fit();
        self.free.shrink_to_fit();
    }
}
