//! What can go wrong here, and the status each failure gets.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use events::outbox::PushError;
use service::Problem;

use crate::order::Refusal;
use crate::provider::Failure;
use crate::signature::Forged;

/// When to ask again how a payment went: the settle worker has looked by then.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// What can go wrong here …
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such order.
    #[error("Not Found")]
    NotFound,
    /// The order can't be paid, or not by this user.
    #[error(transparent)]
    Order(#[from] Refusal),
    /// The provider, or the buyer's bank, said no. The sentence is theirs.
    #[error("{0}")]
    Declined(String),
    /// The provider does not know the token, or knows it as used.
    #[error("This card cannot be used, please enter it again")]
    BadToken,
    /// No money can have moved.
    #[error("The payment provider does not answer. Nothing was charged, please try again")]
    NotCharged,
    /// Money may have moved; it will be found out.
    #[error("Your payment is still being confirmed. Nothing is lost: please do not pay again, look again in a moment")]
    Unsure,
    /// A webhook that nobody we know has signed.
    #[error(transparent)]
    Forged(#[from] Forged),
    /// A webhook that is signed and yet none.
    #[error("This is not an event")]
    NotAnEvent,
    /// A webhook about a payment that is not known here, or not yet.
    #[error("There is no such payment")]
    UnknownPayment,
    /// A webhook, and no secret to check it by.
    #[error("Webhooks are not set up here")]
    NoWebhooks,
    /// What the parts that all services share refuse: too many requests, a cursor.
    #[error(transparent)]
    Refused(#[from] Problem),
    /// The provider refuses what we ask for: our mistake, in code or settings.
    #[error("the payment provider")]
    Provider(#[from] Failure),
    /// The change's event could not be written.
    #[error("the event can't be pushed")]
    Push(#[from] PushError),
    /// The database failed.
    #[error("database failure")]
    Database(#[from] sqlx::Error),
}

impl IntoResponse for Error {
    /// … and, on the same screen, the status each gets. No `_` arm: a new failure asks.
    fn into_response(self) -> Response {
        let status = match self {
            Self::Refused(problem) => return problem.into_response(),
            Self::NotCharged | Self::Unsure | Self::NoWebhooks => {
                let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, self.to_string());
                return Problem { retry_after: Some(ASK_AGAIN), ..problem }.into_response();
            }
            Self::BadToken => return Problem::bad_request(self.to_string()).field("token").into_response(),
            Self::NotFound | Self::UnknownPayment => StatusCode::NOT_FOUND,
            Self::Order(Refusal::NotOwner) => StatusCode::UNAUTHORIZED,
            Self::Order(Refusal::Cancelled | Refusal::Expired | Refusal::Paid)
            | Self::Declined(_)
            | Self::Forged(_)
            | Self::NotAnEvent => StatusCode::BAD_REQUEST,
            Self::Provider(_) | Self::Push(_) | Self::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        service::problem(status, &self)
    }
}
