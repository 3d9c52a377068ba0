//! What is on its way to one client: a bounded buffer that whoever delivers writes to the socket itself.
//!
//! Invariant: while bytes are pending, someone is bound to send them. Who appended to an empty outbox flushes it at the
//! end of its turn; when the socket takes no more, the connection's own task waits until it does. So a delivery costs no
//! wake-up, and a slow client stops nobody.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

/// A flushed buffer larger than this is given back, so that a burst is not paid for ever after.
const KEPT_BYTES_MAX: usize = 256 * 1024;

/// Why a connection ends. The texts are those `nats-server` writes and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The client closed, or its network did.
    ClientClosed,
    /// More is pending than the limit, or the client took nothing for the write deadline.
    SlowConsumer,
    /// Pings went unanswered.
    Stale,
    /// The client broke the protocol; the text was sent to it.
    Violation(&'static str),
    /// The server stops.
    Shutdown,
    /// An administrator ended it.
    Kicked,
}

impl Reason {
    /// What `/connz` calls it.
    pub fn text(self) -> &'static str {
        match self {
            Self::ClientClosed => "Client Closed",
            Self::SlowConsumer => "Slow Consumer (Pending Bytes)",
            Self::Stale => "Stale Connection",
            Self::Violation(text) => text,
            Self::Shutdown => "Server Shutdown",
            Self::Kicked => "Kicked",
        }
    }
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// The outbox was empty: the caller has to see that it is flushed.
    First,
    /// Somebody sees to it already.
    Behind,
    /// The connection is ending; nothing was kept.
    Refused,
}

enum Writer {
    /// A plain socket: anyone may write to it.
    Direct(Arc<OwnedWriteHalf>),
    /// An encrypted one: its task takes the bytes and writes them.
    Handed { in_flight: usize },
}

struct Pending {
    bytes: Vec<u8>,
    sent: usize,
    writer: Writer,
    /// Since when the socket took nothing, UNIX nanoseconds.
    blocked_since: Option<i64>,
    closed: Option<Reason>,
    messages: u64,
    message_bytes: u64,
}

impl Pending {
    fn len(&self) -> usize {
        let in_flight = if let Writer::Handed { in_flight } = self.writer { in_flight } else { 0 };
        self.bytes.len() - self.sent + in_flight
    }

    fn close(&mut self, reason: Reason) {
        self.closed.get_or_insert(reason);
    }
}

/// The bytes pending for one client, and the way to it.
pub struct Outbox {
    pending: Mutex<Pending>,
    pending_bytes_max: usize,
    wake: Notify,
}

impl Outbox {
    /// An outbox that writes to `socket`, or, without one, keeps the bytes for [`Outbox::take`].
    pub fn new(socket: Option<Arc<OwnedWriteHalf>>, pending_bytes_max: usize) -> Self {
        let writer = socket.map_or(Writer::Handed { in_flight: 0 }, Writer::Direct);
        Self {
            pending: Mutex::new(Pending {
                bytes: Vec::new(),
                sent: 0,
                writer,
                blocked_since: None,
                closed: None,
                messages: 0,
                message_bytes: 0,
            }),
            pending_bytes_max,
            wake: Notify::new(),
        }
    }

    /// Lets `write` append to the pending bytes. Over the limit the connection ends as a slow consumer.
    pub fn append(&self, write: impl FnOnce(&mut Vec<u8>)) -> Appended {
        self.append_message(0, 0, write)
    }

    /// As [`Outbox::append`], counting `messages` of `bytes` in all as delivered.
    pub fn append_message(&self, messages: u64, bytes: usize, write: impl FnOnce(&mut Vec<u8>)) -> Appended {
        let mut pending = self.pending.lock();
        if pending.closed.is_some() {
            return Appended::Refused;
        }
        let first = pending.len() == 0;
        write(&mut pending.bytes);
        pending.messages += messages;
        pending.message_bytes += bytes as u64;
        if pending.len() > self.pending_bytes_max {
            pending.close(Reason::SlowConsumer);
            pending.bytes = Vec::new();
            pending.sent = 0;
            self.wake.notify_one();
            return Appended::Refused;
        }
        if first { Appended::First } else { Appended::Behind }
    }

    /// Sends as much as the socket takes; the rest is left to the connection's task.
    pub fn flush(&self, now: i64) {
        let mut guard = self.pending.lock();
        let pending = &mut *guard;
        let Writer::Direct(socket) = &pending.writer else {
            if !pending.bytes.is_empty() {
                self.wake.notify_one();
            }
            return;
        };
        while pending.sent < pending.bytes.len() {
            match socket.try_write(&pending.bytes[pending.sent..]) {
                Ok(n) => {
                    pending.sent += n;
                    pending.blocked_since = None;
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    pending.blocked_since.get_or_insert(now);
                    self.wake.notify_one();
                    break;
                }
                Err(_) => {
                    pending.closed.get_or_insert(Reason::ClientClosed);
                    pending.sent = pending.bytes.len();
                    self.wake.notify_one();
                }
            }
        }
        if pending.sent == pending.bytes.len() {
            pending.sent = 0;
            if pending.bytes.capacity() > KEPT_BYTES_MAX {
                pending.bytes = Vec::new();
            } else {
                pending.bytes.clear();
            }
        } else if pending.sent > pending.bytes.len() / 2 {
            pending.bytes.drain(..pending.sent);
            pending.sent = 0;
        }
    }

    /// Takes the pending bytes to write them elsewhere; [`Outbox::taken_left`] tells how that goes.
    pub fn take(&self, now: i64) -> Vec<u8> {
        let mut pending = self.pending.lock();
        let bytes = std::mem::take(&mut pending.bytes);
        pending.writer = Writer::Handed { in_flight: bytes.len() };
        pending.blocked_since = (!bytes.is_empty()).then_some(now);
        bytes
    }

    /// Of the bytes taken last so many are still to be written; none, and all is on its way, with `None`.
    pub fn taken_left(&self, left: Option<usize>, now: i64) {
        let mut pending = self.pending.lock();
        pending.writer = Writer::Handed { in_flight: left.unwrap_or(0) };
        // It took something: the time it may take nothing begins anew.
        pending.blocked_since = left.map(|_| now);
    }

    /// Waits until the connection's task has something to do: bytes the socket did not take, or the end.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// True while the socket is known to take nothing.
    pub fn is_blocked(&self) -> bool {
        self.pending.lock().blocked_since.is_some()
    }

    /// Since when the client takes nothing.
    pub fn blocked_since(&self) -> Option<i64> {
        self.pending.lock().blocked_since
    }

    /// Bytes not yet taken by the socket.
    pub fn len(&self) -> usize {
        self.pending.lock().len()
    }

    /// True when all was sent.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Messages and their bytes delivered so far.
    pub fn delivered(&self) -> (u64, u64) {
        let pending = self.pending.lock();
        (pending.messages, pending.message_bytes)
    }

    /// Ends the connection, after what is pending was sent if the socket takes it at once.
    pub fn close(&self, reason: Reason) {
        self.pending.lock().close(reason);
        self.wake.notify_one();
    }

    /// Why the connection ends, once it does.
    pub fn closed(&self) -> Option<Reason> {
        self.pending.lock().closed
    }

    /// Lets go of the socket, which others may not keep open by remembering the connection.
    pub fn release(&self) {
        let mut pending = self.pending.lock();
        pending.close(Reason::ClientClosed);
        pending.writer = Writer::Handed { in_flight: 0 };
        pending.bytes = Vec::new();
        pending.sent = 0;
    }

    /// Frees the buffer of a client that gets nothing at the moment.
    pub fn trim(&self) {
        let mut pending = self.pending.lock();
        if pending.bytes.is_empty() {
            pending.bytes = Vec::new();
        }
    }
}
