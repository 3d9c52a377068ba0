//! What can go wrong here, and the status each failure gets.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use events::outbox::PushError;
use service::problem::{Problem, problem};

/// What can go wrong here …
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such order or ticket.
    #[error("Not Found")]
    NotFound,
    /// It is another user's order.
    #[error("Not authorized")]
    NotAuthorized,
    /// The ticket is the buyer's own.
    #[error("You cannot buy your own ticket")]
    OwnTicket,
    /// Another order has the ticket.
    #[error("Ticket is already reserved")]
    Reserved,
    /// The user holds as many tickets as one may.
    #[error("You hold as many tickets as you may: pay for one of them or give it back first")]
    TooManyHolds {
        /// When the first of those runs out.
        retry_after: Duration,
    },
    /// It is paid.
    #[error("Cannot cancel a completed order")]
    Completed,
    /// A row is not the version we read.
    #[error("the row was changed meanwhile")]
    Stale,
    /// The database failed.
    #[error("database failure")]
    Database(#[from] sqlx::Error),
    /// The change's event could not be written.
    #[error("can't push an event")]
    Push(#[from] PushError),
    /// What was refused before it came to this service's rules.
    #[error(transparent)]
    Refused(#[from] Problem),
}

impl IntoResponse for Error {
    /// … and, on the same screen, the status each gets. No `_` arm: a new failure asks.
    fn into_response(self) -> Response {
        let status = match self {
            Self::Refused(problem) => return problem.into_response(),
            Self::TooManyHolds { retry_after } => {
                let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, self.to_string());
                return Problem { retry_after: Some(retry_after), ..problem }.into_response();
            }
            Self::OwnTicket | Self::Reserved | Self::Completed => StatusCode::BAD_REQUEST,
            Self::NotAuthorized => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Stale | Self::Database(_) | Self::Push(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        problem(status, &self)
    }
}
