//! What all parts share of the way to the database: its connections, what is known of its health, and whose it is.
//!
//! ```text
//!          fails, and again on another connection           answers
//!   works ────────────────────────────────────▶ is down ──────────────▶ works
//!                                     asked every second; until then all is refused at once
//!   works or down ── its epoch is not ours any more ──▶ taken over: all is refused for good
//! ```

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::connection::{Connection, Pool, Row, Value, sequence};
use crate::error::Error;

/// The longest that a transaction may take; a commit's publishers wait so long.
const TRANSACTION_MAX: Duration = Duration::from_secs(10);
/// The longest that a question may take: whoever reads waits with a lock held.
pub(crate) const QUESTION_MAX: Duration = Duration::from_secs(5);
/// How often the same is tried, on a connection of its own each time.
const TRIES: usize = 3;

/// The way to the database.
pub(crate) struct Link {
    pub pool: Pool,
    /// Which server of all that ever had the database we are.
    pub epoch: i64,
    /// Rows of one insert.
    pub rows_max: usize,
    /// Bytes of one statement, if there is a bound worth telling.
    pub statement_max: Option<u64>,
    /// What is committed is kept for those who read at the end.
    pub caches: bool,
    /// Why it is down.
    down: Mutex<Option<String>>,
    is_down: AtomicBool,
    /// Wakes who looks whether it answers again.
    pub woken: Arc<Notify>,
    taken_over: AtomicBool,
    #[cfg(feature = "testing")]
    pub faults: crate::testing::Faults,
}

impl Link {
    pub fn new(pool: Pool, epoch: i64, rows_max: usize, statement_max: Option<u64>, caches: bool) -> Self {
        Self {
            pool,
            epoch,
            rows_max,
            statement_max,
            caches,
            down: Mutex::default(),
            is_down: AtomicBool::new(false),
            woken: Arc::default(),
            taken_over: AtomicBool::new(false),
            #[cfg(feature = "testing")]
            faults: crate::testing::Faults::default(),
        }
    }

    /// Why nothing can be stored or read, if nothing can.
    pub fn fault(&self) -> Option<Error> {
        if self.taken_over.load(Ordering::Relaxed) {
            return Some(Error::TakenOver);
        }
        self.down.lock().clone().map(Error::Down)
    }

    pub fn is_taken_over(&self) -> bool {
        self.taken_over.load(Ordering::Relaxed)
    }

    /// Whether there is a [`fault`](Self::fault): asked for every message.
    pub fn is_away(&self) -> bool {
        self.is_down.load(Ordering::Relaxed) || self.is_taken_over()
    }

    /// Another server has the database now.
    pub fn take_over(&self) -> Error {
        if !self.taken_over.swap(true, Ordering::Relaxed) {
            tracing::error!("{}", Error::TakenOver);
        }
        Error::TakenOver
    }

    /// It does not answer.
    pub fn note(&self, error: &Error) {
        let mut down = self.down.lock();
        if error.means_down() && down.is_none() {
            tracing::error!("the database fails, and is tried again every second: {error}");
            *down = Some(error.to_string());
            self.is_down.store(true, Ordering::Relaxed);
            self.woken.notify_one();
        }
    }

    /// It answers.
    pub fn works(&self) {
        let mut down = self.down.lock();
        if down.take().is_some() {
            self.is_down.store(false, Ordering::Relaxed);
            tracing::info!("the database answers again");
        }
    }

    /// Does something, and once more on another connection should that promise more. `attempt` is told which try it is.
    pub async fn persist<T>(&self, mut attempt: impl AsyncFnMut(usize) -> Result<T, Error>) -> Result<T, Error> {
        let mut tries = 0;
        loop {
            if let Some(error) = self.fault() {
                return Err(error);
            }
            match attempt(tries).await {
                Err(error) if error.is_worth_another_try() && tries + 1 < TRIES => tries += 1,
                Err(error) => {
                    self.note(&error);
                    return Err(error);
                }
                Ok(done) => return Ok(done),
            }
        }
    }

    async fn connection(&self, deadline: Instant) -> Result<Connection, Error> {
        within(deadline, self.pool.acquire()).await.map_err(|error| match error {
            Error::Database(error) => Error::Refused(error),
            other => other,
        })
    }

    /// Begins a transaction.
    pub async fn begin(self: &Arc<Self>) -> Result<Transaction, Error> {
        let deadline = Instant::now() + TRANSACTION_MAX;
        let connection = self.connection(deadline).await?;
        let mut transaction = Transaction { connection, deadline, link: self.clone(), open: true };
        within(deadline, transaction.connection.run("begin")).await?;
        Ok(transaction)
    }

    /// Asks something outside of any transaction.
    pub async fn ask(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        let deadline = Instant::now() + QUESTION_MAX;
        let mut connection = self.connection(deadline).await?;
        let answer = within(deadline, connection.fetch(sql, values)).await;
        if answer.is_err() {
            connection.discard();
        }
        answer
    }
}

/// Waits for the database, but not for ever.
pub(crate) async fn within<T>(
    deadline: Instant,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout_at(deadline, work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Error::TimedOut(TRANSACTION_MAX.as_secs())),
    }
}

/// A transaction. Dropped before it is committed, it takes its connection along: the database rolls it back.
pub(crate) struct Transaction {
    connection: Connection,
    deadline: Instant,
    link: Arc<Link>,
    open: bool,
}

impl Transaction {
    pub async fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, Error> {
        within(self.deadline, self.connection.execute(sql, values)).await
    }

    pub async fn fetch(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        within(self.deadline, self.connection.fetch(sql, values)).await
    }

    /// Goes on only if the database is still ours, and keeps it so until the end: whoever takes it over waits for this.
    pub async fn own(&mut self) -> Result<(), Error> {
        let sql = "select epoch from streaming_server where id = 1 for update";
        let found = self.fetch(sql, &[]).await?;
        match found.first().map(|row| row.int(0)).transpose()? {
            Some(epoch) if epoch == self.link.epoch => Ok(()),
            _ => Err(self.link.take_over()),
        }
    }

    /// The same by the row of one log, which this writes: what it holds from now on.
    pub async fn own_log(&mut self, log: i64, head: u64, last: u64) -> Result<(), Error> {
        let sql = "update streaming_logs set head = ?, last = ? where id = ? and epoch = ?";
        let values = [sequence(head), sequence(last), Value::Int(log), Value::Int(self.link.epoch)];
        match self.execute(sql, &values).await? {
            0 => Err(self.link.take_over()),
            _ => Ok(()),
        }
    }

    /// Commits. On [`Error::Uncertain`] it may have been or not; whoever locks the same rows next waits until it is
    /// decided.
    pub async fn commit(mut self) -> Result<(), Error> {
        #[cfg(feature = "testing")]
        let fault = self.link.faults.take();
        #[cfg(feature = "testing")]
        if fault == Some(crate::testing::Fault::BeforeCommit) {
            return Err(Error::Database(sqlx::Error::RowNotFound));
        }
        match tokio::time::timeout_at(self.deadline, self.connection.run("commit")).await {
            Ok(Ok(())) => self.open = false,
            Ok(Err(error)) => return Err(Error::Uncertain(error)),
            Err(_) => return Err(Error::Uncertain(sqlx::Error::PoolTimedOut)),
        }
        #[cfg(feature = "testing")]
        if fault == Some(crate::testing::Fault::AfterCommit) {
            return Err(Error::Uncertain(sqlx::Error::RowNotFound));
        }
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.open {
            self.connection.discard();
        }
    }
}
