//! `CONSUMER.…`: consumers told of, paused, set back and deleted, and asked for messages. `create` makes them.

mod create;

use std::sync::Arc;

use protocol::headers;
use protocol::jetstream::api::{
    ConsumerInfo, ConsumerList, ConsumerNames, ConsumerPaused, ConsumerReset, LIST_MAX, NAMES_MAX, PageRequest,
    PauseRequest, PullRequest, ResetRequest, Success,
};
use protocol::jetstream::config::{ConsumerConfig, DeliverPolicy};
use protocol::jetstream::error::{self, ApiError};
use protocol::server::NO_RESPONDERS;

use super::JetStream;
use super::metadata;
use super::request::{Answered, Request, page};
use super::verb::Place;
use crate::stream::{self, Stream, Which};
use crate::turn::Turn;

pub(super) use create::{Form, create};

/// `CONSUMER.INFO.<stream>.<consumer>`
pub(super) fn info(turn: &mut Turn, request: &Request<'_>, place: Place<'_>) -> Answered {
    request.without_body()?;
    let stream = request.stream(place.stream)?;
    let info = stream.consumer_info(turn, place.consumer).ok_or(error::CONSUMER_NOT_FOUND)?;
    Ok(request.now(&shown(info)))
}

/// `CONSUMER.DELETE.<stream>.<consumer>`
pub(super) fn delete(turn: &mut Turn, request: &Request<'_>, place: Place<'_>) -> Answered {
    request.without_body()?;
    let stream = request.stream(place.stream)?;
    if !stream.delete_consumer(turn, place.consumer) {
        return Err(error::CONSUMER_NOT_FOUND);
    }
    Ok(request.durably(stream, &Success { success: true }))
}

/// `CONSUMER.NAMES.<stream>`
pub(super) fn names(request: &Request<'_>, stream: &str) -> Answered {
    let asked: PageRequest = request.read()?;
    let all = request.stream(stream)?.consumer_names();
    let total = all.len();
    let (consumers, offset) = page(all, asked.offset, NAMES_MAX);
    Ok(request.now(&ConsumerNames { total, offset, limit: NAMES_MAX, consumers }))
}

/// `CONSUMER.LIST.<stream>`
pub(super) fn list(turn: &mut Turn, request: &Request<'_>, stream: &str) -> Answered {
    let asked: PageRequest = request.read()?;
    let stream = request.stream(stream)?;
    let all = stream.consumer_names();
    let total = all.len();
    let (names, offset) = page(all, asked.offset, LIST_MAX);
    // One that went meanwhile is missing, as it would be had the question come later.
    let consumers = names.iter().filter_map(|name| stream.consumer_info(turn, name)).collect();
    Ok(request.now(&ConsumerList { total, offset, limit: LIST_MAX, consumers }))
}

/// `CONSUMER.PAUSE.<stream>.<consumer>`: until a moment, or not any more.
pub(super) fn pause(turn: &mut Turn, request: &Request<'_>, place: Place<'_>) -> Answered {
    let asked: PauseRequest = request.read()?;
    let until = asked.pause_until.filter(|until| *until > 0);
    let stream = request.stream(place.stream)?;
    stream.pause_consumer(turn, place.consumer, until).ok_or(error::CONSUMER_NOT_FOUND)?;
    let pause_until = until.unwrap_or(0);
    let pause_remaining = (pause_until - turn.now).max(0);
    let paused = pause_remaining > 0;
    Ok(request.durably(stream, &ConsumerPaused { paused, pause_until, pause_remaining }))
}

/// `CONSUMER.RESET.<stream>.<consumer>`: to a sequence, or to what follows the acknowledgement floor.
pub(super) fn reset(turn: &mut Turn, request: &Request<'_>, place: Place<'_>) -> Answered {
    let asked: ResetRequest = request.read()?;
    let stream = request.stream(place.stream)?;
    let info = stream.consumer_info(turn, place.consumer).ok_or(error::CONSUMER_NOT_FOUND)?;
    let sequence = Some(asked.seq).filter(|sequence| *sequence > 0);
    if let Some(sequence) = sequence {
        check_reset(&stream, &info.config, sequence)?;
    }
    let reset = stream.reset_consumer(turn, place.consumer, sequence);
    let (info, reset_seq) = reset.ok_or(error::CONSUMER_NOT_FOUND)?;
    Ok(request.durably(stream, &ConsumerReset { info: shown(info), reset_seq }))
}

/// A consumer may not be set back to what it was never meant to see.
fn check_reset(stream: &Arc<Stream>, config: &ConsumerConfig, sequence: u64) -> Result<(), ApiError> {
    let first = match config.deliver_policy {
        DeliverPolicy::All => return Ok(()),
        DeliverPolicy::ByStartSequence => config.opt_start_seq,
        DeliverPolicy::ByStartTime => {
            let since = stream.find(Which::Since(config.opt_start_time.unwrap_or(0), ">"));
            since.map_or_else(|| stream.summary().last_seq + 1, |found| found.sequence)
        }
        DeliverPolicy::Last | DeliverPolicy::New | DeliverPolicy::LastPerSubject => {
            return Err(error::consumer_invalid_reset("the deliver policy allows no sequence"));
        }
    };
    if sequence < first {
        return Err(error::consumer_invalid_reset("the sequence is before the consumer's start"));
    }
    Ok(())
}

/// `CONSUMER.UNPIN.<stream>.<consumer>`: no client is ever pinned here.
pub(super) fn unpin(turn: &mut Turn, request: &Request<'_>, place: Place<'_>) -> Answered {
    let stream = request.stream(place.stream)?;
    stream.consumer_info(turn, place.consumer).ok_or(error::CONSUMER_NOT_FOUND)?;
    Err(error::CONSUMER_INVALID_PRIORITY_GROUP)
}

/// `CONSUMER.MSG.NEXT.<stream>.<consumer>`: messages, to be sent to `reply` as they come.
pub(super) fn next(turn: &mut Turn, jetstream: &JetStream, place: Place<'_>, body: &[u8], reply: Option<&str>) {
    let Some(reply) = reply else { return };
    let Some(stream) = jetstream.stream(place.stream) else {
        turn.reply_headers(reply, NO_RESPONDERS);
        return;
    };
    match PullRequest::parse(body) {
        Ok(asked) => stream.pull(turn, place.consumer, stream::pull_request(&asked, reply)),
        Err(why) => {
            let mut block = Vec::new();
            headers::write_status(&mut block, 400, &format!("Bad Request - {why}"), &[]);
            turn.reply_headers(reply, &block);
        }
    }
}

/// A consumer as its own verbs tell it.
fn shown(mut info: ConsumerInfo) -> ConsumerInfo {
    metadata::shown(&mut info.config.metadata);
    info
}
