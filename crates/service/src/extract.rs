//! What handlers take: each failure is a [`Problem`], in the contract's order.
//!
//! ```text
//!  State(app), session: Session, PathId(id), Body(edit): Body<Edit>
//!              401               –           400                    then 404 by `id.found()?`, owner, state
//! ```

mod address;
mod body;
mod fields;

use std::error::Error;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

pub use self::address::ClientAddress;
pub(crate) use self::address::client_address;
pub(crate) use self::body::drain;
pub use self::body::{BODY_BYTES_MAX, Body};
use crate::Problem;

/// The id in the path, the first if there are several. Taking it never fails, so that a body is looked at before a `404`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathId<T>(pub Candidate<T>);

/// What stands in the path where an id should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<T>(Option<T>);

impl<T> Candidate<T> {
    /// The id. What is none belongs to nothing: `404`.
    pub fn found(self) -> Result<T, Problem> {
        self.0.ok_or_else(Problem::not_found)
    }
}

impl<T> PathId<T> {
    /// The id. What is none belongs to nothing: `404`.
    pub fn found(self) -> Result<T, Problem> {
        self.0.found()
    }
}

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = match RawPathParams::from_request_parts(parts, state).await {
            Ok(params) => params.iter().next().and_then(|(_, text)| text.parse().ok()),
            // Not even text.
            Err(_) => None,
        };
        Ok(Self(Candidate(id)))
    }
}

/// The query as `T`; `400` if it makes none.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // No text of ours has it, and Postgres takes none that does.
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(Problem::bad_request("The query must not have NUL characters"));
        }
        match axum::extract::Query::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(refused(&rejection)),
        }
    }
}

/// What is wrong with a query, by the innermost cause, and with which of its parameters, where that is known: not of a
/// struct that is flattened into another.
fn refused(mut error: &(dyn Error + 'static)) -> Problem {
    loop {
        if let Some(at) = error.downcast_ref::<serde_path_to_error::Error<serde::de::value::Error>>() {
            match at.path().to_string() {
                path if path == "." => return Problem::bad_request(format!("The query is not valid: {}", at.inner())),
                parameter => return Problem::bad_request(at.inner().to_string()).field(parameter),
            }
        }
        let Some(cause) = error.source() else { break };
        error = cause;
    }
    Problem::bad_request(format!("The query is not valid: {error}"))
}
