//! The messages of NATS Streaming: protobuf in the payloads of ordinary NATS messages.
//!
//! | message | on | answered by |
//! |---|---|---|
//! | [`ConnectRequest`] | `_STAN.discover.<cluster>` | [`ConnectResponse`] |
//! | [`Ping`] | `_STAN.discover.<cluster>.pings` | [`PingResponse`] |
//! | [`PubMsg`] | `_STAN.pub.<cluster>.<channel>` | [`PubAck`] |
//! | [`SubscriptionRequest`] | `_STAN.sub.<cluster>` | [`SubscriptionResponse`] |
//! | [`UnsubscribeRequest`] | `_STAN.unsub.<cluster>`, `_STAN.subclose.<cluster>` | [`SubscriptionResponse`] |
//! | [`CloseRequest`] | `_STAN.close.<cluster>` | [`CloseResponse`] |
//! | [`MsgProto`] | the inbox of the subscription | [`Ack`], on its ack inbox |
//!
//! A field that is absent is zero or empty, and one that is zero or empty is not written. Unknown fields are skipped.

mod connection;
pub mod error;
mod message;
pub mod stored;
mod subscription;
#[cfg(test)]
mod tests;

pub use connection::{CloseRequest, CloseResponse, ConnectRequest, ConnectResponse, Ping, PingResponse};
pub use message::{Ack, MsgProto, PubAck, PubMsg};
pub use prost::{DecodeError, Message};
pub use subscription::{StartPosition, SubscriptionRequest, SubscriptionResponse, UnsubscribeRequest};

/// The version of the protocol between client and server: since 1 clients send pings.
pub const PROTOCOL: i32 = 1;

/// Whether a client may have this name.
pub fn is_client_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Whether this is a filter for channels: tokens of a channel's name, and at least one that is a wildcard.
pub fn is_channel_filter(text: &str) -> bool {
    let is_token = |token: &str| token == "*" || token == ">" || is_channel(token);
    crate::subject::is_valid_filter(text)
        && crate::subject::has_wildcards(text)
        && crate::subject::tokens(text).all(is_token)
}

/// Whether a channel may have this name: any literal subject without a `/`.
pub fn is_channel(text: &str) -> bool {
    crate::subject::is_valid_literal(text) && !text.contains(['/', '*', '>'])
}
