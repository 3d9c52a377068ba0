//! Out: an event is pushed in the transaction of its change, and a relay publishes what was committed.
//!
//! One relay of a service works at a time, whoever holds a session lock of the database; the others wait to take over.
//! It keeps the order of an aggregate by *waves*: a wave has at most one event of each aggregate, and the next wave
//! starts when the broker has received this one. An event the broker did not receive holds back those of its aggregate
//! behind it, and no others. A relay that dies between the broker's receipt and the deletion of the row publishes again
//! with the same `Nats-Msg-Id`: the broker drops that within its window, and the inbox of each consumer after it.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

use anyhow::Context;
use sqlx::postgres::PgListener;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::{Bus, Envelope, Event};

/// Events read at a time. Large enough to fill a round trip to the broker, small enough to hold in memory.
const BATCH: i64 = 256;
/// How long a relay sleeps when no notification wakes it: one may have been lost with a connection.
const POLL: Duration = Duration::from_secs(1);
/// How often a relay that waits for its turn asks for it: as long as events wait when the working one dies.
const TAKE_OVER: Duration = Duration::from_secs(1);
/// The first and the longest pause after a failure, of the database or of the broker.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Why an event could not be pushed. The transaction is of no use then.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The event can't be written as JSON.
    #[error("the event can't be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The row can't be written.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Pushes `event` in the transaction of the change it tells of: it leaves when, and only if, that commits.
///
/// Change the aggregate's row first: its lock is what puts the events of one aggregate in the order of their commits.
pub async fn push<E: Event>(tx: &mut PgConnection, event: &E) -> Result<(), PushError> {
    let envelope = Envelope::of(event)?;
    sqlx::query!(
        "insert into outbox (id, aggregate, subject, payload, headers) values ($1, $2, $3, $4, $5)",
        envelope.id,
        event.aggregate(),
        envelope.subject,
        envelope.payload,
        Json(&envelope.headers) as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What waits to be published, oldest first.
pub async fn pending(db: &PgPool) -> sqlx::Result<Vec<Envelope>> {
    let mut tx = db.acquire().await?;
    Ok(oldest(&mut tx, i64::MAX).await?.into_iter().map(|(_, envelope)| envelope).collect())
}

/// How many events wait to be published, and how many seconds the oldest of them has.
pub async fn backlog(db: &PgPool) -> sqlx::Result<(i64, f64)> {
    let row = sqlx::query!(
        r#"select count(*) as "count!",
                  coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as "age!" from outbox"#
    )
    .fetch_one(db)
    .await?;
    Ok((row.count, row.age))
}

async fn oldest(connection: &mut PgConnection, limit: i64) -> sqlx::Result<VecDeque<(Uuid, Envelope)>> {
    let rows = sqlx::query!(
        r#"select id, aggregate, subject, payload, headers as "headers: Json<BTreeMap<String, String>>"
           from outbox order by position limit $1"#,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let envelope = Envelope { id: row.id, subject: row.subject, payload: row.payload, headers: row.headers.0 };
            (row.aggregate, envelope)
        })
        .collect())
}

/// Publishes what services push, in the background. Every replica of a service runs one.
pub struct Relay {
    db: PgPool,
    bus: Bus,
}

impl Relay {
    /// A relay from `db` to `bus`. Both may be away at times.
    pub fn new(db: PgPool, bus: Bus) -> Self {
        Self { db, bus }
    }

    /// Works until `stop`; a failure is logged and tried again.
    pub async fn run(self, stop: CancellationToken) {
        let mut pause = PAUSE;
        while !stop.is_cancelled() {
            let work = async {
                match self.work(&mut pause).await {
                    Ok(()) => {}
                    Err(error) => warn!("the relay pauses for {pause:?}: {error:#}"),
                }
                sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            };
            tokio::select! {
                () = work => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Waits for its turn, then publishes for as long as nothing fails.
    async fn work(&self, pause: &mut Duration) -> anyhow::Result<()> {
        // Out of the pool: the lock lives and dies with this one connection, and so does the right to publish.
        let mut connection = self.db.acquire().await.context("no connection to the database")?.detach();
        while !take_turn(&mut connection).await? {
            sleep(TAKE_OVER).await;
        }
        let schema = sqlx::query_scalar!(r#"select current_schema() as "schema!""#).fetch_one(&mut connection).await?;
        let mut news = PgListener::connect_with(&self.db).await?;
        news.listen(&format!("{schema}_outbox")).await?;
        info!(schema, "the relay has its turn");
        loop {
            self.drain(&mut connection).await?;
            *pause = PAUSE;
            match timeout(POLL, news.recv()).await {
                Ok(Ok(_)) | Err(_) => {}
                Ok(Err(error)) => return Err(error.into()),
            }
        }
    }

    /// Publishes until nothing waits. An error says that some of it is left.
    async fn drain(&self, connection: &mut PgConnection) -> anyhow::Result<()> {
        loop {
            let mut waiting = oldest(connection, BATCH).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            let mut failed = None;
            let mut held = HashSet::new();
            while !waiting.is_empty() {
                let wave = next_wave(&mut waiting, &held);
                let envelopes: Vec<&Envelope> = wave.iter().map(|(_, envelope)| envelope).collect();
                let receipts = self.bus.publish_all(&envelopes).await;
                let mut published = Vec::with_capacity(wave.len());
                for ((aggregate, envelope), receipt) in wave.iter().zip(receipts) {
                    match receipt {
                        Ok(()) => published.push(envelope.id),
                        Err(error) => {
                            held.insert(*aggregate);
                            failed = Some(error);
                        }
                    }
                }
                debug!(events = published.len(), "published");
                sqlx::query!("delete from outbox where id = any($1)", &published).execute(&mut *connection).await?;
            }
            if let Some(error) = failed {
                return Err(anyhow::Error::new(error).context(format!("events of {} aggregates wait", held.len())));
            }
        }
    }
}

/// Takes the lock that makes this connection's relay the working one.
async fn take_turn(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select pg_try_advisory_lock(hashtext('outbox'), hashtext(current_schema())) as "taken!""#)
        .fetch_one(connection)
        .await
}

/// Takes the first event of each aggregate that is not `held`, and drops those that are.
fn next_wave(waiting: &mut VecDeque<(Uuid, Envelope)>, held: &HashSet<Uuid>) -> Vec<(Uuid, Envelope)> {
    let mut wave = Vec::new();
    let mut seen = HashSet::new();
    let mut later = VecDeque::new();
    for (aggregate, envelope) in waiting.drain(..) {
        if held.contains(&aggregate) {
            continue;
        }
        if seen.insert(aggregate) {
            wave.push((aggregate, envelope));
        } else {
            later.push_back((aggregate, envelope));
        }
    }
    *waiting = later;
    wave
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(subject: &str) -> Envelope {
        Envelope { id: Uuid::now_v7(), subject: subject.into(), payload: Vec::new(), headers: BTreeMap::new() }
    }

    #[test]
    fn a_wave_has_one_event_of_each_aggregate_and_none_behind_a_held_one() {
        let (a, b, c) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let mut waiting: VecDeque<_> = [(a, "a1"), (b, "b1"), (a, "a2"), (c, "c1"), (b, "b2"), (a, "a3")]
            .map(|(aggregate, subject)| (aggregate, envelope(subject)))
            .into();
        let names = |wave: Vec<(Uuid, Envelope)>| wave.into_iter().map(|(_, e)| e.subject).collect::<Vec<_>>();
        assert_eq!(names(next_wave(&mut waiting, &HashSet::new())), ["a1", "b1", "c1"]);
        assert_eq!(names(next_wave(&mut waiting, &HashSet::from([b]))), ["a2"]);
        assert_eq!(names(next_wave(&mut waiting, &HashSet::from([b]))), ["a3"]);
        assert!(waiting.is_empty());
    }
}
