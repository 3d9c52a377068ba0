//! A service made of this crate, at its widest door: HTTP on a socket.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod address;
mod body;
mod database;
mod envelope;
mod http;
mod lifecycle;
mod limits;
mod openapi;
mod origin;
mod page;
mod revocations;
mod server;
mod session;
mod settings;
mod things;
mod worker;
