//! Waiting for what happens by itself, and not forever.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up. It bounds a failure and measures nothing.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks at a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// What a look at something tells: whether it is there yet, and what it is.
pub trait Sight {
    /// What was looked for.
    type Seen;
    /// It, or why it is not there yet.
    fn seen(self) -> Result<Self::Seen, String>;
}

impl Sight for bool {
    type Seen = ();

    fn seen(self) -> Result<(), String> {
        if self { Ok(()) } else { Err("false".to_owned()) }
    }
}

impl<T> Sight for Option<T> {
    type Seen = T;

    fn seen(self) -> Result<T, String> {
        self.ok_or_else(|| "none".to_owned())
    }
}

impl<T, E: Debug> Sight for Result<T, E> {
    type Seen = T;

    fn seen(self) -> Result<T, String> {
        self.map_err(|error| format!("{error:?}"))
    }
}

/// Looks again and again until `look` sees `true`, `Some` or `Ok`, and hands over what that holds.
pub async fn eventually<S: Sight>(what: &str, mut look: impl AsyncFnMut() -> S) -> S::Seen {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look().await.seen() {
            Ok(seen) => return seen,
            Err(last) => assert!(Instant::now() < deadline, "waited in vain: {what} (the last look: {last})"),
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
