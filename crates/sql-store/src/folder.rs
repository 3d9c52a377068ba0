//! What belongs to one stream, or to the server: logs, ledgers and small documents, under one name.

use std::io;
use std::sync::Arc;

use journal::OpenError;

use crate::connection::{Value, sequence};
use crate::database::Database;
use crate::error::Error;
use crate::ledger::SqlLedger;
use crate::link::Link;
use crate::log::SqlLog;

/// Subjects of a block of the log that are counted, so that it need not be read to tell whether one is in it.
const COUNTED_SUBJECTS_MAX: usize = 16 * 1024;
/// Rows deleted in one transaction.
pub(crate) const DELETED_MAX: i64 = 5000;

/// See the module.
#[derive(Clone)]
pub struct Folder {
    database: Database,
    name: Arc<str>,
}

/// A log or ledger as its row has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub id: i64,
    pub head: u64,
    pub last: u64,
}

impl Folder {
    pub(crate) fn new(database: Database, name: &str) -> Self {
        Self { database, name: name.into() }
    }

    /// The database it is in.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Opens the log `name`, or makes it. Reads what it holds but for headers and bodies.
    pub fn log(&self, name: &str) -> Result<journal::Log, OpenError> {
        let found = self.found(name)?;
        let store = SqlLog::new(self.database.clone(), found);
        // A database is not damaged in places: there is nothing to tell.
        journal::Log::over(Box::new(store), COUNTED_SUBJECTS_MAX).map(|(log, _)| log)
    }

    /// Opens the ledger `name`, or makes it. Returns its entries in order. What is committed to it without a sync is
    /// written by the way; who does that does not mix it with commits that are synced.
    pub fn ledger(&self, name: &str) -> Result<(journal::Ledger, Vec<Vec<u8>>), OpenError> {
        let found = self.found(name)?;
        let (ledger, entries) = SqlLedger::open(self.database.clone(), found)
            .map_err(|error| failed(&format!("cannot read {name}"), error))?;
        Ok((journal::Ledger::over(Box::new(ledger)), entries))
    }

    fn found(&self, name: &str) -> Result<Found, OpenError> {
        let (link, folder, owned) = (self.database.link().clone(), self.name.clone(), name.to_owned());
        let found = self
            .database
            .ask(move || async move { link.persist(async |_| find_or_make(&link, &folder, &owned).await).await });
        found.map_err(|error| failed(&format!("cannot open {name}"), error))
    }

    /// Reads a document.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let (link, folder, name) = (self.database.link().clone(), self.name.clone(), name.to_owned());
        let sql = "select content from streaming_documents where folder = ? and name = ?";
        Ok(self.database.ask(move || async move {
            let values = [Value::Bytes(folder.as_bytes()), Value::Bytes(name.as_bytes())];
            let rows = link.persist(async |_| link.ask(sql, &values).await).await?;
            Ok(rows.first().map(|row| row.bytes(0).map(<[u8]>::to_vec)).transpose()?)
        })?)
    }

    /// Writes a document: a reader finds the old one or this one.
    pub fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let (link, folder) = (self.database.link().clone(), self.name.clone());
        let (name, content) = (name.to_owned(), content.to_vec());
        Ok(self
            .database
            .ask(move || async move { link.persist(async |_| write(&link, &folder, &name, &content).await).await })?)
    }

    /// Removes everything in it. It is gone at once; its rows are deleted by and by.
    pub fn remove_all(&self) -> io::Result<()> {
        let (link, folder) = (self.database.link().clone(), self.name.clone());
        self.database.ask(move || async move { link.persist(async |_| disown(&link, &folder).await).await })?;
        self.database.sweep();
        Ok(())
    }
}

fn failed(doing: &str, error: Error) -> OpenError {
    OpenError::Disk { doing: doing.to_owned(), source: error.into() }
}

async fn find_or_make(link: &Arc<Link>, folder: &str, name: &str) -> Result<Found, Error> {
    let key = [Value::Bytes(folder.as_bytes()), Value::Bytes(name.as_bytes())];
    let sql = "select id, head, last from streaming_logs where folder = ? and name = ?";
    if let Some(row) = link.ask(sql, &key).await?.first() {
        return Ok(Found { id: row.int(0)?, head: row.sequence(1)?, last: row.sequence(2)? });
    }
    let mut transaction = link.begin().await?;
    transaction.own().await?;
    let rows = transaction.fetch("select next_log from streaming_server where id = 1", &[]).await?;
    let id = rows.first().map(|row| row.int(0)).transpose()?;
    let id = id.ok_or_else(|| Error::Malformed("streaming_server has lost its row".to_owned()))?;
    // Never given again: rows of a log that was removed may still be there.
    transaction.execute("update streaming_server set next_log = next_log + 1 where id = 1", &[]).await?;
    let sql = "insert into streaming_logs (id, folder, name, epoch, head, last) values (?, ?, ?, ?, ?, ?)";
    let (head, last) = (1, 0);
    let values = [Value::Int(id), key[0], key[1], Value::Int(link.epoch), sequence(head), sequence(last)];
    transaction.execute(sql, &values).await?;
    transaction.commit().await?;
    Ok(Found { id, head, last })
}

async fn write(link: &Arc<Link>, folder: &str, name: &str, content: &[u8]) -> Result<(), Error> {
    let key = [Value::Bytes(folder.as_bytes()), Value::Bytes(name.as_bytes())];
    let mut transaction = link.begin().await?;
    transaction.own().await?;
    transaction.execute("delete from streaming_documents where folder = ? and name = ?", &key).await?;
    let sql = "insert into streaming_documents (folder, name, content) values (?, ?, ?)";
    transaction.execute(sql, &[key[0], key[1], Value::Bytes(content)]).await?;
    transaction.commit().await
}

/// Takes documents away, and the name from logs: they are nobody's then.
async fn disown(link: &Arc<Link>, folder: &str) -> Result<(), Error> {
    let folder = Value::Bytes(folder.as_bytes());
    let mut transaction = link.begin().await?;
    transaction.own().await?;
    transaction.execute("delete from streaming_documents where folder = ?", &[folder]).await?;
    for row in transaction.fetch("select id from streaming_logs where folder = ?", &[folder]).await? {
        let id = row.int(0)?;
        let name = id.to_string();
        let values = [Value::Bytes(name.as_bytes()), Value::Int(id)];
        transaction.execute("update streaming_logs set folder = '', name = ? where id = ?", &values).await?;
    }
    transaction.commit().await
}

/// Deletes the rows of logs and ledgers that are nobody's.
pub(crate) async fn sweep(link: &Arc<Link>) -> Result<(), Error> {
    for row in link.ask("select id from streaming_logs where folder = ''", &[]).await? {
        let log = row.int(0)?;
        delete_before(link, "streaming_messages", "seq", log, u64::MAX).await?;
        delete_before(link, "streaming_entries", "number", log, u64::MAX).await?;
        let mut transaction = link.begin().await?;
        transaction.execute("delete from streaming_logs where id = ?", &[Value::Int(log)]).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Deletes the rows of a log before `end`, some at a time.
async fn delete_before(link: &Arc<Link>, table: &str, column: &str, log: i64, end: u64) -> Result<(), Error> {
    while let Some(before) = delete_some_before(link, table, column, log, end).await? {
        if before >= end {
            break;
        }
    }
    Ok(())
}

/// Deletes as many rows of a log before `end` as one transaction may, the first ones. Returns before which none is left;
/// `None` if none was there.
pub(crate) async fn delete_some_before(
    link: &Arc<Link>,
    table: &str,
    column: &str,
    log: i64,
    end: u64,
) -> Result<Option<u64>, Error> {
    let limit = DELETED_MAX - 1;
    let sql =
        format!("select {column} from {table} where log = ? and {column} < ? order by {column} limit 1 offset {limit}");
    let values = [Value::Int(log), sequence(end)];
    let last = link.ask(&sql, &values).await?.first().map(|row| row.sequence(0)).transpose()?;
    let before = last.map_or(end, |last| last + 1);
    let mut transaction = link.begin().await?;
    let sql = format!("delete from {table} where log = ? and {column} < ?");
    let deleted = transaction.execute(&sql, &[Value::Int(log), sequence(before)]).await?;
    transaction.commit().await?;
    Ok((deleted > 0).then_some(before))
}
