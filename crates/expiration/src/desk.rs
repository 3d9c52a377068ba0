//! Where deliveries end: each event changes one timer by one script, so there is no inbox to keep. A repeat changes
//! nothing, and nothing depends on the order in which events come.

use events::listener::{Delivery, Desk, back_off};
use events::orders::{ORDERS, OrderCancelled, OrderCompleted, OrderCreated, OrderOverdue};
use events::{Envelope, Event, Stream, Verdict};
use tracing::{debug, error, warn};

use crate::dead_letters::DeadLetters;
use crate::listeners::{order_cancelled, order_completed, order_created, order_overdue};
use crate::timers::Timers;

/// The desk of this service.
#[derive(Clone)]
pub struct OrderDesk {
    timers: Timers,
    dead_letters: DeadLetters,
}

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It is not what its subject says: it will not get better.
    #[error("malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Redis is away, or did not take it. No reason to bury the event, and where would it be buried?
    #[error("Redis failed: {0}")]
    Redis(#[from] redis::RedisError),
}

impl OrderDesk {
    /// A desk that sets and drops `timers`.
    pub fn new(timers: Timers, dead_letters: DeadLetters) -> Self {
        Self { timers, dead_letters }
    }

    /// Handles an event once.
    pub async fn attempt(&self, envelope: &Envelope) -> Result<Verdict, Failure> {
        let payload = &envelope.payload;
        let verdict = match &*envelope.subject {
            OrderCreated::SUBJECT => order_created(&self.timers, &serde_json::from_slice(payload)?).await?,
            OrderCancelled::SUBJECT => order_cancelled(&self.timers, &serde_json::from_slice(payload)?).await?,
            OrderCompleted::SUBJECT => order_completed(&self.timers, &serde_json::from_slice(payload)?).await?,
            OrderOverdue::SUBJECT => order_overdue(&self.timers, &serde_json::from_slice(payload)?).await?,
            _ => Verdict::Ignored,
        };
        Ok(verdict)
    }
}

impl Desk for OrderDesk {
    fn durable(&self) -> &'static str {
        "expiration-service"
    }

    fn streams(&self) -> Vec<&'static Stream> {
        vec![&ORDERS]
    }

    async fn receive(&self, envelope: &Envelope, delivery: &Delivery) -> Verdict {
        let (id, subject, count) = (envelope.id, &*envelope.subject, delivery.count);
        let malformed = match self.attempt(envelope).await {
            Ok(verdict) => {
                debug!(%id, subject, ?verdict, "received");
                return verdict;
            }
            Err(failure @ Failure::Redis(_)) => {
                warn!(%id, subject, count, "not handled, it will come again: {failure}");
                return Verdict::Retry(back_off(count));
            }
            Err(malformed @ Failure::Malformed(_)) => malformed,
        };
        match self.dead_letters.bury(envelope, delivery, &malformed.to_string()).await {
            Ok(()) => {
                let (stream, sequence) = (&*delivery.stream, delivery.sequence);
                error!(%id, subject, count, stream, sequence, "a dead letter: {malformed}");
                Verdict::Dead
            }
            Err(not_kept) => {
                error!(%id, subject, count, "neither handled ({malformed}) nor buried ({not_kept}): it will come again");
                Verdict::Retry(back_off(count))
            }
        }
    }
}
