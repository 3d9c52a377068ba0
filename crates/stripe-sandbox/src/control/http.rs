//! The strings by HTTP, for tests in other languages: `POST /sandbox/…` with JSON. `--help` lists them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cards::Decline;
use crate::error::Error;
use crate::faults::Fault;
use crate::payments::{self, Outcome};
use crate::routes::refunds;
use crate::sandbox::{Deliveries, Inner};
use crate::webhooks::signature;

type App = State<Arc<Inner>>;
type Done = Result<Json<Value>, Error>;

/// All of them.
pub fn router() -> Router<Arc<Inner>> {
    Router::new()
        .route("/faults", post(plan))
        .route("/faults/clear", post(clear))
        .route("/held", get(held))
        .route("/release", post(release))
        .route("/outcomes", post(outcomes))
        .route("/payment_intents/{id}/authenticate", post(authenticate))
        .route("/payment_intents/{id}/settle", post(settle))
        .route("/refunds/{id}/settle", post(settle_refund))
        .route("/webhooks", post(forge))
        .route("/webhooks/hold", post(|State(inner): App| async move { deliveries(&inner, Deliveries::ByHand) }))
        .route("/webhooks/resume", post(|State(inner): App| async move { deliveries(&inner, Deliveries::AtOnce) }))
        .route("/undelivered", get(undelivered))
        .route("/events/{id}/deliver", post(deliver))
        .route("/ledger", get(ledger))
}

/// An answer for what has nothing to say.
fn done() -> Json<Value> {
    Json(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    calls: String,
    fault: Fault,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

async fn plan(State(inner): App, Json(plan): Json<Plan>) -> Done {
    inner.plan(&plan.calls, plan.fault, plan.times)?;
    Ok(done())
}

async fn clear(State(inner): App) -> Json<Value> {
    inner.clear_plans();
    done()
}

async fn held(State(inner): App) -> Json<Value> {
    Json(json!({ "held": inner.faults.held() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    /// All, if it isn't said.
    most: Option<usize>,
}

async fn release(State(inner): App, Json(release): Json<Release>) -> Json<Value> {
    Json(json!({ "released": inner.faults.release(release.most.unwrap_or(usize::MAX)) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcomes {
    outcome: Outcome,
    #[serde(default = "once")]
    times: u32,
}

async fn outcomes(State(inner): App, Json(plan): Json<Outcomes>) -> Done {
    for _ in 0..plan.times {
        inner.next_payment(plan.outcome)?;
    }
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Authenticate {
    passed: bool,
}

async fn authenticate(State(inner): App, Path(id): Path<String>, Json(choice): Json<Authenticate>) -> Done {
    inner.act(|call| payments::authenticate(call, &id, choice.passed))?;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settle {
    declined: Option<Decline>,
}

async fn settle(State(inner): App, Path(id): Path<String>, Json(settle): Json<Settle>) -> Done {
    inner.act(|call| payments::settle(call, &id, settle.declined))?;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettleRefund {
    succeeded: bool,
}

async fn settle_refund(State(inner): App, Path(id): Path<String>, Json(settle): Json<SettleRefund>) -> Done {
    inner.act(|call| refunds::settle(call, &id, settle.succeeded))?;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forged {
    body: String,
    /// As it is …
    signature: Option<String>,
    /// … or made with this secret, rightly or wrongly …
    secret: Option<String>,
    /// … for this time, now if it isn't said.
    timestamp: Option<i64>,
}

async fn forge(State(inner): App, Json(forged): Json<Forged>) -> Done {
    let timestamp = forged.timestamp.unwrap_or_else(|| inner.clock.now());
    let header = match (forged.signature, forged.secret) {
        (Some(signature), None) => signature,
        (None, Some(secret)) => signature(&secret, timestamp, &forged.body),
        _ => return Err(Error::invalid("A webhook is sent with a `signature`, or with a `secret` to sign it with.")),
    };
    Ok(Json(json!({ "answers": answers(inner.post_webhook(&forged.body, &header).await) })))
}

fn deliveries(inner: &Inner, deliveries: Deliveries) -> Json<Value> {
    inner.set_deliveries(deliveries);
    done()
}

async fn undelivered(State(inner): App) -> Json<Value> {
    let events: Vec<_> = inner.undelivered().into_iter().map(|(id, kind)| json!({ "id": id, "type": kind })).collect();
    Json(json!({ "undelivered": events }))
}

async fn deliver(State(inner): App, Path(id): Path<String>) -> Done {
    Ok(Json(json!({ "answers": answers(inner.deliver(&id).await?) })))
}

async fn ledger(State(inner): App) -> Json<Value> {
    Json(json!(inner.ledger()))
}

fn answers(answers: Vec<Result<u16, String>>) -> Vec<Value> {
    answers.into_iter().map(|answer| answer.map_or_else(Value::from, Value::from)).collect()
}
