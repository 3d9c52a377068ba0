//! What time it is: the machine's, or a test's.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use events::Timestamp;
use time::Duration;

/// Tells the time. Clones tell the same.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    Machine { since: Instant },
    Manual { milliseconds: Arc<AtomicI64> },
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::Machine { since: Instant::now() })
    }

    /// A clock that stands at `time` until it is advanced.
    pub fn at(time: Timestamp) -> Self {
        Self(Source::Manual { milliseconds: Arc::new(AtomicI64::new(time.milliseconds())) })
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Machine { .. } => Timestamp::now(),
            Source::Manual { milliseconds } => {
                let milliseconds = milliseconds.load(Ordering::SeqCst);
                Timestamp::from_milliseconds(milliseconds).unwrap_or_else(Timestamp::now)
            }
        }
    }

    /// Lets so much time pass, for all clones. The machine's clock passes by itself.
    pub fn advance(&self, duration: Duration) {
        if let Source::Manual { milliseconds } = &self.0 {
            let by = i64::try_from(duration.whole_milliseconds()).unwrap_or(i64::MAX);
            milliseconds.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// How much time has passed since some moment before. Nobody can set this back, unlike [`Clock::now`].
    pub fn elapsed(&self) -> std::time::Duration {
        match &self.0 {
            Source::Machine { since } => since.elapsed(),
            Source::Manual { milliseconds } => {
                let milliseconds = milliseconds.load(Ordering::SeqCst);
                std::time::Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default())
            }
        }
    }
}

/// So that rate limits keep time by it.
impl governor::clock::Clock for Clock {
    type Instant = std::time::Duration;

    fn now(&self) -> Self::Instant {
        self.elapsed()
    }
}
