//! A ledger in the database: a row for each entry, numbered.
//!
//! A batch that failed and may be there all the same is written again with the next one: its numbers are freed first.

use std::any::Any;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use journal::Sync;
use journal::store::{Book, Write};

use crate::connection::{Value, rows, runs, sequence};
use crate::database::Database;
use crate::error::Error;
use crate::folder::Found;
use crate::link::Link;

/// Rows asked for at a time when it is opened.
const ROWS: i64 = 16 * 1024;
/// What an entry takes besides its own bytes.
const ENTRY_BYTES: usize = 16;
/// Bytes of one insert, but for a last entry of any size.
const INSERT_BYTES_MAX: usize = 1024 * 1024;
/// How soon what is written by the way is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// See the module.
pub(crate) struct SqlLedger {
    database: Database,
    log: i64,
    /// The number of the first entry, and of the one after the last that is committed.
    first: u64,
    next: u64,
    bytes: u64,
    staged: Entries,
    /// What is staged replaces all there is.
    anew: bool,
    flying_bytes: usize,
    flying: bool,
}

/// Entries in order.
#[derive(Default, Clone)]
struct Entries {
    all: Vec<Vec<u8>>,
    bytes: usize,
}

impl Entries {
    fn push(&mut self, entry: Vec<u8>) {
        self.bytes += entry.len() + ENTRY_BYTES;
        self.all.push(entry);
    }
}

/// What one commit writes.
struct Batch {
    log: i64,
    anew: bool,
    /// The number of the first entry there will be, and of the first of this batch.
    head: u64,
    first: u64,
    entries: Entries,
}

/// The commit.
struct Commit {
    database: Database,
    batch: Arc<Batch>,
}

impl SqlLedger {
    /// Reads its entries.
    pub fn open(database: Database, found: Found) -> Result<(Self, Vec<Vec<u8>>), Error> {
        let sql = "select number, entry from streaming_entries
                   where log = ? and number >= ? and number <= ? order by number limit ?";
        let (log, last) = (found.id, found.last);
        let (mut from, mut entries) = (found.head, Entries::default());
        loop {
            let link = database.link().clone();
            let rows = database.ask(move || async move {
                let values = [Value::Int(log), sequence(from), sequence(last), Value::Int(ROWS)];
                link.persist(async |_| link.ask(sql, &values).await).await
            })?;
            for row in &rows {
                from = row.sequence(0)? + 1;
                entries.push(row.bytes(1)?.to_vec());
            }
            if i64::try_from(rows.len()).unwrap_or(i64::MAX) < ROWS {
                break;
            }
        }
        let ledger = Self {
            database,
            log,
            first: found.head,
            next: last + 1,
            bytes: entries.bytes as u64,
            staged: Entries::default(),
            anew: false,
            flying_bytes: 0,
            flying: false,
        };
        Ok((ledger, entries.all))
    }
}

impl Book for SqlLedger {
    fn append(&mut self, entry: &[u8]) {
        self.staged.push(entry.to_vec());
    }

    fn begin_anew(&mut self) {
        self.anew = true;
        self.staged = Entries::default();
    }

    fn staged_bytes(&self) -> usize {
        self.staged.bytes + self.flying_bytes
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn begin(&mut self) -> Option<Box<dyn Write>> {
        if self.flying || (self.staged.all.is_empty() && !self.anew) {
            return None;
        }
        let (anew, entries) = (std::mem::take(&mut self.anew), std::mem::take(&mut self.staged));
        self.flying = true;
        self.flying_bytes = entries.bytes;
        let head = if anew { self.next } else { self.first };
        let batch = Batch { log: self.log, anew, head, first: self.next, entries };
        Some(Box::new(Commit { database: self.database.clone(), batch: Arc::new(batch) }))
    }

    fn end(&mut self, write: Box<dyn Write>, succeeded: bool) {
        let any: Box<dyn Any> = write;
        // Only our own come back.
        let Ok(commit) = any.downcast::<Commit>() else { return };
        let batch = &commit.batch;
        self.flying = false;
        self.flying_bytes = 0;
        if succeeded {
            self.bytes = batch.entries.bytes as u64 + if batch.anew { 0 } else { self.bytes };
            self.first = batch.head;
            self.next = batch.first + batch.entries.all.len() as u64;
        } else if !self.anew {
            self.anew = batch.anew;
            let since = std::mem::replace(&mut self.staged, batch.entries.clone());
            since.all.into_iter().for_each(|entry| self.staged.push(entry));
        }
    }
}

impl Write for Commit {
    /// Without a sync it is written by the way: after this returned, in order, as soon as the database takes it.
    fn run(&mut self, sync: Sync) -> io::Result<()> {
        let (link, batch) = (self.database.link().clone(), self.batch.clone());
        if sync == Sync::Always {
            return Ok(self
                .database
                .ask(move || async move { link.persist(async |_| batch.write(&link).await).await })?);
        }
        let errand = Box::new(move || write_by_the_way(link, batch));
        if self.database.send(errand) {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::WouldBlock, "the database is too far behind"))
        }
    }
}

/// Until it is written, or all is lost anyway.
fn write_by_the_way(link: Arc<Link>, batch: Arc<Batch>) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        while let Err(error) = link.persist(async |_| batch.write(&link).await).await {
            if link.is_taken_over() {
                return;
            }
            tracing::debug!("a ledger is not written yet: {error}");
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    })
}

impl Batch {
    async fn write(&self, link: &Arc<Link>) -> Result<(), Error> {
        let mut transaction = link.begin().await?;
        let last = self.first + self.entries.all.len() as u64 - 1;
        transaction.own_log(self.log, self.head, last).await?;
        // What is there from our first number on was never confirmed; written anew, nothing else is wanted either.
        let from = if self.anew { 0 } else { self.first };
        let sql = "delete from streaming_entries where log = ? and number >= ?";
        transaction.execute(sql, &[Value::Int(self.log), sequence(from)]).await?;
        let numbered: Vec<(u64, &Vec<u8>)> = (self.first..).zip(&self.entries.all).collect();
        let mut rest = &numbered[..];
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |(_, entry): &&(u64, &Vec<u8>)| {
                bytes += entry.len() + ENTRY_BYTES;
                bytes <= INSERT_BYTES_MAX
            };
            let (now, later) = rest.split_at(rest.iter().take_while(fits).count().max(1));
            for run in runs(now, link.rows_max) {
                let sql = format!("insert into streaming_entries (log, number, entry) values {}", rows(run.len(), 3));
                let values: Vec<Value<'_>> = run
                    .iter()
                    .flat_map(|(number, entry)| [Value::Int(self.log), sequence(*number), Value::Bytes(entry)])
                    .collect();
                transaction.execute(&sql, &values).await?;
            }
            rest = later;
        }
        transaction.commit().await
    }
}
