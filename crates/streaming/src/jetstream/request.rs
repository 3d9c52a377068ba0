//! One request to the API as its verb sees it: how its body is read, and how it is answered.

use std::sync::Arc;

use protocol::jetstream::api::{self, Kind};
use protocol::jetstream::error::{self, ApiError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::JetStream;
use crate::server::Server;
use crate::stream::Stream;

/// What every verb has at hand.
pub(super) struct Request<'a> {
    pub server: &'a Arc<Server>,
    pub jetstream: &'a JetStream,
    pub kind: Kind,
    pub body: &'a [u8],
}

/// A finished answer.
pub(super) enum Answer {
    /// To be sent at once.
    Now(Vec<u8>),
    /// To be sent once all that the stream has staged is on disk.
    Durable(Arc<Stream>, Vec<u8>),
}

/// What a verb comes to.
pub(super) type Answered = Result<Answer, ApiError>;

impl Request<'_> {
    /// Reads a body that may be left out.
    pub fn read<T: DeserializeOwned + Default>(&self) -> Result<T, ApiError> {
        if self.jetstream.options.strict {
            refuse_unknown_fields::<T>(self.body)?;
        }
        api::parse(self.body)
    }

    /// Reads a body that must be there.
    pub fn require<T: DeserializeOwned + Default>(&self) -> Result<T, ApiError> {
        if self.body.trim_ascii().is_empty() {
            return Err(error::invalid_json("unexpected end of JSON input"));
        }
        self.read()
    }

    /// Insists that there is no body.
    pub fn without_body(&self) -> Result<(), ApiError> {
        if api::is_empty_or_object(self.body) { Ok(()) } else { Err(error::NOT_EMPTY_REQUEST) }
    }

    /// The stream of a name.
    pub fn stream(&self, name: &str) -> Result<Arc<Stream>, ApiError> {
        self.jetstream.stream(name).ok_or(error::STREAM_NOT_FOUND)
    }

    /// The domain we are, or nothing.
    pub fn domain(&self) -> String {
        self.jetstream.options.domain.clone().unwrap_or_default()
    }

    /// Answers at once.
    pub fn now(&self, body: &impl Serialize) -> Answer {
        Answer::Now(self.written(body))
    }

    /// Answers once what was done to `stream` outlives a crash.
    pub fn durably(&self, stream: Arc<Stream>, body: &impl Serialize) -> Answer {
        let written = self.written(body);
        Answer::Durable(stream, written)
    }

    fn written(&self, body: &impl Serialize) -> Vec<u8> {
        let mut bytes = Vec::new();
        api::write(&mut bytes, self.kind, body);
        bytes
    }
}

/// A misspelled field is an error, where the server is told to be strict.
fn refuse_unknown_fields<T: DeserializeOwned>(body: &[u8]) -> Result<(), ApiError> {
    /// What is asked of the server rather than of the stream or consumer: known, though it changes nothing here.
    const OF_THE_REQUEST: &str = "pedantic";
    let mut unknown = None;
    let mut json = serde_json::Deserializer::from_slice(body);
    // What is wrong otherwise is told by whoever reads it.
    let _ = serde_ignored::deserialize::<_, _, T>(&mut json, |path| {
        let path = path.to_string();
        if path != OF_THE_REQUEST {
            unknown.get_or_insert(path);
        }
    });
    unknown.map_or(Ok(()), |path| Err(error::invalid_json(format_args!("unknown field {path:?}"))))
}

/// The part of a list that is told at once, and where it begins.
pub(super) fn page<T>(all: Vec<T>, offset: usize, limit: usize) -> (Vec<T>, usize) {
    let offset = offset.min(all.len());
    (all.into_iter().skip(offset).take(limit).collect(), offset)
}

#[cfg(test)]
mod tests {
    use protocol::jetstream::api::{CreateConsumerRequest, PageRequest};
    use protocol::jetstream::config::StreamConfig;

    use super::*;

    #[test]
    fn a_strict_server_finds_what_is_misspelled_at_any_depth() {
        let told = |result: Result<(), ApiError>| result.err().map(|error| error.description.into_owned());
        let unknown = |path: &str| Some(format!("invalid JSON: unknown field {path:?}"));
        assert_eq!(told(refuse_unknown_fields::<PageRequest>(br#"{"offset":1}"#)), None);
        assert_eq!(told(refuse_unknown_fields::<PageRequest>(b"")), None, "nothing is misspelled");
        assert_eq!(told(refuse_unknown_fields::<PageRequest>(b"{bad")), None, "that is another error");
        assert_eq!(told(refuse_unknown_fields::<PageRequest>(br#"{"ofset":1}"#)), unknown("ofset"));
        assert_eq!(told(refuse_unknown_fields::<StreamConfig>(br#"{"name":"S","pedantic":true}"#)), None);
        let nested = br#"{"stream_name":"S","config":{"durable":"D"}}"#;
        assert_eq!(told(refuse_unknown_fields::<CreateConsumerRequest>(nested)), unknown("config.durable"));
    }

    #[test]
    fn pages_follow_one_another_and_end() {
        let all = || (0..5).collect::<Vec<_>>();
        assert_eq!(page(all(), 0, 2), (vec![0, 1], 0));
        assert_eq!(page(all(), 4, 2), (vec![4], 4));
        assert_eq!(page(all(), 9, 2), (vec![], 5), "beyond the end is the end");
    }
}
