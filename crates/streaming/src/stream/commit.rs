//! Group commit: everything staged since the last one is written and synced together.

use std::io;

use journal::{Commit, LedgerCommit};
use protocol::jetstream::error;

use super::fault::FAULT_PAUSE;
use super::receipts::Receipts;
use super::{State, Stream};
use crate::turn::Turn;

/// A commit that takes no longer than this is done by whoever staged it: a thread of many sockets may stand still so
/// long.
const SWIFT_NANOS: i64 = 250_000;

/// So few waiting for a commit are taken for a single publisher.
const ALONE: usize = 2;

/// Bytes committed after which it is worth asking for work on sealed files.
const UPKEEP_BYTES: usize = 512 * 1024;

/// One commit under way: what to write, and whom to tell.
pub(super) struct Batch {
    log: Option<Commit>,
    ledger: Option<LedgerCommit>,
    receipts: Receipts,
    sync: journal::Sync,
    /// How much of it is the log's.
    bytes: usize,
    /// Messages that it takes out because no consumer wants them any more.
    removed: Vec<u64>,
    /// Much may go with it.
    purges: bool,
}

/// How the two files of a batch fared.
pub(super) struct Outcome {
    log: io::Result<()>,
    ledger: io::Result<()>,
}

impl Batch {
    /// Writes and syncs. Not under the stream's lock: it may take as long as the disk takes.
    pub fn run(&mut self) -> Outcome {
        let log = self.log.as_mut().map_or(Ok(()), |commit| commit.run(self.sync));
        let ledger = self.ledger.as_mut().map_or(Ok(()), |commit| commit.run(self.sync));
        Outcome { log, ledger }
    }
}

impl State {
    /// Whether whoever staged something should commit it himself: in memory, and where a commit is over before another
    /// thread would have been woken. With several publishers it is better left to the driver, which commits for all.
    pub fn commits_here(&self) -> bool {
        let alone = self.last_waited <= ALONE && self.receipts.len() <= ALONE;
        let swift = alone
            && !self.store.place.is_database()
            && !self.committing
            && self.commit_nanos < SWIFT_NANOS
            && self.fault.is_none();
        self.in_place || (swift && self.needs_commit())
    }

    /// Takes note of how long a commit took and how many waited for it.
    pub fn note_pace(&mut self, nanos: i64, waited: usize) {
        // Quick to learn that the disk is slow, slower to believe that it is not any more.
        let share = if nanos > self.commit_nanos { 2 } else { 8 };
        self.commit_nanos += (nanos - self.commit_nanos) / share;
        self.last_waited = waited;
    }

    /// Whether someone waits for a commit.
    pub fn needs_commit(&self) -> bool {
        self.log.has_staged() || !self.receipts.is_empty()
    }

    /// Takes what is staged. Every batch begun has to be ended.
    pub fn begin_commit(&mut self) -> Option<Batch> {
        if self.committing {
            return None;
        }
        // What a receipt of this batch confirms has to be in it.
        self.note_changes_of_hot();
        let ledger_waits = self.ledger.as_ref().is_some_and(|ledger| ledger.staged_bytes() > 0);
        if !(self.needs_commit() || ledger_waits) {
            return None;
        }
        self.committing = true;
        let bytes = self.log.staged_bytes();
        self.unkept_bytes += bytes;
        self.ledger_due = None;
        Some(Batch {
            log: self.log.begin_commit(),
            ledger: self.ledger.as_mut().and_then(journal::Ledger::begin_commit),
            receipts: std::mem::take(&mut self.receipts),
            sync: self.sync,
            bytes,
            removed: std::mem::take(&mut self.removing),
            purges: std::mem::take(&mut self.purged),
        })
    }

    /// Takes note of how a batch fared. Returns whom to tell of success; failure is told here.
    pub fn end_commit(&mut self, stream: &Stream, turn: &mut Turn, batch: Batch, outcome: Outcome) -> Receipts {
        self.committing = false;
        let mut receipts = batch.receipts;
        if let (Some(ledger), Some(commit)) = (&mut self.ledger, batch.ledger)
            && let Err(fault) = ledger.end_commit(commit, outcome.ledger)
        {
            // Nothing is lost that was confirmed: what is not on disk is not confirmed, and comes again.
            tracing::error!(stream = &*stream.name, "cannot record consumers' state: {fault}");
            self.ledger_due = Some(turn.now + FAULT_PAUSE);
            turn.locked(|turn| receipts.withhold_confirmations(turn, &error::consumer_store_failed(fault)));
        }
        let Some(commit) = batch.log else { return receipts };
        match self.log.end_commit(commit, outcome.log) {
            Ok(committed) => {
                if batch.purges {
                    self.unkept_bytes = self.unkept_bytes.max(UPKEEP_BYTES);
                }
                if let Some((first, last)) = committed.range() {
                    self.stored(turn.now, first, last);
                    turn.locked(|turn| self.republish(turn, first, last));
                }
            }
            Err(fault) => {
                tracing::error!(stream = &*stream.name, "cannot store: {fault}");
                self.dedupe.roll_back(self.log.last_staged());
                let answer = error::store_failed(&fault);
                self.note_fault(&fault.error, batch.bytes, batch.removed, turn.now);
                turn.locked(|turn| {
                    receipts.fail(turn, &stream.json_name, &answer);
                    // Later messages stood on those that failed.
                    self.receipts.fail(turn, &stream.json_name, &answer);
                });
            }
        }
        receipts
    }

    /// Commits under the lock: a memory store, or a file without syncs.
    pub fn commit_in_place(&mut self, stream: &Stream, turn: &mut Turn, receipts: &mut Receipts) {
        while let Some(mut batch) = self.begin_commit() {
            if let Some(pause) = self.sync_every {
                self.sync_at.get_or_insert(turn.now + pause);
            }
            let outcome = batch.run();
            receipts.append(self.end_commit(stream, turn, batch, outcome));
            if !self.needs_commit() {
                break;
            }
        }
    }

    /// Whether so much was committed that there may be work on sealed files. True once.
    pub fn wants_upkeep(&mut self) -> bool {
        let wants = self.unkept_bytes >= UPKEEP_BYTES;
        if wants {
            self.unkept_bytes = 0;
        }
        wants
    }

    /// Confirms acknowledgements that nothing has to be written for.
    pub fn confirm(&mut self, turn: &mut Turn) {
        for reply in std::mem::take(&mut self.answers) {
            turn.locked(|turn| turn.reply(&reply, &[]));
        }
    }
}
