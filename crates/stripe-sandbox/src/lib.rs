//! A stand-in for Stripe, for development and tests: its API, its webhooks and its script, on this machine.
//!
//! It answers in Stripe's documented shapes, refuses by name what it does not support, and lets tests decide what goes
//! wrong. It is never part of a production image: production takes Stripe's own address.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use stripe_sandbox::{Fault, Options, Sandbox};
//!
//! let stripe = Sandbox::start(Options::default()).await?;
//! // … point the service at `stripe.url` with the key `stripe.secret_key()`, and events at the service:
//! stripe.send_webhooks_to("http://127.0.0.1:3000/api/payments/webhook", "whsec_test")?;
//! // The next confirmation takes effect, and its answer is lost.
//! stripe.plan("POST /v1/payment_intents/*/confirm", Fault::LoseAnswer, 1)?;
//! // … let someone buy something, then tell the service, in whatever order …
//! stripe.deliver_all().await?;
//! // … and see where the money went.
//! assert_eq!(stripe.ledger().balance["usd"], 0);
//! # Ok(())
//! # }
//! ```
//!
//! ```text
//! request ─► request.rs ─► api.rs ───────────► routes.rs, routes/* ─► payments.rs ─► objects/*, state.rs
//!            key, form.rs  idempotency.rs,   one address each      what money      what is kept,
//!                          faults.rs, expand.rs                    does            Stripe's JSON
//!                                                                       │
//!                                                                  call.rs: events ─► webhooks.rs ─► endpoints
//! ```
//!
//! | file | answers for |
//! |---|---|
//! | `sandbox.rs` `server.rs` `file.rs` | starting, serving, keeping |
//! | `control.rs` | what tests and `/sandbox/…` may do: time, faults, outcomes, webhooks, the ledger |
//! | `form.rs` `params.rs` `error.rs` `list.rs` | Stripe's way of asking, refusing and listing |
//! | `cards.rs` | the documented test cards |
//! | `pages.rs`, `page/` | the stand-in for `js.stripe.com/v3`, the card form, the authentication page |

#![recursion_limit = "256"] // Stripe's objects have up to fifty fields, and `json!` recurses for each.

mod api;
mod call;
mod cards;
mod clock;
mod config;
mod control;
mod error;
mod expand;
mod faults;
mod file;
mod form;
mod idempotency;
mod ids;
mod list;
mod objects;
mod pages;
mod params;
mod payments;
mod request;
mod routes;
mod sandbox;
mod server;
mod state;
mod webhooks;

pub use api::VERSION;
pub use cards::{Behaviour, Decline};
pub use clock::Clock;
pub use config::{Config, run};
pub use control::{Charged, Ledger};
pub use error::{Error, FailedPayment};
pub use faults::Fault;
pub use payments::Outcome;
pub use sandbox::{Deliveries, Handle, Options, Sandbox, Webhook};
pub use webhooks::signature;
