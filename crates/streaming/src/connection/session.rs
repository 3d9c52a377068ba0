//! A connection's task: it reads, takes commands off, and waits for what comes next.
//!
//! One read buffer serves all connections of a worker thread; a connection keeps only the start of a command that has
//! not come whole. Ten thousand idle clients therefore cost no buffers.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use protocol::client::Limits;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::socket::{TlsReader, TlsWriter};
use super::{Connection, Reason, Socket};
use crate::router::Cache;
use crate::server::Server;
use crate::stream::Stream;
use crate::turn::Turn;

/// Read at once at most.
const READ_BYTES: usize = 64 * 1024;

/// How long an ending connection may take to have its last bytes sent.
const LAST_WRITE: Duration = Duration::from_millis(500);

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

/// Counts of one batch, added to the connection's once.
#[derive(Default)]
pub(super) struct Tally {
    pub messages: u64,
    pub bytes: u64,
}

/// What a connection's task owns.
pub(crate) struct Session {
    pub(super) server: Arc<Server>,
    pub(super) connection: Arc<Connection>,
    pub(super) cache: Cache,
    pub(super) turn: Turn,
    pub(super) limits: Limits,
    pub(super) tally: Tally,
    /// The start of a command of which the rest is still on its way.
    partial: Vec<u8>,
}

impl Session {
    pub fn new(server: Arc<Server>, connection: Arc<Connection>) -> Self {
        let limits = Limits {
            control_line_bytes_max: server.options.limits.max_control_line,
            payload_bytes_max: server.options.limits.max_payload,
        };
        let turn = Turn::new(server.clone());
        Self { server, connection, cache: Cache::default(), turn, limits, tally: Tally::default(), partial: Vec::new() }
    }

    /// Serves the client until either side ends the connection.
    pub async fn run(mut self, socket: Socket) {
        let connection = self.connection.clone();
        let (mut reader, direct, mut encrypted) = match socket {
            Socket::Plain(reader, writer) => (Reader::Plain(reader), Some(writer), None),
            Socket::Tls(reader, writer) => (Reader::Tls(reader), None, Some(Encrypted::new(writer))),
        };
        // A stream that has too much to commit: nothing is read until it has not. That is the bound on what publishers
        // may have in the server's memory.
        let mut held: Option<Arc<Stream>> = None;
        while connection.outbox.closed().is_none() {
            if let Some(encrypted) = &mut encrypted {
                encrypted.refill(&connection, self.server.clock.now());
            }
            let blocked = direct.as_ref().filter(|_| connection.outbox.is_blocked());
            // In no fixed order: neither a flood of input nor one of output may keep the other waiting.
            tokio::select! {
                () = connection.outbox.woken() => {}
                written = write(encrypted.as_mut()) => match written {
                    Ok(left) => connection.outbox.taken_left(left, self.server.clock.now()),
                    Err(_) => connection.outbox.close(Reason::ClientClosed),
                },
                () = writable(blocked) => connection.outbox.flush(self.server.clock.now()),
                () = room(held.as_deref()) => held = None,
                read = self.read(&mut reader), if held.is_none() => match read {
                    Ok(stream) => held = stream,
                    Err(reason) => connection.outbox.close(reason),
                },
            }
        }
        self.leave();
        // A client that takes nothing more must not keep its connection's memory.
        let _ = tokio::time::timeout(LAST_WRITE, last_words(&connection, encrypted, direct, self.turn.now)).await;
        connection.outbox.release();
        self.server.connections.remove(&connection, self.server.clock.now());
    }

    /// Reads once and does what was read. Returns a stream that has too much to commit, when there is one.
    async fn read(&mut self, reader: &mut Reader) -> Result<Option<Arc<Stream>>, Reason> {
        poll_fn(|cx| {
            SCRATCH.with_borrow_mut(|scratch| {
                let mut buffer = ReadBuf::new(scratch);
                match reader.poll(cx, &mut buffer) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(Err(_)) => Poll::Ready(Err(Reason::ClientClosed)),
                    Poll::Ready(Ok(())) if buffer.filled().is_empty() => Poll::Ready(Err(Reason::ClientClosed)),
                    Poll::Ready(Ok(())) => Poll::Ready(self.take(buffer.filled())),
                }
            })
        })
        .await
    }

    /// Does every whole command of what was left and what came.
    fn take(&mut self, input: &[u8]) -> Result<Option<Arc<Stream>>, Reason> {
        self.turn.begin();
        self.connection.heard.store(self.turn.now, Ordering::Relaxed);
        let done = if self.partial.is_empty() {
            self.commands(input).map(|taken| self.partial.extend_from_slice(&input[taken..]))
        } else {
            let mut partial = std::mem::take(&mut self.partial);
            partial.extend_from_slice(input);
            self.commands(&partial).map(|taken| {
                partial.drain(..taken);
                if !partial.is_empty() || partial.capacity() <= READ_BYTES {
                    self.partial = partial;
                }
            })
        };
        self.connection.received_messages.fetch_add(self.tally.messages, Ordering::Relaxed);
        self.connection.received_bytes.fetch_add(self.tally.bytes, Ordering::Relaxed);
        self.tally = Tally::default();
        self.turn.finish();
        done.map(|()| self.turn.take_stalled())
    }

    /// Takes the client out of everything.
    fn leave(&mut self) {
        let subscriptions = self.connection.subscriptions();
        self.connection.subscriptions.lock().clear();
        self.turn.begin();
        for subscription in &subscriptions {
            self.server.router.remove(subscription);
        }
        for subscription in &subscriptions {
            self.server.router.announce(&mut self.turn, &subscription.subject);
        }
        self.turn.finish();
    }
}

/// The writing half of an encrypted socket, with the bytes it is at.
struct Encrypted {
    writer: TlsWriter,
    bytes: Vec<u8>,
    sent: usize,
}

impl Encrypted {
    fn new(writer: TlsWriter) -> Self {
        Self { writer, bytes: Vec::new(), sent: 0 }
    }

    /// Takes what is pending, if everything before it was written.
    fn refill(&mut self, connection: &Connection, now: i64) {
        if self.bytes.is_empty() {
            self.bytes = connection.outbox.take(now);
        }
    }
}

/// Writes some of what `encrypted` has, and sends it off with the last of it; waits for ever when that is nothing.
/// Returns how much is left, `None` when all is on its way. May be dropped half-way and called again.
async fn write(encrypted: Option<&mut Encrypted>) -> io::Result<Option<usize>> {
    let Some(encrypted) = encrypted.filter(|e| !e.bytes.is_empty()) else { return std::future::pending().await };
    let rest = &encrypted.bytes[encrypted.sent..];
    if !rest.is_empty() {
        encrypted.sent += encrypted.writer.write(rest).await?;
        return Ok(Some(encrypted.bytes.len() - encrypted.sent));
    }
    encrypted.writer.flush().await?;
    encrypted.bytes = Vec::new();
    encrypted.sent = 0;
    Ok(None)
}

/// Waits until `stream` takes more; for ever without one.
async fn room(stream: Option<&Stream>) {
    match stream {
        Some(stream) => stream.room().await,
        None => std::future::pending().await,
    }
}

/// Waits until a socket that was full takes bytes again.
async fn writable(blocked: Option<&Arc<OwnedWriteHalf>>) {
    match blocked {
        // An error shows at the write that follows.
        Some(socket) => drop(socket.writable().await),
        None => std::future::pending().await,
    }
}

/// Sends what is still pending, the last `-ERR` among it.
async fn last_words(
    connection: &Connection,
    mut encrypted: Option<Encrypted>,
    direct: Option<Arc<OwnedWriteHalf>>,
    now: i64,
) {
    if let Some(encrypted) = &mut encrypted {
        loop {
            encrypted.refill(connection, now);
            if encrypted.bytes.is_empty() {
                break;
            }
            if write(Some(encrypted)).await.is_err() {
                return;
            }
        }
        let _ = encrypted.writer.shutdown().await;
    }
    if let Some(socket) = direct {
        connection.outbox.flush(now);
        while !connection.outbox.is_empty() {
            if socket.writable().await.is_err() {
                return;
            }
            connection.outbox.flush(now);
        }
    }
}

/// The reading half of either kind of socket.
enum Reader {
    Plain(OwnedReadHalf),
    Tls(TlsReader),
}

impl Reader {
    fn poll(&mut self, cx: &mut std::task::Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(half) => Pin::new(half).poll_read(cx, buffer),
            Self::Tls(half) => Pin::new(half).poll_read(cx, buffer),
        }
    }
}
