//! The broker, by `async-nats`' `JetStream`: nothing outside this module names it.
//!
//! `credentials.rs` who we are · `declare.rs` streams and durables · `consume.rs` pulling for a [`Desk`].
//!
//! A lost broker is reconnected to for ever, and what the services need there is declared again each time: a broker
//! that kept nothing is whole again as soon as it is back.

mod consume;
mod credentials;
mod declare;

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{ContextBuilder, PublishAckFuture, PublishErrorKind};
use async_nats::{Client, HeaderMap};
use futures::future::join_all;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{debug, info, warn};

pub use self::consume::Pulse;
use crate::Envelope;
use crate::listener::Desk;

/// How long a request to the broker may take, receipts of publishes included.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// The pauses between attempts to connect: the first, and the longest.
const RECONNECT: Duration = Duration::from_millis(50);
const RECONNECT_MAX: Duration = Duration::from_secs(2);
/// How often the connection is tried: half-open ones are found in twice that.
const PING: Duration = Duration::from_secs(5);
/// The header by which broker and inbox know an event.
const MESSAGE_ID: &str = "Nats-Msg-Id";

/// Which broker, and who is calling.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is: `nats://host:4222`, several separated by commas; `tls://` for TLS. User and password, or a token, may
    /// stand before the first host that has any; they are for all of them.
    pub url: String,
    /// The name by which the broker's monitoring shows this client.
    pub name: String,
    /// How many servers of a cluster keep a copy of each stream.
    pub replicas: usize,
}

/// The URL of the broker makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("NATS_URL is no URL of a broker: {0}")]
pub struct ConnectError(String);

/// Why an event was not published, as far as is known: it may have been, and its id makes it safe to try again.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// There is no connection.
    #[error("the broker is away")]
    Away,
    /// The broker did not take it, or did not say so in time.
    #[error("the broker gave no receipt: {0}")]
    NoReceipt(String),
}

/// A connection to the broker, shared by its clones; the last one dropped closes it.
#[derive(Clone)]
pub struct Bus {
    client: Client,
    context: Context,
    replicas: usize,
    declared: watch::Receiver<bool>,
    _declaring: Arc<DropGuard>,
}

impl Bus {
    /// Connects as `name` to the broker at `url`, in the background and for ever.
    pub async fn connect(url: &str, name: &str) -> Result<Self, ConnectError> {
        Self::connect_with(Options { url: url.to_owned(), name: name.to_owned(), replicas: 1 }).await
    }

    /// Connects in the background and for ever. An error says that `options.url` makes no sense.
    pub async fn connect_with(options: Options) -> Result<Self, ConnectError> {
        let addresses = options
            .url
            .split(',')
            .map(|url| url.trim().parse::<async_nats::ServerAddr>().map_err(|error| ConnectError(error.to_string())))
            .collect::<Result<Vec<_>, _>>()?;
        let (connects, mut connected) = watch::channel(0_u64);
        let client = credentials::of(&addresses)?
            .name(&options.name)
            .retry_on_initial_connect()
            .max_reconnects(None)
            .ping_interval(PING)
            .reconnect_delay_callback(|attempts| {
                let doublings = u32::try_from(attempts.min(10)).unwrap_or(10);
                (RECONNECT * 2_u32.pow(doublings)).min(RECONNECT_MAX)
            })
            .event_callback(move |event| {
                let connects = connects.clone();
                async move {
                    match event {
                        async_nats::Event::Connected => {
                            info!("connected to the broker");
                            connects.send_modify(|count| *count += 1);
                        }
                        async_nats::Event::Disconnected => warn!("the broker is away"),
                        event => debug!(%event, "the broker's client"),
                    }
                }
            })
            .connect(addresses)
            .await
            .map_err(|error| ConnectError(error.to_string()))?;
        let context = ContextBuilder::new().timeout(ANSWER_MAX).ack_timeout(ANSWER_MAX).build(client.clone());
        let (declares, declared) = watch::channel(false);
        let stop = CancellationToken::new();
        let guard = Arc::new(stop.clone().drop_guard());
        let bus = Self { client, context, replicas: options.replicas, declared, _declaring: guard };
        let (context, replicas) = (bus.context.clone(), bus.replicas);
        tokio::spawn(stop.run_until_cancelled_owned(async move {
            // Once for each connection: the broker behind it may be a new one that kept nothing.
            while connected.wait_for(|count| *count > 0).await.is_ok() {
                connected.mark_unchanged();
                declares.send_replace(false);
                declare::streams(&context, replicas).await;
                declares.send_replace(true);
                if connected.changed().await.is_err() {
                    return;
                }
            }
        }));
        Ok(bus)
    }

    /// Whether events can be published now: connected, and every stream is there.
    pub fn is_ready(&self) -> bool {
        self.is_connected() && *self.declared.borrow()
    }

    /// Whether there is a connection.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Waits until events can be published.
    pub async fn ready(&self) {
        // The sender lives as long as this bus does.
        let _ = self.declared.clone().wait_for(|declared| *declared).await;
    }

    /// Publishes an event and waits for the broker's receipt.
    pub async fn publish(&self, envelope: &Envelope) -> Result<(), PublishError> {
        self.receipt(self.send(envelope).await).await
    }

    /// Publishes events in their order, then waits for all receipts. The results are in the same order.
    pub async fn publish_all(&self, envelopes: &[&Envelope]) -> Vec<Result<(), PublishError>> {
        let mut sent = Vec::with_capacity(envelopes.len());
        for envelope in envelopes {
            sent.push(self.send(envelope).await);
        }
        join_all(sent.into_iter().map(|sent| self.receipt(sent))).await
    }

    async fn send(&self, envelope: &Envelope) -> Result<PublishAckFuture, PublishError> {
        if !self.is_connected() {
            // What is sent now would wait in the client, and be late news when it leaves.
            return Err(PublishError::Away);
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &envelope.headers {
            headers.insert(name.as_str(), value.as_str());
        }
        headers.insert(MESSAGE_ID, envelope.id.to_string());
        self.context
            .publish_with_headers(envelope.subject.clone(), headers, envelope.payload.clone().into())
            .await
            .map_err(|error| PublishError::NoReceipt(error.to_string()))
    }

    async fn receipt(&self, sent: Result<PublishAckFuture, PublishError>) -> Result<(), PublishError> {
        match sent?.await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == PublishErrorKind::StreamNotFound => {
                Err(PublishError::NoReceipt("no stream has this subject".into()))
            }
            Err(error) => Err(PublishError::NoReceipt(error.to_string())),
        }
    }

    /// Takes every delivery of the desk's streams to `desk`, until `stop`; declares the durables first. A lost broker,
    /// a deleted durable and a silent server only pause it. `pulse` tells whether it hears the broker.
    pub async fn consume(&self, desk: Arc<impl Desk>, pulse: Pulse, stop: CancellationToken) {
        let streams = desk.streams();
        join_all(streams.into_iter().map(|stream| {
            let pulse = pulse.of(stream.name);
            consume::run(&self.context, &self.declared, self.replicas, stream, &*desk, pulse, &stop)
        }))
        .await;
    }

    /// Sends what is still to be sent, and closes the connection.
    pub async fn close(&self) {
        if let Err(error) = self.client.drain().await {
            debug!("closing the connection to the broker: {error}");
        }
    }
}
