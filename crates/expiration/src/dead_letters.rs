//! What could not be handled, kept in Redis: list, replay, discard.
//!
//! ```text
//!  {expiration}:dead        hash        event's id → the event and what was wrong with it, as JSON
//!  {expiration}:dead:since  sorted set  event's id → when it was given up (ms)
//! ```

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use events::dead_letters::{DeadLetter, Replayed, Which};
use events::listener::Delivery;
use events::{Envelope, Timestamp, Verdict};
use redis::{RedisResult, Script};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::desk::OrderDesk;
use crate::link::Link;

/// `{expiration}:dead`
const DEAD: &str = "{expiration}:dead";
/// `{expiration}:dead:since`
const SINCE: &str = "{expiration}:dead:since";

/// Letters kept at most, a few megabytes: more of them must not take the memory that the timers need. When it is
/// reached nothing is dropped; events that can't be handled stay at the broker until somebody looks.
pub const DEAD_LETTERS_MAX: usize = 10_000;

/// The dead letters.
#[derive(Clone)]
pub struct DeadLetters {
    link: Link,
    max: usize,
}

/// A letter as Redis keeps it. The payload may be anything, so it is in base64.
#[derive(Serialize, Deserialize)]
struct Kept {
    subject: String,
    payload: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    error: String,
    stream: String,
    sequence: u64,
    deliveries: i64,
}

/// Why a letter was not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// Redis failed.
    #[error(transparent)]
    Redis(#[from] redis::RedisError),
    /// There is no room.
    #[error("there are {0} dead letters already: replay or discard some")]
    Full(usize),
    /// It can't be written down.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl DeadLetters {
    /// The dead letters at the server `link` leads to.
    pub fn new(link: Link) -> Self {
        Self { link, max: DEAD_LETTERS_MAX }
    }

    /// The same, with room for `max`.
    #[must_use]
    pub fn bounded(self, max: usize) -> Self {
        Self { max, ..self }
    }

    /// Keeps an event; if it is kept already, the newer error counts.
    pub async fn bury(&self, envelope: &Envelope, delivery: &Delivery, error: &str) -> Result<(), NotKept> {
        let kept = Kept {
            subject: envelope.subject.clone(),
            payload: BASE64_STANDARD.encode(&envelope.payload),
            headers: envelope.headers.clone(),
            error: error.to_owned(),
            stream: delivery.stream.clone(),
            sequence: delivery.sequence,
            deliveries: delivery.count,
        };
        let script = Script::new(include_str!("dead_letters/bury.lua"));
        let mut script = script.key(&[DEAD, SINCE]);
        script.arg(envelope.id.to_string()).arg(serde_json::to_string(&kept)?).arg(self.max);
        if self.link.invoke(&script).await? { Ok(()) } else { Err(NotKept::Full(self.max)) }
    }

    /// The letters, in the order in which the events were published.
    pub async fn list(&self, which: Which) -> RedisResult<Vec<DeadLetter>> {
        let mut commands = redis::pipe();
        commands.atomic().cmd("HGETALL").arg(DEAD).cmd("ZRANGE").arg(SINCE).arg(0).arg(-1).arg("WITHSCORES");
        let (kept, since): (HashMap<String, String>, Vec<(String, i64)>) = self.link.query(&commands).await?;
        let mut letters: Vec<_> = since
            .iter()
            .filter_map(|(id, died_at)| letter(id, kept.get(id)?, *died_at))
            .filter(|letter| match which {
                Which::All => true,
                Which::One(id) => letter.envelope.id == id,
            })
            .collect();
        letters
            .sort_by(|a, b| (&a.delivery.stream, a.delivery.sequence).cmp(&(&b.delivery.stream, b.delivery.sequence)));
        Ok(letters)
    }

    /// Handles letters again. Those handled now are gone; of the others the newer error is kept.
    pub async fn replay(&self, desk: &OrderDesk, which: Which) -> Result<Vec<Replayed>, NotKept> {
        let mut replayed = Vec::new();
        for letter in self.list(which).await? {
            let DeadLetter { envelope, delivery, .. } = letter;
            let result = desk.attempt(&envelope).await.map_err(|failure| failure.to_string());
            match &result {
                Ok(Verdict::Done | Verdict::Repeat) => {
                    self.discard(Which::One(envelope.id)).await?;
                }
                // Nobody listens to it here: for a person to say that it may go.
                Ok(_) => {}
                Err(error) => self.bury(&envelope, &delivery, error).await?,
            }
            replayed.push(Replayed { id: envelope.id, subject: envelope.subject, result });
        }
        Ok(replayed)
    }

    /// Drops letters for good. Gives how many.
    pub async fn discard(&self, which: Which) -> RedisResult<u64> {
        let mut commands = redis::pipe();
        commands.atomic();
        match which {
            Which::All => commands.cmd("HLEN").arg(DEAD).cmd("DEL").arg(DEAD).arg(SINCE).ignore(),
            Which::One(id) => {
                let id = id.to_string();
                commands.cmd("HDEL").arg(DEAD).arg(&id).cmd("ZREM").arg(SINCE).arg(&id).ignore()
            }
        };
        let (gone,): (u64,) = self.link.query(&commands).await?;
        Ok(gone)
    }
}

/// A letter as it was kept. One that can't be read any more stays in Redis, and is told about.
fn letter(id: &str, kept: &str, died_at: i64) -> Option<DeadLetter> {
    let read = || -> anyhow::Result<DeadLetter> {
        let kept: Kept = serde_json::from_str(kept)?;
        Ok(DeadLetter {
            envelope: Envelope {
                id: id.parse::<Uuid>()?,
                subject: kept.subject,
                payload: BASE64_STANDARD.decode(kept.payload)?,
                headers: kept.headers,
            },
            error: kept.error,
            delivery: Delivery { stream: kept.stream, sequence: kept.sequence, count: kept.deliveries },
            died_at: Timestamp::from_milliseconds(died_at).ok_or_else(|| anyhow::anyhow!("{died_at} is no time"))?,
        })
    };
    read().inspect_err(|error| tracing::error!(id, "{DEAD} has an entry that is no letter: {error:#}")).ok()
}
