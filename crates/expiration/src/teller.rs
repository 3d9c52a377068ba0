//! The worker that tells: claims what is due, publishes `expiration:complete`, and removes what the broker received.
//!
//! ```text
//!  broker there? ─► claim ─► publish all, wait for the receipts ─► complete ─► next claim, or rest
//!                              │ no receipt ─► release ─► a pause      until the next is due, one is set, or REST_MAX
//!                              └ killed here: the lease ends, another publishes the same event under the same id
//! ```

use std::time::Duration;

use events::bus::PublishError;
use events::expiration::ExpirationComplete;
use events::{Bus, Envelope};
use redis::RedisResult;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::timers::{Claim, Timers};

/// Timers claimed at a time: enough that a crowd is told at the broker's pace, few enough that one batch is published
/// and completed in a fraction of its lease.
pub const BATCH: usize = 256;
/// How long a claim stands: three times what the broker may take for its receipt, so that a worker which is merely
/// slow keeps what it claimed; and how late a timer may be whose worker was killed.
pub const LEASE: Duration = Duration::from_secs(15);
/// The longest rest between two looks. It bounds how late a timer is that was set through another replica, which was
/// killed before it looked itself.
const REST_MAX: Duration = Duration::from_secs(1);
/// How often a broker that is away is looked for.
const LOOK: Duration = Duration::from_millis(100);
/// The pause after Redis or the broker failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Where it is told that time is up: the bus, or what stands for it in a test.
pub trait Outlet: Send + Sync + 'static {
    /// Waits until something can be told.
    fn ready(&self) -> impl Future<Output = ()> + Send;

    /// Tells events and waits for the receipts, in the same order.
    fn tell(&self, envelopes: &[&Envelope]) -> impl Future<Output = Vec<Result<(), PublishError>>> + Send;
}

impl Outlet for Bus {
    async fn ready(&self) {
        Self::ready(self).await;
        // The broker of which that was true may be gone since.
        while !self.is_ready() {
            sleep(LOOK).await;
        }
    }

    async fn tell(&self, envelopes: &[&Envelope]) -> Vec<Result<(), PublishError>> {
        self.publish_all(envelopes).await
    }
}

/// The worker.
#[derive(Clone)]
pub struct Teller<O> {
    timers: Timers,
    outlet: O,
    lease: Duration,
    rest_max: Duration,
}

/// What one round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Orders whose time was up and of which the broker has the event.
    pub told: usize,
    /// Those which it did not take; they are due again.
    pub failed: usize,
    /// How long until something is due; `None` if no timer is set.
    pub next: Option<Duration>,
}

impl<O: Outlet> Teller<O> {
    /// A worker that tells what is due by `timers` through `outlet`.
    pub fn new(timers: Timers, outlet: O) -> Self {
        Self { timers, outlet, lease: LEASE, rest_max: REST_MAX }
    }

    /// The same, with claims that stand so long.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// The same, looking by itself only so often.
    #[must_use]
    pub fn resting(self, rest_max: Duration) -> Self {
        Self { rest_max, ..self }
    }

    /// Tells what is due when it is due, until `stop`; a round that began is brought to its end.
    pub async fn run(self, stop: CancellationToken) {
        let mut well = true;
        while !stop.is_cancelled() {
            // What can't be told is not claimed: perhaps another replica can tell it.
            if stop.run_until_cancelled(self.outlet.ready()).await.is_none() {
                return;
            }
            let rest = match self.round().await {
                Ok(Round { failed: 0, next, .. }) => Ok(next.unwrap_or(self.rest_max).min(self.rest_max)),
                Ok(Round { failed, .. }) => Err(format!("the broker did not take {failed} of them")),
                Err(error) => Err(format!("Redis failed: {error}")),
            };
            // An outage is told of once, and so is its end.
            match &rest {
                Ok(_) if !well => info!("what is due is told again"),
                Err(failure) if well => warn!("what is due can't be told, it is tried again: {failure}"),
                Err(failure) => debug!("what is due still can't be told: {failure}"),
                Ok(_) => {}
            }
            well = rest.is_ok();
            let rest = rest.unwrap_or(PAUSE);
            if well && rest.is_zero() {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(rest) => {}
                () = self.timers.armed(), if well => {}
            }
        }
    }

    /// Claims, tells and completes one batch.
    pub async fn round(&self) -> RedisResult<Round> {
        let look = self.timers.claim(BATCH, self.lease).await?;
        let events: Vec<_> = look.claims.iter().filter_map(|claim| Some((*claim, event(claim)?))).collect();
        if events.is_empty() {
            return Ok(Round { told: 0, failed: 0, next: look.next });
        }
        let envelopes: Vec<_> = events.iter().map(|(_, envelope)| envelope).collect();
        let receipts = self.outlet.tell(&envelopes).await;
        let (mut told, mut failed) = (Vec::new(), Vec::new());
        for ((claim, _), receipt) in events.iter().zip(receipts) {
            match receipt {
                Ok(()) => told.push(*claim),
                Err(error) => {
                    debug!(order = %claim.order, "not told: {error}");
                    failed.push(*claim);
                }
            }
        }
        let completed = self.timers.complete(&told).await?;
        self.timers.release(&failed).await?;
        let late = told.iter().map(|claim| claim.late.as_millis()).max();
        debug!(told = told.len(), completed, failed = failed.len(), late_ms = late, "a round");
        Ok(Round { told: told.len(), failed: failed.len(), next: look.next })
    }
}

/// The event of a claim. Its id is the same whoever publishes it and however often: broker and inbox know repeats by
/// it. Only a timer that `orders` asked for anew, with another due time, has another one.
fn event(claim: &Claim) -> Option<Envelope> {
    let id = Uuid::new_v5(&claim.order.0, claim.due.to_string().as_bytes());
    Envelope::of(&ExpirationComplete { order_id: claim.order })
        .map(|envelope| Envelope { id, ..envelope })
        .inspect_err(|error| warn!(order = %claim.order, "no event: {error}"))
        .ok()
}
