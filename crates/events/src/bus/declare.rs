//! Streams and durables: made if they are not there, and otherwise only ever widened.
//!
//! An operator may have given a stream more replicas, a longer memory or more subjects, or a durable a longer wait:
//! that stays.

use std::time::Duration;

use async_nats::jetstream::consumer::pull::Config as Pull;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer};
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Config, ConsumerErrorKind, DiscardPolicy, StorageType};
use async_nats::jetstream::{Context, ErrorCode};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::Stream;
use crate::event::STREAMS;

/// The pauses between attempts to declare.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long the broker knows the ids of what was published: a relay repeats itself sooner than that, or the inbox finds it.
const DUPLICATE_WINDOW: Duration = Duration::from_mins(2);
/// How long a delivery may be unanswered before the next: a handler is one short transaction.
const ACK_WAIT: Duration = Duration::from_secs(5);
/// Deliveries that may be unanswered at a time, those that wait for their next try included.
const ACK_PENDING_MAX: i64 = 1024;

/// Declares every stream, again and again until it succeeds.
pub(super) async fn streams(context: &Context, replicas: usize) {
    let mut pause = PAUSE;
    for declared in STREAMS {
        while let Err(error) = stream(context, declared, replicas).await {
            warn!(stream = declared.name, "not declared yet: {error:#}");
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

async fn stream(context: &Context, declared: &Stream, replicas: usize) -> anyhow::Result<()> {
    match context.get_stream(declared.name).await {
        Ok(there) => {
            let mut config = there.cached_info().config.clone();
            let before = config.clone();
            for subject in declared.subjects {
                if !config.subjects.iter().any(|held| held == subject) {
                    config.subjects.push((*subject).to_owned());
                }
            }
            config.num_replicas = config.num_replicas.max(replicas);
            if config != before {
                context.update_stream(&config).await?;
                info!(stream = declared.name, "widened");
            }
            Ok(())
        }
        Err(error) if is_absent(error.kind()) => {
            let config = Config {
                name: declared.name.to_owned(),
                subjects: declared.subjects.iter().map(ToString::to_string).collect(),
                storage: StorageType::File,
                num_replicas: replicas,
                duplicate_window: DUPLICATE_WINDOW,
                // If an operator sets a limit, publishers wait in their outboxes rather than consumers miss events.
                discard: DiscardPolicy::New,
                ..Config::default()
            };
            context.create_stream(config).await?;
            info!(stream = declared.name, "declared");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn is_absent(kind: GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

fn has_no_consumer(kind: ConsumerErrorKind) -> bool {
    matches!(kind, ConsumerErrorKind::JetStream(error) if error.error_code() == ErrorCode::CONSUMER_NOT_FOUND)
}

/// The durable consumer `name` of a stream, made if it is not there.
pub(super) async fn durable(
    context: &Context,
    stream: &Stream,
    name: &str,
    replicas: usize,
) -> anyhow::Result<PullConsumer> {
    match context.get_consumer_from_stream::<Pull, _, _>(name, stream.name).await {
        Ok(there) => Ok(there),
        Err(error) if has_no_consumer(error.kind()) => {
            let config = Pull {
                durable_name: Some(name.to_owned()),
                deliver_policy: DeliverPolicy::All,
                ack_policy: AckPolicy::Explicit,
                ack_wait: ACK_WAIT,
                // The cap is ours (`DELIVERIES_MAX`): past the broker's it would fall silent, with no dead letter.
                max_deliver: -1,
                max_ack_pending: ACK_PENDING_MAX,
                num_replicas: replicas,
                ..Pull::default()
            };
            let made = context.create_consumer_on_stream(config, stream.name).await?;
            info!(stream = stream.name, durable = name, "declared");
            Ok(made)
        }
        Err(error) => Err(error.into()),
    }
}
