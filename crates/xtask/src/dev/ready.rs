//! Whether the marketplace answers: `/readyz`, asked until it says yes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::processes::Chain;
use crate::progress::Step;
use crate::servers::ANSWER_MAX;

/// How long it may take: databases are migrated and streams are read first.
const READY_MAX: Duration = Duration::from_mins(2);

/// Waits until the marketplace on `port` is ready; meanwhile `step` shows what it lacks.
pub fn wait(chain: &mut Chain, port: u16, step: &Step) -> anyhow::Result<()> {
    chain.wait("The marketplace", READY_MAX, || match ask(port) {
        Ok((200, _)) => Ok(true),
        Ok((_, lacks)) => {
            step.at(&lacks);
            Ok(false)
        }
        Err(_) => Ok(false),
    })
}

/// The status and the first line of the body.
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
    let body = answer.split_once("\r\n\r\n").and_then(|(_, body)| body.lines().next()).unwrap_or_default();
    (status, body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_what_it_lacks() {
        let answer = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\r\n{\"db\":false}\n";
        assert_eq!(read(answer), (503, "{\"db\":false}".into()));
        assert_eq!(read("not http"), (0, String::new()));
    }
}
