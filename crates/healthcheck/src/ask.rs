//! One request, and the status of its answer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::url::Url;

/// How long each of connecting, asking and hearing may take: together less than a health check gives.
const STEP_MAX: Duration = Duration::from_secs(3);
/// The longest first line of an answer.
const LINE_BYTES_MAX: u64 = 256;

/// The status with which `url` answers. Nothing of the answer but its first line is read.
pub fn ask(url: &Url<'_>) -> io::Result<u16> {
    let mut socket = connect(&url.address)?;
    socket.set_read_timeout(Some(STEP_MAX))?;
    socket.set_write_timeout(Some(STEP_MAX))?;
    write!(socket, "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", url.path, url.host)?;
    let mut line = Vec::new();
    BufReader::new(socket.take(LINE_BYTES_MAX)).read_until(b'\n', &mut line)?;
    status(&line).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "that is no answer of HTTP"))
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "no such host");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, STEP_MAX) {
            Ok(socket) => return Ok(socket),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// The number in `HTTP/1.1 200 OK`.
fn status(line: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(line).ok()?;
    let status = line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.trim_end();
    status.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_the_status() {
        for (line, expected) in [
            (&b"HTTP/1.1 200 OK\r\n"[..], Some(200)),
            (b"HTTP/1.0 503\r\n", Some(503)),
            (b"INFO {\"server_id\":\"x\"}\r\n", None),
            (b"HTTP/1.1\r\n", None),
            (b"\xff", None),
            (b"", None),
        ] {
            assert_eq!(status(line), expected, "{line:?}");
        }
    }
}
