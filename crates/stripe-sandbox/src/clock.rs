//! The time the stand-in believes in: the machine's, or one that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Whole seconds since 1970, as Stripe counts. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Where the hand stands; none follows the machine's clock.
    hand: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self { hand: None }
    }

    /// A clock that stands at `seconds` until it is moved.
    pub fn at(seconds: i64) -> Self {
        Self { hand: Some(Arc::new(AtomicI64::new(seconds))) }
    }

    /// What it shows.
    pub fn now(&self) -> i64 {
        match &self.hand {
            Some(hand) => hand.load(Ordering::Relaxed),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX)),
        }
    }

    /// Moves a clock made by [`Clock::at`]. The machine's own clock stays as it is, and the answer is `false`.
    pub fn advance(&self, by: Duration) -> bool {
        let Some(hand) = &self.hand else { return false };
        hand.fetch_add(i64::try_from(by.as_secs()).unwrap_or(i64::MAX), Ordering::Relaxed);
        true
    }
}
