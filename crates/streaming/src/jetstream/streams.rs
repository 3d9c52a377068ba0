//! `STREAM.…`: streams made, changed, told of, emptied and deleted.

use std::sync::Arc;

use protocol::jetstream::api::{
    ClusterInfo, LIST_MAX, NAMES_MAX, PageRequest, PurgeRequest, Purged, SUBJECTS_MAX, StreamCreated, StreamInfo,
    StreamInfoPage, StreamInfoRequest, StreamList, StreamNames, Success,
};
use protocol::jetstream::config::{Compression, Discard, PersistMode, StreamConfig};
use protocol::jetstream::error::{self, ApiError};
use protocol::subject;

use super::advisories::{self, Action};
use super::metadata;
use super::request::{Answered, Request, page};
use crate::stream::Stream;
use crate::turn::Turn;

/// The most deleted sequences told at once.
const DELETED_MAX: usize = 100_000;

/// `STREAM.CREATE.<stream>`: makes it, or finds the one that is just so.
pub(super) fn create(turn: &mut Turn, request: &Request<'_>, name: &str) -> Answered {
    let config = asked(request, name)?;
    if config.sealed {
        return Err(error::stream_config("stream configuration for create can not be sealed"));
    }
    let (stream, made) = request.jetstream.create(turn, settled(config)?)?;
    if made {
        advisories::stream(turn, name, Action::Create);
    }
    // Said of one that was there, too: clients know it so.
    Ok(request.now(&StreamCreated { info: shown(turn, request, &stream), did_create: true }))
}

/// `STREAM.UPDATE.<stream>`: changes it.
pub(super) fn update(turn: &mut Turn, request: &Request<'_>, name: &str) -> Answered {
    let mut config = asked(request, name)?;
    request.stream(name)?;
    if config.sealed {
        seal(&mut config);
    }
    let stream = request.jetstream.update(turn, settled(config)?)?;
    advisories::stream(turn, name, Action::Modify);
    Ok(request.now(&shown(turn, request, &stream)))
}

fn asked(request: &Request<'_>, name: &str) -> Result<StreamConfig, ApiError> {
    let config: StreamConfig = request.require()?;
    if config.name == name { Ok(config) } else { Err(error::STREAM_MISMATCH) }
}

/// A sealed stream lets nothing in or out any more, whatever else is asked for.
fn seal(config: &mut StreamConfig) {
    config.max_age = 0;
    // With schedules it may not be; it is of no consequence any more.
    if !config.allow_msg_schedules {
        config.discard = Discard::New;
    }
    config.allow_rollup_hdrs = false;
    (config.deny_delete, config.deny_purge) = (true, true);
}

/// What the stream is to be: defaults filled in, and nothing asked for that we do not do.
fn settled(mut config: StreamConfig) -> Result<StreamConfig, ApiError> {
    refuse_unsupported(&config)?;
    // Nothing is compressed here, and so nothing is claimed to be.
    config.compression = Compression::None;
    let mut config = config.normalized()?;
    let level = config.required_level();
    metadata::kept(&mut config.metadata, level);
    Ok(config)
}

/// What we do not do is refused rather than ignored: a stream that only seems to do it loses messages.
fn refuse_unsupported(config: &StreamConfig) -> Result<(), ApiError> {
    let placed = config.placement.as_ref().is_some_and(|placement| {
        !placement.cluster.is_empty() || !placement.tags.is_empty() || !placement.preferred.is_empty()
    });
    let wishes = [
        (config.mirror.is_some(), "stream mirrors are"),
        (!config.sources.is_empty(), "stream sources are"),
        (placed, "placement in a cluster is"),
        (config.allow_msg_counter, "message counters are"),
        (config.allow_atomic, "atomic batch publishing is"),
        (config.allow_batched, "fast batch publishing is"),
        (config.persist_mode == PersistMode::Async, "acknowledging before storing is"),
    ];
    match wishes.into_iter().find(|(wished, _)| *wished) {
        Some((_, what)) => Err(error::stream_config(format_args!("{what} not supported by this server"))),
        None => Ok(()),
    }
}

/// `STREAM.INFO.<stream>`
pub(super) fn info(turn: &mut Turn, request: &Request<'_>, name: &str) -> Answered {
    let asked: StreamInfoRequest = request.read()?;
    let stream = request.stream(name)?;
    let mut info = shown(turn, request, &stream);
    info.cluster = Some(ClusterInfo { leader: request.server.name.clone(), ..ClusterInfo::default() });
    if asked.deleted_details {
        info.state.deleted = stream.deleted(DELETED_MAX);
    }
    let (mut total, mut limit) = (0, 0);
    if !asked.subjects_filter.is_empty() {
        (info.state.subjects, total) = stream.subjects(&asked.subjects_filter, asked.offset);
        limit = SUBJECTS_MAX;
    }
    Ok(request.now(&StreamInfoPage { total, offset: asked.offset.min(total), limit, info }))
}

/// `STREAM.DELETE.<stream>`
pub(super) fn delete(turn: &mut Turn, request: &Request<'_>, name: &str) -> Answered {
    request.without_body()?;
    request.jetstream.delete(turn, name)?;
    advisories::stream(turn, name, Action::Delete);
    Ok(request.now(&Success { success: true }))
}

/// `STREAM.PURGE.<stream>`
pub(super) fn purge(turn: &mut Turn, request: &Request<'_>, name: &str) -> Answered {
    let asked: PurgeRequest = request.read()?;
    let stream = request.stream(name)?;
    let purged = stream.purge(turn, &asked)?;
    Ok(request.durably(stream, &Purged { success: true, purged }))
}

/// `STREAM.NAMES`
pub(super) fn names(request: &Request<'_>) -> Answered {
    let asked: PageRequest = request.read()?;
    let all: Vec<_> = selected(request, &asked).into_iter().map(|stream| stream.name.to_string()).collect();
    let total = all.len();
    let (streams, offset) = page(all, asked.offset, NAMES_MAX);
    Ok(request.now(&StreamNames { total, offset, limit: NAMES_MAX, streams }))
}

/// `STREAM.LIST`
pub(super) fn list(turn: &mut Turn, request: &Request<'_>) -> Answered {
    let asked: PageRequest = request.read()?;
    let all = selected(request, &asked);
    let total = all.len();
    let (streams, offset) = page(all, asked.offset, LIST_MAX);
    let streams = streams.iter().map(|stream| told(turn, request, stream)).collect();
    Ok(request.now(&StreamList { total, offset, limit: LIST_MAX, streams }))
}

/// The streams that take messages of a subject, by name.
fn selected(request: &Request<'_>, asked: &PageRequest) -> Vec<Arc<Stream>> {
    let mut streams = request.jetstream.streams();
    if !asked.subject.is_empty() {
        streams.retain(|stream| stream.config().subjects.iter().any(|taken| subject::overlaps(taken, &asked.subject)));
    }
    streams
}

/// A stream as lists tell it.
fn told(turn: &Turn, request: &Request<'_>, stream: &Stream) -> StreamInfo {
    StreamInfo {
        config: stream.config(),
        created: stream.created(),
        state: stream.state(),
        domain: request.domain(),
        ts: turn.now,
        ..StreamInfo::default()
    }
}

/// A stream as its own verbs tell it.
fn shown(turn: &Turn, request: &Request<'_>, stream: &Stream) -> StreamInfo {
    let mut info = told(turn, request, stream);
    metadata::shown(&mut info.config.metadata);
    info
}

#[cfg(test)]
mod tests {
    use protocol::jetstream::config::{Placement, StreamSource};

    use super::*;

    fn named() -> StreamConfig {
        StreamConfig { name: "S".into(), ..StreamConfig::default() }
    }

    #[test]
    fn what_we_do_not_do_is_refused_by_name() {
        let source = || StreamSource { name: "T".into(), ..StreamSource::default() };
        let placement = Placement { cluster: "east".into(), ..Placement::default() };
        for (config, word) in [
            (StreamConfig { mirror: Some(source()), ..named() }, "mirrors"),
            (StreamConfig { sources: vec![source()], ..named() }, "sources"),
            (StreamConfig { placement: Some(placement), ..named() }, "placement"),
            (StreamConfig { allow_msg_counter: true, ..named() }, "counters"),
            (StreamConfig { allow_atomic: true, ..named() }, "atomic"),
            (StreamConfig { allow_batched: true, ..named() }, "fast"),
            (StreamConfig { persist_mode: PersistMode::Async, ..named() }, "acknowledging"),
        ] {
            let refused = settled(config).unwrap_err();
            assert_eq!(refused.err_code, 10052);
            assert!(refused.description.contains(word), "{refused}");
        }
        let nowhere = StreamConfig { placement: Some(Placement::default()), ..named() };
        assert!(settled(nowhere).is_ok(), "an empty wish is none");
    }

    #[test]
    fn a_stream_needs_no_more_of_the_api_than_it_uses_and_claims_no_compression() {
        let level = |config| settled(config).unwrap().metadata["_nats.req.level"].clone();
        assert_eq!(level(named()), "0");
        assert_eq!(level(StreamConfig { allow_msg_ttl: true, ..named() }), "1");
        assert_eq!(level(StreamConfig { allow_msg_schedules: true, ..named() }), "2");
        let squeezed = settled(StreamConfig { compression: Compression::S2, ..named() }).unwrap();
        assert_eq!(squeezed.compression, Compression::None);
    }

    #[test]
    fn what_a_sealed_stream_asks_for_besides_does_not_contradict() {
        let mut config = StreamConfig { allow_rollup_hdrs: true, max_age: 1, sealed: true, ..named() };
        seal(&mut config);
        let sealed = settled(config).unwrap();
        assert!(sealed.sealed && sealed.deny_delete && sealed.deny_purge && !sealed.allow_rollup_hdrs);
        assert_eq!((sealed.max_age, sealed.discard), (0, Discard::New));
        let mut calendar = StreamConfig { allow_msg_schedules: true, sealed: true, ..named() };
        seal(&mut calendar);
        assert_eq!(settled(calendar).unwrap().discard, Discard::Old, "schedules go with nothing else");
    }
}
