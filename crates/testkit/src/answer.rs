//! What a service answered, and what a test expects of it. A surprise tells what was asked and what was answered.

use std::fmt;

use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An answer of a service.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body as JSON; `null` if it is empty or something else.
    pub json: Value,
    /// The body as it came.
    pub text: String,
    /// The headers.
    pub headers: HeaderMap,
    /// What was asked, for the messages.
    pub asked: String,
}

impl Answer {
    /// Expects `status`, and hands over the body.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert!(self.status == status, "expected {status}\n{self}");
        self.json
    }

    /// Expects `status`, and reads the body as a `T`.
    #[track_caller]
    pub fn reads<T: DeserializeOwned>(self, status: u16) -> T {
        assert!(self.status == status, "expected {status}\n{self}");
        serde_json::from_value(self.json.clone())
            .unwrap_or_else(|error| panic!("expected a {}, but {error}\n{self}", std::any::type_name::<T>()))
    }

    /// Expects `status` with this one message, about no field.
    #[track_caller]
    pub fn refuses(self, status: u16, message: &str) {
        let expected = serde_json::json!({ "errors": [{ "message": message }] });
        assert!(self.status == status && self.json == expected, "expected {status} {expected}\n{self}");
    }

    /// Expects `status` with this message about `field`, perhaps among others about other fields.
    #[track_caller]
    pub fn refuses_field(self, status: u16, message: &str, field: &str) {
        let expected = serde_json::json!({ "message": message, "field": field });
        let said = self.json["errors"].as_array().is_some_and(|errors| errors.contains(&expected));
        assert!(self.status == status && said, "expected {status} with {expected} among its errors\n{self}");
    }

    /// A header's text, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "   asked: {}", self.asked)?;
        writeln!(f, "answered: {} {}", self.status, self.text)?;
        self.headers.iter().try_for_each(|(name, value)| writeln!(f, "          {name}: {value:?}"))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
