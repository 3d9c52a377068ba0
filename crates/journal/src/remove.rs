//! How messages leave the log. A removal is seen at once, and durable with the next commit; it is undone should that fail.

use crate::Log;

impl Log {
    /// Stages the removal of a message, committed or staged. False if there is none, or it cannot be read. `erase`: its
    /// bytes are overwritten once the removal is durable.
    pub fn remove(&mut self, _sequence: u64, _erase: bool) -> bool {
        unimplemented!()
    }

    /// Stages the removal of everything before `sequence`, staged messages too. Returns how many messages go.
    pub fn truncate_before(&mut self, _sequence: u64) -> u64 {
        unimplemented!()
    }
}
