//! Who lives: each client is asked every so often, and removed when it fails to answer too often in a row.

use std::sync::Arc;
use std::time::Duration;

use super::Stan;
use super::registry::Question;
use crate::clock::nanos;
use crate::server::Server;
use crate::turn::{Message, Turn};

/// The longest sleep: unused channels are looked for so often, and a clock set back delays nobody for longer.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// What became of a client that was due.
enum Due {
    /// It is asked.
    Ask { inbox: Box<str>, number: u64 },
    /// It did not answer.
    Failed,
}

/// An answer to a heartbeat or a probe.
pub(super) fn answer(stan: &Stan, turn: &mut Turn, message: &Message<'_>) {
    let Some(number) = stan.subjects.answered(message.subject) else { return };
    let question = stan.registry.lock().questions.remove(&number);
    match question {
        Some(Question::Heartbeat(id)) => stan.lives(turn, &id),
        Some(Question::Probe(id)) => stan.turn_away(turn, &id),
        None => {}
    }
}

impl Stan {
    /// Does what is due. Returns how long to sleep.
    pub(super) fn tick(&self, server: &Arc<Server>) -> Duration {
        let mut turn = Turn::new(server.clone());
        while let Some(id) = self.newcomer_due(turn.now) {
            self.replace(&mut turn, &id);
        }
        while let Some((id, due)) = self.client_due(turn.now) {
            match due {
                Due::Ask { inbox, number } => {
                    if !self.question(&mut turn, &inbox, number) {
                        self.fails(&mut turn, &id);
                    }
                }
                Due::Failed => self.fails(&mut turn, &id),
            }
        }
        self.channels.remove_unused(&mut turn, &self.options);
        turn.finish();
        let next = self.registry.lock().next_due();
        next.map_or(SLEEP_MAX, |at| {
            Duration::from_nanos(u64::try_from(at - server.clock.now()).unwrap_or(0)).min(SLEEP_MAX)
        })
    }

    fn newcomer_due(&self, now: i64) -> Option<Box<str>> {
        let registry = self.registry.lock();
        registry.newcomers.iter().find(|(_, newcomer)| newcomer.due <= now).map(|(id, _)| id.clone())
    }

    fn client_due(&self, now: i64) -> Option<(Box<str>, Due)> {
        let mut registry = self.registry.lock();
        let id = registry.due(now)?;
        let client = registry.clients.get(&id)?;
        if client.asked.is_some() {
            return Some((id, Due::Failed));
        }
        let inbox = client.presented.heartbeat_inbox.clone();
        let number = registry.ask(Question::Heartbeat(id.clone()));
        registry.set_due(&id, now + nanos(self.options.heartbeat_timeout), Some(number));
        Some((id, Due::Ask { inbox, number }))
    }

    /// Asks on `inbox`. False when nobody listens there.
    pub(super) fn question(&self, turn: &mut Turn, inbox: &str, number: u64) -> bool {
        let reply = self.subjects.answer(number);
        let message = Message { subject: inbox, reply: Some(&reply), headers: &[], payload: &[], from: None };
        turn.publish(&message) > 0
    }

    fn lives(&self, turn: &mut Turn, id: &str) {
        let mut registry = self.registry.lock();
        registry.set_due(id, turn.now + nanos(self.options.heartbeat_interval), None);
        let Some(client) = registry.clients.get_mut(id) else { return };
        let failed = std::mem::take(&mut client.failures) > 0;
        let subscriptions = if failed { client.subscriptions.clone() } else { Vec::new() };
        drop(registry);
        for subscribed in subscriptions {
            for stream in subscribed.reach.streams() {
                stream.set_silent(turn, &subscribed.consumer, &subscribed.ack_inbox, false);
            }
        }
    }

    fn fails(&self, turn: &mut Turn, id: &str) {
        let mut registry = self.registry.lock();
        registry.set_due(id, turn.now + nanos(self.options.heartbeat_interval), None);
        let Some(client) = registry.clients.get_mut(id) else { return };
        client.failures += 1;
        let failures = client.failures;
        let subscriptions = if failures == 1 { client.subscriptions.clone() } else { Vec::new() };
        drop(registry);
        if failures >= self.options.heartbeat_fail_count.max(1) {
            self.remove_client(turn, id, "Timed out on heartbeats");
            return;
        }
        for subscribed in subscriptions {
            for stream in subscribed.reach.streams() {
                stream.set_silent(turn, &subscribed.consumer, &subscribed.ack_inbox, true);
            }
        }
    }
}
