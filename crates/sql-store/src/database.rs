//! The database as the server holds it: opened, asked, closed.
//!
//! All of `sqlx` runs on a thread of its own. Whoever asks waits for the answer; in a thread of the server's sockets, the
//! sockets go to another thread meanwhile. What waits at a time is bounded by the threads that ask.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

use crate::error::Error;
use crate::folder::{Folder, sweep};
use crate::link::{Link, QUESTION_MAX};
use crate::lock::Lock;
use crate::schema;
use crate::source::Source;

/// Connections where nobody says how many: one for each thread that commits, and as many for readers.
const CONNECTIONS: u32 = 8;
/// Rows of one insert where nobody says how many. More are hardly faster.
const ROWS: usize = 128;
/// A row has so many values, and PostgreSQL takes 65535 of them at a time.
const ROWS_MAX: usize = 4096;
/// What a statement takes besides the message in it.
const STATEMENT_BYTES: u64 = 4096;
/// Ledgers' batches that may wait to be written by the way.
const BEHIND_MAX: usize = 1024;
/// How long a server that stops waits for what is written by the way, and for the database's good-bye.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// How a database is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Which.
    pub source: Source,
    /// What is committed is not kept in memory for those who read at the end.
    pub no_caching: bool,
    /// Connections at a time, besides the one that holds the lock; 8 where `None`.
    pub connections_max: Option<u32>,
    /// Rows of one insert; 128 where `None`.
    pub rows_max: Option<usize>,
}

/// A piece of work for the thread, to be begun there.
pub(crate) type Errand = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// A database that is ours until the last clone of this is dropped.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    source: Source,
    link: Arc<Link>,
    /// What is done now.
    jobs: Mutex<Option<Jobs>>,
    /// What is written by the way, in order.
    behind: Mutex<Option<mpsc::Sender<Errand>>>,
    /// Wakes who deletes what belongs to nobody.
    sweeps: mpsc::Sender<()>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

type Jobs = mpsc::UnboundedSender<Errand>;

impl Database {
    /// Connects, takes the lock, makes the tables. `holder`: who we are, for whoever finds the database taken.
    pub fn open(options: &Options, holder: &str) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::Malformed(format!("cannot start a thread: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (jobs, mut asked) = mpsc::unbounded_channel::<Errand>();
        let thread = std::thread::Builder::new().name("sql".to_owned()).spawn(move || {
            {
                // What is dropped with the set says good-bye to the database.
                let _inside = runtime.enter();
                LocalSet::new().block_on(&runtime, async {
                    while let Some(job) = asked.recv().await {
                        tokio::task::spawn_local(job());
                    }
                });
            }
            runtime.shutdown_timeout(CLOSE_MAX);
        });
        let thread = thread.map_err(failed)?;
        let (options, holder) = (options.clone(), holder.to_owned());
        let source = options.source.clone();
        let opened = ask(&jobs, move || async move {
            let (link, lock) = connect(&options, &holder).await?;
            tokio::task::spawn_local(lock.keep(options.source.clone(), Arc::downgrade(&link)));
            let (behind, errands) = mpsc::channel(BEHIND_MAX);
            tokio::task::spawn_local(run_errands(errands));
            let (sweeps, wanted) = mpsc::channel(1);
            tokio::task::spawn_local(keep_clean(wanted, Arc::downgrade(&link)));
            Ok((link, behind, sweeps))
        });
        let (link, behind, sweeps) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                drop(jobs);
                let _ = thread.join();
                return Err(error);
            }
        };
        let inner = Inner {
            source,
            link,
            jobs: Mutex::new(Some(jobs)),
            behind: Mutex::new(Some(behind)),
            sweeps,
            thread: Mutex::new(Some(thread)),
        };
        let database = Self { inner: Arc::new(inner) };
        database.sweep();
        Ok(database)
    }

    /// Where it is, without a password.
    pub fn source(&self) -> &Source {
        &self.inner.source
    }

    /// The most bytes of a message with all that belongs to it, if there is a bound below the journal's own.
    pub fn message_max(&self) -> Option<u64> {
        self.inner.link.statement_max.map(|max| max.saturating_sub(STATEMENT_BYTES))
    }

    /// Why nothing can be stored, if nothing can: for people.
    pub fn fault(&self) -> Option<String> {
        self.inner.link.fault().map(|error| error.to_string())
    }

    /// Whether nothing can be stored.
    pub fn is_away(&self) -> bool {
        self.inner.link.is_away()
    }

    /// Sees whether a transaction can be made, even if it is known that none could a moment ago. Waits for the database.
    pub fn try_out(&self) -> Result<(), Error> {
        let link = self.link().clone();
        self.ask(move || async move {
            if link.is_taken_over() {
                return Err(Error::TakenOver);
            }
            try_transaction(link.clone()).await?;
            link.works();
            Ok(())
        })
    }

    /// The folder of that name: whatever belongs to one stream. It need not be there.
    pub fn folder(&self, name: &str) -> Folder {
        Folder::new(self.clone(), name)
    }

    /// The names of the folders that hold a document, and begin with `prefix`.
    pub fn folders(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let link = self.link().clone();
        let rows = self.ask(move || async move {
            link.persist(async |_| link.ask("select distinct folder from streaming_documents", &[]).await).await
        })?;
        let mut folders = Vec::new();
        for row in rows {
            let name = String::from_utf8_lossy(row.bytes(0)?).into_owned();
            folders.extend(name.starts_with(prefix).then_some(name));
        }
        Ok(folders)
    }

    /// Waits until what was written by the way is there, or nobody believes it any more.
    pub fn flush(&self) {
        let Some(behind) = self.inner.behind.lock().clone() else { return };
        let _ = self.ask(move || async move {
            let _ = tokio::time::timeout(CLOSE_MAX, written(behind)).await;
            Ok(())
        });
    }

    /// Fails commits as it is told.
    #[cfg(feature = "testing")]
    pub fn faults(&self) -> &crate::testing::Faults {
        &self.inner.link.faults
    }

    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.inner.link
    }

    /// Does something with the database, and waits for it.
    pub(crate) fn ask<T, F>(&self, work: impl FnOnce() -> F + Send + 'static) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + 'static,
    {
        let jobs = self.inner.jobs.lock().clone();
        jobs.map_or(Err(Error::Closed), |jobs| ask(&jobs, work))
    }

    /// Has something done after all that was given here before. False if too much waits already.
    pub(crate) fn send(&self, errand: Errand) -> bool {
        self.inner.behind.lock().as_ref().is_some_and(|behind| behind.try_send(errand).is_ok())
    }

    /// Has deleted what belongs to nobody.
    pub(crate) fn sweep(&self) {
        // If it cannot be sent, it was asked for already.
        let _ = self.inner.sweeps.try_send(());
    }
}

async fn connect(options: &Options, holder: &str) -> Result<(Arc<Link>, Lock), Error> {
    let connections = options.connections_max.unwrap_or(CONNECTIONS).max(1);
    let rows = options.rows_max.unwrap_or(ROWS).clamp(1, ROWS_MAX);
    let mut lock = Lock::take(&options.source, QUESTION_MAX).await?;
    schema::migrate(lock.connection(), &options.source).await?;
    let statement_max = schema::statement_max(lock.connection()).await?;
    let epoch = lock.take_over(holder).await?;
    let pool = crate::connection::Pool::new(&options.source, connections, QUESTION_MAX)?;
    Ok((Arc::new(Link::new(pool, epoch, rows, statement_max, !options.no_caching)), lock))
}

async fn try_transaction(link: Arc<Link>) -> Result<(), Error> {
    let mut transaction = link.begin().await?;
    transaction.own().await?;
    transaction.commit().await
}

/// Waits for every errand that was sent.
async fn written(behind: mpsc::Sender<Errand>) {
    let (done, told) = oneshot::channel();
    let last: Errand = Box::new(move || {
        Box::pin(async move {
            let _ = done.send(());
        })
    });
    if behind.send(last).await.is_ok() {
        let _ = told.await;
    }
}

async fn run_errands(mut errands: mpsc::Receiver<Errand>) {
    while let Some(errand) = errands.recv().await {
        errand().await;
    }
}

async fn keep_clean(mut asked: mpsc::Receiver<()>, link: Weak<Link>) {
    while asked.recv().await.is_some() {
        let Some(link) = link.upgrade() else { return };
        if let Err(error) = sweep(&link).await {
            tracing::warn!("what is not needed any more cannot be deleted yet: {error}");
        }
    }
}

fn ask<T, F>(jobs: &Jobs, work: impl FnOnce() -> F + Send + 'static) -> Result<T, Error>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + 'static,
{
    let (tell, told) = sync_channel(1);
    let job: Errand = Box::new(move || {
        Box::pin(async move {
            // Whoever asked waits, so he is there to be told.
            let _ = tell.send(work().await);
        })
    });
    if jobs.send(job).is_err() {
        return Err(Error::Closed);
    }
    let wait = || told.recv().unwrap_or(Err(Error::Closed));
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
        _ => wait(),
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // What is written by the way first; then the connections say good-bye, and with the thread the lock's goes, too.
        let (link, behind, jobs) = (self.link.clone(), self.behind.lock().take(), self.jobs.lock().take());
        if let (Some(jobs), Some(behind)) = (jobs, behind) {
            let _ = ask(&jobs, move || async move {
                let close = async {
                    written(behind).await;
                    link.pool.close().await;
                };
                // Whatever is not written by then waits for a database that does not answer.
                let _ = tokio::time::timeout(CLOSE_MAX, close).await;
                Ok(())
            });
        }
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}
