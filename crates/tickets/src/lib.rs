//! What is for sale, and which order holds it.
//!
//! | | |
//! |---|---|
//! | owns | the tickets: their words, their price, who has them |
//! | answers | [`GET /api/tickets`](routes::list), [`POST`](routes::create) · [`GET …/{id}`](routes::show), [`PUT`](routes::update) · [`GET …/mine`](routes::mine) · [`GET …/changes`](routes::changes) |
//! | publishes | `ticket:created` · `ticket:updated`: edited, held, released, sold |
//! | listens to | `order:created` hold · `order:cancelled` release · `order:completed` sell · `order:updated`, `order:expiring` count |
//!
//! | module | what it answers for |
//! |---|---|
//! | [`ticket`] | a ticket and its rules, pure; the state machine is drawn there |
//! | [`offer`] | what an owner may ask for a ticket, pure |
//! | [`browse`] | what can be asked of the list, pure |
//! | [`store`] | all SQL |
//! | [`routes`] | one operation a file |
//! | [`listeners`] | one event a file |
//! | [`changes`] | news for who reads along, from the database to many streams |
//! | [`error`] | every failure and its status |
//! | [`config`] | settings, and the service they make |
//!
//! What is always true:
//!
//! - A ticket changes only by [`Ticket`]'s methods, each of which that changes anything adds one to its version.
//! - It is saved only with its event in the outbox, in the transaction in which it was locked, read and decided on.
//! - Only the order that holds a ticket releases it (F6). A sold one is never released.
//! - Orders are known here by their versions alone: whether one may have a ticket, and until when, `orders` decides.

pub mod browse;
pub mod changes;
pub mod config;
pub mod error;
pub mod listeners;
pub mod offer;
pub mod routes;
pub mod store;
pub mod ticket;

use std::num::NonZeroU32;

use axum::extract::FromRef;
use events::UserId;
use service::{Clock, Limit, Service, Sessions, Worker, database};
use sqlx::PgPool;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes as paths;

pub use self::config::Config;
pub use self::error::Error;
pub use self::offer::Offer;
pub use self::ticket::Ticket;
use crate::changes::Changes;

/// The schema of its tables.
pub const SCHEMA: &str = "tickets";

/// Its tables.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What its routes and listeners share. Cheap to clone.
#[derive(Clone)]
pub struct App {
    db: PgPool,
    sessions: Sessions,
    changes: Changes,
    writes: Limit<UserId>,
}

/// How much of it one may have.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Tickets one account may list or change a minute, all of them at once if it likes.
    pub writes_per_minute: NonZeroU32,
    /// How many may follow the changes at a time.
    pub readers_max: usize,
}

impl Default for Limits {
    /// More than a person does by hand, and far fewer than the service can bear of one. Readers: a tenth of the
    /// connections a process takes.
    fn default() -> Self {
        Self { writes_per_minute: const { NonZeroU32::new(120).unwrap() }, readers_max: 1_000 }
    }
}

impl App {
    /// On a database that is migrated.
    pub fn new(db: PgPool, sessions: Sessions, clock: &Clock, limits: Limits) -> Self {
        let writes = Limit::per_minute(limits.writes_per_minute, limits.writes_per_minute).by(clock);
        Self { db, sessions, changes: Changes::new(limits.readers_max), writes }
    }

    /// The news of it, and who reads them.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }
}

impl FromRef<App> for Sessions {
    fn from_ref(app: &App) -> Self {
        app.sessions.clone()
    }
}

/// The service, by its settings: opens its database and runs its migrations.
pub async fn service(config: &Config) -> anyhow::Result<Service> {
    let common = &config.common;
    let db = database::open(&config.tickets_database_url, SCHEMA, &MIGRATOR).await?;
    let clock = Clock::system();
    let sessions = Sessions::new(&common.jwt_key, db.clone(), clock.clone(), &common.public_url);
    Ok(build(App::new(db, sessions, &clock, config.limits())))
}

/// The service, around `app`.
pub fn build(app: App) -> Service {
    let (changes, db) = (app.changes.clone(), app.db.clone());
    Service {
        db: Some(app.db.clone()),
        listeners: Some(listeners::listeners(&app)),
        workers: vec![Worker::new("changes", move |stop| changes.clone().relay(db.clone(), stop))],
        api: router().with_state(app),
        ..Service::new("tickets")
    }
}

/// What it answers, for machines.
pub fn openapi() -> OpenApi {
    service::openapi::document("tickets", router().into_openapi())
}

fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(paths!(routes::list::list, routes::create::create))
        .routes(paths!(routes::mine::mine))
        .routes(paths!(routes::changes::changes))
        .routes(paths!(routes::show::show, routes::update::update))
}
