//! What every failure looks like to a client: `{"errors":[{"message", "field"?}]}`, from any service, for any reason.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What a client is told when the fault is ours.
pub const FAULT: &str = "Something went wrong";
/// The content type of every error.
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// A failure on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The answer's status.
    pub status: StatusCode,
    /// What is wrong, most important first.
    pub errors: Vec<Fault>,
    /// When it may be worth another try.
    pub retry_after: Option<Duration>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// A sentence for the user.
    pub message: String,
    /// The field of the body it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// The body of every error.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Errors {
    /// What is wrong, most important first.
    pub errors: Vec<Fault>,
}

impl Problem {
    /// A problem told in one sentence.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, errors: vec![Fault { message: message.into(), field: None }], retry_after: None }
    }

    /// The same, about `field` of the body.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        if let Some(fault) = self.errors.last_mut() {
            fault.field = Some(field.into());
        }
        self
    }

    /// 400, told in one sentence.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 401, for somebody not signed in and for somebody else's things alike.
    pub fn not_authorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Not authorized")
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// 429: worth another try after `retry_after`.
    pub fn too_many(retry_after: Duration) -> Self {
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests, please try again later");
        Self { retry_after: Some(retry_after), ..problem }
    }

    /// 500. Logs `error` with all its causes; the client is told none of it.
    pub fn fault(error: &(dyn Error + 'static)) -> Self {
        log(StatusCode::INTERNAL_SERVER_ERROR, error);
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, FAULT)
    }

    /// What any `status` says when nobody said more.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Self::not_found(),
            StatusCode::UNAUTHORIZED => Self::not_authorized(),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "The request is too large"),
            StatusCode::SERVICE_UNAVAILABLE => Self::new(status, "The service is busy, please try again later"),
            status if status.is_server_error() => Self::new(status, FAULT),
            status => Self::new(status, status.canonical_reason().unwrap_or("The request was refused")),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status.as_u16())?;
        self.errors.iter().try_for_each(|fault| write!(f, " {}", fault.message))
    }
}

impl Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Whoever said more meant it for the log.
        let ours = self.status == StatusCode::INTERNAL_SERVER_ERROR;
        let errors = if ours { vec![Fault { message: FAULT.to_owned(), field: None }] } else { self.errors };
        let body = serde_json::to_vec(&Errors { errors }).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, JSON)], body).into_response();
        if let Some(after) = self.retry_after {
            // Whole seconds, and never too early.
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.max(1).into());
        }
        response
    }
}

/// The answer to `error`: its own sentence, or, when the fault is ours, none of it; then it is logged with all causes.
pub fn problem(status: StatusCode, error: &(dyn Error + 'static)) -> Response {
    if status.is_server_error() {
        log(status, error);
        return Problem::new(status, FAULT).into_response();
    }
    Problem::new(status, error.to_string()).into_response()
}

fn log(status: StatusCode, error: &(dyn Error + 'static)) {
    tracing::error!(status = status.as_u16(), error = %Chain(error), "a fault of ours");
}

/// An error and what caused it, in one line.
pub(crate) struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.0.to_string();
        f.write_str(&told)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some errors tell their cause themselves.
            if !told.ends_with(&text) {
                write!(f, ": {text}")?;
            }
            told = text;
            cause = error.source();
        }
        Ok(())
    }
}
