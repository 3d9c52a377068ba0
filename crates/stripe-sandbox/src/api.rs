//! One call of Stripe's API from headers to answer: who asks, has it been asked before, does it go wrong, what comes out.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use serde_json::Value;

use crate::call::{Call, Key};
use crate::error::Error;
use crate::faults::Fault;
use crate::form::{self, Form, Node};
use crate::idempotency::{Answer, Use};
use crate::params::Params;
use crate::sandbox::Inner;
use crate::server::Lost;
use crate::{expand, ids, routes};

/// The version of Stripe's API whose shapes these are.
pub const VERSION: &str = "2026-09-30.endive";
/// The largest request. Stripe's parameters are far smaller.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// What a request says, read.
#[derive(Debug)]
struct Asked {
    method: Method,
    path: String,
    form: Form,
    key: Key,
    account: String,
    version: String,
    idempotency_key: Option<String>,
    expand: Vec<String>,
}

/// Answers any request to `/v1/…`.
pub async fn serve(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if method == Method::OPTIONS {
        return with_cors(StatusCode::OK.into_response());
    }
    let id = ids::id("req");
    let now = inner.clock.now();
    let asked = match read(&inner, request).await {
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
            tracing::info!(%method, path, status = answer.status, request = id, replayed, "call");
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
        Some(Fault::Fail(status)) => {
            let error = Error::outage(status);
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

async fn read(inner: &Inner, request: Request) -> Result<Asked, Error> {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| Error { status: 413, ..Error::invalid("The request is too large.") })?;
    let mut form = form::parse(parts.uri.query().unwrap_or_default())?;
    if !body.is_empty() {
        let text = str::from_utf8(&body).map_err(|_| Error::invalid("Invalid request: the body is not UTF-8."))?;
        let kind = header(&parts.headers, "content-type").unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            let message = "Invalid request (check that your POST content type is application/x-www-form-urlencoded). \
                           If you have any questions, we can help at https://support.stripe.com/.";
            return Err(Error::invalid(message));
        }
        form.extend(form::parse(text)?);
    }
    let (key, account) = who(inner, &parts.headers, &mut form)?;
    if header(&parts.headers, "stripe-account").is_some() {
        return Err(Error::unsupported("connected accounts (the header Stripe-Account)"));
    }
    let version = header(&parts.headers, "stripe-version").unwrap_or(VERSION).to_owned();
    if !is_version(&version) {
        return Err(Error::invalid(format!("Invalid Stripe API version: {version}")));
    }
    let expand = Params::new(&form).list("expand")?.unwrap_or_default();
    form.remove("expand");
    Ok(Asked {
        idempotency_key: header(&parts.headers, "idempotency-key").map(str::to_owned),
        method: parts.method,
        path: parts.uri.path().to_owned(),
        form,
        key,
        account,
        version,
        expand,
    })
}

/// Which key the request came with: `Authorization: Bearer`, HTTP Basic's user name, or Stripe.js's parameter `key`.
fn who(inner: &Inner, headers: &HeaderMap, form: &mut Form) -> Result<(Key, String), Error> {
    let basic = |encoded: &str| -> Option<String> {
        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
        Some(String::from_utf8(bytes).ok()?.split(':').next()?.to_owned())
    };
    let parameter = match form.remove("key") {
        Some(Node::Text(key)) => Some(key),
        _ => None,
    };
    // What Stripe.js adds to each of its requests, and nothing depends on.
    for name in ["_stripe_version", "_stripe_account", "payment_user_agent", "referrer", "time_on_page"] {
        form.remove(name);
    }
    let given = match header(headers, "authorization").and_then(|value| value.split_once(' ')) {
        Some(("Bearer", key)) => Some(key.trim().to_owned()),
        Some(("Basic", encoded)) => basic(encoded.trim()),
        _ => parameter,
    };
    let Some(given) = given.filter(|key| !key.is_empty()) else {
        let message = "You did not provide an API key. You need to provide your API key in the Authorization header, \
                       using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See \
                       https://stripe.com/docs/api#authentication for details, or we can help at \
                       https://support.stripe.com/.";
        return Err(Error::unauthorized(message));
    };
    if given == inner.secret_key {
        return Ok((Key::Secret, given));
    }
    if given == inner.publishable_key {
        return Ok((Key::Publishable, given));
    }
    Err(Error::unauthorized(format!("Invalid API Key provided: {}", veiled(&given))))
}

/// `sk_test_****abcd`: enough to know one's own key again.
fn veiled(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    let shown = |place: usize| (place < 8 && letters.len() > 16) || place + 4 >= letters.len();
    letters.iter().enumerate().map(|(place, letter)| if shown(place) { *letter } else { '*' }).collect()
}

fn is_version(version: &str) -> bool {
    let date = version.split(['.', ';']).next().unwrap_or_default();
    date.len() == 10
        && date.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
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
        set("stripe-should-retry", if !replayed && matches!(answer.status, 409 | 500..) { "true" } else { "false" });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_dates() {
        assert!(is_version(VERSION));
        assert!(is_version("2020-08-27"));
        assert!(is_version("2020-08-27; some_beta=v1"));
        assert!(!is_version("endive"));
        assert!(!is_version(""));
    }

    #[test]
    fn keys_are_veiled() {
        assert_eq!(veiled("sk_test_1234567890"), "sk_test_******7890");
        assert_eq!(veiled("wrong"), "*rong");
    }
}
