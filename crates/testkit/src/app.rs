//! A service on a port, without what it does in the background: a test decides what is delivered, and when.

use std::collections::BTreeMap;

use axum::Router;
use events::listener::Delivery;
use events::{Envelope, Event, Listeners, UserId, Verdict, outbox};
use serde_json::Value;
use service::{Rules, Service, Sessions};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{PATIENCE, User};

/// The key that tests sign sessions with: `Sessions::new(&testkit::KEY.into(), …)`.
pub const KEY: &str = "a key for tests, and only for tests, of 48 bytes";

/// A service that answers on a port of its own until its test ends. Neither relay nor listeners run.
pub struct TestApp {
    /// Where it answers: `http://127.0.0.1:43523`.
    pub url: String,
    sessions: Sessions,
    db: Option<PgPool>,
    listeners: Option<Listeners>,
}

impl TestApp {
    /// Serves `service`, whose users `sessions` signs in, as if it were `https://ticketing.dev` behind no proxy.
    pub async fn start(service: Service, sessions: &Sessions) -> Self {
        Self::start_by(service, sessions, &Rules::default()).await
    }

    /// The same with other rules around it.
    pub async fn start_by(service: Service, sessions: &Sessions, rules: &Rules) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("the port we are bound to"));
        let (db, listeners) = (service.db.clone(), service.listeners());
        let router = service::app(Router::from(service.api), rules);
        // It ends with the runtime of its test.
        tokio::spawn(service::server::serve(listener, router, CancellationToken::new(), PATIENCE));
        Self { url, sessions: sessions.clone(), db, listeners }
    }

    /// Somebody new, signed in.
    pub fn sign_in(&self) -> User {
        self.sign_in_as(UserId::new())
    }

    /// `id`, signed in: one of several sessions of that user.
    pub fn sign_in_as(&self, id: UserId) -> User {
        let user = User::new(&self.url, id);
        let (_, cookie) = self.sessions.issue(id, &user.email).expect("a session");
        user.keep_cookie(cookie.to_str().expect("a cookie of ASCII"));
        user
    }

    /// Somebody who is not signed in.
    pub fn anonymous(&self) -> User {
        User::new(&self.url, UserId::new())
    }

    /// The service's database.
    pub fn db(&self) -> &PgPool {
        self.db.as_ref().expect("this service has no database")
    }

    /// What the service published so far, oldest first: subjects and events.
    pub async fn published(&self) -> Vec<(String, Value)> {
        let read = |envelope: &Envelope| serde_json::from_slice(&envelope.payload).expect("events are JSON");
        self.outbox().await.iter().map(|envelope| (envelope.subject.clone(), read(envelope))).collect()
    }

    /// What it published so far of one kind, oldest first.
    pub async fn published_of<E: Event>(&self) -> Vec<E> {
        let outbox = self.outbox().await;
        let of_kind = outbox.iter().filter(|envelope| envelope.subject == E::SUBJECT);
        of_kind.map(|envelope| serde_json::from_slice(&envelope.payload).expect("an event of its subject")).collect()
    }

    /// Forgets what was published so far, as if the broker had it.
    pub async fn forget_published(&self) {
        sqlx::query("delete from outbox").execute(self.db()).await.expect("emptying the outbox");
    }

    async fn outbox(&self) -> Vec<Envelope> {
        outbox::pending(self.db()).await.expect("reading the outbox")
    }

    /// Delivers `event` for the first time.
    pub async fn deliver<E: Event>(&self, event: &E) -> Verdict {
        self.receive(&envelope(event), 1).await
    }

    /// Delivers an envelope that was delivered before: `Envelope::of(&event)`, or one of another service's outbox.
    pub async fn deliver_again(&self, envelope: &Envelope) -> Verdict {
        self.receive(envelope, 2).await
    }

    /// Delivers whatever bytes on whatever subject, for the first time.
    pub async fn deliver_raw(&self, subject: &str, bytes: impl Into<Vec<u8>>) -> Verdict {
        let (subject, payload) = (subject.to_owned(), bytes.into());
        self.receive(&Envelope { id: Uuid::now_v7(), subject, payload, headers: BTreeMap::new() }, 1).await
    }

    /// Delivers an envelope for the `count`-th time.
    pub async fn receive(&self, envelope: &Envelope, count: i64) -> Verdict {
        let listeners = self.listeners.as_ref().expect("this service has no listeners");
        listeners.receive(self.db(), envelope, &delivery(envelope, count)).await
    }
}

/// A new envelope around `event`.
pub(crate) fn envelope<E: Event>(event: &E) -> Envelope {
    Envelope::of(event).expect("events are JSON")
}

/// How `envelope` comes for the `count`-th time.
pub fn delivery(envelope: &Envelope, count: i64) -> Delivery {
    let stream = events::event::STREAMS.iter().find(|stream| stream.subjects.contains(&&*envelope.subject));
    Delivery { stream: stream.map_or("UNKNOWN", |stream| stream.name).to_owned(), sequence: 1, count }
}
