//! The server as its clients see it: every test here speaks to a running process over a socket.
mod bench;
mod harness;
mod jetstream;
