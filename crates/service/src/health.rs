//! Whether the process is alive, and whether it should get requests now.
//!
//! `/healthz` answers while the process can answer at all: restarting it would not bring a broker back. `/readyz` is 503
//! while something is missing, says what, and while the process is about to stop.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::future::join_all;
use serde::Serialize;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::problem::Fault;

/// How long a check may take: less than a probe waits.
const CHECK_MAX: Duration = Duration::from_secs(2);

type Probe = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> + Send + Sync>;

/// Something a service needs to do its work.
#[derive(Clone)]
pub struct Check {
    name: String,
    probe: Probe,
}

impl Check {
    /// A check that is passed when `probe` gives no error; the error's text is shown to operators.
    pub fn new<F>(name: impl Into<String>, probe: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        Self { name: name.into(), probe: Arc::new(move || Box::pin(probe())) }
    }

    pub(crate) fn of(mut self, service: &str) -> Self {
        self.name = format!("{service}/{}", self.name);
        self
    }

    async fn run(&self) -> (String, Result<(), String>) {
        let result = match timeout(CHECK_MAX, (self.probe)()).await {
            Ok(result) => result.map_err(|error| format!("{error:#}")),
            Err(_) => Err(format!("no answer within {CHECK_MAX:?}")),
        };
        (self.name.clone(), result)
    }
}

/// All checks of the process.
#[derive(Clone)]
pub struct Health {
    checks: Arc<[Check]>,
    stopping: CancellationToken,
}

/// What is there, and what is not.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whether everything is there.
    pub ready: bool,
    /// Every check: `ok`, or what is wrong.
    pub checks: BTreeMap<String, String>,
    /// What is wrong, in the words of every error.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

impl Health {
    /// Health by these `checks`; not ready once `stopping` is cancelled.
    pub fn new(checks: Vec<Check>, stopping: CancellationToken) -> Self {
        Self { checks: checks.into(), stopping }
    }

    /// Looks at everything now.
    pub async fn report(&self) -> Report {
        let mut results = join_all(self.checks.iter().map(Check::run)).await;
        if self.stopping.is_cancelled() {
            results.push(("process".to_owned(), Err("about to stop".to_owned())));
        }
        let mut report = Report { ready: true, checks: BTreeMap::new(), errors: Vec::new() };
        for (name, result) in results {
            if let Err(message) = &result {
                report.ready = false;
                report.errors.push(Fault { message: message.clone(), field: Some(name.clone()) });
            }
            report.checks.insert(name, result.err().unwrap_or_else(|| "ok".to_owned()));
        }
        report
    }

    /// `/healthz` and `/readyz`.
    pub fn routes(self) -> Router {
        let routes = Router::new().route("/healthz", get(async || Json(serde_json::json!({ "alive": true }))));
        routes.route("/readyz", get(ready)).with_state(self)
    }
}

async fn ready(State(health): State<Health>) -> Response {
    let report = health.report().await;
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report)).into_response()
}
