//! The service that is tried: it has a handler for everything that can go right or wrong.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use events::{TicketId, Timestamp};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::{
    Body, ClientAddress, Clock, Listed, MaybeSession, Page, PathId, Problem, PublicUrl, Query, Rules, Service, Session,
    Sessions, problem,
};
use testkit::{KEY, TestApp};
use tokio::sync::Notify;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use validator::Validate;

#[derive(Clone)]
pub struct App {
    pub sessions: Sessions,
    /// Told when `/api/wait` has begun …
    pub begun: Arc<Notify>,
    /// … which waits for this.
    pub end: Arc<Notify>,
}

impl FromRef<App> for Sessions {
    fn from_ref(app: &App) -> Self {
        app.sessions.clone()
    }
}

impl App {
    pub fn new(sessions: Sessions) -> Self {
        Self { sessions, begun: Arc::default(), end: Arc::default() }
    }

    pub fn service(&self) -> Service {
        let plain = Router::new()
            .route("/api/me", get(me))
            .route("/api/bytes", post(bytes))
            .route("/api/panic", get(panics))
            .route("/api/fault", get(fault))
            .route("/api/plain", get(async || (StatusCode::CONFLICT, "plain words")))
            .route("/api/empty", get(async || StatusCode::BAD_GATEWAY))
            .route("/api/busy", get(async || Problem::too_many(Duration::from_millis(1200))))
            .route("/api/wait", get(wait))
            .route("/api/address", get(async |ClientAddress(address): ClientAddress| address.to_string()))
            .route("/api/cached", get(async || ([("cache-control", "max-age=60")], "")))
            .route("/api/changes", get(changes));
        let api = OpenApiRouter::from(plain).routes(routes!(show)).routes(routes!(save, list));
        Service { api: api.with_state(self.clone()), ..Service::new("things") }
    }
}

/// Serves it without a database, by the machine's clock.
pub async fn things() -> TestApp {
    things_by(&Rules::default()).await
}

pub async fn things_by(rules: &Rules) -> TestApp {
    let sessions = Sessions::without_revocations(&KEY.into(), Clock::system(), &PublicUrl::default());
    TestApp::start_by(App::new(sessions.clone()).service(), &sessions, rules).await
}

#[derive(Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Thing {
    #[serde(default)]
    #[validate(length(min = 1, message = "Title is required"))]
    title: String,
    #[serde(default)]
    #[validate(range(min = 1, message = "Price must be greater than 0"))]
    price: i64,
    #[serde(default)]
    #[validate(length(max = 3))]
    any_words: String,
    #[serde(default)]
    #[validate(nested)]
    parts: Vec<Part>,
}

#[derive(Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct Part {
    #[validate(range(min = 1, message = "A part needs a size"))]
    part_size: i64,
}

#[utoipa::path(put, path = "/api/things/{id}", params(("id" = String, Path)), request_body = Thing,
    responses((status = 200, body = Thing), (status = "4XX", body = service::problem::Errors)), security(("session" = [])))]
async fn show(_: Session, PathId(id): PathId<TicketId>, Body(thing): Body<Thing>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "id": id.found()?, "title": thing.title })))
}

#[utoipa::path(post, path = "/api/things", request_body = Thing, responses((status = 200, body = Thing)))]
async fn save(Body(thing): Body<Thing>) -> Json<Thing> {
    Json(thing)
}

/// Ten rows, by page.
#[utoipa::path(get, path = "/api/things", params(Page), responses((status = 200, body = Vec<i64>)))]
async fn list(Query(Search { from, page }): Query<Search>) -> Result<Listed<i64>, Problem> {
    let after: i64 = page.after()?.unwrap_or(0);
    let rows = (1..=10).filter(|row| *row > after.max(from)).take(usize::try_from(page.fetch()).unwrap()).collect();
    Ok(page.answer(rows, |row| *row))
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    from: i64,
    #[serde(flatten)]
    page: Page,
}

async fn me(MaybeSession(session): MaybeSession) -> Json<Value> {
    Json(json!(
        session
            .map(|session| json!({ "id": session.user, "email": session.email, "iat": session.issued_at.seconds() }))
    ))
}

async fn bytes(bytes: Bytes) -> String {
    bytes.len().to_string()
}

async fn panics() {
    panic!("the secret of the panic");
}

async fn fault() -> Response {
    let error = anyhow::anyhow!("the secret of the database").context("the change could not be saved");
    problem(StatusCode::INTERNAL_SERVER_ERROR, &*error)
}

async fn wait(State(app): State<App>) -> &'static str {
    app.begun.notify_one();
    app.end.notified().await;
    "done"
}

async fn changes() -> Response {
    let first = stream::once(async { Ok::<_, std::io::Error>("data: first\n\n") });
    let events = axum::body::Body::from_stream(first.chain(stream::pending()));
    ([("content-type", "text/event-stream")], events).into_response()
}

pub fn then() -> Timestamp {
    Timestamp::from_milliseconds(1_795_235_947_120).unwrap()
}
