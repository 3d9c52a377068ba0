//! Deleting rows that are removed. Only what a commit that is through has removed: one that is not can still be undone.

use std::io;

use journal::store::Work;

use super::SqlLog;
use crate::connection::{Value, list, runs, sequence};
use crate::database::Database;
use crate::error::Error;
use crate::folder::{DELETED_MAX, delete_some_before};

/// Values of one statement.
const VALUES_MAX: usize = 1024;

/// Some rows to delete.
pub(super) struct Upkeep {
    database: Database,
    log: i64,
    doomed: Vec<u64>,
    /// Rows before it go, as many as one transaction may delete.
    head: Option<u64>,
    /// Before it none is left.
    cleaned: u64,
}

impl SqlLog {
    pub(super) fn choose_upkeep(&mut self) -> Option<Upkeep> {
        if self.upkeep_busy {
            return None;
        }
        let (head, log, database) = (self.head, self.log, self.database.clone());
        if self.cleaned < head {
            self.upkeep_busy = true;
            return Some(Upkeep { database, log, doomed: Vec::new(), head: Some(head), cleaned: self.cleaned });
        }
        let most = usize::try_from(DELETED_MAX).unwrap_or(usize::MAX);
        let rest = self.doomed.len().saturating_sub(most);
        let mut doomed = self.doomed.split_off(rest);
        // Those went with the head.
        doomed.retain(|sequence| *sequence >= head);
        if doomed.is_empty() {
            return None;
        }
        self.upkeep_busy = true;
        Some(Upkeep { database, log, doomed, head: None, cleaned: self.cleaned })
    }

    pub(super) fn take_upkeep(&mut self, work: Upkeep, succeeded: bool) {
        self.upkeep_busy = false;
        if succeeded {
            self.cleaned = work.cleaned;
        } else {
            self.doomed.extend(work.doomed);
        }
    }
}

impl Work for Upkeep {
    fn run(&mut self) -> io::Result<()> {
        let (link, log) = (self.database.link().clone(), self.log);
        if let Some(head) = self.head {
            let cleaned = self.database.ask(move || async move {
                link.persist(async |_| delete_some_before(&link, "streaming_messages", "seq", log, head).await).await
            })?;
            self.cleaned = cleaned.unwrap_or(head);
            return Ok(());
        }
        let doomed = self.doomed.clone();
        self.database.ask(move || async move {
            link.persist(async |_| {
                let mut transaction = link.begin().await?;
                for run in runs(&doomed, VALUES_MAX) {
                    let sql = format!("delete from streaming_messages where log = ? and seq in ({})", list(run.len()));
                    let values: Vec<Value<'_>> =
                        std::iter::once(Value::Int(log)).chain(run.iter().map(|at| sequence(*at))).collect();
                    transaction.execute(&sql, &values).await?;
                }
                transaction.commit().await
            })
            .await
        })?;
        Ok(())
    }
}

/// Marks rows as removed or not, within a transaction.
pub(super) async fn mark(
    transaction: &mut crate::link::Transaction,
    log: i64,
    sequences: &[u64],
    removed: bool,
) -> Result<(), Error> {
    for run in runs(sequences, VALUES_MAX) {
        let sql = format!("update streaming_messages set removed = ? where log = ? and seq in ({})", list(run.len()));
        let first = [Value::Int(i64::from(removed)), Value::Int(log)];
        let values: Vec<Value<'_>> = first.into_iter().chain(run.iter().map(|at| sequence(*at))).collect();
        transaction.execute(&sql, &values).await?;
    }
    Ok(())
}
