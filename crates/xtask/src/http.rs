//! Just enough HTTP to ask a server on this machine, over a connection for each question.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use serde_json::Value;

/// How long a server may think before the next bytes of its answer.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// More than any answer of ours has.
const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// 0 if that was no HTTP.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The first header called `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Asks `address`, a host and a port. `headers` are whole lines.
pub fn ask(address: &str, method: &str, path: &str, headers: &[String], body: Option<&Value>) -> io::Result<Answer> {
    let nowhere = || io::Error::new(io::ErrorKind::NotFound, "no such host");
    let to = address.to_socket_addrs()?.next().ok_or_else(nowhere)?;
    let mut socket = TcpStream::connect_timeout(&to, ANSWER_MAX)?;
    socket.set_read_timeout(Some(ANSWER_MAX))?;
    let body = body.map(Value::to_string).unwrap_or_default();
    // HTTP/1.0: the answer ends with the connection, and comes in one piece.
    let mut request = format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    write!(socket, "{request}Content-Type: application/json\r\n\r\n{body}")?;
    let mut answer = Vec::new();
    socket.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    Ok(read(&String::from_utf8_lossy(&answer)))
}

fn read(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let mut lines = head.lines();
    let first = lines.next().and_then(|line| line.strip_prefix("HTTP/1.")).unwrap_or_default();
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    Answer { status, headers: lines.filter_map(header).collect(), body: body.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_its_headers_and_its_body() {
        let answer =
            read("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n\r\n{\"ready\":false}");
        assert_eq!((answer.status, answer.header("content-type")), (503, Some("application/json")));
        assert_eq!(answer.json(), serde_json::json!({ "ready": false }));
    }

    #[test]
    fn what_is_no_answer_has_no_status() {
        for text in ["", "not http", "INFO {}\r\n", "HTTP/1.1\r\n\r\n"] {
            assert_eq!((read(text).status, read(text).json()), (0, Value::Null), "{text}");
        }
    }
}
