//! One client: what is known of it, what it is subscribed to, and its [`Outbox`].
//!
//! `mod.rs` the connection as the rest of the server sees it · `session.rs` its task: reads, takes commands off, waits ·
//! `commands.rs` what each command does · `outbox.rs` bytes on their way to it · `registry.rs` all connections, and the
//! checks made of each every second · `socket.rs` plain and TLS streams · `auth.rs` who it is and what it may do.

mod auth;
mod commands;
mod outbox;
mod registry;
mod session;
mod socket;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering};

use hashbrown::HashMap;
use parking_lot::Mutex;
use protocol::client::Connect;

use crate::options::Permissions;
use crate::router::Subscription;
use crate::turn::Turn;

pub use auth::Rights;
pub use outbox::{Appended, Outbox, Reason};
pub use registry::{Closed, Connections, Traffic};
pub(crate) use session::Session;
pub(crate) use socket::Socket;

/// What a client asked for in its CONNECT, as bits.
mod flag {
    pub const VERBOSE: u8 = 1;
    pub const PEDANTIC: u8 = 2;
    pub const NO_ECHO: u8 = 4;
    pub const HEADERS: u8 = 8;
    pub const NO_RESPONDERS: u8 = 16;
    pub const CONNECTED: u8 = 32;
    pub const TAKES_INFO: u8 = 64;
}

/// A client's own words about itself, and whom it was recognised as.
#[derive(Debug, Default, Clone)]
pub struct Identity {
    /// The name it gave.
    pub name: String,
    /// The language of its library.
    pub lang: String,
    /// Its library's version.
    pub version: String,
    /// The user it signed in as.
    pub user: Option<String>,
}

/// One client's connection.
pub struct Connection {
    /// Counts up from 1; `client_id` in INFO and `cid` in `/connz`.
    pub id: u64,
    /// The client's address.
    pub peer: SocketAddr,
    /// When it was accepted, UNIX nanoseconds.
    pub started: i64,
    /// True when the connection is encrypted.
    pub tls: bool,
    /// What is on its way to the client.
    pub outbox: Outbox,
    flags: AtomicU8,
    identity: Mutex<Arc<Identity>>,
    rights: Rights,
    subscriptions: Mutex<HashMap<Box<str>, Arc<Subscription>>>,
    /// When the client was last heard of.
    pub(crate) heard: AtomicI64,
    /// When it was last asked for a sign of life.
    pub(crate) pinged: AtomicI64,
    /// PINGs of ours without answer.
    pub(crate) unanswered: AtomicU32,
    /// Round trip of the last PING, nanoseconds; 0 before the first.
    pub(crate) round_trip: AtomicI64,
    received_messages: AtomicU64,
    received_bytes: AtomicU64,
}

impl Connection {
    pub(crate) fn new(id: u64, peer: SocketAddr, tls: bool, outbox: Outbox, now: i64) -> Self {
        Self {
            id,
            peer,
            started: now,
            tls,
            outbox,
            // Before CONNECT, and for what CONNECT leaves out, the protocol's defaults hold.
            flags: AtomicU8::new(flag::VERBOSE | flag::PEDANTIC),
            identity: Mutex::default(),
            rights: Rights::default(),
            subscriptions: Mutex::default(),
            heard: AtomicI64::new(now),
            pinged: AtomicI64::new(now),
            unanswered: AtomicU32::new(0),
            round_trip: AtomicI64::new(0),
            received_messages: AtomicU64::new(0),
            received_bytes: AtomicU64::new(0),
        }
    }

    /// Takes over what the client said in CONNECT.
    pub(crate) fn connect(&self, connect: &Connect, user: Option<String>, permissions: Option<Arc<Permissions>>) {
        let mut flags = flag::CONNECTED;
        for (on, bit) in [
            (connect.verbose, flag::VERBOSE),
            (connect.pedantic, flag::PEDANTIC),
            (!connect.echo, flag::NO_ECHO),
            (connect.headers, flag::HEADERS),
            (connect.no_responders && connect.headers, flag::NO_RESPONDERS),
            (connect.protocol >= 1, flag::TAKES_INFO),
        ] {
            if on {
                flags |= bit;
            }
        }
        self.rights.grant(permissions);
        let text = |t: &Option<String>| t.as_deref().unwrap_or_default().to_owned();
        *self.identity.lock() = Arc::new(Identity {
            name: text(&connect.name),
            lang: text(&connect.lang),
            version: text(&connect.version),
            user,
        });
        self.flags.store(flags, Ordering::Release);
    }

    fn has(&self, bit: u8) -> bool {
        self.flags.load(Ordering::Relaxed) & bit != 0
    }

    /// True once CONNECT was accepted.
    pub fn is_connected(&self) -> bool {
        self.has(flag::CONNECTED)
    }

    /// True when the client understands an INFO that comes unasked.
    pub fn takes_info(&self) -> bool {
        self.has(flag::TAKES_INFO)
    }

    /// True when the client reads headers.
    pub fn takes_headers(&self) -> bool {
        self.has(flag::HEADERS)
    }

    /// Whether a message published by `from` may come to this client: its own may not if it asked for no echo.
    pub fn wants(self: &Arc<Self>, from: &Arc<Connection>) -> bool {
        !(self.has(flag::NO_ECHO) && Arc::ptr_eq(self, from))
    }

    /// Whether a message on `subject` may come by `subscription`: a wildcard may cover more than the client may see.
    pub fn may_receive(&self, subscription: &Subscription, subject: &str) -> bool {
        self.rights.may_receive(subscription, subject)
    }

    /// What the client may do; everything where `None`.
    pub fn permissions(&self) -> Option<Arc<Permissions>> {
        self.rights.permissions()
    }

    /// Notes that the client was asked for an answer on `reply`, if it may answer only what it was asked.
    pub fn may_answer(&self, reply: &str, now: i64) {
        self.rights.asked(reply, now);
    }

    /// What the client said of itself.
    pub fn identity(&self) -> Arc<Identity> {
        self.identity.lock().clone()
    }

    /// Its subscriptions now.
    pub fn subscriptions(&self) -> Vec<Arc<Subscription>> {
        self.subscriptions.lock().values().cloned().collect()
    }

    /// The number of its subscriptions.
    pub fn subscription_count(&self) -> usize {
        self.subscriptions.lock().len()
    }

    /// Messages and their bytes received so far.
    pub fn received(&self) -> (u64, u64) {
        (self.received_messages.load(Ordering::Relaxed), self.received_bytes.load(Ordering::Relaxed))
    }

    /// Ends a subscription that has had all its messages.
    pub(crate) fn end_subscription(&self, turn: &mut Turn, subscription: &Arc<Subscription>) {
        let ended = {
            let mut all = self.subscriptions.lock();
            let sid = all.iter().find(|(_, s)| Arc::ptr_eq(s, subscription)).map(|(sid, _)| sid.clone());
            sid.and_then(|sid| all.remove(&sid))
        };
        if let Some(subscription) = ended {
            turn.server().clone().router.remove(&subscription);
            turn.server().clone().router.announce(turn, &subscription.subject);
        }
    }
}
