//! Whether the marketplace answers: `/readyz`, asked until it says yes.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http;
use crate::processes::Chain;
use crate::progress::Step;

/// How long it may take: databases are migrated and streams are read first.
const READY_MAX: Duration = Duration::from_mins(2);

/// Between two questions: each is a line in the marketplace's log.
const ASK_INTERVAL: Duration = Duration::from_millis(250);

/// Waits until the marketplace on `port` is ready; meanwhile `step` shows what it lacks.
pub fn wait(chain: &mut Chain, port: u16, step: &Step) -> anyhow::Result<()> {
    let mut asked: Option<Instant> = None;
    chain.wait("The marketplace", READY_MAX, || {
        if asked.is_some_and(|asked| asked.elapsed() < ASK_INTERVAL) {
            return Ok(false);
        }
        asked = Some(Instant::now());
        match http::ask(&format!("127.0.0.1:{port}"), "GET", "/readyz", &[], None) {
            Ok(answer) if answer.status == 200 => return Ok(true),
            Ok(answer) => step.at(&lacking(&answer.json())),
            Err(_) => {}
        }
        Ok(false)
    })
}

/// What `/readyz` says is not well yet.
fn lacking(told: &Value) -> String {
    let checks = told["checks"].as_object().into_iter().flatten();
    let lacking: Vec<&str> = checks.filter(|(_, state)| *state != "ok").map(|(name, _)| name.as_str()).collect();
    format!("waiting for {}", lacking.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_are_told_what_is_waited_for() {
        let body =
            json!({ "checks": { "auth/broker": "ok", "orders/database": "no answer", "tickets/broker": "not yet" } });
        assert_eq!(lacking(&body), "waiting for orders/database, tickets/broker");
    }
}
