//! The few calls of the `JetStream` API a benchmark needs: a stream and a consumer, made before, deleted after.

use serde_json::{Value, json};

use super::client::Connection;
use super::error::Error;
use super::measure::Context;
use super::options::Storage;

/// A stream that lives as long as a run.
pub struct Stream {
    name: String,
    /// What the stream keeps.
    pub subject: String,
}

impl Stream {
    /// Creates a stream for `work` and deletes it afterwards, whatever came of it.
    pub fn with<T>(
        context: &Context,
        storage: Storage,
        work: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let stream = Self {
            name: format!("BENCH_{}", std::process::id()),
            subject: format!("bench.{}.stream", std::process::id()),
        };
        let mut connection = context.connect()?;
        let config = json!({
            "name": stream.name, "subjects": [stream.subject], "storage": storage.to_string(),
            "retention": "limits", "discard": "old", "max_msgs": -1, "max_bytes": -1, "max_age": 0,
            "max_consumers": -1, "max_msgs_per_subject": -1, "num_replicas": 1,
        });
        // A benchmark that was killed may have left one of this name; it would not begin at sequence 1.
        match stream.delete(&mut connection) {
            Ok(()) | Err(Error::Api { code: STREAM_NOT_FOUND, .. }) => {}
            Err(error) => return Err(error),
        }
        call(&mut connection, &format!("STREAM.CREATE.{}", stream.name), &config)?;
        drop(connection);
        let worked = work(&stream);
        let deleted = context.connect().and_then(|mut connection| stream.delete(&mut connection));
        // A failure of the work tells more than that of the deletion which may follow from it.
        worked.and_then(|value| deleted.map(|()| value))
    }

    fn delete(&self, connection: &mut Connection) -> Result<(), Error> {
        call(connection, &format!("STREAM.DELETE.{}", self.name), &Value::Null).map(drop)
    }

    pub fn messages(&self, connection: &mut Connection) -> Result<u64, Error> {
        let info = call(connection, &format!("STREAM.INFO.{}", self.name), &Value::Null)?;
        Ok(info["state"]["messages"].as_u64().unwrap_or_default())
    }

    /// A consumer named `bench`, with what `config` adds to or changes of the usual.
    pub fn consumer(&self, connection: &mut Connection, config: &Value) -> Result<(), Error> {
        let mut whole = json!({
            "durable_name": CONSUMER, "deliver_policy": "all", "replay_policy": "instant",
            "ack_policy": "explicit",
        });
        if let (Value::Object(whole), Value::Object(config)) = (&mut whole, config) {
            whole.extend(config.clone());
        }
        let subject = format!("CONSUMER.DURABLE.CREATE.{}.{CONSUMER}", self.name);
        call(connection, &subject, &json!({ "stream_name": self.name, "config": whole }))?;
        Ok(())
    }

    /// How many messages the consumer has delivered and not seen acknowledged.
    pub fn unacknowledged(&self, connection: &mut Connection) -> Result<u64, Error> {
        let subject = format!("CONSUMER.INFO.{}.{CONSUMER}", self.name);
        let info = call(connection, &subject, &Value::Null)?;
        Ok(info["num_ack_pending"].as_u64().unwrap_or_default())
    }

    /// Where pull requests go.
    pub fn next(&self) -> String {
        format!("$JS.API.CONSUMER.MSG.NEXT.{}.{CONSUMER}", self.name)
    }
}

const CONSUMER: &str = "bench";
/// The `err_code` of a stream that is not there.
const STREAM_NOT_FOUND: u64 = 10059;

/// Whether the server has `JetStream` for this user.
pub fn available(connection: &mut Connection) -> Result<(), Error> {
    call(connection, "INFO", &Value::Null).map(drop)
}

/// One request; `null` asks by an empty message, which some verbs insist on.
fn call(connection: &mut Connection, what: &str, question: &Value) -> Result<Value, Error> {
    let subject = format!("$JS.API.{what}");
    let question = if question.is_null() { String::new() } else { question.to_string() };
    let answer = connection.ask(&subject, question.as_bytes())?.ok_or(Error::NoJetStream)?;
    match answer.get("error") {
        None => Ok(answer),
        Some(error) => Err(Error::Api {
            subject,
            description: error["description"].as_str().unwrap_or("no reason given").to_owned(),
            code: error["err_code"].as_u64().unwrap_or_default(),
        }),
    }
}

/// The sequence a publish got, from the acknowledgement's JSON; `why` it was refused otherwise.
pub fn acknowledged(payload: &[u8]) -> Result<u64, String> {
    // The usual answer, found without parsing it: {"stream":"S","seq":7}
    if memchr::memmem::find(payload, b"\"error\"").is_none()
        && let Some(at) = memchr::memmem::find(payload, b"\"seq\":")
    {
        let digits = payload[at + 6..].trim_ascii_start();
        let end = digits.iter().position(|byte| !byte.is_ascii_digit());
        let digits = std::str::from_utf8(&digits[..end.unwrap_or(digits.len())]);
        if let Some(sequence) = digits.ok().and_then(|digits| digits.parse().ok()) {
            return Ok(sequence);
        }
    }
    let text = || String::from_utf8_lossy(payload).into_owned();
    let answer: Value = serde_json::from_slice(payload).map_err(|_| text())?;
    Err(answer["error"]["description"].as_str().map_or_else(text, str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_tells_the_sequence_or_the_reason() {
        for (payload, means) in [
            (r#"{"stream":"S","seq":7}"#, Ok(7)),
            (r#"{"stream":"S", "seq": 12, "domain":"d"}"#, Ok(12)),
            (
                r#"{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"},"stream":"S","seq":0}"#,
                Err("maximum messages exceeded"),
            ),
            (r#"{"stream":"S"}"#, Err(r#"{"stream":"S"}"#)),
            ("?", Err("?")),
        ] {
            assert_eq!(acknowledged(payload.as_bytes()), means.map_err(str::to_owned), "{payload}");
        }
    }
}
