//! The language the services share, and the post that carries it.
//!
//! | module | what it answers for |
//! |---|---|
//! | [`ids`], [`money`], [`time`] | the words of the language: ids, [`Cents`], [`Timestamp`] |
//! | [`version`] | [`Version`] and what a replica does with the next one: [`Turn`] |
//! | [`accounts`], [`tickets`], [`orders`], [`expiration`], [`payments`] | every event, by who publishes it |
//! | [`event`] | the trait [`Event`], the streams, and an event on its way: [`Envelope`] |
//! | [`outbox`] | `push` in the transaction of the change; the relay that publishes |
//! | [`listener`] | [`Listener`]s, the inbox, and what becomes of each delivery: a [`Verdict`] |
//! | [`dead_letters`] | what could not be handled: list, replay, discard |
//! | [`bus`] | `async-nats`' `JetStream`; the only module that names it |
//!
//! ```text
//!  tx { UPDATE … version = n ; outbox::push }        one transaction
//!        └─ NOTIFY ─► Relay ── Nats-Msg-Id ─► stream TICKETS ─► durable orders-service ─► Listeners
//!                                                                  ▲                        │
//!                                                    ack ──────────┴── tx { inbox ; handle }┘  one transaction
//! ```
//!
//! What is always true:
//!
//! - An event leaves only through the outbox, and its row commits together with the change it tells of.
//! - Of one aggregate, an event is published only after the one before it was received by the broker.
//! - The mark that an event was seen commits together with its effect, and the acknowledgement comes after.
//! - A listener's failure is a later delivery or a dead letter: never a lost event, never the end of the process.
//! - The tables live in the schema of the service that uses them: every connection's `search_path` is that schema.

pub mod accounts;
pub mod bus;
pub mod dead_letters;
pub mod event;
pub mod expiration;
pub mod ids;
pub mod listener;
pub mod money;
pub mod orders;
pub mod outbox;
pub mod payments;
pub mod tickets;
pub mod time;
pub mod version;

pub use bus::Bus;
pub use event::{Envelope, Event, Stream};
pub use ids::{OrderId, PaymentId, SessionId, TicketId, UserId};
pub use listener::{Listener, Listeners, Outcome, Verdict};
pub use money::Cents;
pub use time::Timestamp;
pub use version::{Turn, Version};

/// The tables a service needs to publish and to listen: `outbox`, `inbox`, `dead_letters`.
///
/// They are made wherever the connection's `search_path` points to.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
