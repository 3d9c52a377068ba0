//! What can be asked of a log. Only committed messages are seen, and removed ones no more, but where a name says
//! `staged`. A search that the disk fails ends where it got to; the failure is among [`Log::take_damages`].

mod count;
mod find;
mod subject;

use crate::Log;
use crate::error::{Damage, ReadError};
use crate::record::{Due, Record};

impl Log {
    /// The message under `sequence`.
    pub fn get(&mut self, sequence: u64) -> Result<Option<Record<'_>>, ReadError> {
        if !self.index.is_live(sequence) {
            return Ok(None);
        }
        match self.store.seek(sequence)? {
            Some(spot) if spot.sequence == sequence && !spot.erased => Ok(Some(self.store.record(spot).record)),
            _ => Err(ReadError::Damaged(self.damage_at(sequence))),
        }
    }

    fn damage_at(&self, sequence: u64) -> Damage {
        self.store.damage_at(sequence).unwrap_or(Damage {
            file: String::new(),
            offset: 0,
            bytes: 0,
            sequences: Some((sequence, sequence)),
            what: "not where it should be",
        })
    }

    /// The first message that came at `time` or later; one after the last if none did.
    pub fn sequence_at(&mut self, time: i64) -> u64 {
        let mut from = self.index.first;
        while from <= self.index.committed {
            let at = self.index.block_at(from);
            let Some(block) = self.index.blocks.get(at) else { break };
            let (base, end) = (block.base, block.end);
            if block.time_max < time || block.live == 0 {
                from = end + 1;
                continue;
            }
            match self.find(from.max(base), end, |record| record.time >= time) {
                Ok(Some(sequence)) => return sequence,
                Ok(None) => from = end + 1,
                Err(error) => {
                    self.failed(error);
                    return from;
                }
            }
        }
        self.index.committed + 1
    }

    /// Sequences amid live ones that are not, ascending, at most `limit`.
    pub fn deleted(&self, limit: usize) -> Vec<u64> {
        let state = self.state();
        self.index.deleted.iter(state.first_seq).take_while(|s| *s <= state.last_seq).take(limit).collect()
    }

    /// Messages that are due at `now`, the longest due first, at most `limit`. They are due until removed, or
    /// [put off](Self::set_due).
    pub fn due(&self, now: i64, limit: usize) -> Vec<(u64, Due)> {
        self.index.due(now, limit)
    }

    /// When the next message is due.
    pub fn next_due(&self) -> Option<i64> {
        self.index.next_due()
    }

    /// Puts a due message off. Not recorded: after a restart it is due as it was appended.
    pub fn set_due(&mut self, sequence: u64, at: i64) {
        match self.get(sequence) {
            Ok(record) => {
                if let Some(due) = record.and_then(|record| record.due) {
                    self.index.put_off(sequence, due, at);
                }
            }
            Err(error) => self.failed(error),
        }
    }
}
