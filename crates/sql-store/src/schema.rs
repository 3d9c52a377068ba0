//! The tables, and how they come to be: by the server itself, one version after the other, while it holds the lock.
//!
//! | table | a row |
//! |---|---|
//! | `streaming_server` | the only one: which server has the database (`epoch`, `holder`), the number of the next log |
//! | `streaming_logs` | a log or ledger: where it belongs, its first and last sequence, the epoch that may write it |
//! | `streaming_messages` | a message. `removed`: it is gone, and deleted soon. Times are UNIX nanoseconds, `due_kind` -1 for none |
//! | `streaming_entries` | an entry of a ledger: what became of consumers and clients |
//! | `streaming_documents` | a small text: what a stream is |
//! | `streaming_schema` | a version of all these that was made |
//!
//! Every statement can be run again: MySQL cannot undo the half of a change that a crash cut short. A version that was
//! released is never changed, another one is added.

use crate::connection::{Connection, Value};
use crate::error::Error;
use crate::source::{Driver, Source};

/// The statements that make each version out of the one before, for PostgreSQL and for MySQL.
const VERSIONS: [(&str, &str); 1] = [(include_str!("schema/postgres.sql"), include_str!("schema/mysql.sql"))];

/// Brings the tables to this program's version.
pub(crate) async fn migrate(connection: &mut Connection, source: &Source) -> Result<(), Error> {
    // Who may not make tables can still use those that are there.
    let there = match connection.driver() {
        Driver::Postgres => {
            "select count(*) from pg_tables where schemaname = current_schema() and tablename = 'streaming_schema'"
        }
        Driver::Mysql => {
            "select count(*) from information_schema.tables
             where table_schema = database() and table_name = 'streaming_schema'"
        }
    };
    if int(connection, there).await? == 0 {
        connection.run("create table if not exists streaming_schema (version bigint primary key)").await?;
    }
    let found = int(connection, "select coalesce(max(version), 0) from streaming_schema").await?;
    let known = i64::try_from(VERSIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(Error::Version { place: source.to_string(), found, known });
    }
    for (version, (postgres, mysql)) in (1..).zip(VERSIONS) {
        if version <= found {
            continue;
        }
        connection.run(if connection.driver() == Driver::Postgres { postgres } else { mysql }).await?;
        connection.execute("insert into streaming_schema (version) values (?)", &[Value::Int(version)]).await?;
        tracing::info!("the tables of version {version} were made in {source}");
    }
    Ok(())
}

/// The most bytes of one statement, which holds a whole message: of MySQL, where it may be less than a message can have.
pub(crate) async fn statement_max(connection: &mut Connection) -> Result<Option<u64>, Error> {
    if connection.driver() == Driver::Postgres {
        return Ok(None);
    }
    let max = int(connection, "select cast(@@max_allowed_packet as signed)").await?;
    Ok(u64::try_from(max).ok())
}

async fn int(connection: &mut Connection, sql: &str) -> Result<i64, Error> {
    match connection.fetch(sql, &[]).await?.first() {
        Some(row) => Ok(row.int(0)?),
        None => Err(Error::Malformed("the database answered nothing where a number was due".to_owned())),
    }
}
