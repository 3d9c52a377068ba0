//! The service as its clients, the broker and the provider see it: one file for each route, event and worker.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod config;
mod intent;
mod list;
mod lost_answers;
mod model;
mod openapi;
mod order_cancelled;
mod order_completed;
mod order_created;
mod order_expiring;
mod order_updated;
mod pay;
mod pay_twice;
mod refund;
mod refund_requested;
mod settle;
mod stripe;
mod transactions;
mod webhook;
mod wire;
mod world;
