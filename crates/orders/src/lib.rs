//! Who holds a ticket, until when, and who owns it in the end.
//!
//! | | |
//! |---|---|
//! | owns | the orders; a replica of the tickets |
//! | answers | [`GET /api/orders`](routes::list), [`POST`](routes::create) · [`GET …/{id}`](routes::show), [`DELETE`](routes::delete) |
//! | publishes | `order:created` · `order:updated` · `order:expiring` · `order:cancelled` · `order:completed` · `order:overdue` · `refund:requested` |
//! | listens to | `ticket:created`, `ticket:updated` replica · `expiration:complete` time is up · `payment:started`, `payment:created`, `payment:closed` what becomes of the money |
//!
//! | module | what it answers for |
//! |---|---|
//! | [`order`] | an order and its rules, pure: every state and what may happen to it, in one table |
//! | [`ticket`] | a ticket, as far as it must be known here |
//! | [`settle`] | carries out what an order decides |
//! | [`store`] | all SQL |
//! | [`routes`] | one operation a file |
//! | [`listeners`] | one event a file |
//! | [`sweep`] | what nobody else would notice: lost timers, and payments that say nothing |
//! | [`server_time`] | what time it is here, on every answer |
//! | [`error`] | every failure and its status |
//! | [`config`] | settings, and the service they make |
//!
//! ```text
//!                        payment:started              payment:created
//!   POST ──────────► created ─────────► awaiting:payment ─────────► complete
//!                      │   ▲ payment:closed │  │                       ▲
//!  expiration:complete │   └────────────────┘  │ expiration:complete:  │ a late payment, and
//!            or DELETE │                       │ expiring, then closed │ the ticket is free
//!                      ▼                       ▼ or DELETE, or silence │
//!                  cancelled ◄─────────────────┴───────────────────────┘ else refund:requested
//! ```
//!
//! What is always true:
//!
//! - A ticket has one order at most that is not cancelled: an index sees to it, whoever comes at whatever moment (F1).
//! - An order changes only under its row's lock, as [`order::Order::decide`] says; each change is one version and one
//!   event, in one transaction. No transition, no event.
//! - What is complete stays complete. A payment completes an order or is asked back: never both, never neither, and the
//!   latter once (F3, F5).
//! - The price is what was agreed when the hold was taken (F17).

pub mod config;
pub mod error;
pub mod listeners;
pub mod order;
pub mod routes;
pub mod server_time;
pub mod settle;
pub mod store;
pub mod sweep;
pub mod ticket;

use std::num::NonZeroU32;

use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use events::UserId;
use service::{Clock, Limit, Service, Sessions, Worker};
use sqlx::PgPool;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes as paths;

pub use self::config::{Config, Rules};
pub use self::error::Error;

/// The schema of its tables, and its name.
pub const SCHEMA: &str = "orders";

/// Its tables.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Orders one account may ask for a minute, all of them at once if it likes: more than a person does by hand, and far
/// too few to win every ticket of a show.
pub const CREATES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// What its routes, listeners and sweep share. Cheap to clone.
#[derive(Clone)]
pub struct App {
    db: PgPool,
    sessions: Sessions,
    clock: Clock,
    rules: Rules,
    creates: Limit<UserId>,
}

impl App {
    /// On a database that is migrated.
    pub fn new(db: PgPool, sessions: Sessions, clock: Clock, rules: Rules) -> Self {
        let creates = Limit::per_minute(CREATES_PER_MINUTE, CREATES_PER_MINUTE).by(&clock);
        Self { db, sessions, clock, rules, creates }
    }
}

impl FromRef<App> for Sessions {
    fn from_ref(app: &App) -> Self {
        app.sessions.clone()
    }
}

/// The service, around `app`.
pub fn build(app: App) -> Service {
    let swept = app.clone();
    Service {
        db: Some(app.db.clone()),
        listeners: Some(listeners::all(&app)),
        workers: vec![Worker::new("sweep", move |stop| sweep::run(swept.clone(), stop))],
        api: router().layer(from_fn_with_state(app.clock.clone(), server_time::tell)).with_state(app),
        ..Service::new(SCHEMA)
    }
}

/// What it answers, for machines.
pub fn openapi() -> OpenApi {
    service::openapi::document(SCHEMA, router().into_openapi())
}

fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(paths!(routes::list::list, routes::create::create))
        .routes(paths!(routes::show::show, routes::delete::delete))
}
