//! Whether the marketplace answers: `/readyz`, asked until it says yes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::processes::Chain;
use crate::progress::Step;
use crate::servers::ANSWER_MAX;

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
        match ask(port) {
            Ok((200, _)) => return Ok(true),
            Ok((_, body)) => step.at(&lacking(&body)),
            Err(_) => {}
        }
        Ok(false)
    })
}

/// What `/readyz` says is not well yet.
fn lacking(body: &str) -> String {
    let told: Value = serde_json::from_str(body).unwrap_or_default();
    let checks = told["checks"].as_object().into_iter().flatten();
    let lacking: Vec<&str> = checks.filter(|(_, state)| *state != "ok").map(|(name, _)| name.as_str()).collect();
    format!("waiting for {}", lacking.join(", "))
}

/// The status and the body.
fn ask(port: u16) -> std::io::Result<(u16, String)> {
    let mut socket = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), ANSWER_MAX)?;
    socket.set_read_timeout(Some(ANSWER_MAX))?;
    write!(socket, "GET /readyz HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(read(&answer))
}

fn read(answer: &str) -> (u16, String) {
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_its_body() {
        let answer = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\r\n{\"ready\":false}\n";
        assert_eq!(read(answer), (503, "{\"ready\":false}".into()));
        assert_eq!(read("not http"), (0, String::new()));
    }

    #[test]
    fn people_are_told_what_is_waited_for() {
        let body =
            r#"{"ready":false,"checks":{"auth/broker":"ok","orders/database":"no answer","tickets/broker":"not yet"}}"#;
        assert_eq!(lacking(body), "waiting for orders/database, tickets/broker");
    }
}
