//! Orders as buyers, the other services and operators meet it: one file for each route and listener.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails its test, loudly")]

mod world;

mod create;
mod delete;
mod list;
mod show;

mod expiration_complete;
mod payment_closed;
mod payment_created;
mod payment_started;
mod ticket_created;
mod ticket_updated;

mod openapi;
mod races;
mod sweep;
mod wire;
