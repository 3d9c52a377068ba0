//! Money: charges, payment intents, refunds.
//!
//! | | |
//! |---|---|
//! | owns | the payments, and what the provider told of them |
//! | answers | [`POST /api/payments`](routes::pay) · [`POST …/intent`](routes::intent) · [`POST …/webhook`](routes::webhook) · [`GET /api/payments`](routes::list) · [`GET …/config`](routes::config) |
//! | publishes | `payment:started` · `payment:created` · `payment:closed` · `payment:refunded` |
//! | listens to | `order:created` · `order:updated` · `order:expiring` end what is under way, and say how it ended · `order:cancelled`, `order:completed` end what is under way · `refund:requested` |
//!
//! | module | what it answers for |
//! |---|---|
//! | [`payment`], [`order`] | a payment, the replica of an order, and their rules: pure |
//! | [`provider`], [`stripe`] | what is asked of a payment provider; Stripe as one |
//! | [`record`] | what the provider said, written down |
//! | [`store`] | all SQL |
//! | [`routes`], [`listeners`], [`workers`] | one operation, one event, one task a file |
//! | [`signature`] | whether a webhook is the provider's |
//! | [`error`] | every failure and its status |
//! | [`config`] | settings, and the service they make |
//!
//! A payment is one intent of the provider's, and ends with it:
//!
//! ```text
//!                          ┌──────────────── created ────────────────┐
//!   POST, or …/intent      │                                         │ succeeded           refund:requested,
//!  ──────────────────────► │ claimed ─────► opened ─────► confirming │ ──────► completed ─────────► refunded
//!   payment:started        │    │  its id is   │   by us with a     │ payment:   ▲      payment:refunded
//!                          │    │  written     │   token, or by     │ created    │
//!                          │    │  down        │   the browser      │            │ money came all the same, and
//!                          └────┼──────────────┼────────────────┼───┘            │ no other payment counts;
//!                               │ nobody is    │ time is up:    │ declined       │ else it goes back at once
//!                               │ at it        │ cancelled      │                │
//!                               └──────────────┴────────────────┴──► failed ─────┘
//!                                                               payment:closed
//! ```
//!
//! Only the provider says how an intent ended: in the answer to a request, or when the settle worker asks for it.
//!
//! What is always true:
//!
//! - One order has at most one payment that is under way or paid for it: a unique index says so (F2).
//! - No money can move before the intent's id is written down, so that asking for it settles whatever was cut off.
//! - No provider is called within a transaction (F33): claim, call, record.
//! - `payment:started` is followed by `payment:created` or `payment:closed`, and each change is told in the transaction
//!   that makes it. Events of one order are in the order of their commits, since each locks the order's row first.
//! - What is charged is the price agreed when the hold was taken, in cents (F15, F17), and never after the order's
//!   time is up (F4).
//! - A webhook is a hint to ask, and never believed (F18).
//! - Money that was taken is told of or given back, whatever state its payment was thought to be in.

pub mod config;
pub mod error;
pub mod listeners;
pub mod order;
pub mod payment;
pub mod provider;
pub mod record;
pub mod routes;
pub mod signature;
pub mod store;
pub mod stripe;
pub mod workers;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use events::UserId;
use secrecy::SecretString;
use service::{ClientAddress, Clock, Limit, Problem, Service, Sessions, database};
use sqlx::PgPool;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes as paths;

pub use self::config::{Config, Currency};
pub use self::error::Error;
use crate::provider::Provider;
use crate::stripe::{Pace, Stripe};

/// The schema of its tables.
pub const SCHEMA: &str = "payments";

/// Its tables.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What its routes, listeners and workers share. Cheap to clone.
#[derive(Clone)]
pub struct App {
    db: PgPool,
    sessions: Sessions,
    clock: Clock,
    provider: Arc<dyn Provider>,
    limits: Limits,
    currency: Arc<str>,
    publishable_key: Option<Arc<str>>,
    script_url: Arc<str>,
    webhook_secrets: Arc<[SecretString]>,
    patience: Duration,
}

/// What payments go by.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What is paid in.
    pub currency: Currency,
    /// The provider's key for browsers.
    pub publishable_key: Option<String>,
    /// Where browsers get the provider's script.
    pub script_url: String,
    /// The secrets that sign webhooks; none refuses them.
    pub webhook_secrets: Vec<SecretString>,
    /// How often one account may try to pay a minute, all at once if it likes.
    pub tries_per_account: NonZeroU32,
    /// How often one address may.
    pub tries_per_address: NonZeroU32,
    /// How long a request waits for the end of a payment.
    pub patience: Duration,
}

impl Default for Terms {
    /// Tries: more than a person with a few cards makes, and too few to try stolen ones by the hundred; an address may
    /// be that of a whole office.
    fn default() -> Self {
        Self {
            currency: Currency::default(),
            publishable_key: None,
            script_url: "https://js.stripe.com/v3/".to_owned(),
            webhook_secrets: Vec::new(),
            tries_per_account: const { NonZeroU32::new(20).unwrap() },
            tries_per_address: const { NonZeroU32::new(120).unwrap() },
            patience: routes::pay::PATIENCE,
        }
    }
}

/// F27: how often somebody may try to pay.
#[derive(Clone)]
struct Limits {
    accounts: Limit<UserId>,
    addresses: Limit<ClientAddress>,
}

impl Limits {
    fn check(&self, user: UserId, address: ClientAddress) -> Result<(), Problem> {
        self.addresses.check(&address)?;
        self.accounts.check(&user)
    }
}

impl App {
    /// On a database that is migrated, with whom the money is.
    pub fn new(db: PgPool, sessions: Sessions, clock: Clock, provider: Arc<dyn Provider>, terms: Terms) -> Self {
        let limits = Limits {
            accounts: Limit::per_minute(terms.tries_per_account, terms.tries_per_account).by(&clock),
            addresses: Limit::per_minute(terms.tries_per_address, terms.tries_per_address).by(&clock),
        };
        Self {
            db,
            sessions,
            clock,
            provider,
            limits,
            currency: terms.currency.as_str().into(),
            publishable_key: terms.publishable_key.map(Into::into),
            script_url: terms.script_url.into(),
            webhook_secrets: terms.webhook_secrets.into(),
            patience: terms.patience,
        }
    }
}

impl FromRef<App> for Sessions {
    fn from_ref(app: &App) -> Self {
        app.sessions.clone()
    }
}

/// The service, by its settings: opens its database and runs its migrations.
pub async fn service(config: &Config) -> anyhow::Result<Service> {
    let (common, clock, terms) = (&config.common, Clock::system(), config.terms());
    let db = database::open(&config.payments_database_url, SCHEMA, &MIGRATOR).await?;
    let sessions = Sessions::new(&common.jwt_key, db.clone(), clock.clone(), &common.public_url);
    let stripe = Stripe::new(&config.stripe_url, &config.stripe_key, Pace::STRIPE)?;
    if terms.webhook_secrets.is_empty() {
        tracing::warn!("STRIPE_WEBHOOK_SECRET is not set: payments made in the browser are found out by asking, later");
    }
    Ok(build(App::new(db, sessions, clock, Arc::new(stripe), terms)))
}

/// The service, around `app`.
pub fn build(app: App) -> Service {
    Service {
        db: Some(app.db.clone()),
        listeners: Some(listeners::listeners(&app)),
        workers: workers::workers(&app),
        api: router().with_state(app),
        ..Service::new("payments")
    }
}

/// What it answers, for machines.
pub fn openapi() -> OpenApi {
    service::openapi::document("payments", router().into_openapi())
}

fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(paths!(routes::list::list, routes::pay::pay))
        .routes(paths!(routes::intent::intent))
        .routes(paths!(routes::webhook::webhook))
        .routes(paths!(routes::config::config))
}
