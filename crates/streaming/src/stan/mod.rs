//! NATS Streaming on the server's own streams: programs written for it find here what they know.
//!
//! ```text
//!  _STAN.discover.<cluster>         connect ─────┐ registry: clients, their heartbeats,
//!  _STAN.discover.<cluster>.pings   ping ────────┤           their subscriptions
//!  _STAN.close.<cluster>            close ───────┘
//!  _STAN.pub.<cluster>.<channel>    publish ─────► channels ─► stream ─► PubAck, after the sync
//!  _STAN.sub.<cluster>              subscribe ───► channels ─► stream: a consumer with members
//!  _STAN.unsub.  _STAN.subclose.    leave ───────► the consumer's member goes
//!  <ack inbox>                      acks ────────► the consumer
//! ```
//!
//! | of NATS Streaming | here |
//! |---|---|
//! | channel | a stream of that name with that one subject; or, where a stream holds the subject already, a view of that stream, through a filter |
//! | sequence | the stream's: from 1 without gaps in a stream of its own, with gaps in a view |
//! | subscription | a consumer with one member, `stan:s:<nuid>`; gone with its subscriber |
//! | durable | a consumer that stays without a member, `stan:d:<client>:<durable>` |
//! | queue group | a consumer with many members, `stan:g:<group>`; a durable one, `stan:q:<durable>:<group>`, stays without |
//! | max in flight, ack wait | the member's window; the consumer's `ack_wait`, the longest of its members' |
//! | redelivery count | deliveries less one; it survives a restart |
//! | limits of messages, bytes, age | the stream's, dropping the oldest; a view has its stream's own |
//! | limits of channels, subscriptions | counted here; streams that no client of NATS Streaming used do not count |
//! | client | an entry of the registry; with files also of `<dir>/jetstream/stan/clients` |
//! | what nobody else answers for the cluster's id | nothing to ask: the server is its own NATS server, and there is no other on it |
//!
//! What its users asked for and never got, each off until it is wanted:
//!
//! - **wildcards**: `--wildcards` has `foo.*` and `foo.>` subscribe to what there is and what comes; see `wildcards.rs` for
//!   what becomes of sequences, starts, durables and windows. The original's `stan: invalid subject` is the answer without.
//! - **rights by channel**: all requests go to the same subjects, which permissions cannot tell apart. A user's
//!   `permissions { streaming { publish, subscribe } }` are lists of channels; see `options::permissions` for users
//!   without. They are asked for at each publish and subscribe, and again when a subscription is found after a start. Who
//!   is refused is told `stan: Permissions Violation for Publish to "foo"`, and a durable waits for better times.
//! - **administrators**: with an `admin_token` they delete and purge channels, drop durables nobody uses and disconnect
//!   clients, over HTTP (`monitor/admin.rs`) or by `streaming-server admin`.
//! - **torn files**: what a power cut left half written is cut off at the start, and the log says what.
//!
//! A message that came by `JetStream` is delivered without its headers. One that came by NATS Streaming is not sent to
//! plain NATS subscribers of its subject, as it was not before.
//!
//! Where we differ on purpose: a message is sent only to who listens on its inbox, so that none waits out its ack wait
//! because a client's connection broke; a client is removed at the heartbeat that makes the failures as many as `-hbf`
//! says, not at the next; a restart with files forgets neither clients nor whose turn it is.
//!
//! `registry.rs` who is connected · `connect.rs` `ping.rs` `close.rs` `publish.rs` `subscribe.rs` `leave.rs` `acks.rs`
//! what clients ask for, one file each · `heartbeat.rs` who lives · `channels.rs` names to streams · `clients.rs` the
//! clients on disk · `subjects.rs` where all this is · `wildcards.rs` subscriptions of several channels, `reach.rs` the
//! streams they are in · `rights.rs` who may · `admin.rs` what administrators do.
//!
//! Lock order: the registry or the channels, then a stream. Neither is held while a message is sent.

mod acks;
mod admin;
pub(crate) mod channels;
pub(crate) mod clients;
mod close;
mod connect;
mod heartbeat;
mod leave;
mod ping;
mod publish;
mod reach;
pub(crate) mod registry;
mod rights;
mod subjects;
pub(crate) mod subscribe;
mod wildcards;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use protocol::stan;
use tokio::sync::{Notify, watch};

use crate::options;
use crate::router::{Handler, Subscription, Target};
use crate::server::Server;
use crate::turn::{Message, Turn};

pub use admin::{Durable, NotDone};
pub use channels::Channel;
use channels::Channels;
pub use clients::Home;
use registry::Registry;
pub use registry::{Client, Subscribed};
use subjects::Subjects;

/// The version of the original whose client-visible behaviour this is.
pub const VERSION: &str = "0.25.6";

/// Signs of an id, as the original's.
const ID_SIGNS: usize = 22;

/// Why the face cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The clients' file cannot be read.
    #[error("cannot read the clients in {place}: {why}")]
    Clients {
        /// Where.
        place: String,
        /// Why not.
        why: String,
    },
    /// The store was another cluster's.
    #[error("cluster ID \"{said}\" does not match recovered value of \"{found}\"")]
    Cluster {
        /// As it was told.
        said: String,
        /// As the store has it.
        found: String,
    },
}

/// Messages and bytes in and out.
#[derive(Debug, Default)]
pub struct Counts {
    in_messages: AtomicU64,
    in_bytes: AtomicU64,
    out_messages: AtomicU64,
    out_bytes: AtomicU64,
}

impl Counts {
    /// A message of so many bytes went to a subscriber.
    pub fn sent(&self, bytes: usize) {
        self.out_messages.fetch_add(1, Ordering::Relaxed);
        self.out_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn received(&self, bytes: usize) {
        self.in_messages.fetch_add(1, Ordering::Relaxed);
        self.in_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Messages and bytes in, messages and bytes out.
    pub fn read(&self) -> [u64; 4] {
        [&self.in_messages, &self.in_bytes, &self.out_messages, &self.out_bytes].map(|n| n.load(Ordering::Relaxed))
    }
}

/// The NATS Streaming face of a server.
pub struct Stan {
    /// What it was told.
    pub options: options::Stan,
    /// Its id, new at each start.
    pub id: String,
    /// What went through it.
    pub counts: Counts,
    /// The names clients use, and their streams.
    pub channels: Channels,
    subjects: Subjects,
    registry: Mutex<Registry>,
    /// A heartbeat or a probe is due sooner than was thought.
    sooner: Notify,
}

impl Stan {
    /// The face, with the clients that were connected when the server stopped. `home` is where they lie, if anywhere.
    pub fn open(options: &options::Stan, home: Option<&Home>, now: i64) -> Result<Self, StartError> {
        let registry = match home {
            Some(home) => {
                clients::open(home, &options.cluster_id, now + crate::clock::nanos(options.heartbeat_interval))?
            }
            None => Registry::default(),
        };
        let id = crate::name::random(ID_SIGNS);
        Ok(Self {
            subjects: Subjects::new(options, &id),
            channels: Channels::default(),
            counts: Counts::default(),
            registry: Mutex::new(registry),
            sooner: Notify::new(),
            options: options.clone(),
            id,
        })
    }

    /// Takes the subjects, and takes up again what was there before a restart.
    pub fn start(&self, server: &Arc<Server>) {
        let mut turn = Turn::new(server.clone());
        self.channels.recover(&mut turn, &self.options);
        self.resume(&mut turn);
        let s = &self.subjects;
        for (subject, handle) in [
            (&s.discover, connect::handle as Handle),
            (&s.pings, ping::handle),
            (&s.close, close::handle),
            (&s.publish_all, publish::handle),
            (&s.subscribe, subscribe::handle),
            (&s.unsubscribe, leave::unsubscribe),
            (&s.subclose, leave::close),
            (&s.answers, heartbeat::answer),
        ] {
            server.router.insert(Subscription::new(subject, None, Target::Handler(Arc::new(Face(handle)))));
        }
        turn.finish();
        tracing::info!("STREAM: Server is ready, cluster id {}, server id {}", self.options.cluster_id, self.id);
    }

    /// Looks after heartbeats and unused channels until `stopped`.
    pub async fn run(server: Arc<Server>, mut stopped: watch::Receiver<bool>) {
        let Some(stan) = &server.stan else { return };
        loop {
            let wait = stan.tick(&server);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stan.sooner.notified() => {}
                _ = stopped.wait_for(|on| *on) => return,
            }
        }
    }

    /// Every client, by name.
    pub fn clients(&self) -> Vec<Client> {
        self.registry.lock().clients.values().cloned().collect()
    }

    /// How many clients there are.
    pub fn client_count(&self) -> usize {
        self.registry.lock().clients.len()
    }

    /// Says in the log what a client did, if that is wanted.
    fn note(&self, client: &str, what: std::fmt::Arguments<'_>) {
        if self.options.debug {
            tracing::info!("STREAM: [Client:{client}] {what}");
        } else {
            tracing::debug!("STREAM: [Client:{client}] {what}");
        }
    }
}

type Handle = fn(&Stan, &mut Turn, &Message<'_>);

/// A subject of the face as the router's handler.
struct Face(Handle);

impl Handler for Face {
    fn handle(&self, turn: &mut Turn, message: &Message<'_>) {
        let server = turn.server().clone();
        if let Some(stan) = &server.stan {
            (self.0)(stan, turn, message);
        }
    }
}

/// Answers `message`, if it wants an answer.
fn answer(turn: &mut Turn, message: &Message<'_>, with: &impl stan::Message) {
    if let Some(reply) = message.reply {
        turn.reply(reply, &with.encode_to_vec());
    }
}
