//! A stream that was another server's: its messages come with the sequences and times they had, its consumers with how
//! far they had come.
//!
//! It is written beside the streams that are there, and is one of them with the last of its files, `stream.json`: an
//! adoption that was interrupted leaves a folder that no server takes for a stream, and the next one begins anew.

use std::io;

use journal::{Append, Log, Sync};
use protocol::jetstream::config::{ConsumerConfig, StreamConfig};

use super::open::{OpenError, Store};
use super::{STAGED_BYTES_MAX, ledger};
use crate::consumer::Snapshot;

/// A consumer, and how far it has come.
pub(crate) struct Adopted {
    pub config: ConsumerConfig,
    pub snapshot: Snapshot,
}

/// A stream in the making.
pub(crate) struct Adoption {
    config: StreamConfig,
    store: Store,
    log: Log,
}

impl Adoption {
    /// Begins with nothing, whatever an interrupted adoption left. `first` will be the first sequence.
    pub fn begin(config: StreamConfig, store: Store, first: u64) -> Result<Self, OpenError> {
        store.place.remove()?;
        let mut log = store.place.log(&config.name)?;
        log.begin_at(first);
        Ok(Self { config, store, log })
    }

    /// Adds a message. Sequences before it that none was added for are removed ones: it must come after the last.
    pub fn append(&mut self, sequence: u64, time: i64, payload: &[u8]) -> io::Result<()> {
        let subject = self.config.subjects.first().map_or(&b""[..], |subject| subject.as_bytes());
        if journal::record_bytes(subject.len(), 0, payload.len()) > journal::ENTRY_BYTES_MAX as u64 {
            let what = format!("message {sequence} of {} bytes is too long", payload.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        let message = |payload| Append { subject, headers: &[], payload, time, due: None };
        while self.log.last_staged() + 1 < sequence {
            let missing = self.log.append(&message(&[]));
            self.log.remove(missing, false);
            commit_if_full(&mut self.log)?;
        }
        self.log.append(&message(payload));
        commit_if_full(&mut self.log)
    }

    /// Makes it a stream. What it holds is durable then.
    pub fn finish(mut self, consumers: &[Adopted], created: i64) -> Result<journal::State, OpenError> {
        commit(&mut self.log)?;
        // The indexes of files that are full, by which a start is quick.
        while let Some(mut upkeep) = self.log.begin_upkeep() {
            let outcome = upkeep.run();
            let failed = outcome.is_err();
            self.log.end_upkeep(upkeep, outcome);
            if failed {
                break; // It is taken up again when the server runs.
            }
        }
        self.store.write_ledger(&self.config.name, consumers, created)?;
        match self.store.place.sync() {
            // Nothing was written yet, as there is neither a message nor a consumer.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            synced => synced?,
        }
        self.store.write_config(&self.config, created)?;
        Ok(self.log.state())
    }
}

impl Store {
    fn write_ledger(&self, name: &str, consumers: &[Adopted], created: i64) -> Result<(), OpenError> {
        let (Some(mut ledger), _) = self.place.ledger(name)? else { return Ok(()) };
        for consumer in consumers {
            for entry in ledger::whole(&consumer.config, created, &consumer.snapshot) {
                ledger.append(&entry);
            }
        }
        if let Some(mut commit) = ledger.begin_commit() {
            let outcome = commit.run(Sync::Always);
            ledger.end_commit(commit, outcome)?;
        }
        Ok(())
    }
}

fn commit_if_full(log: &mut Log) -> io::Result<()> {
    if log.staged_bytes() < STAGED_BYTES_MAX { Ok(()) } else { commit(log) }
}

/// Writes what is staged. It is synced when all is there.
fn commit(log: &mut Log) -> io::Result<()> {
    if let Some(mut commit) = log.begin_commit() {
        let outcome = commit.run(Sync::Never);
        log.end_commit(commit, outcome).map_err(|rolled_back| rolled_back.error)?;
    }
    Ok(())
}
