//! All connections, and what is checked of each of them every second: signs of life, blocked sockets, late CONNECTs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashMap;
use parking_lot::Mutex;
use protocol::server;

use super::{Connection, Identity, Outbox, Reason, Session, Socket};
use crate::clock::nanos;
use crate::server::Server;

/// Ended connections that monitoring still shows.
const CLOSED_MAX: usize = 1000;

/// A connection that ended.
#[derive(Clone)]
pub struct Closed {
    /// The connection as it was.
    pub connection: Arc<Connection>,
    /// What the client had said of itself.
    pub identity: Arc<Identity>,
    /// When it ended.
    pub at: i64,
    /// Why.
    pub reason: Reason,
}

/// Messages and bytes, in and out, of connections that ended.
#[derive(Debug, Default, Clone, Copy)]
pub struct Traffic {
    /// Messages from clients.
    pub in_messages: u64,
    /// Their bytes.
    pub in_bytes: u64,
    /// Messages to clients.
    pub out_messages: u64,
    /// Their bytes.
    pub out_bytes: u64,
}

#[derive(Default)]
struct Past {
    closed: VecDeque<Closed>,
    traffic: Traffic,
}

/// The connections of a server.
#[derive(Default)]
pub struct Connections {
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    past: Mutex<Past>,
    accepted: AtomicU64,
    slow_consumers: AtomicU64,
    stale: AtomicU64,
}

impl Connections {
    /// Serves a client that came by `socket` until it goes.
    pub(crate) async fn serve(
        server: Arc<Server>,
        socket: Socket,
        id: u64,
        peer: std::net::SocketAddr,
        announced: bool,
    ) {
        let all = &server.connections;
        let outbox = Outbox::new(socket.direct(), server.options.limits.max_pending);
        let tls = socket.direct().is_none();
        let now = server.clock.now();
        let connection = Arc::new(Connection::new(id, peer, tls, outbox, now));
        let full = {
            let mut open = all.open.lock();
            let full = open.len() >= server.options.limits.max_connections;
            open.insert(id, connection.clone());
            full
        };
        if !announced {
            let info = server.info(id, peer);
            connection.outbox.append(|out| server::info(out, &info));
        }
        if full {
            connection.outbox.append(|out| server::error(out, "maximum connections exceeded"));
            connection.outbox.close(Reason::Violation("maximum connections exceeded"));
        }
        connection.outbox.flush(now);
        tracing::debug!(cid = id, %peer, "client connection created");
        Session::new(server.clone(), connection).run(socket).await;
    }

    /// The number the next connection bears.
    pub(crate) fn next_id(&self) -> u64 {
        self.accepted.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn remove(&self, connection: &Arc<Connection>, now: i64) {
        let reason = connection.outbox.closed().unwrap_or(Reason::ClientClosed);
        tracing::debug!(cid = connection.id, reason = reason.text(), "client connection closed");
        match reason {
            Reason::SlowConsumer => {
                self.slow_consumers.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(cid = connection.id, peer = %connection.peer, "slow consumer cut off");
            }
            Reason::Stale => {
                self.stale.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
        let mut past = self.past.lock();
        self.open.lock().remove(&connection.id);
        let (in_messages, in_bytes) = connection.received();
        let (out_messages, out_bytes) = connection.outbox.delivered();
        past.traffic.in_messages += in_messages;
        past.traffic.in_bytes += in_bytes;
        past.traffic.out_messages += out_messages;
        past.traffic.out_bytes += out_bytes;
        if past.closed.len() == CLOSED_MAX {
            past.closed.pop_front();
        }
        let identity = connection.identity();
        past.closed.push_back(Closed { connection: connection.clone(), identity, at: now, reason });
    }

    /// Those open now.
    pub fn open(&self) -> Vec<Arc<Connection>> {
        self.open.lock().values().cloned().collect()
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.open.lock().len()
    }

    /// Those that ended lately, the latest last.
    pub fn closed(&self) -> Vec<Closed> {
        self.past.lock().closed.iter().cloned().collect()
    }

    /// Connections accepted since the start.
    pub fn total(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Clients cut off for taking too little.
    pub fn slow_consumers(&self) -> u64 {
        self.slow_consumers.load(Ordering::Relaxed)
    }

    /// Clients cut off for not answering.
    pub fn stale(&self) -> u64 {
        self.stale.load(Ordering::Relaxed)
    }

    /// All messages and bytes since the start.
    pub fn traffic(&self) -> Traffic {
        // A connection moves from open to past under this lock: none is counted twice or not at all.
        let past = self.past.lock();
        let mut sum = past.traffic;
        for connection in self.open.lock().values() {
            let (in_messages, in_bytes) = connection.received();
            let (out_messages, out_bytes) = connection.outbox.delivered();
            sum.in_messages += in_messages;
            sum.in_bytes += in_bytes;
            sum.out_messages += out_messages;
            sum.out_bytes += out_bytes;
        }
        sum
    }

    /// The checks of every second.
    pub(crate) fn check(&self, server: &Server, now: i64) {
        let limits = &server.options.limits;
        for connection in self.open() {
            if let Some(reason) = connection.overdue(server, now) {
                if let Reason::Violation(text) = reason {
                    connection.outbox.append(|out| server::error(out, text));
                } else if reason == Reason::Stale {
                    connection.outbox.append(|out| server::error(out, "Stale Connection"));
                }
                connection.outbox.close(reason);
                continue;
            }
            let quiet_since = connection.heard.load(Ordering::Relaxed).max(connection.pinged.load(Ordering::Relaxed));
            if now - quiet_since >= nanos(limits.ping_interval) {
                connection.outbox.trim();
                connection.pinged.store(now, Ordering::Relaxed);
                connection.unanswered.fetch_add(1, Ordering::Relaxed);
                connection.outbox.append(server::ping);
                connection.outbox.flush(now);
            }
        }
    }
}

impl Connection {
    /// Why the connection must end now, if it must.
    fn overdue(&self, server: &Server, now: i64) -> Option<Reason> {
        let limits = &server.options.limits;
        if self.outbox.blocked_since().is_some_and(|since| now - since > nanos(limits.write_deadline)) {
            return Some(Reason::SlowConsumer);
        }
        let late = now - self.started > nanos(server.options.auth_timeout);
        if server.options.auth.is_required() && !self.is_connected() && late {
            return Some(Reason::Violation("Authentication Timeout"));
        }
        let quiet_since = self.heard.load(Ordering::Relaxed).max(self.pinged.load(Ordering::Relaxed));
        let silent = self.unanswered.load(Ordering::Relaxed) >= limits.ping_max;
        (silent && now - quiet_since >= nanos(limits.ping_interval)).then_some(Reason::Stale)
    }
}
