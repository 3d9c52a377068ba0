//! THE SERVER: core NATS, `JetStream` and NATS Streaming over one log.
//!
//! ```text
//!  sockets ─► connection ─► router ─┬─► connection ─► sockets          core NATS
//!                 (a turn)          ├─► jetstream ── $JS.API verbs, acks
//!                                   ├─► stan ──── NATS Streaming's requests, acks
//!                                   └─► stream ─► journal               publishes
//!                                         └─► consumer ─► router        deliveries
//! ```
//!
//! | module | |
//! |---|---|
//! | `server` | start and end; what all parts share · `turn` a batch of work and what follows from it |
//! | `connection` | one client · `router` subjects to subscriptions · `tls` |
//! | `stream` | a stream: publish, commit, retention, delivery · `consumer` the delivery state machine, pure |
//! | `jetstream` | all streams, and the API on `$JS.API.>` · `schedule` when messages are due |
//! | `stan` | NATS Streaming: clients, channels, subscriptions; how its notions map to ours |
//! | `client` | `pub` and `sub`: a publisher and a listener of NATS Streaming, to try a server with |
//! | `import` | channels, durables and clients out of the original NATS Streaming Server's files |
//! | `options` | command line, file, environment · `telemetry` logs · `monitor` HTTP · `admin` `bench` commands |
//!
//! Invariants:
//! - Lock order: the registry of STAN clients, a stream, the router, an outbox. Handlers and watchers are called with none held.
//! - Nothing is delivered, acknowledged or read before it is committed.
//! - Every buffer has a bound: what a client has pending, what a stream has staged, what a request may weigh.
//! - The server knows nothing of what its messages are about.

pub mod admin;
pub mod bench;
pub mod client;
pub mod clock;
pub mod connection;
pub mod consumer;
pub mod import;
pub mod jetstream;
pub mod monitor;
mod name;
pub mod options;
pub mod router;
pub mod schedule;
pub mod server;
pub mod stan;
pub mod stream;
pub mod telemetry;
mod tls;
pub mod turn;

pub use server::{Handle, Server, StartError, start};
