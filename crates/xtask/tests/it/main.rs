//! `cargo xtask dev` as a developer meets it: started, interrupted, killed, started twice, short of a server.
//!
//! The servers are real; what is built from this repository is played by `fake.rs`, so that nothing has to be built.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod dev;
mod fake;
mod infra;
mod keeper;
mod run;
