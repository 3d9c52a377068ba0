//! The language and the post, tried on a real Postgres and a real broker.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test that asked")]

mod consume;
mod credentials;
mod dead_letters;
mod declare;
mod listener;
mod outbox;
mod wire;
mod world;
