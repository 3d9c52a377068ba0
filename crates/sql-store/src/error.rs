//! What can go wrong between us and the database.

use std::io;

/// Why something could not be done. None of it names a password.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was said of the database makes no sense.
    #[error("{0}")]
    Source(String),
    /// It cannot be reached, or will not have us.
    #[error("cannot connect to {place}: {why}")]
    Connect {
        /// Where it was looked for.
        place: String,
        /// Why not.
        why: String,
    },
    /// Another server has it.
    #[error("{place} is in use by another server ({holder}): stop that one, or give this one a database of its own")]
    Held {
        /// The database.
        place: String,
        /// Who has it, as it said itself.
        holder: String,
    },
    /// Its tables were made by a later version of this program.
    #[error("{place}: version {found} of the tables is not known; this program knows up to {known}")]
    Version {
        /// The database.
        place: String,
        /// What is there.
        found: i64,
        /// What we know.
        known: i64,
    },
    /// Another server took it while we were cut off from it.
    #[error("another server has taken over the database: stop this one")]
    TakenOver,
    /// It was found not to answer a moment ago.
    #[error("the database cannot be reached: {0}")]
    Down(String),
    /// It took too long.
    #[error("the database did not answer within {0} seconds")]
    TimedOut(u64),
    /// No connection can be had.
    #[error("no connection: {0}")]
    Refused(sqlx::Error),
    /// A commit was asked for, and no answer came: it may have been done or not.
    #[error("the connection was lost during a commit: {0}")]
    Uncertain(sqlx::Error),
    /// It says so itself.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// A table holds what we did not write.
    #[error("{0}")]
    Malformed(String),
    /// The server stops.
    #[error("the store is closed")]
    Closed,
}

impl Error {
    /// Whether the same may go well on another connection.
    pub(crate) fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Uncertain(_) | Self::Refused(_) => true,
            Self::Database(error) => breaks_connections(error) || loses_to_another(error),
            _ => false,
        }
    }

    /// Whether nothing else will go well either until the database is seen to answer.
    pub(crate) fn means_down(&self) -> bool {
        match self {
            Self::Uncertain(_) | Self::Refused(_) | Self::TimedOut(_) => true,
            Self::Database(error) => breaks_connections(error),
            _ => false,
        }
    }
}

/// Whether the connection is lost, or none can be had.
fn breaks_connections(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            // Classes of states that both databases share: no connection; no room for one; told to go.
            let code = error.code().unwrap_or_default();
            ["08", "53", "57P"].iter().any(|class| code.starts_with(class))
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// Whether the database chose somebody else's transaction over ours.
fn loses_to_another(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
    ["40001", "40P01"].contains(&&*code)
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Down(_) | Error::Connect { .. } | Error::Refused(_) | Error::Uncertain(_) => {
                io::ErrorKind::NotConnected
            }
            Error::TimedOut(_) => io::ErrorKind::TimedOut,
            Error::TakenOver | Error::Held { .. } => io::ErrorKind::PermissionDenied,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}
