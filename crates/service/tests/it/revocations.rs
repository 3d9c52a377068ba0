//! F23: who signed out is signed out, everywhere.

use events::accounts::SessionRevoked;
use events::{Listeners, Verdict};
use service::session::LIFETIME;
use service::session::revocations::prune;
use service::{Clock, PublicUrl, Service, Sessions};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use testkit::{Database, KEY, TestApp, database};

use crate::things::{App, then};

/// The service under test has no tables of its own.
pub static NONE: Migrator = Migrator::DEFAULT;

/// A service with a database, and sessions that look into it.
async fn service(schema: &'static str, clock: &Clock) -> (TestApp, Sessions, PgPool) {
    let db = database(schema, &NONE).await;
    let sessions = Sessions::new(&KEY.into(), db.clone(), clock.clone(), &PublicUrl::default());
    let listeners = Some(Listeners::new("things-service"));
    let service = Service { db: Some(db.clone()), listeners, ..App::new(sessions.clone()).service() };
    (TestApp::start(service, &sessions).await, sessions, db)
}

#[tokio::test]
async fn a_session_that_was_revoked_counts_here_at_once_and_elsewhere_when_they_hear_of_it() {
    let clock = Clock::at(then());
    let (accounts, sessions, db) = service("accounts", &clock).await;
    let (things, ..) = service("things", &clock).await;
    let ann = things.sign_in();
    let phone = things.sign_in_as(ann.id);
    let at_accounts = accounts.anonymous();
    at_accounts.keep_cookie(&ann.cookies());
    let headers =
        [("cookie", ann.cookies())].into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    let session = sessions.read(&headers.collect()).await.unwrap().unwrap();

    let mut tx = db.begin().await.unwrap();
    sessions.revoke(&mut tx, &session).await.unwrap();
    sessions.revoke(&mut tx, &session).await.unwrap();
    tx.commit().await.unwrap();
    let published = accounts.published_of::<SessionRevoked>().await;
    let expected = SessionRevoked { id: session.id, user_id: ann.id, expires_at: session.expires_at };
    assert_eq!(published, std::slice::from_ref(&expected), "signing out twice is one event");

    assert!(at_accounts.get("/api/me").await.is(200).is_null());
    assert!(!ann.get("/api/me").await.is(200).is_null(), "nobody told them yet");
    assert_eq!(things.deliver(&expected).await, Verdict::Done);
    assert_eq!(things.deliver(&expected).await, Verdict::Done, "another event about the same is no failure");
    assert!(ann.get("/api/me").await.is(200).is_null());
    ann.put("/api/things/x", ()).await.refuses(401, "Not authorized");
    assert!(!phone.get("/api/me").await.is(200).is_null(), "another sign-in of hers goes on");
}

#[tokio::test]
async fn a_revocation_is_forgotten_once_its_token_has_expired() {
    let clock = Clock::at(then());
    let (app, sessions, db) = service("things", &clock).await;
    let (old, _) = sessions.issue(events::UserId::new(), "a@b.c").unwrap();
    clock.advance(time::Duration::minutes(1));
    let (new, _) = sessions.issue(events::UserId::new(), "a@b.c").unwrap();
    for session in [&old, &new] {
        let mut tx = db.begin().await.unwrap();
        sessions.revoke(&mut tx, session).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(prune(app.db(), clock.now()).await.unwrap(), 0);
    clock.advance(LIFETIME - time::Duration::seconds(1));
    assert_eq!(prune(app.db(), clock.now()).await.unwrap(), 1, "the older one's");
}

#[tokio::test]
async fn while_the_database_is_away_nobody_is_signed_out_and_nobody_believed() {
    let (app, _, db) = service("things", &Clock::system()).await;
    let ann = app.sign_in();
    Database::of(&db).refuse().await;
    ann.get("/api/me").await.refuses(500, "Something went wrong");
    app.anonymous().get("/api/me").await.is(200);
    Database::of(&db).answer().await;
    assert!(!ann.get("/api/me").await.is(200).is_null());
}
