//! What `auth` publishes.

use serde::{Deserialize, Serialize};

use crate::event::event;
use crate::{SessionId, Stream, Timestamp, UserId};

/// What `auth` publishes.
pub static ACCOUNTS: Stream = Stream { name: "ACCOUNTS", subjects: &["session:revoked"] };

/// A user signed out: the token of that session counts no more, though it has not expired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRevoked {
    /// The `jti` of the token.
    pub id: SessionId,
    /// Whose session it was.
    pub user_id: UserId,
    /// When the token would have expired; nobody needs to remember this after that.
    pub expires_at: Timestamp,
}
event!(SessionRevoked, "session:revoked", ACCOUNTS, id);
