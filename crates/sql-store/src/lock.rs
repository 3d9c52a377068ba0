//! One server at a time has a database: by a lock that lasts as long as its connection, and by an epoch that is written
//! down.
//!
//! ```text
//! lock    says who comes first. Gone with the server's process, or its machine: the database sees that within a minute.
//! epoch   says whose commits count. Whoever takes the lock makes it one greater in every row a commit has to touch: a
//!         server that was cut off, and comes back, finds no row that is its own.
//! ```

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::connection::{Connection, Pool, Row, Value};
use crate::error::Error;
use crate::link::{Link, within};
use crate::source::{Driver, Source};

/// How long a server that was killed may take to be gone: until then its lock is waited for.
const WAIT_MAX: Duration = Duration::from_secs(3);
const WAIT_STEP: Duration = Duration::from_millis(100);
/// How often it is seen to that the lock is still ours.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often a database that is down is asked whether it answers.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// The longest that the lock's connection may be silent before the database drops it: our machine is gone then.
const POSTGRES_SILENCE: &str = "set idle_session_timeout = '60s'";
const MYSQL_SILENCE: &str = "set session wait_timeout = 60";

/// A lock that is ours while the connection lasts.
pub(crate) struct Lock {
    /// Of one connection.
    pool: Pool,
    connection: Connection,
}

impl Lock {
    /// Takes the lock.
    pub async fn take(source: &Source, wait: Duration) -> Result<Self, Error> {
        let pool = Pool::new(source, 1, wait)?;
        let refused = |why: String| Error::Connect { place: source.to_string(), why: advice(&why) };
        let mut connection = pool.acquire().await.map_err(|error| refused(error.to_string()))?;
        let deadline = Instant::now() + WAIT_MAX;
        while !try_lock(&mut connection).await? {
            if Instant::now() >= deadline {
                return Err(Error::Held { place: source.to_string(), holder: holder(&mut connection).await });
            }
            tokio::time::sleep(WAIT_STEP).await;
        }
        Ok(Self { pool, connection })
    }

    /// The connection, for what has to be done before anything else is.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Makes the database ours. Waits for commits of the server before us that are under way. Returns our epoch.
    pub async fn take_over(&mut self, holder: &str) -> Result<i64, Error> {
        let connection = &mut self.connection;
        connection.run("begin").await?;
        connection
            .execute(
                "update streaming_server set epoch = epoch + 1, holder = ? where id = 1",
                &[Value::Bytes(holder.as_bytes())],
            )
            .await?;
        let found = connection.fetch("select epoch from streaming_server where id = 1", &[]).await?;
        let epoch = found.first().map(|row| row.int(0)).transpose()?;
        let epoch = epoch.ok_or_else(|| Error::Malformed("streaming_server has lost its row".to_owned()))?;
        connection.execute("update streaming_logs set epoch = ?", &[Value::Int(epoch)]).await?;
        connection.run("commit").await?;
        Ok(epoch)
    }

    /// Keeps the lock, and looks whether a database that was down answers again, until the link is gone.
    pub async fn keep(mut self, source: Source, link: Weak<Link>) {
        let Some(woken) = link.upgrade().map(|link| link.woken.clone()) else { return };
        while let Some(is_down) = link.upgrade().map(|link| link.is_away()) {
            if is_down {
                tokio::time::sleep(ASK_EVERY).await;
            } else {
                // Whichever comes first.
                let _ = tokio::time::timeout(LOOK_EVERY, woken.notified()).await;
            }
            let Some(link) = link.upgrade() else { break };
            if link.is_taken_over() {
                break;
            }
            match self.look(&source, &link).await {
                Ok(()) => link.works(),
                Err(error) => link.note(&error),
            }
        }
        self.pool.close().await;
    }

    /// Sees to it that the lock is ours.
    async fn look(&mut self, source: &Source, link: &Arc<Link>) -> Result<(), Error> {
        let deadline = Instant::now() + LOOK_EVERY;
        if within(deadline, self.connection.run("select 1")).await.is_ok() {
            // The lock's connection may last where others cannot be made. Where all is well nobody need be asked: all of
            // them may be busy for a while.
            return if link.is_away() { link.ask("select 1", &[]).await.map(drop) } else { Ok(()) };
        }
        self.connection.discard();
        let pool = Pool::new(source, 1, LOOK_EVERY)?;
        let connection = within(deadline, pool.acquire()).await;
        let mut connection = connection.map_err(|error| match error {
            Error::Database(error) => Error::Refused(error),
            other => other,
        })?;
        if !within(deadline, try_lock(&mut connection)).await? {
            return Err(link.take_over());
        }
        let found = within(deadline, connection.fetch("select epoch from streaming_server where id = 1", &[])).await?;
        if found.first().map(|row| row.int(0)).transpose()? != Some(link.epoch) {
            return Err(link.take_over());
        }
        (self.pool, self.connection) = (pool, connection);
        Ok(())
    }
}

/// Takes the lock, if nobody else has it.
async fn try_lock(connection: &mut Connection) -> Result<bool, sqlx::Error> {
    let (silence, lock) = match connection.driver() {
        // One number for every database of the kind: the lock is within the database anyway.
        Driver::Postgres => {
            (POSTGRES_SILENCE, "select case when pg_try_advisory_lock(8319104478823934317) then 1 else 0 end")
        }
        Driver::Mysql => (MYSQL_SILENCE, "select coalesce(get_lock(concat('streaming_', md5(database())), 0), 0)"),
    };
    // An older PostgreSQL does not know it.
    if let Err(error) = connection.run(silence).await {
        tracing::debug!("{silence}: {error}");
    }
    let found = connection.fetch(lock, &[]).await?;
    Ok(found.first().map(|row| row.int(0)).transpose()? == Some(1))
}

/// Who has the lock, by what it wrote.
async fn holder(connection: &mut Connection) -> String {
    let text = |row: &Row| row.bytes(0).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).ok();
    let found = connection.fetch("select holder from streaming_server where id = 1", &[]).await;
    let holder = found.ok().and_then(|rows| rows.first().and_then(text)).unwrap_or_default();
    if holder.is_empty() { "which has not said who it is".to_owned() } else { holder }
}

/// What the database says, and what to do about what is said most.
fn advice(why: &str) -> String {
    if why.contains("server does not support TLS") {
        return format!("{why}: if the way to it is safe, say sslmode=disable");
    }
    if why.contains("mysql-rsa") {
        return format!("{why}: turn TLS on in the server, or connect by its socket");
    }
    why.to_owned()
}
