//! Every address outside Stripe's API: Stripe.js, the card form's frame, the authentication page, the tests' strings.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::objects::{NextAction, PaymentIntent, Status};
use crate::sandbox::Inner;
use crate::{api, control, ids, payments};

const CSS: &str = "text/css; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const STRIPE_JS: &str = concat!(
    include_str!("../page/stripe/open.js"),
    include_str!("../page/stripe/base.js"),
    "\n",
    include_str!("../page/stripe/elements.js"),
    "\n",
    include_str!("../page/stripe/stripe.js"),
    include_str!("../page/stripe/close.js"),
);
const PAYMENT_HTML: &str = include_str!("../page/payment.html");
const PAYMENT_CSS: &str = include_str!("../page/payment.css");
const PAYMENT_JS: &str = include_str!("../page/payment.js");
const CARD_JS: &str = include_str!("../page/card.js");
const AUTHENTICATE_HTML: &str = include_str!("../page/authenticate.html");
const AUTHENTICATE_CSS: &str = include_str!("../page/authenticate.css");
const AUTHENTICATE_JS: &str = include_str!("../page/authenticate.js");

/// What the sandbox's own pages may load: nothing but the sandbox's own files.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'";

/// All addresses.
pub fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/v1/{*path}", any(api::serve))
        // Stripe.js by its old name, and by that of its release train, which newer wrappers expect.
        .route("/v3", get(|| async { file(SCRIPT, STRIPE_JS) }))
        .route("/v3/", get(|| async { file(SCRIPT, STRIPE_JS) }))
        .route("/{train}/stripe.js", get(|| async { file(SCRIPT, STRIPE_JS) }))
        .route("/elements/payment", get(|| async { file(HTML, PAYMENT_HTML) }))
        .route("/elements/payment.css", get(|| async { file(CSS, PAYMENT_CSS) }))
        .route("/elements/payment.js", get(|| async { file(SCRIPT, PAYMENT_JS) }))
        .route("/elements/card.js", get(|| async { file(SCRIPT, CARD_JS) }))
        .route("/elements/authenticate.css", get(|| async { file(CSS, AUTHENTICATE_CSS) }))
        .route("/elements/authenticate.js", get(|| async { file(SCRIPT, AUTHENTICATE_JS) }))
        .route("/authenticate/{intent}", get(|| async { file(HTML, AUTHENTICATE_HTML) }).post(authenticate))
        .route("/authenticate/{intent}/payment", get(payment))
        .route("/healthz", get(|| async { StatusCode::NO_CONTENT }))
        .nest("/sandbox", control::http::router())
        .fallback(|| async { StatusCode::NOT_FOUND })
        .with_state(inner)
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        // Always the one that was built: a stale script would be a riddle.
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    (headers, text).into_response()
}

#[derive(Deserialize)]
struct Secret {
    client_secret: String,
}

#[derive(Deserialize)]
struct Choice {
    passed: bool,
}

/// What the buyer is about to pay.
async fn payment(
    State(inner): State<Arc<Inner>>,
    Path(intent): Path<String>,
    Query(secret): Query<Secret>,
) -> Result<Json<Value>, Error> {
    let state = inner.state.lock();
    let intent = opened(state.intents.get(&intent), &secret)?;
    if intent.status != Status::RequiresAction {
        return Err(Error::not_allowed("There is nothing to authenticate any more: this payment has gone on."));
    }
    Ok(Json(json!({ "amount": intent.amount, "currency": intent.currency })))
}

/// The buyer's choice, and where they go from here.
async fn authenticate(
    State(inner): State<Arc<Inner>>,
    Path(id): Path<String>,
    Query(secret): Query<Secret>,
    Json(choice): Json<Choice>,
) -> Result<Json<Value>, Error> {
    inner.act(|call| {
        let intent = opened(call.state.intents.get(&id), &secret)?;
        let action = intent.next_action.clone();
        payments::authenticate(call, &id, choice.passed)?;
        let intent = call.state.intents.find(&id, "intent")?;
        let return_url = match action {
            Some(NextAction::Redirect { return_url }) => Some(back(&return_url, intent)?),
            Some(NextAction::Script) | None => None,
        };
        Ok(Json(json!({ "returnUrl": return_url })))
    })
}

fn opened<'a>(intent: Option<&'a PaymentIntent>, secret: &Secret) -> Result<&'a PaymentIntent, Error> {
    intent
        .filter(|intent| intent.client_secret == secret.client_secret)
        .ok_or_else(|| Error::not_found("payment_intent", "", "client_secret"))
}

/// The merchant's page, with what Stripe adds to its address.
fn back(return_url: &str, intent: &PaymentIntent) -> Result<String, Error> {
    let mut url = reqwest::Url::parse(return_url)
        .map_err(|_| Error::not_allowed("Not a valid URL").code("url_invalid").param("return_url"))?;
    let status = if intent.status == Status::Succeeded { "succeeded" } else { "failed" };
    url.query_pairs_mut()
        .append_pair("payment_intent", &intent.id)
        .append_pair("payment_intent_client_secret", &intent.client_secret)
        .append_pair("redirect_status", status);
    Ok(url.into())
}

impl IntoResponse for Error {
    /// For the pages; Stripe's API answers with Stripe's headers (`api.rs`).
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body(&ids::id("req"), 0))).into_response()
    }
}
