//! In: a delivery is handled in one transaction with the mark that it was seen, and acknowledged after that.
//!
//! ```text
//!  delivery ─► begin ─► inbox mark ─► handler ─► commit ─► ack              Done
//!                          │ there already ──────────────► ack              Repeat
//!                          └ handler: TooEarly, an error, a lost database ► nak, later and later     Retry
//!                                      … for the DELIVERIES_MAX-th time ──► dead letter, ack         Dead
//!                            not JSON of this event ──────────────────────► dead letter, ack         Dead
//! ```

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use tracing::{debug, error, warn};

use crate::{Envelope, Event, Stream, dead_letters};

/// Deliveries of one event before it becomes a dead letter. With [`back_off`] that is seven minutes: longer than
/// events of different streams overtake each other by, or a service is away for while it is replaced. A database that
/// is away does not count: without it nothing can be buried, and the event stays where it is.
pub const DELIVERIES_MAX: i64 = 20;
/// The pause after the first failed delivery; it doubles with each.
const BACK_OFF: Duration = Duration::from_millis(100);
/// The longest pause between two deliveries.
const BACK_OFF_MAX: Duration = Duration::from_secs(30);

/// How long to wait after the `count`-th delivery failed.
pub fn back_off(count: i64) -> Duration {
    let doublings = u32::try_from(count.clamp(1, 16) - 1).unwrap_or(0);
    (BACK_OFF * 2_u32.pow(doublings)).min(BACK_OFF_MAX)
}

/// What a handler made of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect, or had nothing to effect.
    Done,
    /// Something that happened before it is not known yet: nothing was changed, let it come again.
    TooEarly,
}

/// Handles events of one kind.
///
/// `tx` is the transaction in which the event is marked as seen: what is changed in it happens once. An error, like
/// [`Outcome::TooEarly`], undoes it and brings the event again.
pub trait Listener<E: Event>: Send + Sync + 'static {
    /// Handles one event.
    fn handle(&self, tx: &mut PgConnection, event: E) -> impl Future<Output = anyhow::Result<Outcome>> + Send;
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Handled now.
    Done,
    /// Handled before.
    Repeat,
    /// Nobody here listens to its subject.
    Ignored,
    /// Not handled: deliver it again after this long.
    Retry(Duration),
    /// It never will be: it is among the dead letters.
    Dead,
}

/// How an event came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The stream it came from.
    pub stream: String,
    /// Its sequence there.
    pub sequence: u64,
    /// How often it was delivered, this time included.
    pub count: i64,
}

/// Where deliveries end: what a consuming service is for the bus.
pub trait Desk: Send + Sync + 'static {
    /// The name of its durable consumers, one on each stream: its queue group.
    fn durable(&self) -> &'static str;
    /// The streams it reads.
    fn streams(&self) -> Vec<&'static Stream>;
    /// Handles a delivery to its end.
    fn receive(&self, envelope: &Envelope, delivery: &Delivery) -> impl Future<Output = Verdict> + Send;
}

/// The listeners of one service, and the durable they share.
#[derive(Clone)]
pub struct Listeners {
    durable: &'static str,
    handlers: BTreeMap<&'static str, (&'static Stream, Arc<dyn Handler>)>,
}

impl Listeners {
    /// No listeners yet, of the service whose queue group is `durable`.
    pub fn new(durable: &'static str) -> Self {
        Self { durable, handlers: BTreeMap::new() }
    }

    /// Lets `listener` handle events of kind `E`; it takes the place of one that did before.
    #[must_use]
    pub fn on<E: Event>(mut self, listener: impl Listener<E>) -> Self {
        let handler = Arc::new(Of { listener, event: std::marker::PhantomData::<fn() -> E> });
        self.handlers.insert(E::SUBJECT, (E::STREAM, handler));
        self
    }

    /// The name of the durable consumers: the queue group.
    pub fn durable(&self) -> &'static str {
        self.durable
    }

    /// The streams that hold what is listened to.
    pub fn streams(&self) -> Vec<&'static Stream> {
        let mut streams: Vec<_> = self.handlers.values().map(|(stream, _)| *stream).collect();
        streams.sort_unstable();
        streams.dedup();
        streams
    }

    /// Handles one delivery to its end, whatever fails.
    pub async fn receive(&self, db: &PgPool, envelope: &Envelope, delivery: &Delivery) -> Verdict {
        let (id, subject) = (envelope.id, &*envelope.subject);
        let failure = match self.attempt(db, envelope).await {
            Ok(verdict) => {
                debug!(%id, subject, ?verdict, "received");
                return verdict;
            }
            Err(failure) => failure,
        };
        let count = delivery.count;
        if !failure.is_final() && count < DELIVERIES_MAX {
            if let Failure::TooEarly = failure {
                debug!(%id, subject, count, "too early, it will come again");
            } else {
                warn!(%id, subject, count, "not handled, it will come again: {failure}");
            }
            return Verdict::Retry(back_off(count));
        }
        match dead_letters::bury(db, envelope, delivery, &failure.to_string()).await {
            Ok(()) => {
                error!(%id, subject, count, stream = delivery.stream, sequence = delivery.sequence, "a dead letter: {failure}");
                Verdict::Dead
            }
            Err(error) => {
                error!(%id, subject, count, "neither handled ({failure}) nor buried ({error}): it will come again");
                Verdict::Retry(back_off(count))
            }
        }
    }

    /// Handles an event in a transaction of its own.
    pub(crate) async fn attempt(&self, db: &PgPool, envelope: &Envelope) -> Result<Verdict, Failure> {
        let Some((_, handler)) = self.handlers.get(&*envelope.subject) else { return Ok(Verdict::Ignored) };
        let mut tx = db.begin().await?;
        let marked = sqlx::query!("insert into inbox (id) values ($1) on conflict do nothing", envelope.id)
            .execute(&mut *tx)
            .await?;
        if marked.rows_affected() == 0 {
            return Ok(Verdict::Repeat);
        }
        match handler.handle(&mut tx, &envelope.payload).await? {
            Outcome::Done => {
                tx.commit().await?;
                Ok(Verdict::Done)
            }
            Outcome::TooEarly => Err(Failure::TooEarly),
        }
    }
}

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It is not what its subject says: it will not get better.
    #[error("malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Something before it is missing.
    #[error("something that happened before it is not known here")]
    TooEarly,
    /// The database failed outside of the handler.
    #[error("database failure: {0}")]
    Database(#[from] sqlx::Error),
    /// The handler failed.
    #[error("{0:#}")]
    Handler(anyhow::Error),
}

impl Failure {
    fn is_final(&self) -> bool {
        matches!(self, Self::Malformed(_))
    }
}

type Handling<'a> = Pin<Box<dyn Future<Output = Result<Outcome, Failure>> + Send + 'a>>;

/// A [`Listener`] of whatever event.
trait Handler: Send + Sync {
    fn handle<'a>(&'a self, tx: &'a mut PgConnection, payload: &'a [u8]) -> Handling<'a>;
}

struct Of<L, E> {
    listener: L,
    event: std::marker::PhantomData<fn() -> E>,
}

impl<L: Listener<E>, E: Event> Handler for Of<L, E> {
    fn handle<'a>(&'a self, tx: &'a mut PgConnection, payload: &'a [u8]) -> Handling<'a> {
        Box::pin(async move {
            let event = serde_json::from_slice(payload)?;
            self.listener.handle(tx, event).await.map_err(Failure::Handler)
        })
    }
}

/// Listeners and the database they work on: the [`Desk`] of a service with Postgres.
pub struct PgDesk {
    db: PgPool,
    listeners: Listeners,
}

impl PgDesk {
    /// Receives for `listeners`, whose tables are in `db`.
    pub fn new(db: PgPool, listeners: Listeners) -> Self {
        Self { db, listeners }
    }
}

impl Desk for PgDesk {
    fn durable(&self) -> &'static str {
        self.listeners.durable()
    }

    fn streams(&self) -> Vec<&'static Stream> {
        self.listeners.streams()
    }

    async fn receive(&self, envelope: &Envelope, delivery: &Delivery) -> Verdict {
        self.listeners.receive(&self.db, envelope, delivery).await
    }
}

/// Forgets what was seen more than `days` ago. A repeat that comes later still finds the version rule.
pub async fn forget_older_than(db: &PgPool, days: i32) -> sqlx::Result<u64> {
    let gone =
        sqlx::query!("delete from inbox where seen_at < now() - make_interval(days => $1)", days).execute(db).await?;
    Ok(gone.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_bound() {
        assert_eq!(back_off(1), BACK_OFF);
        assert_eq!(back_off(2), BACK_OFF * 2);
        assert_eq!(back_off(9), BACK_OFF * 256);
        assert_eq!(back_off(10), BACK_OFF_MAX);
        assert_eq!(back_off(i64::MAX), BACK_OFF_MAX);
    }
}
