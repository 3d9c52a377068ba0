//! One call of Stripe's API from request to answer: has it been asked before, does it go wrong, what comes out.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::call::Call;
use crate::error::Error;
use crate::faults::Fault;
use crate::idempotency::{Answer, Use};
use crate::params::Params;
use crate::request::{self, Asked};
use crate::sandbox::Inner;
use crate::server::Lost;
use crate::{expand, ids, routes};

/// The version of Stripe's API whose shapes these are.
pub const VERSION: &str = "2026-09-30.endive";
/// Answers any request to `/v1/…`.
pub async fn serve(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if method == Method::OPTIONS {
        return with_cors(StatusCode::OK.into_response());
    }
    let id = ids::id("req");
    let (now, started) = (inner.clock.now(), Instant::now());
    let asked = match request::read(&inner, request).await {
        Ok(asked) => asked,
        Err(error) => {
            tracing::info!(%method, path, status = error.status, request = id, refused = %error, "call");
            return with_cors(respond(&refusal(&error, &id, now), VERSION, &id, None, false));
        }
    };
    let (version, idempotency_key) = (asked.version.clone(), asked.idempotency_key.clone());
    // In a task of its own: once sent, a call takes effect even if whoever sent it hangs up.
    let done = tokio::spawn(process(inner, asked, id.clone())).await;
    let response = match done {
        Ok(Some((answer, replayed))) => {
            let ms = started.elapsed().as_millis();
            tracing::info!(%method, path, status = answer.status, request = id, ms, replayed, "call");
            respond(&answer, &version, &id, idempotency_key.as_deref(), replayed)
        }
        Ok(None) => {
            tracing::info!(%method, path, request = id, "call lost on purpose");
            Lost::response()
        }
        Err(error) => {
            tracing::error!(%method, path, request = id, %error, "call ended by a bug of the sandbox");
            respond(&refusal(&Error::outage(500), &id, now), &version, &id, None, false)
        }
    };
    with_cors(response)
}

/// The answer and whether it is an old one; none where it gets lost.
async fn process(inner: Arc<Inner>, asked: Asked, id: String) -> Option<(Answer, bool)> {
    let now = inner.clock.now();
    let used = match (&asked.idempotency_key, &asked.method) {
        (Some(key), &Method::POST) => match Use::new(&asked.account, key, &asked.path, &asked.form) {
            Ok(used) => Some(used),
            Err(error) => return Some((refusal(&error, &id, now), false)),
        },
        _ => None,
    };
    let earlier = match &used {
        None => None,
        Some(used) => match inner.state.lock().keys.begin(used, now) {
            Ok(earlier) => earlier,
            Err(error) => return Some((refusal(&error, &id, now), false)),
        },
    };
    let is_new = earlier.is_none();
    let forget = || {
        if let (Some(used), true) = (&used, is_new) {
            inner.state.lock().keys.drop(used);
        }
    };

    let call = format!("{} {}", asked.method, asked.path);
    let fault = inner.faults.take(asked.method.as_str(), &asked.path);
    match fault {
        Some(Fault::LoseRequest) => {
            forget();
            return None;
        }
        Some(Fault::Hold) => {
            if !inner.faults.wait(&call).await {
                forget();
                return None;
            }
        }
        Some(planned @ (Fault::Fail(_) | Fault::Locked)) => {
            let error = match planned {
                Fault::Fail(status) => Error::outage(status),
                _ => Error::locked(),
            };
            let answer = refusal(&error, &id, now);
            match used.filter(|_| is_new) {
                Some(used) if error.kept => inner.state.lock().keys.finish(used, answer.clone(), now),
                Some(used) => inner.state.lock().keys.drop(&used),
                None => {}
            }
            return Some((answer, false));
        }
        Some(Fault::LoseAnswer | Fault::HoldAnswer) | None => {}
    }
    let (answer, replayed) = match earlier {
        Some(answer) => (answer, true),
        None => (perform(&inner, &asked, used, &id), false),
    };
    match fault {
        Some(Fault::LoseAnswer) => None,
        Some(Fault::HoldAnswer) if !inner.faults.wait(&call).await => None,
        _ => Some((answer, replayed)),
    }
}

/// The effect, and the idempotency key's answer with it, under one lock.
fn perform(inner: &Inner, asked: &Asked, used: Option<Use>, id: &str) -> Answer {
    let now = inner.clock.now();
    let parts: Vec<_> = asked.path.trim_start_matches("/v1/").split('/').collect();
    let mut state = inner.state.lock();
    let mut call = Call {
        state: &mut state,
        now,
        key: asked.key,
        base: &inner.base,
        request: Some(id.to_owned()),
        idempotency_key: asked.idempotency_key.clone(),
    };
    let is_list = asked.method == Method::GET && (parts.len() == 1 || parts.last() == Some(&"refunds"));
    let kind = if parts.last() == Some(&"refunds") { "refunds" } else { parts[0] };
    let result = expand::check(kind, is_list, &asked.expand)
        .and_then(|()| routes::dispatch(&mut call, asked.method.as_str(), &parts, &Params::new(&asked.form)))
        .map(|mut answer| {
            expand::expand(&call, &mut answer, &asked.expand);
            answer
        });
    let (answer, kept) = match result {
        Ok(json) => (Answer { status: 200, body: pretty(&json), request: id.to_owned() }, true),
        Err(error) => (refusal(&error, id, now), error.kept),
    };
    match used {
        Some(used) if kept => state.keys.finish(used, answer.clone(), now),
        Some(used) => state.keys.drop(&used),
        None => {}
    }
    drop(state);
    if asked.method != Method::GET {
        inner.changed();
    }
    answer
}

fn refusal(error: &Error, id: &str, now: i64) -> Answer {
    Answer { status: error.status, body: pretty(&error.body(id, now)), request: id.to_owned() }
}

/// Stripe's answers are indented; whoever compares signatures over parsed JSON finds out here.
pub fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

fn respond(answer: &Answer, version: &str, id: &str, idempotency_key: Option<&str>, replayed: bool) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body.clone()).into_response();
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("content-type", "application/json");
    set("cache-control", "no-cache, no-store");
    set("request-id", id);
    set("stripe-version", version);
    if let Some(key) = idempotency_key {
        set("idempotency-key", key);
        set("original-request", &answer.request);
    }
    if replayed {
        set("idempotent-replayed", "true");
    }
    if answer.status >= 400 {
        // Too many requests do not get fewer by sending them again; a lock is gone in a moment.
        let is_lock = answer.status == 429 && answer.body.contains("lock_timeout");
        let retry = !replayed && (is_lock || matches!(answer.status, 409 | 500..));
        set("stripe-should-retry", if retry { "true" } else { "false" });
    }
    response
}

/// Browsers on any page may ask, as with Stripe: what they may do is the key's matter.
fn with_cors(mut response: Response) -> Response {
    const CORS: [(&str, &str); 5] = [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, PUT, PATCH, POST, DELETE"),
        ("access-control-allow-headers", "authorization, content-type, idempotency-key, stripe-version"),
        ("access-control-expose-headers", "Request-Id, Stripe-Manage-Version, Idempotent-Replayed"),
        ("access-control-max-age", "300"),
    ];
    for (name, value) in CORS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
