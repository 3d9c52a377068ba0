//! `/healthz`: whether all is well. 200 if it is; 503 and what is wrong if a stream's disk or the database fails.
//!
//! `?js-enabled-only=1` and `?js-server-only=1` ask whether `JetStream` runs at all, without a look at the streams.
//! `?details=1` tells each failure by itself.

use axum::http::StatusCode;
use serde::Serialize;
use sql_store::Database;

use super::answer::{Answer, Refusal};
use super::parameters::Parameters;
use super::{ACCOUNT, Monitor};

#[derive(Debug, Serialize, PartialEq, Eq)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Failure>,
}

/// What is wrong with one stream.
#[derive(Debug, Serialize, PartialEq, Eq)]
struct Failure {
    #[serde(rename = "type")]
    kind: &'static str,
    account: &'static str,
    /// Empty: what all of them lie in.
    #[serde(skip_serializing_if = "String::is_empty")]
    stream: String,
    error: String,
}

pub(super) fn answer(monitor: &Monitor, parameters: &Parameters) -> Result<Answer, Refusal> {
    let mut server_only = false;
    for name in ["js-enabled-only", "js-enabled", "js-server-only", "js-meta-only"] {
        server_only |= parameters.flag(name)?;
    }
    let mut failures = Vec::new();
    if let Some(jetstream) = monitor.server.jetstream.as_ref().filter(|_| !server_only) {
        if let Some(error) = jetstream.database().and_then(Database::fault) {
            // Even if there is no stream that could tell.
            failures.push(Failure { kind: "STORE", account: ACCOUNT, stream: String::new(), error });
        }
        for stream in jetstream.streams() {
            if let Some(error) = stream.fault() {
                let stream = stream.name.to_string();
                failures.push(Failure { kind: "STREAM", account: ACCOUNT, stream, error });
            }
        }
    }
    let (status, health) = Health::of(failures, parameters.flag("details")?);
    Answer::line(status, &health)
}

impl Health {
    fn of(failures: Vec<Failure>, details: bool) -> (StatusCode, Self) {
        let Some(first) = failures.first() else {
            return (StatusCode::OK, Self { status: "ok", status_code: None, error: None, errors: Vec::new() });
        };
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let error = match failures.len() {
            _ if first.stream.is_empty() => format!("nothing can be stored: {}", first.error),
            1 => format!("JetStream stream '{} > {ACCOUNT}' cannot store: {}", first.stream, first.error),
            n => format!("{n} streams cannot store, '{}' among them: {}", first.stream, first.error),
        };
        let health = Self {
            status: "unavailable",
            status_code: Some(status.as_u16()),
            error: (!details).then_some(error),
            errors: if details { failures } else { Vec::new() },
        };
        (status, health)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(stream: &str) -> Failure {
        Failure { kind: "STREAM", account: ACCOUNT, stream: stream.to_owned(), error: "disk full".to_owned() }
    }

    fn told(failures: Vec<Failure>, details: bool) -> (u16, String) {
        let (status, health) = Health::of(failures, details);
        (status.as_u16(), serde_json::to_string(&health).expect("JSON"))
    }

    #[test]
    fn a_database_that_fails_comes_first() {
        let database = Failure { kind: "STORE", account: ACCOUNT, stream: String::new(), error: "away".to_owned() };
        let (status, told) = told(vec![database, failure("A")], false);
        assert!(status == 503 && told.contains("nothing can be stored: away"), "{told}");
    }

    #[test]
    fn what_fails_is_told_in_one_sentence_or_each_by_itself() {
        assert_eq!(told(vec![], true), (200, r#"{"status":"ok"}"#.to_owned()));
        let one =
            r#"{"status":"unavailable","status_code":503,"error":"JetStream stream 'A > $G' cannot store: disk full"}"#;
        assert_eq!(told(vec![failure("A")], false), (503, one.to_owned()));
        let (_, two) = told(vec![failure("A"), failure("B")], false);
        assert!(two.contains("2 streams cannot store, 'A' among them: disk full"), "{two}");
        let (status, each) = told(vec![failure("A"), failure("B")], true);
        assert!(status == 503 && each.matches("\"type\":\"STREAM\"").count() == 2, "{each}");
    }
}
