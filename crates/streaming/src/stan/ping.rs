//! A client asks whether it is still known.

use protocol::stan::{Message as _, Ping, PingResponse, error};

use super::{Stan, answer};
use crate::turn::{Message, Turn};

/// `_STAN.discover.<cluster>.pings`
pub(super) fn handle(stan: &Stan, turn: &mut Turn, message: &Message<'_>) {
    let Ok(ping) = Ping::decode(message.payload) else { return };
    if ping.connection_id.is_empty() {
        return;
    }
    let mut registry = stan.registry.lock();
    let known = registry.connected(&ping.connection_id).map(Box::<str>::from);
    let failed = known.as_ref().filter(|id| registry.clients.get(*id).is_some_and(|client| client.failures > 0));
    if let Some(id) = failed {
        // It lives after all: that its heartbeats fail need not be believed any longer.
        registry.set_due(id, turn.now, None);
        stan.sooner.notify_one();
    }
    drop(registry);
    let error = if known.is_some() { String::new() } else { error::REPLACED.to_owned() };
    answer(turn, message, &PingResponse { error });
}
