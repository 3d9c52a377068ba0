//! What the stream tells its consumers: messages were added, removed, purged.

use super::{
    machine::Consumer,
    output::{Advice, Output},
    progress::Change,
};

impl Consumer {
    /// `matching` messages of the consumer's filter were committed. Call [`poll`](Self::poll) afterwards.
    pub fn message_added(&mut self, matching: u64) {
        self.num_pending += matching;
    }

    /// A message left the log, by a limit or a request. Say so before the next [`poll`](Self::poll).
    pub fn message_removed(&mut self, sequence: u64, matches: bool, out: &mut Vec<Output>) {
        let counted = matches && self.ahead(sequence);
        if counted {
            self.num_pending = self.num_pending.saturating_sub(1);
        }
        let advice = self.progress.pending.get(sequence).map(Advice::about);
        if advice.is_some() || self.progress.has_given_up(sequence) || self.progress.lists(sequence) {
            self.record(Change::Removed { sequence });
            out.extend(advice.map(Output::Terminated));
            self.tidy();
        }
    }

    /// All messages before this one left the log; `pending` matching ones are still ahead: those of
    /// [`listed`](Self::listed) and those at or after [`next`](Self::next).
    pub fn purged(&mut self, before: u64, pending: u64) {
        if before > self.progress.floor.stream + 1 || self.progress.has_given_up_before(before) {
            self.record(Change::Purged { before });
            self.tidy();
        }
        self.num_pending = pending;
    }

    /// Whether it is all the same to the consumer that messages before this one left the log.
    pub fn is_past(&self, before: u64) -> bool {
        self.progress.floor.stream + 1 >= before
            && self.next() >= before
            && self.progress.listed().is_none_or(|first| first >= before)
            && !self.progress.has_given_up_before(before)
    }

    /// Puts the number of matching messages ahead right, where the caller had to count anew.
    pub fn recount(&mut self, pending: u64) {
        self.num_pending = pending;
    }
}
