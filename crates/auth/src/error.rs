//! Every failure and its status.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use events::outbox::PushError;
use service::{Problem, problem};

use crate::password::PasswordError;

/// When to come again if too many passwords wait: the queue that there is now is worked off by then.
const RETRY_AFTER: Duration = Duration::from_secs(3);

/// What can go wrong here …
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody signed up with this address before.
    #[error("Email in use")]
    EmailInUse,
    /// There is no such user, or the password is another. Which of them, nobody is told.
    #[error("Invalid credentials")]
    InvalidCredentials,
    /// Too many tries.
    #[error(transparent)]
    Limited(#[from] Problem),
    /// Too many passwords wait to be hashed.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// A password could not be hashed or verified.
    #[error("password failure")]
    Password(#[source] PasswordError),
    /// No session could be issued.
    #[error("session failure: {0:#}")]
    Session(anyhow::Error),
    /// An event could not be written down.
    #[error("outbox failure")]
    Outbox(#[from] PushError),
    /// The database failed.
    #[error("database failure")]
    Database(#[from] sqlx::Error),
}

impl From<PasswordError> for Error {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy,
            error @ (PasswordError::Argon2(_) | PasswordError::Thread(_)) => Self::Password(error),
        }
    }
}

/// … and, on the same screen, the status each gets. No `_` arm: a new failure asks.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match self {
            Self::EmailInUse | Self::InvalidCredentials => StatusCode::BAD_REQUEST,
            Self::Limited(problem) => return problem.into_response(),
            Self::Busy => {
                let problem = Problem::of_status(StatusCode::SERVICE_UNAVAILABLE);
                return Problem { retry_after: Some(RETRY_AFTER), ..problem }.into_response();
            }
            Self::Password(_) | Self::Session(_) | Self::Outbox(_) | Self::Database(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        problem(status, &self)
    }
}
