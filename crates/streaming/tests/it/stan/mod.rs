//! NATS Streaming as its existing programs see it: npm's `node-nats-streaming`, one process a client, against a server
//! that is stopped and killed under it.
//!
//! `program.rs` drives such a process. The client is installed by `npm ci` at the first test; where there is no npm the
//! tests say so and pass, unless `TEST_NODE=required`. `raw.rs` is a client of our own, for what that one never says.

mod admin;
mod clients;
mod durables;
mod importing;
mod limits;
mod messages;
mod monitoring;
mod one_log;
pub mod program;
mod queues;
mod raw;
mod requests;
mod restart;
mod rights;
mod tools;
mod wildcards;

use crate::harness::Server;
use program::Program;

/// The cluster id of these tests.
pub const CLUSTER: &str = "ticketing";

/// Short heartbeats, so that the silent are soon gone: after (100 ms + 100 ms) × 2 and a bit.
const HEARTBEATS: [&str; 6] = ["-hbi", "100ms", "-hbt", "100ms", "-hbf", "2"];

/// A server with its channels on disk, or `None` where the client cannot be had.
fn server(args: &[&str]) -> Option<Server> {
    program::is_installed().then(|| {
        let args = [&["-m", "-1", "-SD", "-cid", CLUSTER, "-st", "file"], args].concat();
        Server::start(&args)
    })
}
