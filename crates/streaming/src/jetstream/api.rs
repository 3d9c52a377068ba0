//! Takes requests off `$JS.API.>` and hands each to its verb.
//!
//! What no verb answers for stays unanswered, as it does in `nats-server`. A request nobody waits for is served all the
//! same, if it changes something.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use protocol::headers::{Headers, REQUIRED_API_LEVEL};
use protocol::jetstream::api;
use protocol::jetstream::error::{self, ApiError};

use super::request::{Answer, Answered, Request};
use super::verb::Verb;
use super::{account, consumers, direct, messages, streams};
use crate::router::{Handler, Subscription, Target};
use crate::server::Server;
use crate::stream::API_LEVEL;
use crate::turn::{Message, Turn};

/// Takes the API's subjects: `$JS.API.>`, and those of our domain if we have one.
pub(super) fn subscribe(server: &Arc<Server>, domain: Option<&str>) {
    let prefixes = ["$JS.API.".to_owned()].into_iter().chain(domain.map(|domain| format!("$JS.{domain}.API.")));
    for prefix in prefixes {
        let filter = format!("{prefix}>");
        let handler = Arc::new(Api { prefix: prefix.into() });
        server.router.insert(Subscription::new(&filter, None, Target::Handler(handler)));
    }
}

struct Api {
    prefix: Box<str>,
}

impl Handler for Api {
    fn handle(&self, turn: &mut Turn, message: &Message<'_>) {
        let verb = message.subject.strip_prefix(&*self.prefix).and_then(Verb::parse);
        let server = turn.server().clone();
        let (Some(verb), Some(jetstream)) = (verb, &server.jetstream) else { return };
        let Some(kind) = verb.kind() else {
            return match verb {
                Verb::DirectGet { stream, subject } => {
                    direct::get(turn, jetstream, stream, subject, message.payload, message.reply);
                }
                Verb::MessageNext(place) => consumers::next(turn, jetstream, place, message.payload, message.reply),
                _ => {}
            };
        };
        jetstream.usage.total.fetch_add(1, Ordering::Relaxed);
        let request = Request { server: &server, jetstream, kind, body: message.payload };
        let answered = level(message.headers).and_then(|()| serve(turn, &request, verb));
        if let Err(error) = &answered {
            jetstream.usage.errors.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(subject = message.subject, code = error.err_code, "request refused: {error}");
        }
        let Some(reply) = message.reply else { return };
        match answered {
            Ok(Answer::Now(bytes)) => turn.reply(reply, &bytes),
            Ok(Answer::Durable(stream, bytes)) => stream.answer_durably(turn, reply, kind, bytes),
            Err(error) => {
                let mut bytes = Vec::new();
                api::write_error(&mut bytes, kind, &error);
                turn.reply(reply, &bytes);
            }
        }
    }
}

/// A request may say how much of the API it counts on.
fn level(block: &[u8]) -> Result<(), ApiError> {
    match Headers::parse(block).get_str(REQUIRED_API_LEVEL) {
        Some(level) if level.trim().parse::<u64>().map_or(true, |level| level > API_LEVEL) => {
            Err(error::REQUIRED_API_LEVEL)
        }
        _ => Ok(()),
    }
}

fn serve(turn: &mut Turn, request: &Request<'_>, verb: Verb<'_>) -> Answered {
    match verb {
        Verb::AccountInfo => Ok(account::info(request)),
        Verb::StreamCreate(stream) => streams::create(turn, request, stream),
        Verb::StreamUpdate(stream) => streams::update(turn, request, stream),
        Verb::StreamInfo(stream) => streams::info(turn, request, stream),
        Verb::StreamDelete(stream) => streams::delete(turn, request, stream),
        Verb::StreamPurge(stream) => streams::purge(turn, request, stream),
        Verb::StreamNames => streams::names(request),
        Verb::StreamList => streams::list(turn, request),
        Verb::StreamSnapshot(stream) => {
            request.stream(stream)?;
            Err(error::snapshot_failed("this server makes no snapshots; copy its store while it is stopped"))
        }
        Verb::StreamRestore(_) => Err(error::restore_failed("this server restores no snapshots")),
        Verb::StreamRemovePeer(_) | Verb::StreamLeaderStepdown(_) | Verb::ConsumerLeaderStepdown(_) => {
            Err(error::CLUSTER_REQUIRED)
        }
        Verb::MessageGet(stream) => messages::get(request, stream),
        Verb::MessageDelete(stream) => messages::delete(turn, request, stream),
        Verb::ConsumerCreate { stream, name, filter } => {
            consumers::create(turn, request, stream, consumers::Form::of(name, filter))
        }
        Verb::DurableCreate(place) => {
            consumers::create(turn, request, place.stream, consumers::Form::Durable(place.consumer))
        }
        Verb::ConsumerInfo(place) => consumers::info(turn, request, place),
        Verb::ConsumerDelete(place) => consumers::delete(turn, request, place),
        Verb::ConsumerNames(stream) => consumers::names(request, stream),
        Verb::ConsumerList(stream) => consumers::list(turn, request, stream),
        Verb::ConsumerPause(place) => consumers::pause(turn, request, place),
        Verb::ConsumerReset(place) => consumers::reset(turn, request, place),
        Verb::ConsumerUnpin(place) => consumers::unpin(turn, request, place),
        // Answered before: not in JSON.
        Verb::DirectGet { .. } | Verb::MessageNext(_) => Err(error::BAD_REQUEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_counts_on_more_than_we_have_is_refused() {
        let block = |level: u64| format!("NATS/1.0\r\nNats-Required-Api-Level: {level}\r\n\r\n");
        assert_eq!(level(b""), Ok(()));
        assert_eq!(level(block(API_LEVEL).as_bytes()), Ok(()));
        assert_eq!(level(block(API_LEVEL + 1).as_bytes()), Err(error::REQUIRED_API_LEVEL));
        assert_eq!(level(b"NATS/1.0\r\nNats-Required-Api-Level: x\r\n\r\n"), Err(error::REQUIRED_API_LEVEL));
    }
}
