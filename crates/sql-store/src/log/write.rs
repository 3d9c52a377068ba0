//! One commit: a transaction, tried again where that can help.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use journal::Sync;
use journal::store::{Entry, Write};

use super::block::Block;
use super::upkeep::mark;
use crate::connection::{Value, rows, runs, sequence};
use crate::database::Database;
use crate::error::Error;
use crate::link::{Link, Transaction};

/// Bytes of one insert, but for a last row of any size: MySQL takes no statement above `max_allowed_packet`.
const INSERT_BYTES_MAX: usize = 1024 * 1024;
/// Columns of a message.
const COLUMNS: usize = 11;

/// What one commit writes.
#[derive(Default, Clone)]
pub(super) struct Batch {
    pub log: i64,
    /// The last sequence of the commit before.
    pub before: u64,
    /// The last one given.
    pub last: u64,
    /// Everything before it is removed.
    pub head: u64,
    pub block: Block,
    pub removed: Vec<u64>,
    /// A batch before this one failed, and may be there all the same.
    pub unclean: bool,
    /// What that one may have marked.
    pub undo: Vec<u64>,
}

/// The commit.
pub(super) struct Commit {
    database: Database,
    batch: Arc<Batch>,
    /// It may be there although it failed.
    uncertain: bool,
}

impl Commit {
    pub fn new(database: Database, batch: Batch) -> Self {
        Self { database, batch: Arc::new(batch), uncertain: false }
    }

    /// The batch, and whether it may be there although it failed.
    pub fn take(self) -> (Batch, bool) {
        // A try that was given up may hold it a moment longer.
        (Arc::unwrap_or_clone(self.batch), self.uncertain)
    }
}

impl Write for Commit {
    /// Durable as the database has it, whatever `sync` says: there is no sync to be saved.
    fn run(&mut self, _: Sync) -> io::Result<()> {
        let (link, batch) = (self.database.link().clone(), self.batch.clone());
        let (uncertain, done) = self.database.ask(move || async move {
            let mut uncertain = false;
            let done = link
                .persist(async |tries| {
                    let done = batch.write(&link, batch.unclean || tries > 0).await;
                    uncertain |= matches!(done, Err(Error::Uncertain(_)));
                    done
                })
                .await;
            Ok((uncertain, done))
        })?;
        self.uncertain = uncertain;
        Ok(done?)
    }
}

impl Batch {
    async fn write(&self, link: &Arc<Link>, unclean: bool) -> Result<(), Error> {
        let mut transaction = link.begin().await?;
        // Locks the row: a commit before this one that nobody heard of is decided by now.
        transaction.own_log(self.log, self.head, self.last).await?;
        if unclean {
            let sql = "delete from streaming_messages where log = ? and seq > ?";
            transaction.execute(sql, &[Value::Int(self.log), sequence(self.before)]).await?;
            mark(&mut transaction, self.log, &self.undo, false).await?;
        }
        self.insert(&mut transaction, link.rows_max).await?;
        let committed: Vec<u64> = self.removed.iter().copied().filter(|removed| *removed <= self.before).collect();
        mark(&mut transaction, self.log, &committed, true).await?;
        transaction.commit().await
    }

    /// Inserts what was not removed again before it was written.
    async fn insert(&self, transaction: &mut Transaction, rows_max: usize) -> Result<(), Error> {
        let gone: HashSet<u64> = self.removed.iter().copied().collect();
        let live = |entry: &Entry<'_>| entry.sequence >= self.head && !gone.contains(&entry.sequence);
        let entries: Vec<Entry<'_>> = self.block.entries().filter(live).collect();
        let mut rest = &entries[..];
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |entry: &&Entry<'_>| {
                bytes += entry.length() as usize;
                bytes <= INSERT_BYTES_MAX
            };
            let fitting = rest.iter().take_while(fits).count().max(1);
            let (now, later) = rest.split_at(fitting);
            for run in runs(now, rows_max) {
                let sql = format!(
                    "insert into streaming_messages
                     (log, seq, time, due_at, previous, bytes, due_kind, removed, subject, headers, data) values {}",
                    rows(run.len(), COLUMNS)
                );
                let values: Vec<Value<'_>> = run.iter().flat_map(|entry| self.row(entry)).collect();
                transaction.execute(&sql, &values).await?;
            }
            rest = later;
        }
        Ok(())
    }

    fn row<'a>(&self, entry: &Entry<'a>) -> [Value<'a>; COLUMNS] {
        let due = entry.due;
        [
            Value::Int(self.log),
            sequence(entry.sequence),
            Value::Int(entry.time),
            Value::Int(due.map_or(0, |due| due.at)),
            Value::Int(entry.previous.into()),
            Value::Int(entry.length().into()),
            Value::Int(due.map_or(-1, |due| due.kind.into())),
            Value::Int(0),
            Value::Bytes(entry.subject),
            Value::Bytes(entry.headers),
            Value::Bytes(entry.payload),
        ]
    }
}
