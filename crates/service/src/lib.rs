//! What every service of the marketplace is made of.
//!
//! | module | what it answers for |
//! |---|---|
//! | [`settings`] | the environment: everything missing or wrong in one error |
//! | [`cli`] | the words of a binary: serve, migrate, dead-letters, openapi |
//! | [`lifecycle`] | [`Service`] → process: what runs, when it is ready, how it ends |
//! | [`http`], [`server`] | what surrounds every router; a socket, and finishing what was begun |
//! | [`mod@problem`] | what every failure looks like to a client |
//! | [`extract`], [`page`], [`limits`] | what handlers take; lists by page; how often somebody may do something |
//! | [`session`] | who is signed in, and whose session ended |
//! | [`health`], [`openapi`], [`telemetry`] | `/healthz` and `/readyz`; `/openapi.json` and `/docs`; the log |
//! | [`database`], [`clock`], [`worker`] | a service's own schema; what time it is; what goes on in the background |
//!
//! ```text
//!  Config (settings) ─► service() ─► Service { api, listeners, workers, … } ─► run ─► SIGTERM ─► drain
//!                                      └─ in tests: build(app) ─► testkit::TestApp, without broker and signals
//! ```
//!
//! A service, whole:
//!
//! ```no_run
//! use axum::Json;
//! use axum::extract::{FromRef, State};
//! use axum::http::StatusCode;
//! use events::{Listeners, TicketId, Timestamp};
//! use secrecy::SecretString;
//! use serde::{Deserialize, Serialize};
//! use service::{Body, Clock, Listed, Page, PathId, Problem, Program, Query, Service, Session, Sessions, Settings};
//! use sqlx::PgPool;
//! use utoipa::ToSchema;
//! use utoipa_axum::{router::OpenApiRouter, routes};
//! use validator::Validate;
//!
//! #[derive(Debug, clap::Parser)]
//! struct Config {
//!     #[command(flatten)]
//!     common: Settings,
//!     /// The database: postgres://user:password@host/name.
//!     #[arg(long, env, hide_env_values = true)]
//!     tickets_database_url: SecretString,
//!     /// How long an order holds its ticket.
//!     #[arg(long, env, default_value = "15m", value_parser = service::settings::duration)]
//!     order_hold: std::time::Duration,
//! }
//!
//! #[derive(Clone)]
//! struct App {
//!     db: PgPool,
//!     sessions: Sessions,
//!     clock: Clock,
//! }
//!
//! impl FromRef<App> for Sessions {
//!     fn from_ref(app: &App) -> Self {
//!         app.sessions.clone()
//!     }
//! }
//!
//! #[derive(Deserialize, Validate, ToSchema)]
//! #[serde(rename_all = "camelCase")]
//! struct Edit {
//!     #[serde(default)] // What is missing is for the rule to tell: it knows the sentence.
//!     #[validate(length(min = 1, max = 200, message = "Title is required"))]
//!     title: String,
//! }
//!
//! #[derive(Serialize, ToSchema)]
//! struct Ticket {
//!     id: TicketId,
//!     title: String,
//!     created_at: Timestamp,
//! }
//!
//! #[utoipa::path(put, path = "/api/tickets/{id}", params(("id" = TicketId, Path)), request_body = Edit,
//!     responses((status = 200, body = Ticket), (status = "4XX", body = service::problem::Errors)),
//!     security(("session" = [])))]
//! async fn update(
//!     State(app): State<App>, session: Session, PathId(id): PathId<TicketId>, Body(edit): Body<Edit>,
//! ) -> Result<Json<Ticket>, Problem> {
//!     let id = id.found()?;
//!     Ok(Json(Ticket { id, title: edit.title, created_at: app.clock.now() }))
//! }
//!
//! #[utoipa::path(get, path = "/api/tickets", params(Page), responses((status = 200, body = Vec<Ticket>)))]
//! async fn list(State(app): State<App>, Query(page): Query<Page>) -> Result<Listed<Ticket>, Problem> {
//!     let after: Option<(Timestamp, TicketId)> = page.after()?;
//!     let rows: Vec<Ticket> = Vec::new(); // store::list(&app.db, after, page.fetch()).await?
//!     Ok(page.answer(rows, |ticket| (ticket.created_at, ticket.id)))
//! }
//!
//! fn router() -> OpenApiRouter<App> {
//!     OpenApiRouter::new().routes(routes!(update)).routes(routes!(list))
//! }
//!
//! fn build(app: App) -> Service {
//!     let listeners = Listeners::new("tickets-service"); // .on::<OrderCreated>(app.clone())
//!     let db = Some(app.db.clone());
//!     Service { db, api: router().with_state(app), listeners: Some(listeners), ..Service::new("tickets") }
//! }
//!
//! # static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate::Migrator::DEFAULT; // sqlx::migrate!()
//! impl Program for Config {
//!     const NAME: &'static str = "tickets";
//!
//!     fn settings(&self) -> &Settings {
//!         &self.common
//!     }
//!
//!     async fn service(&self) -> anyhow::Result<Service> {
//!         let (db, clock) = (service::database::open(&self.tickets_database_url, "tickets", &MIGRATOR).await?, Clock::system());
//!         let sessions = Sessions::new(&self.common.jwt_key, db.clone(), clock.clone(), &self.common.public_url);
//!         Ok(build(App { db, sessions, clock }))
//!     }
//!
//!     fn openapi() -> utoipa::openapi::OpenApi {
//!         service::openapi::document(Self::NAME, router().into_openapi())
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> std::process::ExitCode {
//!     service::cli::main::<Config>().await
//! }
//! ```

pub mod cli;
pub mod clock;
pub mod database;
pub mod extract;
pub mod health;
pub mod http;
pub mod lifecycle;
pub mod limits;
pub mod openapi;
pub mod page;
pub mod problem;
pub mod server;
pub mod session;
pub mod settings;
pub mod telemetry;
pub mod worker;

pub use cli::Program;
pub use clock::Clock;
pub use extract::{Body, ClientAddress, PathId, Query};
pub use health::Check;
pub use http::{Rules, app};
pub use lifecycle::{Running, Service, Site, run, run_until, start};
pub use limits::Limit;
pub use page::{Listed, Page};
pub use problem::{Problem, problem};
pub use session::{MaybeSession, Session, Sessions};
pub use settings::{PublicUrl, Settings};
pub use worker::Worker;

/// The table a service needs to know which sessions ended: `revoked_sessions`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
