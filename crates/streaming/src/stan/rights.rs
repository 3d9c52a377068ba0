//! What the NATS user behind a request may do with channels: see `options::permissions`.

use std::sync::Arc;

use protocol::stan::error;

use super::Stan;
use crate::options::{Auth, Permissions};
use crate::turn::{Message, Turn};

/// Whose request it is.
enum Who {
    /// Nobody's who is restricted.
    Free,
    /// A user's who is.
    Bound(Arc<Permissions>),
    /// Of a message that the server passed on, so that nobody knows any more, where some users are restricted.
    Unknown,
}

impl Who {
    fn of(turn: &Turn, message: &Message<'_>) -> Self {
        if let Some(from) = message.from {
            return from.permissions().map_or(Self::Free, Self::Bound);
        }
        match &turn.server().options.auth {
            Auth::Users { users, .. } if users.iter().any(|user| user.permissions.is_some()) => Self::Unknown,
            _ => Self::Free,
        }
    }
}

impl Stan {
    /// Refuses a publish the user may not make. Before there is a channel: who may not use it may not make it either.
    pub(super) fn check_publish(&self, turn: &Turn, message: &Message<'_>, channel: &str) -> Result<(), String> {
        let may = match Who::of(turn, message) {
            Who::Free => true,
            Who::Bound(permissions) => {
                permissions.may_publish_to_channel(channel, self.channels.is_view(turn.server(), channel))
            }
            Who::Unknown => false,
        };
        if may { Ok(()) } else { Err(error::may_not_publish(channel)) }
    }

    /// Refuses a subscription the user may not have.
    pub(super) fn check_subscribe(
        &self,
        turn: &Turn,
        message: &Message<'_>,
        channel: &str,
        queue: &str,
    ) -> Result<(), String> {
        let may = match Who::of(turn, message) {
            Who::Free => true,
            Who::Bound(permissions) => self.may_subscribe(turn, &permissions, channel, queue),
            Who::Unknown => false,
        };
        if may { Ok(()) } else { Err(error::may_not_subscribe(channel, queue)) }
    }

    /// Whether a subscription found after a start may go on: the user may have lost the right, or be gone.
    pub(super) fn may_resume(&self, turn: &Turn, user: Option<&str>, channel: &str, queue: &str) -> bool {
        let (Auth::Users { users, .. }, Some(name)) = (&turn.server().options.auth, user) else { return true };
        let user = users.iter().find(|user| user.name == name);
        user.is_some_and(|u| u.permissions.as_ref().is_none_or(|p| self.may_subscribe(turn, p, channel, queue)))
    }

    fn may_subscribe(&self, turn: &Turn, permissions: &Permissions, channel: &str, queue: &str) -> bool {
        let is_view = self.channels.is_view(turn.server(), channel);
        permissions.may_subscribe_to_channel(channel, Some(queue).filter(|queue| !queue.is_empty()), is_view)
    }
}
