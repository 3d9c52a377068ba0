//! `CONSUMER.CREATE.…`: makes a consumer, or changes one.

use protocol::jetstream::api::CreateConsumerRequest;
use protocol::jetstream::config::{AckPolicy, ConsumerConfig, MAX_ACK_PENDING, PriorityPolicy, StreamConfig};
use protocol::jetstream::error::{self, ApiError};

use super::super::metadata;
use super::super::request::{Answered, Request};
use super::shown;
use crate::options;
use crate::stream::members;
use crate::turn::Turn;

/// Signs of a name we make up, as many as `nats-server` takes.
const NAME_SIGNS: usize = 8;

/// How the subject of the request names the consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Form<'a> {
    /// `CONSUMER.CREATE.<stream>`: not at all, so it does not stay.
    Nameless,
    /// `CONSUMER.CREATE.<stream>.<consumer>[.<filter>]`
    Named { name: &'a str, filter: Option<&'a str> },
    /// `CONSUMER.DURABLE.CREATE.<stream>.<consumer>`
    Durable(&'a str),
}

impl<'a> Form<'a> {
    /// The form of `CONSUMER.CREATE.<stream>` with what follows.
    pub fn of(name: Option<&'a str>, filter: Option<&'a str>) -> Self {
        name.map_or(Self::Nameless, |name| Self::Named { name, filter })
    }
}

/// Makes or changes a consumer of `stream`.
pub(in super::super) fn create(turn: &mut Turn, request: &Request<'_>, stream: &str, form: Form<'_>) -> Answered {
    let asked: CreateConsumerRequest = request.require()?;
    if asked.stream_name != stream {
        return Err(error::STREAM_MISMATCH);
    }
    let config = named(asked.config, form)?;
    let stream = request.stream(stream)?;
    let options = &request.jetstream.options;
    let config = settled(config, &stream.config(), options)?;
    let durable = config.is_durable() && !config.mem_storage;
    let info = shown(stream.create_consumer(turn, config, asked.action, options.max_consumers)?);
    // What is to stay is told only once it will.
    Ok(if durable { request.durably(stream, &info) } else { request.now(&info) })
}

/// The configuration with its name, from wherever it is told: subject, body, or made up.
fn named(mut config: ConsumerConfig, form: Form<'_>) -> Result<ConsumerConfig, ApiError> {
    match form {
        Form::Nameless => {
            if config.is_durable() {
                return Err(error::CONSUMER_EPHEMERAL_WITH_DURABLE_NAME);
            }
        }
        Form::Named { name, filter } => {
            let other = |told: &str| !told.is_empty() && told != name;
            if config.is_durable() && other(&config.name) && config.name != config.durable_name {
                return Err(error::CONSUMER_CREATE_DURABLE_AND_NAME_MISMATCH);
            }
            if other(&config.durable_name) || other(&config.name) {
                return Err(error::CONSUMER_NAME_NOT_MATCH_SUBJECT);
            }
            if filter.is_some_and(|filter| filter != config.filter_subject) {
                let several = config.filter_subject.is_empty() && !config.filter_subjects.is_empty();
                return Err(if several {
                    error::CONSUMER_MULTIPLE_FILTERS_NOT_ALLOWED
                } else {
                    error::CONSUMER_CREATE_FILTER_MISMATCH
                });
            }
            name.clone_into(&mut config.name);
        }
        Form::Durable(name) => {
            if !config.is_durable() {
                return Err(error::CONSUMER_DURABLE_NAME_NOT_SET);
            }
            if config.durable_name != name {
                return Err(error::CONSUMER_NAME_NOT_MATCH_SUBJECT);
            }
        }
    }
    if config.name.is_empty() {
        config.name = if config.is_durable() { config.durable_name.clone() } else { crate::name::random(NAME_SIGNS) };
    }
    Ok(config)
}

/// What the consumer is to be: defaults and limits applied, and nothing asked for that we do not do.
fn settled(
    mut config: ConsumerConfig,
    stream: &StreamConfig,
    options: &options::JetStream,
) -> Result<ConsumerConfig, ApiError> {
    refuse_unsupported(&config)?;
    apply_limits(&mut config, stream, options)?;
    // The zero time, which some clients send, is none.
    config.pause_until = config.pause_until.filter(|until| *until > 0);
    let mut config = config.normalized(stream)?;
    let level = config.required_level();
    metadata::kept(&mut config.metadata, level);
    config.metadata.remove(members::KEY);
    Ok(config)
}

/// What we do not do is refused rather than ignored.
fn refuse_unsupported(config: &ConsumerConfig) -> Result<(), ApiError> {
    let wishes = [
        (config.ack_policy == AckPolicy::FlowControl, "acknowledging by flow control is"),
        (config.priority_policy == PriorityPolicy::PinnedClient, "pinned clients are"),
        (config.priority_policy == PriorityPolicy::Prioritized, "priorities are"),
    ];
    match wishes.into_iter().find(|(wished, _)| *wished) {
        Some((_, what)) => Err(error::consumer_create(format_args!("{what} not supported by this server"))),
        None => Ok(()),
    }
}

/// The server's limits: the default where less than the default, and a bound to what is asked for.
fn apply_limits(
    config: &mut ConsumerConfig,
    stream: &StreamConfig,
    options: &options::JetStream,
) -> Result<(), ApiError> {
    let limit = |set: Option<u64>| set.map(|max| i64::try_from(max).unwrap_or(i64::MAX));
    if let Some(max) = limit(options.max_ack_pending) {
        let own = stream.consumer_limits.max_ack_pending;
        let usual = if own > 0 { own } else { MAX_ACK_PENDING };
        if config.max_ack_pending == 0 && config.ack_policy != AckPolicy::None {
            config.max_ack_pending = usual.min(max);
        }
        let unlimited = config.max_ack_pending < 0 && config.ack_policy != AckPolicy::None;
        if unlimited || config.max_ack_pending > max {
            return Err(error::consumer_max_ack_pending_excess(max));
        }
    }
    if let Some(max) = limit(options.max_request_batch).filter(|_| config.is_pull()) {
        if config.max_batch <= 0 {
            config.max_batch = max;
        }
        if config.max_batch > max {
            return Err(error::consumer_max_batch_exceeded(max));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(durable_name: &str, name: &str, filter: &str) -> ConsumerConfig {
        ConsumerConfig {
            durable_name: durable_name.into(),
            name: name.into(),
            filter_subject: filter.into(),
            ..ConsumerConfig::default()
        }
    }

    #[test]
    fn subject_and_body_agree_on_the_name() {
        let named_c = |filter| Form::Named { name: "C", filter };
        for (asked, form, expected) in [
            (config("", "", ""), named_c(None), Ok("C")),
            (config("C", "", ""), named_c(None), Ok("C")),
            (config("C", "C", "a.*"), named_c(Some("a.*")), Ok("C")),
            (config("C", "", ""), Form::Durable("C"), Ok("C")),
            (config("", "own", ""), Form::Nameless, Ok("own")),
            (config("D", "", ""), named_c(None), Err(10017)),
            (config("", "D", ""), named_c(None), Err(10017)),
            (config("C", "D", ""), named_c(None), Err(10132)),
            (config("C", "", "a"), named_c(Some("b")), Err(10131)),
            (config("C", "", ""), named_c(Some("b")), Err(10131)),
            (config("D", "", ""), Form::Nameless, Err(10020)),
            (config("", "C", ""), Form::Durable("C"), Err(10018)),
            (config("D", "", ""), Form::Durable("C"), Err(10017)),
        ] {
            let told = format!("{asked:?} {form:?}");
            let name = named(asked, form).map(|config| config.name);
            assert_eq!(name.as_deref().map_err(|error| error.err_code), expected, "{told}");
        }
        let several = ConsumerConfig { filter_subjects: vec!["a".into()], ..config("C", "", "") };
        assert_eq!(named(several, named_c(Some("a"))).unwrap_err().err_code, 10137);
        let made_up = named(config("", "", ""), Form::Nameless).unwrap();
        assert_eq!((made_up.name.len(), made_up.durable_name.as_str()), (NAME_SIGNS, ""));
    }

    #[test]
    fn the_servers_limits_are_defaults_and_bounds() {
        let stream = StreamConfig { name: "S".into(), ..StreamConfig::default() }.normalized().unwrap();
        let options = options::JetStream {
            max_ack_pending: Some(100),
            max_request_batch: Some(10),
            ..options::JetStream::default()
        };
        let asking = |max_ack_pending, max_batch| ConsumerConfig {
            ack_policy: AckPolicy::Explicit,
            max_ack_pending,
            max_batch,
            ..config("C", "C", "")
        };
        let settle = |config| {
            settled(config, &stream, &options)
                .map(|config| (config.max_ack_pending, config.max_batch))
                .map_err(|error| error.err_code)
        };
        assert_eq!(settle(asking(0, 0)), Ok((100, 10)));
        assert_eq!(settle(asking(50, 5)), Ok((50, 5)));
        assert_eq!(settle(asking(101, 5)), Err(10121));
        assert_eq!(settle(asking(-1, 5)), Err(10121));
        assert_eq!(settle(asking(50, 11)), Err(10125));
        let unbound = settled(asking(0, 0), &stream, &options::JetStream::default()).unwrap();
        assert_eq!((unbound.max_ack_pending, unbound.max_batch), (1000, 0));
    }

    #[test]
    fn what_we_do_not_do_is_refused() {
        let stream = StreamConfig { name: "S".into(), ..StreamConfig::default() }.normalized().unwrap();
        let pinned = ConsumerConfig {
            priority_policy: PriorityPolicy::PinnedClient,
            priority_groups: vec!["A".into()],
            ..config("C", "C", "")
        };
        let flow = ConsumerConfig { ack_policy: AckPolicy::FlowControl, ..config("C", "C", "") };
        for wish in [pinned, flow] {
            let refused = settled(wish, &stream, &options::JetStream::default()).unwrap_err();
            assert_eq!(refused.err_code, 10012);
            assert!(refused.description.contains("not supported"), "{refused}");
        }
    }
}
