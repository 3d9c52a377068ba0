//! One connection to a server: what is written waits in a buffer until it is flushed, what is read is handed
//! out from where it lies.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use protocol::client::{self, Connect};
use protocol::headers::Headers;
use protocol::server::{Info, ServerOp, decode_op};
use serde_json::Value;

use super::error::Error;
use super::url::Address;

/// As much as is gathered before it is written: a write of this size costs little more than one of a byte.
const WRITE_BYTES: usize = 64 * 1024;
/// As much as one read takes at most.
const READ_BYTES: usize = 256 * 1024;
/// How often a reader looks up from its socket to see whether the run is over.
pub const POLL: Duration = Duration::from_millis(20);
/// How long a server may be silent while we wait for it. Longer than a stalled disk, shorter than patience.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A message delivered, where it lies in the reader's buffer.
pub struct Message<'a> {
    pub subject: &'a str,
    reply: Option<&'a str>,
    headers: &'a [u8],
    pub payload: &'a [u8],
}

impl Message<'_> {
    /// What the server itself says by a message without payload, as `503` or `408 Request Timeout`.
    pub fn status(&self) -> Option<String> {
        let (code, description) = Headers::parse(self.headers).status()?;
        Some(format!("{code} {description}").trim_end().to_owned())
    }

    /// Publishes `payload` to where this message wants its answer.
    pub fn answer(&self, writer: &mut Writer, payload: &[u8]) -> Result<(), Error> {
        writer.publish(self.reply.ok_or(Error::NoReply)?, None, payload)
    }

    /// The number that stands last in its subject: `_INBOX.x.42` → 42.
    pub fn number(&self) -> Option<u64> {
        self.subject.rsplit('.').next()?.parse().ok()
    }
}

pub struct Connection {
    pub writer: Writer,
    reader: Reader,
    info: Info,
    pongs: u64,
}

impl Connection {
    /// Connects, and returns when the server has accepted who we are.
    pub fn open(address: &Address, name: &str) -> Result<Self, Error> {
        let stream = dial(&address.authority)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(POLL))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut connection = Self {
            writer: Writer::new(stream.try_clone()?),
            reader: Reader::new(stream),
            info: Info::default(),
            pongs: 0,
        };
        connection.info = connection.greeting(&address.authority)?;
        if connection.info.tls_required {
            return Err(Error::Tls { address: address.authority.clone() });
        }
        let hello = Connect {
            headers: true,
            no_responders: true,
            protocol: 1,
            lang: Some("rust".to_owned()),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            name: Some(name.to_owned()),
            user: address.user.clone(),
            pass: address.pass.clone(),
            auth_token: address.token.clone(),
            verbose: false,
            pedantic: false,
            ..Connect::default()
        };
        client::connect(&mut connection.writer.buffer, &hello);
        connection.barrier()?;
        Ok(connection)
    }

    pub fn info(&self) -> &Info {
        &self.info
    }

    fn greeting(&mut self, address: &str) -> Result<Info, Error> {
        let not_nats = |why: String| Error::NotNats { address: address.to_owned(), why };
        let began = Instant::now();
        loop {
            let read = self.reader.fill()?;
            match decode_op(self.reader.unread()) {
                Ok(Some((ServerOp::Info(info), length))) => {
                    let info = serde_json::from_slice(info).map_err(|error| not_nats(error.to_string()))?;
                    self.reader.consume(length);
                    return Ok(info);
                }
                Ok(Some((ServerOp::Err(text), _))) => return Err(server_error(text)),
                Ok(Some((op, _))) => return Err(not_nats(format!("it begins with {op:?}"))),
                Ok(None) if read == Filled::Closed => return Err(Error::Closed),
                Ok(None) if began.elapsed() > PATIENCE => {
                    return Err(not_nats("it is silent".into()));
                }
                Ok(None) => {}
                Err(_) => {
                    return Err(not_nats(format!("it begins with {:?}", self.reader.glimpse())));
                }
            }
        }
    }

    /// Reads once, for at most [`POLL`], and gives each message to `on`. True if anything came.
    ///
    /// What `on` writes stays in the buffer; the caller flushes.
    pub fn receive(
        &mut self,
        mut on: impl FnMut(Message<'_>, &mut Writer) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let filled = self.reader.fill()?;
        let mut any = false;
        loop {
            let length = match decode_op(self.reader.unread()) {
                Ok(None) => break,
                Err(_) => return Err(Error::Garbage(self.reader.glimpse())),
                Ok(Some((op, length))) => {
                    match op {
                        ServerOp::Msg { subject, reply, headers, payload, .. } => {
                            on(Message { subject, reply, headers, payload }, &mut self.writer)?;
                        }
                        ServerOp::Ping => {
                            self.writer.raw(b"PONG\r\n")?;
                            self.writer.flush()?;
                        }
                        ServerOp::Pong => self.pongs += 1,
                        ServerOp::Err(text) => return Err(server_error(text)),
                        ServerOp::Info(_) | ServerOp::Ok => {}
                    }
                    length
                }
            };
            self.reader.consume(length);
            any = true;
        }
        match filled {
            Filled::Closed => Err(Error::Closed),
            Filled::Some | Filled::Nothing => Ok(any),
        }
    }

    /// Returns when the server has dealt with all we wrote. Messages that come meanwhile are dropped.
    pub fn barrier(&mut self) -> Result<(), Error> {
        let awaited = self.pongs + 1;
        self.writer.raw(b"PING\r\n")?;
        self.writer.flush()?;
        let mut heard = Instant::now();
        while self.pongs < awaited {
            if self.receive(|_, _| Ok(()))? {
                heard = Instant::now();
            }
            missing_if_silent("answers to PING", heard, 1, 1)?;
        }
        Ok(())
    }

    /// Asks `subject` and returns the answer as JSON; `None` if nobody listens there.
    pub fn ask(&mut self, subject: &str, question: &[u8]) -> Result<Option<Value>, Error> {
        let answer = self.ask_bytes(subject, question)?;
        answer
            .map(|bytes| {
                serde_json::from_slice(&bytes).map_err(|_| Error::ApiAnswer {
                    subject: subject.to_owned(),
                    answer: String::from_utf8_lossy(&bytes).into_owned(),
                })
            })
            .transpose()
    }

    /// Asks `subject` and returns the answer as it is; `None` if nobody listens there.
    pub fn ask_bytes(&mut self, subject: &str, question: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        /// Subscriptions of the runs have small numbers.
        const SID: u64 = 1_000_000;
        let inbox = format!("_INBOX.bench.{}.ask", std::process::id());
        self.writer.subscribe(&inbox, None, SID)?;
        self.writer.raw(format!("UNSUB {SID} 1\r\n").as_bytes())?;
        self.writer.publish(subject, Some(&inbox), question)?;
        self.writer.flush()?;
        let asked = Instant::now();
        let mut answer = None;
        while answer.is_none() {
            self.receive(|message, _| {
                if message.subject == inbox {
                    answer = Some(match message.status() {
                        Some(status) if status.starts_with("503") => None,
                        _ => Some(message.payload.to_vec()),
                    });
                }
                Ok(())
            })?;
            missing_if_silent("answers", asked, 1, 1)?;
        }
        Ok(answer.flatten())
    }
}

/// An error if nothing has been `heard` for longer than [`PATIENCE`].
pub fn missing_if_silent(what: &'static str, heard: Instant, missing: u64, expected: u64) -> Result<(), Error> {
    if heard.elapsed() <= PATIENCE {
        return Ok(());
    }
    Err(Error::Missing { what, missing, expected, waited: PATIENCE })
}

fn server_error(text: &str) -> Error {
    Error::Server(text.to_owned())
}

fn dial(authority: &str) -> Result<TcpStream, Error> {
    let cannot = |source| Error::Connect { address: authority.to_owned(), source };
    let mut last = std::io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in authority.to_socket_addrs().map_err(cannot)? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(cannot(last))
}

/// Encodes commands into a buffer that is written when it is full or flushed.
pub struct Writer {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Writer {
    fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: Vec::with_capacity(2 * WRITE_BYTES) }
    }

    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.buffer.extend_from_slice(bytes);
        self.flush_if_full()
    }

    pub fn subscribe(&mut self, subject: &str, queue: Option<&str>, sid: u64) -> Result<(), Error> {
        client::subscribe(&mut self.buffer, subject, queue, &sid.to_string());
        self.flush_if_full()
    }

    pub fn publish(&mut self, subject: &str, reply: Option<&str>, payload: &[u8]) -> Result<(), Error> {
        client::publish(&mut self.buffer, subject, reply, &[], payload);
        self.flush_if_full()
    }

    fn flush_if_full(&mut self) -> Result<(), Error> {
        if self.buffer.len() >= WRITE_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    pub fn flush(&mut self) -> Result<(), Error> {
        if !self.buffer.is_empty() {
            self.stream.write_all(&self.buffer).map_err(lost)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

/// A peer that has gone looks different to a writer than to a reader; both mean the same to us.
fn lost(error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => Error::Closed,
        _ => Error::Io(error),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Filled {
    Some,
    Nothing,
    Closed,
}

/// The bytes read and not yet dealt with: `buffer[start..end]`.
struct Reader {
    stream: TcpStream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Reader {
    fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: vec![0; READ_BYTES], start: 0, end: 0 }
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// How the unread bytes begin, for people.
    fn glimpse(&self) -> String {
        let line = self.unread().split(|byte| *byte == b'\n').next().unwrap_or_default();
        String::from_utf8_lossy(&line[..line.len().min(80)]).trim_end().to_owned()
    }

    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// One read, after what is left of an operation has been moved to the front; the buffer grows with an
    /// operation larger than itself (a payload is bounded by the server's `max_payload`).
    fn fill(&mut self) -> Result<Filled, Error> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
        match self.stream.read(&mut self.buffer[self.end..]) {
            Ok(0) => Ok(Filled::Closed),
            Ok(read) => {
                self.end += read;
                Ok(Filled::Some)
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(Filled::Nothing),
                ErrorKind::ConnectionReset => Ok(Filled::Closed),
                _ => Err(error.into()),
            },
        }
    }
}
