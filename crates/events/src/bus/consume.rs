//! Pulling for a desk: requests with heartbeats, so that silence is never mistaken for having nothing to do.
//!
//! ```text
//!  request {PULL messages, PULL_EXPIRES, HEARTBEAT} ─► message ─► desk ─► ack | nak after … | nothing, if we are stopping
//!        ▲                                             heartbeat ─► pulse
//!        └─ all came, or 408 (time is up) ◄────────────┘ silence for SILENCE_MAX: start over from the durable
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::consumer::pull::BatchConfig;
use async_nats::jetstream::{AckKind, Context, Message};
use async_nats::{StatusCode, Subscriber};
use futures::StreamExt;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, interval_at, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info_span, warn};
use uuid::Uuid;

use super::{MESSAGE_ID, declare};
use crate::listener::{Delivery, Desk, Verdict};
use crate::{Envelope, Stream};

/// Messages asked for at a time: few enough that the last of them is handled well within the wait for its ack.
const PULL: usize = 32;
/// How long one request stands.
const PULL_EXPIRES: Duration = Duration::from_secs(30);
/// How often the broker says that it is there while it has nothing to send.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// The longest silence that is no failure: a heartbeat may be late, two in a row are not.
const SILENCE_MAX: Duration = Duration::from_secs(6);
/// How often a delivery in work asks for more time; well below the wait for its ack.
const PROGRESS: Duration = Duration::from_secs(2);
/// The pauses after a failure: the first, and the longest.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// When each consumer last heard the broker: what readiness looks at.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    heard: Arc<Mutex<BTreeMap<&'static str, Option<Instant>>>>,
}

impl Pulse {
    /// The streams whose consumer has not heard the broker for longer than a silence may last.
    pub fn silent(&self) -> Vec<&'static str> {
        let heard = self.heard.lock();
        let silent = |at: &Option<Instant>| at.is_none_or(|at| at.elapsed() > SILENCE_MAX);
        heard.iter().filter(|(_, at)| silent(at)).map(|(stream, _)| *stream).collect()
    }

    pub(super) fn of(&self, stream: &'static str) -> Beat {
        self.heard.lock().insert(stream, None);
        Beat { pulse: self.clone(), stream }
    }
}

/// The part of a [`Pulse`] that one consumer keeps.
pub(super) struct Beat {
    pulse: Pulse,
    stream: &'static str,
}

impl Beat {
    fn heard(&self, at: Option<Instant>) {
        self.pulse.heard.lock().insert(self.stream, at);
    }
}

/// Takes the deliveries of one stream to `desk` until `stop`.
pub(super) async fn run<D: Desk>(
    context: &Context,
    declared: &watch::Receiver<bool>,
    replicas: usize,
    stream: &'static Stream,
    desk: &D,
    beat: Beat,
    stop: &CancellationToken,
) {
    let mut pause = PAUSE;
    while !stop.is_cancelled() {
        let consumer = async {
            // The sender lives as long as the bus this is called on.
            let _ = declared.clone().wait_for(|declared| *declared).await;
            declare::durable(context, stream, desk.durable(), replicas).await
        };
        let work = async {
            // The broker may be away for long.
            let Some(consumer) = stop.run_until_cancelled(consumer).await else { return Ok(()) };
            // A delivery is never left half-way: `pull` looks at `stop` itself, between two of them.
            pull(context, &consumer?, desk, &beat, stop, &mut pause).await
        };
        if let Err(error) = work.await {
            beat.heard(None);
            warn!(stream = stream.name, durable = desk.durable(), "consuming pauses for {pause:?}: {error:#}");
            let _ = stop.run_until_cancelled(sleep(pause)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

async fn pull<D: Desk>(
    context: &Context,
    consumer: &PullConsumer,
    desk: &D,
    beat: &Beat,
    stop: &CancellationToken,
    pause: &mut Duration,
) -> anyhow::Result<()> {
    let client = context.client();
    let inbox = client.new_inbox();
    let mut answers = client.subscribe(inbox.clone()).await?;
    while !stop.is_cancelled() {
        let request = BatchConfig {
            batch: PULL,
            expires: Some(PULL_EXPIRES),
            idle_heartbeat: HEARTBEAT,
            ..BatchConfig::default()
        };
        consumer.request_batch(request, inbox.clone().into()).await?;
        let mut open = PULL;
        while open > 0 {
            let Some(answer) = next(&mut answers, stop).await? else { break };
            beat.heard(Some(Instant::now()));
            *pause = PAUSE;
            match answer.status.unwrap_or(StatusCode::OK) {
                StatusCode::OK => {
                    open -= 1;
                    let message = Message { message: answer, context: context.clone() };
                    deliver(desk, message).await?;
                }
                StatusCode::IDLE_HEARTBEAT => {}
                // The request's time is up.
                StatusCode::TIMEOUT => break,
                status => bail!("the broker answered {status} {}", answer.description.unwrap_or_default()),
            }
        }
    }
    // What was sent to us meanwhile goes to another without waiting for our answer in vain.
    while let Ok(Some(answer)) = timeout(Duration::ZERO, answers.next()).await {
        if answer.status.is_none() {
            let _ = Message { message: answer, context: context.clone() }.ack_with(AckKind::Nak(None)).await;
        }
    }
    client.flush().await?;
    Ok(())
}

/// The next answer to a request; `None` when we are to stop.
async fn next(answers: &mut Subscriber, stop: &CancellationToken) -> anyhow::Result<Option<async_nats::Message>> {
    tokio::select! {
        biased;
        () = stop.cancelled() => Ok(None),
        answer = timeout(SILENCE_MAX, answers.next()) => {
            let answer = answer.context("the broker has fallen silent")?;
            answer.context("the connection is closed").map(Some)
        }
    }
}

/// Takes one delivery to the desk, and its verdict to the broker.
async fn deliver<D: Desk>(desk: &D, message: Message) -> anyhow::Result<()> {
    let info = message.info().map_err(|error| anyhow::anyhow!("no delivery: {error}"))?;
    let delivery = Delivery { stream: info.stream.to_owned(), sequence: info.stream_sequence, count: info.delivered };
    let envelope = envelope(&message, &delivery);
    let span = info_span!("event", subject = %envelope.subject, id = %envelope.id, sequence = delivery.sequence);
    let received = desk.receive(&envelope, &delivery).instrument(span);
    tokio::pin!(received);
    let mut late = interval_at(Instant::now() + PROGRESS, PROGRESS);
    let verdict = loop {
        tokio::select! {
            verdict = &mut received => break verdict,
            _ = late.tick() => {
                // If it gets lost, the event is delivered again, and is a repeat then.
                let _ = message.ack_with(AckKind::Progress).await;
            }
        }
    };
    let answer = match verdict {
        Verdict::Done | Verdict::Repeat | Verdict::Ignored | Verdict::Dead => AckKind::Ack,
        Verdict::Retry(after) => AckKind::Nak(Some(after)),
    };
    message.ack_with(answer).await.map_err(|error| anyhow::anyhow!("no answer could be given: {error}"))
}

/// The event as its publisher packed it. One without an id of ours, from some other publisher, is known by its place.
fn envelope(message: &Message, delivery: &Delivery) -> Envelope {
    let mut headers = BTreeMap::new();
    for (name, values) in message.headers.iter().flat_map(async_nats::HeaderMap::iter) {
        if let Some(value) = values.first() {
            headers.insert(name.to_string(), value.as_str().to_owned());
        }
    }
    let given = headers.remove(MESSAGE_ID);
    let id = given.as_deref().and_then(|id| id.parse().ok()).unwrap_or_else(|| {
        let place = given.unwrap_or_else(|| format!("{}/{}", delivery.stream, delivery.sequence));
        Uuid::new_v5(&Uuid::NAMESPACE_OID, place.as_bytes())
    });
    Envelope { id, subject: message.subject.to_string(), payload: message.payload.to_vec(), headers }
}
