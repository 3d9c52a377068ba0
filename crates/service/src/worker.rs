//! What a service does in the background: started again when it ends or panics, never the end of the process.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use events::Bus;
use events::bus::Pulse;
use events::listener::Desk;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument, debug, error, info_span};

/// The pauses before a worker is started again: the first, and the longest. It doubles with each failure …
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// … until one has worked for so long.
const WELL: Duration = Duration::from_mins(1);

type Work = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// Something a service does in the background, until it is told to stop.
#[derive(Clone)]
pub struct Worker {
    name: &'static str,
    /// Set if it consumes events: whether it hears the broker.
    pub(crate) pulse: Option<Pulse>,
    work: Arc<dyn Fn(Bus, CancellationToken) -> Work + Send + Sync>,
}

/// What a worker may come to: nothing, or an error that is logged. Either way it is started again.
pub trait Ending: Send {
    /// As a result.
    fn result(self) -> anyhow::Result<()>;
}

impl Ending for () {
    fn result(self) -> anyhow::Result<()> {
        Ok(())
    }
}

impl Ending for anyhow::Result<()> {
    fn result(self) -> anyhow::Result<()> {
        self
    }
}

impl Worker {
    /// A worker that needs nothing of ours. It ends when `stop` is cancelled.
    pub fn new<F>(name: &'static str, work: impl Fn(CancellationToken) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output: Ending> + Send + 'static,
    {
        Self::publishing(name, move |_, stop| work(stop))
    }

    /// A worker that publishes by itself: for a service that has no outbox.
    pub fn publishing<F>(name: &'static str, work: impl Fn(Bus, CancellationToken) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output: Ending> + Send + 'static,
    {
        let work = Arc::new(move |bus, stop| {
            let work = work(bus, stop);
            Box::pin(async move { work.await.result() }) as Work
        });
        Self { name, pulse: None, work }
    }

    /// A worker that takes deliveries to `desk`; readiness looks at its pulse. Listeners with Postgres need none: they
    /// are the service's `listeners`.
    pub fn consuming(name: &'static str, desk: Arc<impl Desk>) -> Self {
        let pulse = Pulse::default();
        let heard = pulse.clone();
        let worker = Self::publishing(name, move |bus, stop| {
            let (desk, pulse) = (Arc::clone(&desk), heard.clone());
            async move { bus.consume(desk, pulse, stop).await }
        });
        Self { pulse: Some(pulse), ..worker }
    }

    /// Its name in the log.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Works until `stop`, whatever happens.
    pub async fn run(self, bus: Bus, stop: CancellationToken) {
        let mut pause = PAUSE;
        while !stop.is_cancelled() {
            let started = Instant::now();
            let span = info_span!("worker", name = self.name);
            // A task of its own, so that a panic ends the task and not the worker.
            let task = tokio::spawn((self.work)(bus.clone(), stop.clone()).instrument(span));
            let ended = AbortOnDropHandle::new(task).await;
            if stop.is_cancelled() {
                break;
            }
            if started.elapsed() > WELL {
                pause = PAUSE;
            }
            let name = self.name;
            match ended {
                Ok(Ok(())) => error!(worker = name, "a worker ended; it starts again in {pause:?}"),
                Ok(Err(error)) => error!(worker = name, "a worker failed; it starts again in {pause:?}: {error:#}"),
                Err(error) => error!(worker = name, "a worker panicked; it starts again in {pause:?}: {error}"),
            }
            let _ = stop.run_until_cancelled(sleep(pause)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        debug!(worker = self.name, "stopped");
    }
}
