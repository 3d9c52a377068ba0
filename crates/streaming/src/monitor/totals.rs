//! Sums over all streams.

use protocol::jetstream::config::Storage;

use crate::jetstream::JetStream;

/// What all streams hold together.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    pub streams: usize,
    pub consumers: usize,
    pub messages: u64,
    /// Bytes of streams in memory.
    pub memory: u64,
    /// Bytes of streams in files.
    pub file: u64,
}

impl Totals {
    /// Counted now.
    pub fn of(jetstream: &JetStream) -> Self {
        let mut totals = Self::default();
        for stream in jetstream.streams() {
            let state = stream.state();
            totals.streams += 1;
            totals.consumers += state.consumer_count;
            totals.messages += state.messages;
            match stream.config().storage {
                Storage::Memory => totals.memory += state.bytes,
                Storage::File => totals.file += state.bytes,
            }
        }
        totals
    }

    pub fn bytes(&self) -> u64 {
        self.memory + self.file
    }
}
