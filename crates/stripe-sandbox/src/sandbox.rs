//! Starts and stops the stand-in, and holds what all its parts share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::call::{Call, Key};
use crate::clock::Clock;
use crate::error::Error;
use crate::faults::Faults;
use crate::ids;
use crate::objects::{Delivery, WebhookEndpoint};
use crate::routes;
use crate::state::State;
use crate::{file, pages, server, webhooks};

/// When webhooks are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deliveries {
    /// As soon as something happens, and again until they are taken.
    AtOnce,
    /// When a test says so, in the order it says.
    ByHand,
}

/// Where events go, and what signs them.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The endpoint's address.
    pub url: String,
    /// `whsec_…`
    pub secret: String,
}

/// How to start the stand-in.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens. Port 0 takes any free one.
    pub address: SocketAddr,
    /// Where browsers find it, if not at that address.
    pub public_url: Option<String>,
    /// The only secret key it knows.
    pub secret_key: String,
    /// Where events go from the start.
    pub webhook: Option<Webhook>,
    /// When they go.
    pub deliveries: Deliveries,
    /// The time it believes in.
    pub clock: Clock,
    /// A file that keeps its state over restarts.
    pub state: Option<PathBuf>,
}

impl Default for Options {
    /// For tests: a free port, the default key, no webhook, webhooks by hand once there is one.
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: None,
            secret_key: "sk_test_sandbox".to_owned(),
            webhook: None,
            deliveries: Deliveries::ByHand,
            clock: Clock::system(),
            state: None,
        }
    }
}

/// Starts the stand-in: see [`Sandbox::start`].
#[derive(Debug)]
pub struct Sandbox;

impl Sandbox {
    /// Listens, and answers from now on until the handle is dropped.
    pub async fn start(options: Options) -> anyhow::Result<Handle> {
        // Who embeds the stand-in may have chosen a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind(options.address)
            .await
            .with_context(|| format!("cannot listen on {}", options.address))?;
        let url = format!("http://{}", listener.local_addr()?);
        let base = options.public_url.unwrap_or_else(|| url.clone()).trim_end_matches('/').to_owned();
        let state = match &options.state {
            Some(path) => file::read(path)?,
            None => State::default(),
        };
        let http = reqwest::Client::builder()
            // Stripe counts a redirect as a failure, and a proxy of the surroundings has no business here.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let inner = Arc::new(Inner {
            state: Mutex::new(state),
            publishable_key: publishable(&options.secret_key),
            secret_key: options.secret_key,
            base,
            clock: options.clock,
            faults: Faults::default(),
            http,
            by_hand: AtomicBool::new(options.deliveries == Deliveries::ByHand),
            news: Notify::new(),
            unsaved: Notify::new(),
        });
        let stop = CancellationToken::new();
        let mut tasks = vec![
            tokio::spawn(webhooks::run(inner.clone(), stop.clone())),
            tokio::spawn(server::serve(listener, pages::router(inner.clone()), stop.clone())),
        ];
        if let Some(path) = options.state {
            tasks.push(tokio::spawn(file::run(inner.clone(), path, stop.clone())));
        }
        let handle = Handle { url, inner, tasks, stop: stop.clone(), _guard: stop.drop_guard() };
        if let Some(webhook) = options.webhook {
            handle.send_webhooks_to(&webhook.url, &webhook.secret)?;
        }
        // What a state file had waiting goes on its way.
        handle.inner.news.notify_one();
        Ok(handle)
    }
}

/// `pk_…` that belongs to `sk_…`.
fn publishable(secret_key: &str) -> String {
    match secret_key.strip_prefix("sk_") {
        Some(rest) => format!("pk_{rest}"),
        None => format!("pk_{secret_key}"),
    }
}

/// A running stand-in, and the strings to pull in it (`control.rs`). Dropping it stops it.
#[derive(Debug)]
pub struct Handle {
    /// Where its API is, without a slash at the end: `http://127.0.0.1:40123`.
    pub url: String,
    pub(crate) inner: Arc<Inner>,
    tasks: Vec<JoinHandle<()>>,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl Handle {
    /// The key for servers.
    pub fn secret_key(&self) -> &str {
        &self.inner.secret_key
    }

    /// The key for browsers.
    pub fn publishable_key(&self) -> &str {
        &self.inner.publishable_key
    }

    /// Where browsers load Stripe.js from.
    pub fn script_url(&self) -> String {
        format!("{}/v3/", self.inner.base)
    }

    /// Sends all further events to this address too (or signs them anew, if it is there already), and gives the
    /// endpoint's id.
    pub fn send_webhooks_to(&self, url: &str, secret: &str) -> Result<String, Error> {
        self.inner.act(|call| {
            let known = call.state.endpoints.iter().find(|endpoint| endpoint.enabled && endpoint.url == url);
            if let Some(id) = known.map(|endpoint| endpoint.id.clone()) {
                secret.clone_into(&mut call.state.endpoints.find_mut(&id, "id")?.secret);
                return Ok(id);
            }
            let endpoint = WebhookEndpoint {
                id: ids::id("we"),
                created: call.now,
                description: None,
                enabled_events: vec!["*".to_owned()],
                enabled: true,
                url: url.to_owned(),
                secret: secret.to_owned(),
                metadata: std::collections::BTreeMap::default(),
            };
            let id = endpoint.id.clone();
            routes::webhook_endpoints::add(call, endpoint)?;
            Ok(id)
        })
    }

    /// Stops answering, and waits until the state file is written.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.inner.faults.abandon();
        for task in self.tasks.drain(..) {
            // A task that panicked has nothing left to wait for.
            let _ = task.await;
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.inner.faults.abandon();
    }
}

/// What all parts share.
#[derive(Debug)]
pub struct Inner {
    pub(crate) state: Mutex<State>,
    pub(crate) secret_key: String,
    pub(crate) publishable_key: String,
    /// Where browsers find the stand-in, without a slash at the end.
    pub(crate) base: String,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) http: reqwest::Client,
    by_hand: AtomicBool,
    /// Events may be waiting.
    pub(crate) news: Notify,
    /// The state may differ from the file.
    pub(crate) unsaved: Notify,
}

impl Inner {
    /// Does something no request asked for.
    pub fn act<T>(&self, act: impl FnOnce(&mut Call<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut state = self.state.lock();
        let result = act(&mut Call {
            state: &mut state,
            now: self.clock.now(),
            key: Key::Secret,
            base: &self.base,
            request: None,
            idempotency_key: None,
        });
        drop(state);
        self.changed();
        result
    }

    /// The state may have changed.
    pub fn changed(&self) {
        self.news.notify_one();
        self.unsaved.notify_one();
    }

    /// Whether webhooks wait for a test's word.
    pub fn is_by_hand(&self) -> bool {
        self.by_hand.load(Ordering::Relaxed)
    }

    /// Changes when webhooks are sent.
    pub fn set_deliveries(&self, deliveries: Deliveries) {
        self.by_hand.store(deliveries == Deliveries::ByHand, Ordering::Relaxed);
        self.news.notify_one();
    }

    /// Takes charge of everything that waits to be sent.
    pub fn take_waiting(&self) -> Vec<Delivery> {
        if self.is_by_hand() {
            return Vec::new();
        }
        let mut state = self.state.lock();
        let mut taken = Vec::new();
        for delivery in state.deliveries.iter_mut().filter(|delivery| !delivery.under_way) {
            delivery.under_way = true;
            taken.push(delivery.clone());
        }
        taken
    }

    /// Leaves a delivery to others.
    pub fn put_back(&self, delivery: &Delivery) {
        let mut state = self.state.lock();
        if let Some(found) = state.deliveries.iter_mut().find(|found| is_same(found, delivery)) {
            found.under_way = false;
            found.attempts = delivery.attempts;
        }
    }

    /// Ends a delivery: taken, or given up.
    pub fn delivered(&self, delivery: &Delivery) {
        self.state.lock().deliveries.retain(|found| !is_same(found, delivery));
        self.unsaved.notify_one();
    }

    /// Where to, signed by which secret, and what. None if the event or the endpoint is gone.
    pub fn message(&self, delivery: &Delivery) -> Option<(String, String, String)> {
        let state = self.state.lock();
        let event = state.events.get(&delivery.event)?;
        let endpoint = state.endpoints.get(&delivery.endpoint).filter(|endpoint| endpoint.enabled)?;
        let pending = state.deliveries.iter().filter(|other| other.event == event.id).count();
        let body = crate::api::pretty(&event.json(pending.max(1)));
        Some((endpoint.url.clone(), endpoint.secret.clone(), body))
    }
}

fn is_same(one: &Delivery, other: &Delivery) -> bool {
    one.event == other.event && one.endpoint == other.endpoint
}
