//! What an event is, which stream keeps it, and how it looks on its way.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Something that happened, told to whoever listens. Its JSON is the bare object; all else travels in headers.
pub trait Event: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Where it is published. Kept in streams: succeeded by another, never renamed.
    const SUBJECT: &'static str;
    /// The stream that keeps it.
    const STREAM: &'static Stream;

    /// What it is about: events of one aggregate are published in the order in which they were pushed.
    fn aggregate(&self) -> Uuid;
}

/// A stream: everything one service publishes, kept by the broker.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stream {
    /// Its name at the broker.
    pub name: &'static str,
    /// Every subject in it. A colon is part of a token, so that no wildcard could say the same.
    pub subjects: &'static [&'static str],
}

/// Every stream, in no order that matters.
pub const STREAMS: [&Stream; 5] = [
    &crate::accounts::ACCOUNTS,
    &crate::tickets::TICKETS,
    &crate::orders::ORDERS,
    &crate::expiration::EXPIRATION,
    &crate::payments::PAYMENTS,
];

/// An event on its way, as the outbox keeps it and as a listener gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The row of the outbox it came from: `Nats-Msg-Id`, and what the inbox knows it by.
    pub id: Uuid,
    /// The event's subject.
    pub subject: String,
    /// The event's JSON.
    pub payload: Vec<u8>,
    /// What travels beside it: `traceparent`.
    pub headers: BTreeMap<String, String>,
}

impl Envelope {
    /// An envelope with a new id around `event`.
    pub fn of<E: Event>(event: &E) -> Result<Self, serde_json::Error> {
        let payload = serde_json::to_vec(event)?;
        Ok(Self { id: Uuid::now_v7(), subject: E::SUBJECT.to_owned(), payload, headers: BTreeMap::new() })
    }
}

/// Says in one line what an event's subject, stream and aggregate are.
macro_rules! event {
    ($event:ident, $subject:literal, $stream:ident, $($aggregate:ident).+) => {
        impl $crate::Event for $event {
            const SUBJECT: &'static str = $subject;
            const STREAM: &'static $crate::Stream = &$stream;

            fn aggregate(&self) -> uuid::Uuid {
                self.$($aggregate).+.0
            }
        }
    };
}
pub(crate) use event;
