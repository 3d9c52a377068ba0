//! From a [`Service`] to a process: what runs, when it counts as ready, and how it ends.
//!
//! ```text
//!  signal ─► /readyz 503 ─► SHUTDOWN_DELAY ─► no new connections, requests finish ─► consumers, workers ─► relays ─► end
//!  └──────────────────────────────────── SHUTDOWN_GRACE at most ──────────────────────────────────────────────┘
//! ```

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use axum::Router;
use events::bus::{Options, Pulse};
use events::listener::{PgDesk, forget_older_than};
use events::outbox::Relay;
use events::{Bus, Listeners};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::health::{Check, Health};
use crate::http::{Rules, app};
use crate::session::revocations::{Revocations, pruning};
use crate::{Clock, Settings, Worker, database, openapi, server, telemetry};

/// How long an event is remembered as seen. Longer than any broker keeps one that nobody acknowledged.
const INBOX_DAYS: i32 = 30;
/// How often what was seen before that is forgotten.
const FORGET: Duration = Duration::from_hours(1);
/// How much of the time to stop is kept for what runs in the background, once requests are finished.
const BACKGROUND_SHARE: u32 = 4;

/// A service, ready to be started.
pub struct Service {
    /// Its name: `tickets`.
    pub name: &'static str,
    /// Its database, with all migrations run.
    pub db: Option<PgPool>,
    /// What it answers, and the description of that.
    pub api: OpenApiRouter<()>,
    /// What it listens to. `session:revoked` is added to that.
    pub listeners: Option<Listeners>,
    /// What it does in the background, beside relay and listeners.
    pub workers: Vec<Worker>,
    /// What it needs beside database and broker.
    pub ready: Vec<Check>,
}

impl Service {
    /// A service that does nothing yet.
    pub fn new(name: &'static str) -> Self {
        Self { name, db: None, api: OpenApiRouter::new(), listeners: None, workers: Vec::new(), ready: Vec::new() }
    }

    /// What it answers, for machines.
    pub fn openapi(&self) -> OpenApi {
        openapi::document(self.name, self.api.get_openapi().clone())
    }

    /// Its listeners, with the one that every service with a database has: for sessions that end.
    pub fn listeners(&self) -> Option<Listeners> {
        self.listeners.clone().map(|listeners| listeners.on(Revocations))
    }
}

/// Services at work, and what is needed to serve them.
pub struct Running {
    /// What they answer, merged; without the layers of [`app`], health and documentation.
    pub router: Router,
    /// The description of that, merged.
    pub openapi: OpenApi,
    /// Whether all of them can do their work.
    pub health: Health,
    draining: CancellationToken,
    background: Group,
    relays: Group,
    buses: Vec<Bus>,
    pools: Vec<PgPool>,
}

/// Tasks that stop together.
#[derive(Default)]
struct Group {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

/// Starts all that `services` do in the background: relay, listeners, workers. Each has a connection of its own to the
/// broker. Nothing is served yet: for that there are [`Running::routes`] and [`server::serve`].
pub async fn start(settings: &Settings, services: Vec<Service>) -> anyhow::Result<Running> {
    let draining = CancellationToken::new();
    let mut running = Running {
        router: Router::new(),
        openapi: openapi::document("ticketing", OpenApi::default()),
        health: Health::new(Vec::new(), draining.clone()),
        draining: draining.clone(),
        background: Group::default(),
        relays: Group::default(),
        buses: Vec::new(),
        pools: Vec::new(),
    };
    let alone = services.len() == 1;
    let mut checks = Vec::new();
    for service in services {
        let deaf = service.listeners.is_some() && service.db.is_none();
        ensure!(!deaf, "{} has listeners but no database: it needs a desk of its own", service.name);
        let client = &settings.nats_client_id;
        let client = if alone { client.clone() } else { format!("{client}-{}", service.name) };
        let url = settings.nats_url.clone();
        let bus = Bus::connect_with(Options { url, name: client, replicas: settings.nats_replicas.into() }).await?;
        checks.extend(running.add(service, bus, alone));
    }
    running.health = Health::new(checks, draining);
    Ok(running)
}

impl Running {
    fn add(&mut self, service: Service, bus: Bus, alone: bool) -> Vec<Check> {
        let name = service.name;
        let document = service.openapi();
        if alone {
            self.openapi = document;
        } else {
            self.openapi.merge(document);
        }
        let listeners = service.listeners();
        let mut workers = service.workers;
        let mut checks = vec![broker(bus.clone())];
        if let Some(db) = service.db {
            checks.extend([answers(db.clone()), migrated(db.clone())]);
            workers.extend([pruning(db.clone(), Clock::system()), forgetting(db.clone())]);
            if let Some(listeners) = listeners {
                workers.push(Worker::consuming("listeners", PgDesk::new(db.clone(), listeners).into()));
            }
            self.relays.tasks.spawn(Relay::new(db.clone(), bus.clone()).run(self.relays.stop.clone()));
            self.pools.push(db);
        }
        for worker in workers {
            checks.extend(worker.pulse.clone().map(|pulse| hears(worker.name(), pulse)));
            self.background.tasks.spawn(worker.run(bus.clone(), self.background.stop.clone()));
        }
        checks.extend(service.ready);
        self.router = std::mem::take(&mut self.router).merge(Router::from(service.api));
        self.buses.push(bus);
        if alone { checks } else { checks.into_iter().map(|check| check.of(name)).collect() }
    }

    /// All that is served: what the services answer, their health and their description. [`app`] goes around it.
    pub fn routes(&self) -> Router {
        let health = self.health.clone().routes();
        self.router.clone().merge(health).merge(openapi::routes(self.openapi.clone()))
    }

    /// Is ready no more, so that no new requests are sent here. What runs goes on.
    pub fn drain(&self) {
        self.draining.cancel();
    }

    /// Ends all that runs in the background: what is at hand is finished, within `grace`.
    pub async fn stop(mut self, grace: Duration) {
        self.drain();
        let deadline = Instant::now() + grace;
        self.background.end("the background", deadline).await;
        self.relays.end("the relay", deadline).await;
        for bus in &self.buses {
            let _ = timeout_at(deadline, bus.close()).await;
        }
        for pool in &self.pools {
            let _ = timeout_at(deadline, pool.close()).await;
        }
    }
}

impl Group {
    async fn end(&mut self, what: &'static str, deadline: Instant) {
        self.stop.cancel();
        let ended = timeout_at(deadline, async { while self.tasks.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            warn!(tasks = self.tasks.len(), "{what} did not stop in time");
            self.tasks.shutdown().await;
        }
    }
}

/// What one process serves.
pub struct Site {
    /// The services: one in a pod of its own, all of them where that is simpler.
    pub services: Vec<Service>,
    /// What answers where no service does.
    pub pages: Option<Router>,
}

impl From<Service> for Site {
    fn from(service: Service) -> Self {
        Self { services: vec![service], pages: None }
    }
}

/// Runs one service as this process, until SIGTERM or SIGINT; a second one ends it at once.
pub async fn run(settings: Settings, service: Service) -> anyhow::Result<()> {
    telemetry::start(settings.log_format);
    let address = (settings.listen, settings.port);
    let listener = TcpListener::bind(address).await.with_context(|| format!("can't listen on {address:?}"))?;
    until_told(async |stop| run_until(&settings, service.into(), listener, stop).await).await
}

/// Does `work`, which ends when the token is cancelled: that is what SIGTERM and SIGINT do. A second one ends it at once.
pub async fn until_told(work: impl AsyncFnOnce(CancellationToken) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let work = work(stop.clone());
    tokio::pin!(work);
    loop {
        tokio::select! {
            ended = &mut work => return ended,
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
        if stop.is_cancelled() {
            bail!("told twice to stop");
        }
        info!("stopping");
        stop.cancel();
    }
}

/// Serves `site` on a socket that is there already, until `stop`.
pub async fn run_until(
    settings: &Settings,
    site: Site,
    listener: TcpListener,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let names: Vec<_> = site.services.iter().map(|service| service.name).collect();
    let name = names.join(" ");
    let running = start(settings, site.services).await?;
    let routes = match site.pages {
        Some(pages) => running.routes().fallback_service(pages),
        None => running.routes(),
    };
    let router = app(routes, &Rules::from(settings));
    info!(service = name, address = %listener.local_addr()?, version = env!("CARGO_PKG_VERSION"), "serving");

    let closing = CancellationToken::new();
    let delay = settings.shutdown_delay.min(settings.shutdown_grace / 2);
    let rest = settings.shutdown_grace.saturating_sub(delay);
    let background = rest / BACKGROUND_SHARE;
    let serving = server::serve(listener, router, closing.clone(), rest.saturating_sub(background));
    let draining = async {
        stop.cancelled().await;
        running.drain();
        sleep(delay).await;
        closing.cancel();
        Instant::now() + rest
    };
    let (_, deadline) = tokio::join!(serving, draining);
    running.stop(deadline.saturating_duration_since(Instant::now())).await;
    info!(service = name, "stopped");
    Ok(())
}

fn broker(bus: Bus) -> Check {
    Check::new("broker", move || {
        let (connected, ready) = (bus.is_connected(), bus.is_ready());
        async move {
            match (connected, ready) {
                (false, _) => bail!("not connected"),
                (true, false) => bail!("its streams are not declared yet"),
                (true, true) => Ok(()),
            }
        }
    })
}

/// F32: a consumer that hears nothing while the broker is there is deaf, not idle.
fn hears(consumer: &str, pulse: Pulse) -> Check {
    Check::new(consumer, move || {
        let silent = pulse.silent();
        async move {
            if silent.is_empty() {
                return Ok(());
            }
            bail!("no word from the broker about {}", silent.join(", "))
        }
    })
}

fn answers(db: PgPool) -> Check {
    Check::new("database", move || {
        let db = db.clone();
        async move {
            let answer = sqlx::query("select 1").execute(&db).await;
            // What exactly is for the log: it may tell where the database is.
            answer.map(drop).map_err(|error| {
                warn!("the database does not answer: {error}");
                anyhow::anyhow!("it does not answer")
            })
        }
    })
}

fn migrated(db: PgPool) -> Check {
    Check::new("migrations", move || {
        let db = db.clone();
        async move { database::check_migrations(&db).await }
    })
}

fn forgetting(db: PgPool) -> Worker {
    Worker::new("inbox", move |stop| {
        let db = db.clone();
        async move {
            while stop.run_until_cancelled(sleep(FORGET)).await.is_some() {
                forget_older_than(&db, INBOX_DAYS).await?;
            }
            anyhow::Ok(())
        }
    })
}
