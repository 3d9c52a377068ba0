//! The stand-in, tried from outside: as Stripe's clients, browsers and endpoints see it.

#![allow(clippy::unwrap_used, reason = "a test's helpers may end it as well as the test itself")]

mod api;
mod async_stripe;
mod cards;
mod charges;
mod config;
mod control;
mod expand;
mod faults;
mod file;
mod idempotency;
mod list;
mod pages;
mod payment_intents;
mod refunds;
mod shapes;
mod support;
mod tokens;
mod webhooks;
