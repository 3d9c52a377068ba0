//! A JSON body, looked at before anything else is done with it.

use axum::body::BodyDataStream;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::fields::fields;
use crate::Problem;
use crate::problem::Fault;

/// The largest body: the reference's limit, which has its clients' requests a hundred times over.
pub const BODY_BYTES_MAX: usize = 100 * 1024;
/// How much of a body that is too large is read to its end, out of courtesy; who sends more is cut off.
const DRAIN_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What is said of a field when nobody said more.
const INVALID: &str = "Invalid value";

/// A JSON object as `T`, valid by `T`'s own rules. Its content type is not looked at: a body that is none of ours has no
/// meaning to us, and a cross-site form is stopped by its origin. No body at all is `{}`.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        parse(&read(request).await?).map(Self)
    }
}

async fn read(request: Request) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut parts = request.into_body().into_data_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Problem::bad_request("The body ended too early"))?;
        if bytes.len() + part.len() > BODY_BYTES_MAX {
            drain(parts).await;
            return Err(Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// Drops the rest of a body that is too large. A client that is cut off while it sends never sees why.
pub(crate) async fn drain(mut parts: BodyDataStream) {
    let mut dropped = 0;
    while dropped < DRAIN_BYTES_MAX {
        let Some(Ok(part)) = parts.next().await else { return };
        dropped += part.len();
    }
}

fn parse<T: DeserializeOwned + Validate>(bytes: &[u8]) -> Result<T, Problem> {
    let json = if bytes.trim_ascii().is_empty() { b"{}" } else { bytes };
    // A derived struct would take an array too, by the order of its fields.
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(match serde_json::from_slice::<Value>(json) {
            Ok(_) => Problem::bad_request("The body must be a JSON object"),
            Err(_) => malformed(),
        });
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    let body: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| refused(&error, json))?;
    reader.end().map_err(|_| malformed())?;
    if has_nul(json) {
        return Err(Problem::bad_request("The body must not have NUL characters"));
    }
    body.validate().map_err(|errors| invalid::<T>(&errors))?;
    Ok(body)
}

fn malformed() -> Problem {
    Problem::bad_request("Malformed JSON")
}

/// Well-formed, but not what we ask for: says which field it is.
fn refused(error: &serde_path_to_error::Error<serde_json::Error>, json: &[u8]) -> Problem {
    // A reader that refused something did not look at the rest.
    if !error.inner().is_data() || serde_json::from_slice::<Value>(json).is_err() {
        return malformed();
    }
    let path = error.path().to_string();
    let missing = || Some(error.inner().to_string().strip_prefix("missing field `")?.split_once('`')?.0.to_owned());
    match if path == "." { missing() } else { Some(path) } {
        Some(field) => Problem::bad_request(INVALID).field(field),
        None => Problem::bad_request(INVALID),
    }
}

/// Whether some text in `json` has the character that Postgres takes in no text.
fn has_nul(json: &[u8]) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(values) => values.iter().any(within),
            Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || within(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    // Only its escape can stand in JSON; most bodies have none, and need no second look.
    json.windows(6).any(|window| window == br"\u0000") && serde_json::from_slice(json).is_ok_and(|json| within(&json))
}

/// Every rule that is broken, in the order of `T`'s fields.
fn invalid<T: DeserializeOwned>(errors: &ValidationErrors) -> Problem {
    let mut faults = Vec::new();
    collect(errors, "", &mut faults);
    let order = fields::<T>();
    let place = |fault: &Fault| {
        let field = fault.field.as_deref().unwrap_or_default();
        let first = field.split(['.', '[']).next().unwrap_or_default();
        (order.iter().position(|known| *known == first).unwrap_or(order.len()), field.to_owned())
    };
    // A stable sort: the rules of one field stay in their order.
    faults.sort_by_key(place);
    Problem { status: StatusCode::BAD_REQUEST, errors: faults, retry_after: None }
}

fn collect(errors: &ValidationErrors, prefix: &str, faults: &mut Vec<Fault>) {
    for (name, kind) in errors.errors() {
        // Rules of the whole object have no field.
        let field = if name == "__all__" { prefix.to_owned() } else { format!("{prefix}{}", camel_case(name)) };
        match kind {
            ValidationErrorsKind::Field(errors) => faults.extend(errors.iter().map(|error| Fault {
                message: error.message.as_deref().unwrap_or(INVALID).to_owned(),
                field: Some(field.trim_end_matches('.').to_owned()).filter(|field| !field.is_empty()),
            })),
            ValidationErrorsKind::Struct(errors) => collect(errors, &format!("{field}."), faults),
            ValidationErrorsKind::List(list) => {
                for (index, errors) in list {
                    collect(errors, &format!("{field}[{index}]."), faults);
                }
            }
        }
    }
}

/// The validator knows a field by its name in Rust, clients by that in JSON.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_').filter(|word| !word.is_empty());
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        camel.push_str(&first.to_uppercase());
        camel.push_str(rest);
    }
    camel
}
