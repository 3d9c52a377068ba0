//! What is answered, and what is refused.

use std::fmt::Write;

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

/// An answer, before it becomes HTTP.
pub(super) struct Answer {
    status: StatusCode,
    kind: &'static str,
    body: String,
}

/// A file of the page.
pub(super) struct Asset {
    pub kind: &'static str,
    pub body: &'static str,
}

/// What a page of ours may do: load its own files, ask its own server, and nothing else. Nobody may show it in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// A parameter we cannot read.
    #[error("Error decoding {kind} for '{name}': {value:?} is none")]
    Parameter { kind: &'static str, name: &'static str, value: String },
    /// A parameter we can read, but not follow.
    #[error("{0}")]
    Unfit(String),
    /// There is no such thing.
    #[error("{0}\n")]
    Unknown(String),
    /// Something of ours that cannot be written as JSON.
    #[error("cannot write the answer: {0}")]
    Unwritable(#[from] serde_json::Error),
}

const JSON: &str = "application/json";

impl Answer {
    /// `value`, indented as `nats-server` does.
    pub fn json(value: &impl Serialize) -> Result<Self, Refusal> {
        Ok(Self { status: StatusCode::OK, kind: JSON, body: escaped(serde_json::to_string_pretty(value)?) })
    }

    /// `value` on one line.
    pub fn line(status: StatusCode, value: &impl Serialize) -> Result<Self, Refusal> {
        Ok(Self { status, kind: JSON, body: escaped(serde_json::to_string(value)?) })
    }

    /// A page.
    pub fn html(body: String) -> Self {
        Self { status: StatusCode::OK, kind: "text/html; charset=utf-8", body }
    }

    /// Nothing, and that is the answer.
    pub fn none() -> Self {
        Self { status: StatusCode::NO_CONTENT, kind: PLAIN, body: String::new() }
    }

    /// Text of some other kind.
    pub fn text(kind: &'static str, body: String) -> Self {
        Self { status: StatusCode::OK, kind, body }
    }

    /// As a call of the function `callback`: a page of another origin may load it as a script.
    pub fn called_back(self, callback: Option<&str>) -> Result<Self, Refusal> {
        let Some(callback) = callback.filter(|_| self.kind == JSON) else { return Ok(self) };
        if !is_function_name(callback) {
            return Err(Refusal::Unfit("callback has to be the name of a function".to_owned()));
        }
        Ok(Self { kind: "application/javascript", body: format!("{callback}({})", self.body), ..self })
    }

    /// Its text.
    #[cfg(test)]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The response.
    pub fn response(self) -> Response<Body> {
        let from_anywhere = self.kind == JSON;
        let mut response = response(self.status, self.kind, self.body);
        if from_anywhere {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        response
    }
}

impl Asset {
    /// The response.
    pub fn response(&self) -> Response<Body> {
        response(StatusCode::OK, self.kind, self.body)
    }
}

const PLAIN: &str = "text/plain; charset=utf-8";

impl Refusal {
    /// The response.
    pub fn response(&self) -> Response<Body> {
        let status = match self {
            Self::Parameter { .. } | Self::Unfit(_) => StatusCode::BAD_REQUEST,
            Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::Unwritable(error) => {
                tracing::error!("monitoring: {error}");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        response(status, PLAIN, self.to_string())
    }
}

/// To who asks for something else.
pub(super) fn not_found() -> Response<Body> {
    response(StatusCode::NOT_FOUND, PLAIN, "404 page not found\n".to_owned())
}

/// To who met a bug of ours.
pub(super) fn failed() -> Response<Body> {
    response(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, "500 internal server error\n".to_owned())
}

fn response(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Names and subjects come from clients: in JSON the signs that mean something to a browser are escaped, as Go does.
fn escaped(json: String) -> String {
    if !json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return json;
    }
    let mut safe = String::with_capacity(json.len() + 64);
    for sign in json.chars() {
        match sign {
            // Outside of strings JSON has none of these.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(safe, "\\u{:04x}", u32::from(sign)); // A String takes it.
            }
            _ => safe.push(sign),
        }
    }
    safe
}

/// Such as `cb` or `jQuery.handlers.cb_1`. Anything else could be a script of its own.
fn is_function_name(text: &str) -> bool {
    const NAME_BYTES_MAX: usize = 128;
    let sign = |b: u8| b.is_ascii_alphanumeric() || b"_$.".contains(&b);
    text.len() <= NAME_BYTES_MAX && text.bytes().all(sign) && !text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_markup_comes_out_of_what_clients_say() {
        let said = "</script> & \u{2028}";
        let answer = Answer::json(&[said]).expect("JSON");
        assert_eq!(answer.body, "[\n  \"\\u003c/script\\u003e \\u0026 \\u2028\"\n]");
        let read: Vec<String> = serde_json::from_str(&answer.body).expect("still JSON");
        assert_eq!(read, [said]);
    }

    #[test]
    fn only_a_function_is_called_back() {
        let call = |name| Answer::line(StatusCode::OK, &1).and_then(|a| a.called_back(name)).map(|a| (a.kind, a.body));
        assert_eq!(call(None).expect("JSON"), (JSON, "1".to_owned()));
        assert_eq!(call(Some("a.b_$1")).expect("a call"), ("application/javascript", "a.b_$1(1)".to_owned()));
        for script in ["alert(1)//", "a b", "1a", "ä", "<a>", &"a".repeat(129)] {
            assert!(call(Some(script)).is_err(), "{script}");
        }
    }
}
