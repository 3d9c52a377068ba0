//! What happens to tickets, told to whoever reads along.
//!
//! ```text
//!  store::save ─ NOTIFY ─► one LISTEN a process ─► one bounded channel ─► a reader for each open stream
//! ```
//!
//! A reader gets every change in the order of commits, or is told that it missed some and had better look again.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use sqlx::postgres::PgListener;
use sqlx::{Executor, PgPool};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::store;

/// Changes kept for slow readers. More than one screen of tickets: who is that far behind looks again at less cost.
const BACKLOG: usize = 256;
/// How long the database may be silent before it is asked whether it is still there …
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// … and how long it may take to say so.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Who reads along, and what there is to read. Clones share it.
#[derive(Clone)]
pub struct Changes {
    news: broadcast::Sender<News>,
    places: Arc<Semaphore>,
}

/// What a reader is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A ticket was listed or changed: this is it now, as JSON.
    Ticket(Arc<str>),
    /// There may have been changes that nobody will tell of.
    Gap,
}

/// There are as many readers as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// One who reads along.
pub struct Reader {
    news: broadcast::Receiver<News>,
    _place: OwnedSemaphorePermit,
}

impl Changes {
    /// Nobody reads yet, and `readers_max` may.
    pub fn new(readers_max: usize) -> Self {
        let (news, _) = broadcast::channel(BACKLOG);
        Self { news, places: Arc::new(Semaphore::new(readers_max)) }
    }

    /// Reads along from now on.
    pub fn read(&self) -> Result<Reader, Full> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Full)?;
        Ok(Reader { news: self.news.subscribe(), _place: place })
    }

    /// Tells the readers what the database tells, until `stop`. Fails when the connection does; started again, it tells
    /// them of the gap.
    pub async fn relay(self, db: PgPool, stop: CancellationToken) -> anyhow::Result<()> {
        stop.run_until_cancelled(self.listen(&db)).await.unwrap_or(Ok(()))
    }

    async fn listen(&self, db: &PgPool) -> anyhow::Result<()> {
        let channel = store::changes_channel(&mut *db.acquire().await?).await?;
        let mut listener = PgListener::connect_with(db).await?;
        listener.listen(&channel).await?;
        // Whoever reads has to hear of a loss before there is anything new.
        listener.eager_reconnect(false);
        self.tell(News::Gap);
        loop {
            match timeout(SILENCE_MAX, listener.try_recv()).await {
                Ok(notification) => match notification? {
                    Some(notification) => self.tell(News::Ticket(notification.payload().into())),
                    None => bail!("the connection to the database was lost"),
                },
                Err(_silent) => {
                    timeout(ANSWER_MAX, listener.execute("select 1")).await.context("the database is silent")??;
                }
            }
        }
    }

    fn tell(&self, news: News) {
        // An error says that nobody reads.
        let _ = self.news.send(news);
    }
}

impl Reader {
    /// The next news. There is always more to come, as long as there is anybody to tell it.
    pub async fn next(&mut self) -> Option<News> {
        match self.news.recv().await {
            Ok(news) => Some(news),
            Err(RecvError::Lagged(_)) => {
                // What is still kept is older than what the reader is going to look at.
                self.news = self.news.resubscribe();
                Some(News::Gap)
            }
            Err(RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(number: usize) -> News {
        News::Ticket(number.to_string().into())
    }

    #[tokio::test]
    async fn every_reader_is_told_everything_in_its_order() {
        let changes = Changes::new(2);
        let (mut one, mut two) = (changes.read().unwrap(), changes.read().unwrap());
        changes.tell(ticket(1));
        changes.tell(ticket(2));
        for reader in [&mut one, &mut two] {
            assert_eq!(reader.next().await, Some(ticket(1)));
            assert_eq!(reader.next().await, Some(ticket(2)));
        }
    }

    #[tokio::test]
    async fn a_reader_too_slow_is_told_of_the_gap_and_goes_on_with_what_is_new() {
        let changes = Changes::new(1);
        let mut reader = changes.read().unwrap();
        (0..=BACKLOG).for_each(|number| changes.tell(ticket(number)));
        assert_eq!(reader.next().await, Some(News::Gap));
        changes.tell(ticket(1000));
        assert_eq!(reader.next().await, Some(ticket(1000)));
    }

    #[tokio::test]
    async fn a_place_is_free_again_when_its_reader_leaves() {
        let changes = Changes::new(1);
        let reader = changes.read().unwrap();
        assert_eq!(changes.read().err(), Some(Full));
        drop(reader);
        assert!(changes.read().is_ok());
    }
}
