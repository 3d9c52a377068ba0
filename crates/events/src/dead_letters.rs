//! What could not be handled: kept with all that is needed to look at it, and to try again.

use std::collections::BTreeMap;

use sqlx::PgPool;
use sqlx::types::Json;
use uuid::Uuid;

use crate::listener::{Delivery, Listeners};
use crate::{Envelope, Timestamp, Verdict};

/// An event that could not be handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The event.
    pub envelope: Envelope,
    /// What went wrong the last time.
    pub error: String,
    /// Where it lies at the broker, and how often it was tried.
    pub delivery: Delivery,
    /// When it was given up.
    pub died_at: Timestamp,
}

/// Which dead letters are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    All,
    /// The one whose event has this id.
    One(Uuid),
}

impl Which {
    fn id(self) -> Option<Uuid> {
        match self {
            Self::All => None,
            Self::One(id) => Some(id),
        }
    }
}

/// What trying again came to.
#[derive(Debug)]
pub struct Replayed {
    /// Which event.
    pub id: Uuid,
    /// Its subject.
    pub subject: String,
    /// How it went; the letter stays if it failed again, and says why.
    pub result: Result<Verdict, String>,
}

/// Keeps `envelope` as a dead letter; if it is one, the newer error counts.
pub(crate) async fn bury(db: &PgPool, envelope: &Envelope, delivery: &Delivery, error: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into dead_letters (id, subject, payload, headers, error, stream, sequence, deliveries)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (id) do update set error = excluded.error, deliveries = excluded.deliveries, died_at = now()",
        envelope.id,
        envelope.subject,
        envelope.payload,
        Json(&envelope.headers) as _,
        error,
        delivery.stream,
        i64::try_from(delivery.sequence).unwrap_or(i64::MAX),
        delivery.count,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The dead letters, in the order in which the events were published.
pub async fn list(db: &PgPool, which: Which) -> sqlx::Result<Vec<DeadLetter>> {
    let rows = sqlx::query!(
        r#"select id, subject, payload, headers as "headers: Json<BTreeMap<String, String>>", error, stream, sequence,
                  deliveries, died_at as "died_at: Timestamp"
           from dead_letters where $1::uuid is null or id = $1 order by stream, sequence, died_at"#,
        which.id(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| DeadLetter {
            envelope: Envelope { id: row.id, subject: row.subject, payload: row.payload, headers: row.headers.0 },
            error: row.error,
            delivery: Delivery {
                stream: row.stream,
                sequence: u64::try_from(row.sequence).unwrap_or_default(),
                count: row.deliveries,
            },
            died_at: row.died_at,
        })
        .collect())
}

/// Handles dead letters again, in the order in which they were published. Handled ones are gone from the table.
pub async fn replay(db: &PgPool, listeners: &Listeners, which: Which) -> sqlx::Result<Vec<Replayed>> {
    let mut replayed = Vec::new();
    for letter in list(db, which).await? {
        let result = listeners.attempt(db, &letter.envelope).await.map_err(|failure| failure.to_string());
        match &result {
            Ok(Verdict::Done | Verdict::Repeat) => {
                discard(db, Which::One(letter.envelope.id)).await?;
            }
            // Nobody listens to it here: for a person to say that it may go.
            Ok(_) => {}
            Err(error) => bury(db, &letter.envelope, &letter.delivery, error).await?,
        }
        replayed.push(Replayed { id: letter.envelope.id, subject: letter.envelope.subject, result });
    }
    Ok(replayed)
}

/// Drops dead letters for good. Returns how many.
pub async fn discard(db: &PgPool, which: Which) -> sqlx::Result<u64> {
    let gone =
        sqlx::query!("delete from dead_letters where $1::uuid is null or id = $1", which.id()).execute(db).await?;
    Ok(gone.rows_affected())
}
