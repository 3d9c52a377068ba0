//! What the API must say, key by key.
//!
//! What is expected was recorded from real servers. A key is expected where, and only where, it was there; `key@2.10`
//! is expected since that version, `key?` may be there or not. Of a value that differs from run to run only the kind is
//! told: `"<time>"`, `"<text>"`, `"<number>"`. Metadata and cluster are the server's own business and not compared.

use async_nats::HeaderMap;
use async_nats::client::Request;
use async_nats::datetime;
use serde_json::{Map, Value, json};

use crate::harness::{World, soon, version};

/// Sends `body` to the API and compares what it says.
pub(super) async fn api(world: &World, request: &str, body: &str, expected: Value) {
    let answer = world.client.request(format!("$JS.API.{request}"), body.to_string().into());
    let answer = soon("an answer", answer).await.unwrap_or_else(|error| panic!("{request}: {error}"));
    compare(world, request, &answer.payload, &expected);
}

/// Publishes with headers and compares the acknowledgement.
pub(super) async fn published(world: &World, subject: &str, headers: &[(&str, &str)], payload: &str, expected: Value) {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, *value);
    }
    let mut request = Request::new().payload(payload.to_string().into());
    if !headers.is_empty() {
        request = request.headers(map);
    }
    let answer = world.client.send_request(subject.to_string(), request);
    let answer = soon("an acknowledgement", answer).await.unwrap_or_else(|error| panic!("{subject}: {error}"));
    compare(world, &format!("{subject} with {headers:?}"), &answer.payload, &expected);
}

fn compare(world: &World, what: &str, answer: &[u8], expected: &Value) {
    let text = String::from_utf8_lossy(answer);
    let answer: Value = serde_json::from_slice(answer).unwrap_or_else(|error| panic!("{what}: {error} in {text}"));
    if let Err(difference) = differ(expected, &answer, version(&world.client), "") {
        panic!("{what}: {difference}\nin {text}");
    }
}

/// Tells where `actual` is not what was expected.
fn differ(expected: &Value, actual: &Value, version: (u32, u32), path: &str) -> Result<(), String> {
    let fits = match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => return objects_differ(expected, actual, version, path),
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            let mut pairs = expected.iter().zip(actual).enumerate();
            return pairs.try_for_each(|(index, (expected, actual))| {
                differ(expected, actual, version, &format!("{path}[{index}]"))
            });
        }
        (Value::String(kind), Value::String(text)) if kind == "<time>" => datetime::parse_rfc3339(text).is_ok(),
        (Value::String(kind), Value::String(text)) if kind == "<text>" => !text.is_empty(),
        (Value::String(kind), Value::Number(_)) if kind == "<number>" => true,
        _ => expected == actual,
    };
    if fits { Ok(()) } else { Err(format!("{path} is {actual}, not {expected}")) }
}

fn objects_differ(
    expected: &Map<String, Value>,
    actual: &Map<String, Value>,
    version: (u32, u32),
    path: &str,
) -> Result<(), String> {
    const NOT_COMPARED: [&str; 2] = ["metadata", "cluster"];
    let mut left: Vec<&String> = actual.keys().filter(|key| !NOT_COMPARED.contains(&key.as_str())).collect();
    for (key, value) in expected {
        let (key, since) = key.split_once('@').unwrap_or((key, "0.0"));
        let (major, minor) = since.split_once('.').expect("a version after the @");
        if version < (major.parse().expect("a number"), minor.parse().expect("a number")) {
            continue;
        }
        let (key, optional) = key.strip_suffix('?').map_or((key, false), |key| (key, true));
        match actual.get(key) {
            Some(actual) => differ(value, actual, version, &format!("{path}.{key}"))?,
            None if optional => {}
            None => return Err(format!("{path}.{key} is missing")),
        }
        left.retain(|left| *left != key);
    }
    if left.is_empty() { Ok(()) } else { Err(format!("{path} has more: {left:?}")) }
}

/// `value` with the keys of `more` added or replaced.
pub(super) fn with(mut value: Value, more: Value) -> Value {
    let (Value::Object(value_map), Value::Object(more)) = (&mut value, more) else { panic!("two objects") };
    value_map.extend(more);
    value
}

pub(super) fn error(kind: &str, code: u64, err_code: u64, description: &str) -> Value {
    json!({
        "type": format!("io.nats.jetstream.api.v1.{kind}_response"),
        "error": { "code": code, "err_code": err_code, "description": description },
    })
}
