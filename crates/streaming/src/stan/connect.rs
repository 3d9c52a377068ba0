//! A client comes. If its name is taken, whoever has it is asked whether it lives, and only if it does is the newcomer
//! refused.

use protocol::stan::error;
use protocol::stan::{ConnectRequest, ConnectResponse, Message as _, is_client_id};

use super::registry::{Newcomer, Presented, Question, Registry};
use super::{Stan, answer};
use crate::clock::nanos;
use crate::turn::{Message, Turn};

/// How long the one who has the name may take to answer.
const PROBE_NANOS: i64 = 500_000_000;

/// `_STAN.discover.<cluster>`
pub(super) fn handle(stan: &Stan, turn: &mut Turn, message: &Message<'_>) {
    let request = match ConnectRequest::decode(message.payload) {
        Ok(request) if !request.heartbeat_inbox.is_empty() => request,
        _ => return answer(turn, message, &refused(error::INVALID_CONNECT)),
    };
    if !is_client_id(&request.client_id) {
        return answer(turn, message, &refused(error::INVALID_CLIENT_ID));
    }
    let mut registry = stan.registry.lock();
    let id = request.client_id.as_str();
    let Some(present) = registry.clients.get(id) else {
        let welcome = stan.admit(&mut registry, &request, turn.now);
        drop(registry);
        return answer(turn, message, &welcome);
    };
    if registry.newcomers.contains_key(id) {
        drop(registry);
        return answer(turn, message, &refused(error::CLIENT_ID_TAKEN));
    }
    let inbox = present.presented.heartbeat_inbox.clone();
    let id: Box<str> = id.into();
    let number = registry.ask(Question::Probe(id.clone()));
    let reply = message.reply.map(Into::into);
    let newcomer = Newcomer { request, reply, number, due: turn.now + PROBE_NANOS };
    registry.newcomers.insert(id.clone(), newcomer);
    drop(registry);
    stan.sooner.notify_one();
    if !stan.question(turn, &inbox, number) {
        // Nobody listens there: there is nothing to wait for.
        stan.replace(turn, &id);
    }
}

fn refused(why: &str) -> ConnectResponse {
    ConnectResponse { error: why.to_owned(), ..ConnectResponse::default() }
}

impl Stan {
    fn admit(&self, registry: &mut Registry, request: &ConnectRequest, now: i64) -> ConnectResponse {
        let presented = Presented::of(request);
        self.note(&presented.id, format_args!("Connected (Inbox={})", presented.heartbeat_inbox));
        registry.insert(presented.clone(), now + nanos(self.options.heartbeat_interval));
        registry.note_come(&presented, &self.options.cluster_id);
        self.sooner.notify_one();
        self.subjects.welcome(request)
    }

    /// Whoever has the name answers: the newcomer has to take another.
    pub(super) fn turn_away(&self, turn: &mut Turn, id: &str) {
        let newcomer = self.registry.lock().newcomers.remove(id);
        if let Some(reply) = newcomer.and_then(|newcomer| newcomer.reply) {
            self.note(id, format_args!("Duplicate refused"));
            turn.reply(&reply, &refused(error::CLIENT_ID_TAKEN).encode_to_vec());
        }
    }

    /// Whoever had the name does not answer: the newcomer has it.
    pub(super) fn replace(&self, turn: &mut Turn, id: &str) {
        let newcomer = {
            let mut registry = self.registry.lock();
            let newcomer = registry.newcomers.remove(id);
            if let Some(newcomer) = &newcomer {
                registry.questions.remove(&newcomer.number);
            }
            newcomer
        };
        let Some(newcomer) = newcomer else { return };
        self.remove_client(turn, id, "Replaced old client");
        let welcome = {
            let mut registry = self.registry.lock();
            if registry.clients.contains_key(id) {
                // A third was quicker.
                refused(error::CLIENT_ID_TAKEN)
            } else {
                self.admit(&mut registry, &newcomer.request, turn.now)
            }
        };
        if let Some(reply) = newcomer.reply {
            turn.reply(&reply, &welcome.encode_to_vec());
        }
    }
}
