//! What can go wrong here, and the status each gets.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use events::outbox::PushError;
use service::Problem;

/// Why a request, or an event, could not be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such ticket.
    #[error("Not Found")]
    NotFound,
    /// Somebody else listed the ticket.
    #[error("Not authorized")]
    NotTheOwner,
    /// An order has the ticket.
    #[error("Cannot edit a reserved ticket")]
    Reserved,
    /// The ticket was changed without being locked before: a bug.
    #[error("the ticket was changed meanwhile")]
    Stale,
    /// The event was not written to the outbox.
    #[error("the event can't be pushed")]
    Push(#[from] PushError),
    /// The database failed.
    #[error("database failure")]
    Database(#[from] sqlx::Error),
    /// What the parts that all services share refuse: a parameter, the path, too many requests.
    #[error(transparent)]
    Refused(#[from] Problem),
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotTheOwner => StatusCode::UNAUTHORIZED,
            Self::Reserved => StatusCode::BAD_REQUEST,
            Self::Stale | Self::Push(_) | Self::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Refused(problem) => return problem.into_response(),
        };
        service::problem(status, &self)
    }
}
