//! The server as its clients see it: every test here speaks to a running process over a socket.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod abuse;
mod auth;
mod bench;
mod cli;
mod crowd;
mod disk;
mod harness;
mod jetstream;
mod kill;
mod monitor;
mod page;
mod signals;
mod sql;
mod stan;
mod tls;
mod wire;
