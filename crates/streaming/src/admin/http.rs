//! One request over HTTP and its answer: no more than an administrator needs.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::Error;

/// How long each step may take: longer than the server waits for its disk.
const STEP_TIME_MAX: Duration = Duration::from_secs(40);

/// Bytes of an answer. Ours are a line.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// The port where a URL names none: the usual one of monitoring, not of HTTP.
const PORT: u16 = 8222;

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Of HTTP.
    pub status: u16,
    /// Text.
    pub body: String,
}

/// Asks the server at `url`.
pub fn ask(url: &str, method: &str, path: &str, token: &str) -> Result<Answer, Error> {
    let authority = authority(url)?;
    let unreachable = |why| Error::Unreachable { server: url.to_owned(), why };
    let mut socket = connect(&authority).map_err(unreachable)?;
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {authority}\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).map_err(unreachable)?;
    let mut text = Vec::new();
    socket.take(ANSWER_BYTES_MAX).read_to_end(&mut text).map_err(unreachable)?;
    parse(&String::from_utf8_lossy(&text)).ok_or_else(|| Error::Strange(url.to_owned()))
}

fn connect(authority: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in authority.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, STEP_TIME_MAX) {
            Ok(socket) => {
                socket.set_read_timeout(Some(STEP_TIME_MAX))?;
                socket.set_write_timeout(Some(STEP_TIME_MAX))?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// `host:port` of `http://host[:port][/]`.
fn authority(url: &str) -> Result<String, Error> {
    let wrong = |why| Error::Url { url: url.to_owned(), why };
    let rest = match url.split_once("://") {
        Some(("http", rest)) => rest,
        Some(("https", _)) => return Err(wrong("https is not spoken here; use a proxy or a tunnel on this machine")),
        Some(_) => return Err(wrong("it begins with http://")),
        None => url,
    };
    let host = rest.trim_end_matches('/');
    let name = host.rfind(']').map_or(host, |end| &host[end + 1..]);
    if host.is_empty() || host.starts_with(':') || !host.bytes().all(|b| b.is_ascii_graphic() && !b"/?#@".contains(&b))
    {
        return Err(wrong("expected http://host:port"));
    }
    match name.split_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => Ok(host.to_owned()),
        Some(_) => Err(wrong("the port is a number")),
        None => Ok(format!("{host}:{PORT}")),
    }
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_or_without_its_parts() {
        for (url, there) in [
            ("http://127.0.0.1:8222", Some("127.0.0.1:8222")),
            ("localhost", Some("localhost:8222")),
            ("http://[::1]", Some("[::1]:8222")),
            ("http://[::1]:1/", Some("[::1]:1")),
            ("https://h", None),
            ("nats://h", None),
            ("http://", None),
            ("http://h:port", None),
            ("http://h/path", None),
            ("http://user@h", None),
        ] {
            assert_eq!(authority(url).ok().as_deref(), there, "{url}");
        }
    }

    #[test]
    fn an_answer_has_a_status_and_a_body() {
        let answer = parse("HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n{}\n");
        assert_eq!(answer, Some(Answer { status: 404, body: "{}\n".into() }));
        for text in ["", "HTTP/1.1 200 OK", "nonsense\r\n\r\n", "HTTP/1.1 x\r\n\r\n"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
