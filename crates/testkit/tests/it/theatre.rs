//! A service as small as one can be: it keeps a seat for every ticket that is listed, and says so.

use axum::extract::{FromRef, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use events::accounts::SessionRevoked;
use events::orders::OrderOverdue;
use events::tickets::TicketCreated;
use events::{Listener, Listeners, OrderId, Outcome, Timestamp, Version, outbox};
use serde_json::{Value, json};
use service::{Clock, Problem, PublicUrl, Service, Session, Sessions};
use sqlx::{PgConnection, PgPool};
use testkit::{KEY, TestApp, database};

use crate::SEATS;

#[derive(Clone)]
pub struct Theatre {
    db: PgPool,
    sessions: Sessions,
    care: Care,
}

/// How the theatre's listener goes wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// It does not.
    Careful,
    /// It goes on when a statement failed.
    IgnoresFailures,
    /// It writes outside of the transaction.
    WritesTwice,
    /// It does nothing.
    Idle,
}

impl FromRef<Theatre> for Sessions {
    fn from_ref(theatre: &Theatre) -> Self {
        theatre.sessions.clone()
    }
}

pub async fn theatre(care: Care) -> TestApp {
    let db = database("theatre", &SEATS).await;
    let sessions = Sessions::new(&KEY.into(), db.clone(), Clock::system(), &PublicUrl::default());
    let theatre = Theatre { db: db.clone(), sessions: sessions.clone(), care };
    let routes = Router::new()
        .route("/api/seats", get(list).post(add))
        .route("/api/signout", post(sign_out))
        .with_state(theatre.clone());
    let service = Service {
        db: Some(db),
        api: routes.into(),
        listeners: Some(Listeners::new("theatre-service").on::<TicketCreated>(theatre)),
        ..Service::new("theatre")
    };
    TestApp::start(service, &sessions).await
}

async fn list(State(theatre): State<Theatre>, _: Session) -> Json<Vec<String>> {
    let seats = sqlx::query_scalar("select name from seats order by name").fetch_all(&theatre.db).await;
    Json(seats.unwrap())
}

async fn add(
    State(theatre): State<Theatre>,
    _: Session,
    Json(seat): Json<Value>,
) -> Result<impl IntoResponse, Problem> {
    let Some(name) = seat["name"].as_str() else {
        return Err(Problem::bad_request("A seat has a name").field("name"));
    };
    if name == "A0" {
        return Err(Problem::bad_request("Nobody sits there"));
    }
    let insert = sqlx::query("insert into seats values (gen_random_uuid(), $1)").bind(name);
    insert.execute(&theatre.db).await.unwrap();
    Ok((StatusCode::CREATED, Json(json!({ "name": name }))))
}

async fn sign_out(State(theatre): State<Theatre>, session: Session) -> (HeaderMap, Json<Value>) {
    let mut tx = theatre.db.begin().await.unwrap();
    theatre.sessions.revoke(&mut tx, &session).await.unwrap();
    tx.commit().await.unwrap();
    (HeaderMap::from_iter([(SET_COOKIE, theatre.sessions.sign_out())]), Json(json!({})))
}

impl Listener<TicketCreated> for Theatre {
    async fn handle(&self, tx: &mut PgConnection, event: TicketCreated) -> anyhow::Result<Outcome> {
        if event.version != Version::FIRST {
            return Ok(Outcome::TooEarly);
        }
        let insert = sqlx::query("insert into seats values ($1, $2)").bind(event.id.0).bind(&event.title);
        match self.care {
            Care::Idle => return Ok(Outcome::Done),
            Care::Careful => {
                insert.execute(&mut *tx).await?;
            }
            Care::IgnoresFailures => {
                sqlx::query("savepoint seat").execute(&mut *tx).await?;
                if insert.execute(&mut *tx).await.is_err() {
                    sqlx::query("rollback to seat").execute(&mut *tx).await?;
                }
            }
            Care::WritesTwice => {
                sqlx::query("insert into seats values (gen_random_uuid(), 'B1')").execute(&self.db).await?;
                insert.execute(&mut *tx).await?;
            }
        }
        outbox::push(tx, &OrderOverdue { id: OrderId::new(), expires_at: Timestamp::now() }).await?;
        Ok(Outcome::Done)
    }
}

/// What the theatre hears of beside tickets, as every service does.
pub fn revoked(event: &Value) -> SessionRevoked {
    serde_json::from_value(event.clone()).unwrap()
}
