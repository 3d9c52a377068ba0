//! Who is who: sign-up, sign-in, sign-out.
//!
//! | module | what it answers for |
//! |---|---|
//! | [`config`] | settings |
//! | [`user`] | a user, and the rules for what they sign up with |
//! | [`password`] | Argon2id in a bounded pool |
//! | [`limits`] | how often an address, and an account, may try |
//! | [`store`] | all SQL |
//! | [`error`] | every failure and its status |
//! | [`mod@routes`] | one operation a file |
//!
//! owns: users and their password hashes · answers: `/api/users/*` · publishes: `session:revoked` · listens to: nothing
//!
//! What is always true:
//!
//! - An address belongs to one user, in whatever case it is written: a unique index says so, not a look before.
//! - A sign-in costs one verification, whether there is such a user or not, and is refused in the same words.
//! - A password is never held but by `Password`, which nothing prints, and never stored but as its hash.
//! - Passwords are worked on in a bounded pool, off the threads that serve; who can't wait is sent away with 503.
//! - A sign-out counts here at once and elsewhere as its event arrives; both are written in one transaction.

pub mod config;
pub mod error;
pub mod limits;
pub mod password;
pub mod routes;
pub mod store;
pub mod user;

use anyhow::Context;
use axum::extract::FromRef;
use service::{Clock, Service, Sessions, database};
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::config::Config;
use self::limits::Limits;
use self::password::{PARAMETERS, Passwords, Pool};

/// The tables of this service.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the handlers work with.
#[derive(Clone)]
pub struct App {
    /// The service's own schema.
    pub db: PgPool,
    /// Gives sessions out, and ends them.
    pub sessions: Sessions,
    /// Hashes and verifies.
    pub passwords: Passwords,
    /// Counts tries.
    pub limits: Limits,
}

impl FromRef<App> for Sessions {
    fn from_ref(app: &App) -> Self {
        app.sessions.clone()
    }
}

/// Every route, and its description.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(routes::current_user::current_user))
        .routes(routes!(routes::sign_up::sign_up))
        .routes(routes!(routes::sign_in::sign_in))
        .routes(routes!(routes::sign_out::sign_out))
}

/// The service, on what `config` names.
pub async fn service(config: &Config) -> anyhow::Result<Service> {
    let db = database::open(&config.auth_database_url, "auth", &MIGRATOR).await?;
    let clock = Clock::system();
    let sessions = Sessions::new(&config.common.jwt_key, db.clone(), clock.clone(), &config.common.public_url);
    let passwords = tokio::task::spawn_blocking(|| Passwords::new(PARAMETERS, Pool::of_this_machine()));
    let passwords = passwords.await?.context("no password can be hashed")?;
    let limits = Limits::new(config.tries_per_address, config.tries_per_account, &clock);
    Ok(build(App { db, sessions, passwords, limits }))
}

/// The service, on what is there already.
pub fn build(app: App) -> Service {
    Service { db: Some(app.db.clone()), api: router().with_state(app), ..Service::new("auth") }
}
