//! The time, as the server's parts are given it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// UNIX time in nanoseconds that never goes back, whatever an administrator or NTP does to the machine's clock.
#[derive(Debug, Default)]
pub struct Clock {
    latest: AtomicI64,
}

impl Clock {
    /// Now. Two calls may give the same time, but never an earlier one.
    pub fn now(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanos);
        now.max(self.latest.fetch_max(now, Ordering::Relaxed))
    }
}

/// A duration in nanoseconds; 292 years at most.
pub fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
