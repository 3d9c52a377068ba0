//! `JetStream` on the wire: the bodies of `$JS.API.>`, acknowledgements, and the errors.
//!
//! | module | answers for |
//! |---|---|
//! | [`config`] | what a stream and a consumer are: as clients write it, as `nats-server` 2.14 prints it, and its rules |
//! | [`api`] | requests and answers of each verb |
//! | [`ack`] | acknowledgements: their subjects and their payloads |
//! | [`error`] | every failure, with its numbers and its text |

pub mod ack;
pub mod api;
pub mod config;
pub mod error;
