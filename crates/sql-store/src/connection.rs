//! One way to speak to both databases: statements with `?` for values, whole numbers and bytes both ways.
//!
//! `sqlx` has such a layer of its own, `Any`; it takes every blob of MySQL for text.

use std::fmt::Write;
use std::time::Duration;

use sqlx::mysql::{MySqlPoolOptions, MySqlRow};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Either, MySql, MySqlPool, PgPool, Postgres, Row as _, TypeInfo, ValueRef};

use crate::error::Error;
use crate::source::{Driver, Source};

/// What both of our sessions may wait for by themselves; with it a database gives up on a server that is cut off. Not
/// every version knows all of them.
const POSTGRES_SESSION: [&str; 5] = [
    "set tcp_keepalives_idle = 10",
    "set tcp_keepalives_interval = 5",
    "set tcp_keepalives_count = 3",
    "set idle_in_transaction_session_timeout = '30s'",
    "set lock_timeout = '8s'",
];

/// Without gaps locked, what one log does holds up no other.
const MYSQL_SESSION: [&str; 2] =
    ["set session transaction isolation level read committed", "set session innodb_lock_wait_timeout = 8"];

/// A value to send.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Int(i64),
    Bytes(&'a [u8]),
}

/// A sequence, as both databases have it. They end at half of ours, which is never reached.
pub(crate) fn sequence(sequence: u64) -> Value<'static> {
    Value::Int(i64::try_from(sequence).unwrap_or(i64::MAX))
}

/// Connections that are there or can be made.
#[derive(Clone)]
pub(crate) enum Pool {
    Postgres(PgPool),
    Mysql(MySqlPool),
}

impl Pool {
    /// None is made yet. `wait`: how long one may take to be had.
    pub fn new(source: &Source, max: u32, wait: Duration) -> Result<Self, Error> {
        let unreadable = |error: sqlx::Error| Error::Source(format!("sql_source: {error}"));
        Ok(match source.driver {
            Driver::Postgres => {
                let options: sqlx::postgres::PgConnectOptions = source.url.parse().map_err(unreadable)?;
                let pool =
                    PgPoolOptions::new().max_connections(max).acquire_timeout(wait).after_connect(|session, _| {
                        Box::pin(async move {
                            for statement in POSTGRES_SESSION {
                                if let Err(error) = sqlx::raw_sql(statement).execute(&mut *session).await {
                                    tracing::debug!("{statement}: {error}");
                                }
                            }
                            Ok(())
                        })
                    });
                Self::Postgres(pool.connect_lazy_with(options.disable_statement_logging()))
            }
            Driver::Mysql => {
                let options: sqlx::mysql::MySqlConnectOptions = source.url.parse().map_err(unreadable)?;
                let pool =
                    MySqlPoolOptions::new().max_connections(max).acquire_timeout(wait).after_connect(|session, _| {
                        Box::pin(async move {
                            for statement in MYSQL_SESSION {
                                sqlx::raw_sql(statement).execute(&mut *session).await?;
                            }
                            Ok(())
                        })
                    });
                Self::Mysql(pool.connect_lazy_with(options.disable_statement_logging()))
            }
        })
    }

    pub async fn acquire(&self) -> Result<Connection, sqlx::Error> {
        Ok(match self {
            Self::Postgres(pool) => Connection::Postgres(pool.acquire().await?),
            Self::Mysql(pool) => Connection::Mysql(pool.acquire().await?),
        })
    }

    /// Says good-bye on every connection.
    pub async fn close(&self) {
        match self {
            Self::Postgres(pool) => pool.close().await,
            Self::Mysql(pool) => pool.close().await,
        }
    }
}

/// One of them; dropped, it goes back.
pub(crate) enum Connection {
    Postgres(PoolConnection<Postgres>),
    Mysql(PoolConnection<MySql>),
}

impl Connection {
    pub fn driver(&self) -> Driver {
        match self {
            Self::Postgres(_) => Driver::Postgres,
            Self::Mysql(_) => Driver::Mysql,
        }
    }

    /// Runs a statement with a `?` for each value. Returns how many rows it touched.
    pub async fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        match self {
            Self::Postgres(session) => {
                let mut query = sqlx::query(AssertSqlSafe(numbered(sql)));
                for value in values {
                    query = match *value {
                        Value::Int(value) => query.bind(value),
                        Value::Bytes(value) => query.bind(value),
                    };
                }
                Ok(query.execute(&mut **session).await?.rows_affected())
            }
            Self::Mysql(session) => {
                let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
                for value in values {
                    query = match *value {
                        Value::Int(value) => query.bind(value),
                        Value::Bytes(value) => query.bind(value),
                    };
                }
                Ok(query.execute(&mut **session).await?.rows_affected())
            }
        }
    }

    /// Asks, with a `?` for each value.
    pub async fn fetch(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Postgres(session) => {
                let mut query = sqlx::query(AssertSqlSafe(numbered(sql)));
                for value in values {
                    query = match *value {
                        Value::Int(value) => query.bind(value),
                        Value::Bytes(value) => query.bind(value),
                    };
                }
                Ok(query.fetch_all(&mut **session).await?.into_iter().map(|row| Row(Either::Left(row))).collect())
            }
            Self::Mysql(session) => {
                let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
                for value in values {
                    query = match *value {
                        Value::Int(value) => query.bind(value),
                        Value::Bytes(value) => query.bind(value),
                    };
                }
                Ok(query.fetch_all(&mut **session).await?.into_iter().map(|row| Row(Either::Right(row))).collect())
            }
        }
    }

    /// Runs statements as they are, one after the other.
    pub async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(session) => sqlx::raw_sql(sql).execute(&mut **session).await.map(drop),
            Self::Mysql(session) => sqlx::raw_sql(sql).execute(&mut **session).await.map(drop),
        }
    }

    /// The same, whatever they are.
    #[cfg(feature = "testing")]
    pub async fn run_any(&mut self, sql: String) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(session) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **session).await.map(drop),
            Self::Mysql(session) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **session).await.map(drop),
        }
    }

    /// Does not go back: who knows in what state it is.
    pub fn discard(&mut self) {
        match self {
            Self::Postgres(session) => session.close_on_drop(),
            Self::Mysql(session) => session.close_on_drop(),
        }
    }
}

/// What was answered.
pub(crate) struct Row(Either<PgRow, MySqlRow>);

impl Row {
    /// The whole number in a column.
    pub fn int(&self, column: usize) -> Result<i64, sqlx::Error> {
        match &self.0 {
            Either::Left(row) => {
                let width = row.try_get_raw(column)?.type_info().name().to_owned();
                match width.as_str() {
                    "INT2" => row.try_get::<i16, _>(column).map(i64::from),
                    "INT4" => row.try_get::<i32, _>(column).map(i64::from),
                    _ => row.try_get(column),
                }
            }
            Either::Right(row) => row.try_get(column),
        }
    }

    /// The sequence in a column.
    pub fn sequence(&self, column: usize) -> Result<u64, sqlx::Error> {
        Ok(u64::try_from(self.int(column)?).unwrap_or(0))
    }

    /// The bytes in a column.
    pub fn bytes(&self, column: usize) -> Result<&[u8], sqlx::Error> {
        match &self.0 {
            Either::Left(row) => row.try_get(column),
            Either::Right(row) => row.try_get(column),
        }
    }
}

/// `$1`, `$2` … for each `?`: no statement of ours has one in a text.
fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 16);
    let mut parts = sql.split('?');
    out.push_str(parts.next().unwrap_or_default());
    for (n, part) in parts.enumerate() {
        let _ = write!(out, "${}{part}", n + 1);
    }
    out
}

/// `(?, ?), (?, ?)`: so many rows of so many values.
pub(crate) fn rows(rows: usize, values: usize) -> String {
    let row = format!("({})", list(values));
    vec![row; rows].join(", ")
}

/// `?, ?`: so many values.
pub(crate) fn list(values: usize) -> String {
    vec!["?"; values].join(", ")
}

/// Cuts `items` into runs of 2^n, at most `max`: so few different statements are prepared that a connection remembers all.
pub(crate) fn runs<T>(mut items: &[T], max: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let wanted = items.len().min(max.max(1));
        let size = 1_usize.checked_shl(wanted.checked_ilog2()?)?;
        let (run, rest) = items.split_at(size);
        items = rest;
        Some(run)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_few() {
        assert_eq!(numbered("a = ? and b in (?, ?)"), "a = $1 and b in ($2, $3)");
        assert_eq!(rows(2, 2), "(?, ?), (?, ?)");
        let sizes = |count: usize, max| runs(&vec![0; count], max).map(<[i32]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(37, 128), [32, 4, 1]);
        assert_eq!(sizes(300, 100), [64, 64, 64, 64, 32, 8, 4]);
        assert_eq!(sizes(3, 0), [1, 1, 1]);
        assert!(sizes(0, 8).is_empty());
    }
}
