//! What a service tells of itself. Here: the log. Metrics and traces are further layers of the same subscriber.

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::settings::LogFormat;

/// What is logged when `RUST_LOG` says nothing: what happened, and of the libraries what went wrong.
const FILTER: &str = "info,sqlx=warn,async_nats=warn,hyper=warn,tower=warn";

/// Begins to log, to standard output. Does nothing if somebody else began before: one process, one log.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(FILTER));
    let log = match format {
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_span_list(false).boxed(),
        LogFormat::Pretty => fmt::layer().with_target(false).boxed(),
    };
    let _ = tracing_subscriber::registry().with(log.with_filter(filter)).try_init();
}
