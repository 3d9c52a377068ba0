//! THE WIRE: what NATS clients and servers say to one another, byte for byte, and nothing of what they do about it.
//!
//! | module | answers for |
//! |---|---|
//! | [`client`] | what a client sends: `CONNECT PUB HPUB SUB UNSUB PING PONG`, read and written |
//! | [`server`] | what a server sends: `INFO MSG HMSG PING PONG +OK -ERR`, written and read |
//! | [`subject`] | which subjects and filters are valid, which match which, and subjects made from subjects |
//! | [`headers`] | the `NATS/1.0` block before a payload: its status, its fields, a new block from an old one |
//! | [`jetstream`] | the bodies of `$JS.API.>`, acknowledgements, and every error `JetStream` answers with |
//! | [`stan`] | the messages of NATS Streaming, in protobuf |
//! | [`time`] | UNIX nanoseconds ⇄ RFC 3339, and Go's way to write a duration |
//!
//! # Invariants
//!
//! - **Pure.** No socket, clock, task or thread: bytes in, values out. Time and limits are arguments.
//! - **Borrowed.** Reading a command or an operation allocates nothing; its parts are views into the input.
//!   Writing appends to the caller's buffer, whose capacity the caller keeps.
//! - **Total.** Any bytes whatever give a value, a request for more, or an error; never a panic. A length that
//!   exceeds the limit is refused at the control line, before a byte of the payload was waited for.
//! - **Incremental.** "More is needed" leaves the input as it was; the same bytes in other pieces give the same answer.
//! - **Tolerant reader, exact writer.** Unknown JSON fields and `null`s are accepted; what we write is
//!   what `nats-server` writes, field for field, because clients were tested against that.

pub mod client;
pub mod headers;
pub mod jetstream;
mod line;
pub mod server;
pub mod stan;
pub mod subject;
pub mod time;
