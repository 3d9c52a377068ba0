//! `/streaming/admin/…`: where administrators delete what nobody else can. It is there only if a token is set.
//!
//! | | |
//! |---|---|
//! | `DELETE channels/<channel>` | the channel with all it holds; `?force=true` disconnects those subscribed to it |
//! | `POST channels/<channel>/purge` | its messages |
//! | `DELETE channels/<channel>/durables/<durable>?client=<id>` | a durable that is offline; `?queue=<group>` a group's |
//! | `DELETE clients/<id>` | a client: it hears at its next ping that it is out |
//!
//! `Authorization: Bearer <token>` and nothing else opens it: no cookie, so that no page can have a browser do it, and no
//! header that allows one to ask. Answers and errors are JSON: `{"purged":3}`, `{"error":"…"}`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::routing::{MethodFilter, MethodRouter};
use axum::{Extension, Router};
use hashbrown::HashMap;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::Monitor;
use super::parameters::Parameters;
use crate::clock::nanos;
use crate::stan::{Durable, NotDone, Stan};
use crate::turn::Turn;

/// Wrong tokens from one address before it has to wait.
const TRIES_MAX: u32 = 10;

/// For how long it has to, and after how long a wrong one is forgotten.
const TRIES_TIME: std::time::Duration = std::time::Duration::from_mins(1);

/// Addresses remembered at a time. Beyond that all have to wait: somebody has many.
const ADDRESSES_MAX: usize = 1024;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Peer(pub IpAddr);

/// What is asked for.
enum Wish {
    DeleteChannel(String),
    Purge(String),
    DropDurable(String, String),
    Disconnect(String),
}

/// Why it is not done.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("show the token of administrators: Authorization: Bearer <token>")]
    NoToken,
    #[error("the token is wrong")]
    WrongToken,
    #[error("too many wrong tokens: wait a minute")]
    TooManyTries,
    #[error("{0}")]
    Unclear(String),
    #[error("{0}")]
    NotDone(#[from] NotDone),
    #[error("internal server error")]
    Failed,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
            Self::Unclear(_) => StatusCode::BAD_REQUEST,
            Self::NotDone(NotDone::NoChannel(_) | NotDone::NoDurable(..) | NotDone::NoClient(_)) => {
                StatusCode::NOT_FOUND
            }
            Self::NotDone(NotDone::View { .. } | NotDone::InUse(..) | NotDone::Refused(_)) => StatusCode::CONFLICT,
            Self::NotDone(NotDone::Unconfirmed) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Wrong tokens by address: how many, and when the first of them came.
#[derive(Default)]
struct Tries(HashMap<IpAddr, (u32, i64)>);

impl Tries {
    /// Whether this address may try at `now`.
    fn may(&mut self, peer: IpAddr, now: i64) -> bool {
        self.0.retain(|_, (_, since)| now - *since < nanos(TRIES_TIME));
        match self.0.get(&peer) {
            Some((count, _)) => *count < TRIES_MAX,
            None => self.0.len() < ADDRESSES_MAX,
        }
    }

    /// It tried, and was wrong.
    fn wrong(&mut self, peer: IpAddr, now: i64) {
        self.0.entry(peer).or_insert((0, now)).0 += 1;
    }
}

/// What all requests share.
#[derive(Clone)]
struct Desk {
    monitor: Arc<Monitor>,
    /// Answers made at a time: a hashed token takes a core for a while.
    answering: Arc<Semaphore>,
    tries: Arc<Mutex<Tries>>,
}

/// The routes, if a token is set.
pub(super) fn router(monitor: &Arc<Monitor>, answering: Arc<Semaphore>) -> Option<Router<Arc<Monitor>>> {
    monitor.server.stan.as_ref()?.options.admin_token.as_ref()?;
    if !monitor.address.ip().is_loopback() {
        tracing::warn!("administrators' tokens come by plain HTTP to {}: put a TLS proxy before it", monitor.address);
    }
    let desk = Desk { monitor: monitor.clone(), answering, tries: Arc::default() };
    let router = Router::new()
        .route("/channels/{channel}", on(MethodFilter::DELETE, Wish::DeleteChannel))
        .route("/channels/{channel}/purge", on(MethodFilter::POST, Wish::Purge))
        .route(
            "/channels/{channel}/durables/{durable}",
            on(MethodFilter::DELETE, |(channel, durable)| Wish::DropDurable(channel, durable)),
        )
        .route("/clients/{client}", on(MethodFilter::DELETE, Wish::Disconnect))
        .with_state(desk);
    Some(Router::new().nest(crate::admin::PATH, router))
}

/// What answers on a path that tells of `wish`.
fn on<P: DeserializeOwned + Send + 'static>(method: MethodFilter, wish: fn(P) -> Wish) -> MethodRouter<Desk> {
    let handler = async move |State(desk): State<Desk>,
                              Extension(peer): Extension<Peer>,
                              headers: HeaderMap,
                              Path(path): Path<P>,
                              Query(rest): Query<Vec<(String, String)>>| {
        let _turn = desk.answering.clone().acquire_owned().await;
        // It takes locks, and waits for the disk: clients' sockets must not wait for that.
        let done = tokio::task::spawn_blocking(move || desk.answer(peer, &headers, &wish(path), rest)).await;
        done.unwrap_or_else(|failed| {
            tracing::error!("monitoring: an administrator's request failed: {failed}");
            refused(&Refusal::Failed)
        })
    };
    axum::routing::on(method, handler)
}

impl Desk {
    fn answer(&self, peer: Peer, headers: &HeaderMap, wish: &Wish, rest: Vec<(String, String)>) -> Response<Body> {
        match self.admit(peer, headers).and_then(|stan| self.fulfil(stan, peer, wish, &Parameters::new(rest))) {
            Ok(told) => response(StatusCode::OK, &told),
            Err(refusal) => refused(&refusal),
        }
    }

    /// Lets in who shows the token.
    fn admit(&self, peer: Peer, headers: &HeaderMap) -> Result<&Stan, Refusal> {
        let server = &self.monitor.server;
        let stan = server.stan.as_ref().ok_or(Refusal::NoToken)?;
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = shown.and_then(|shown| shown.split_once(' ')).ok_or(Refusal::NoToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::NoToken);
        }
        if !self.tries.lock().may(peer.0, server.clock.now()) {
            return Err(Refusal::TooManyTries);
        }
        if stan.options.admin_token.as_ref().is_some_and(|secret| secret.verify(token.as_bytes())) {
            return Ok(stan);
        }
        self.tries.lock().wrong(peer.0, server.clock.now());
        tracing::warn!("STREAM: a wrong token of administrators came from {}", peer.0);
        Err(Refusal::WrongToken)
    }

    fn fulfil(&self, stan: &Stan, peer: Peer, wish: &Wish, rest: &Parameters) -> Result<Value, Refusal> {
        let mut turn = Turn::new(self.monitor.server.clone());
        let done = match wish {
            Wish::DeleteChannel(channel) => {
                let force = rest.flag("force").map_err(|why| Refusal::Unclear(why.to_string()))?;
                let deleted = stan.delete_channel(&mut turn, channel, force);
                deleted.map(|()| json!({ "channel": channel, "deleted": true }))
            }
            Wish::Purge(channel) => {
                let purged = stan.purge_channel(&mut turn, channel);
                purged.map(|purged| json!({ "channel": channel, "purged": purged }))
            }
            Wish::DropDurable(channel, name) => {
                let durable = durable(name, rest)?;
                let dropped = stan.drop_durable(&mut turn, channel, durable);
                dropped.map(|()| json!({ "channel": channel, "durable": name, "dropped": true }))
            }
            Wish::Disconnect(client) => {
                let disconnected = stan.disconnect(&mut turn, client);
                disconnected.map(|()| json!({ "client": client, "disconnected": true }))
            }
        };
        turn.finish(); // A part may have been done although the rest was refused.
        let done = done?;
        tracing::info!("STREAM: an administrator at {} did this: {done}", peer.0);
        Ok(done)
    }
}

/// Whose durable is meant.
fn durable<'a>(name: &'a str, rest: &'a Parameters) -> Result<Durable<'a>, Refusal> {
    match (rest.text("client"), rest.text("queue")) {
        (Some(client), None) => Ok(Durable::Client { client, name }),
        (None, Some(queue)) => Ok(Durable::Queue { queue, name }),
        _ => Err(Refusal::Unclear("say whose durable it is: ?client=<id> or ?queue=<group>".to_owned())),
    }
}

fn refused(refusal: &Refusal) -> Response<Body> {
    let mut response = response(refusal.status(), &json!({ "error": refusal.to_string() }));
    let headers = response.headers_mut();
    match refusal {
        Refusal::NoToken | Refusal::WrongToken => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Refusal::TooManyTries => {
            headers.insert(RETRY_AFTER, HeaderValue::from(TRIES_TIME.as_secs()));
        }
        Refusal::Unclear(_) | Refusal::NotDone(_) | Refusal::Failed => {}
    }
    response
}

fn response(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{body}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in
        [(CONTENT_TYPE, "application/json"), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-store")]
    {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    #[test]
    fn who_is_wrong_too_often_waits_and_others_do_not() {
        let mut tries = Tries::default();
        let minute = nanos(TRIES_TIME);
        for n in 0..TRIES_MAX {
            assert!(tries.may(address(1), n.into()), "{n}");
            tries.wrong(address(1), n.into());
        }
        assert!(!tries.may(address(1), minute - 1) && tries.may(address(2), minute - 1));
        assert!(tries.may(address(1), minute), "a minute after the first");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut tries = Tries::default();
        for n in 0..2000 {
            if tries.may(address(n), 0) {
                tries.wrong(address(n), 0);
            }
        }
        assert_eq!(tries.0.len(), ADDRESSES_MAX);
        assert!(tries.may(address(3), 0), "who is known goes on");
        assert!(tries.may(address(5000), nanos(TRIES_TIME)) && tries.0.is_empty(), "all is forgotten");
    }
}
