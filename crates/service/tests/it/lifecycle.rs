//! From start to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use events::Listeners;
use serde_json::json;
use service::lifecycle::{run_until, until_told};
use service::{Clock, PublicUrl, Rules, Service, Sessions, Settings, Worker, app, start};
use testkit::{KEY, broker, database, eventually};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::revocations::NONE;
use crate::things::{App, then};

#[derive(Debug, clap::Parser)]
struct Config {
    #[command(flatten)]
    common: Settings,
}

fn settings(nats_url: &str) -> Settings {
    let variables = |name: &str| match name {
        "NATS_URL" => Some(nats_url.to_owned()),
        "JWT_KEY" => Some(KEY.to_owned()),
        "SHUTDOWN_DELAY" => Some("0s".to_owned()),
        "SHUTDOWN_GRACE" => Some("20s".to_owned()),
        _ => None,
    };
    service::settings::read::<Config>(variables, []).unwrap().common
}

fn sessions() -> Sessions {
    Sessions::without_revocations(&KEY.into(), Clock::system(), &PublicUrl::default())
}

#[tokio::test]
async fn told_to_stop_a_service_answers_what_was_begun_lets_its_workers_end_and_ends() {
    let things = App::new(sessions());
    let ended = Arc::new(AtomicBool::new(false));
    let worker = {
        let ended = ended.clone();
        Worker::new("test", move |stop: CancellationToken| {
            let ended = ended.clone();
            async move {
                stop.cancelled().await;
                ended.store(true, Ordering::SeqCst);
            }
        })
    };
    let service = Service { workers: vec![worker], ..things.service() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ann = testkit::User::at(&format!("http://{}", listener.local_addr().unwrap()));
    let stop = CancellationToken::new();
    let settings = settings("nats://127.0.0.1:1");
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { run_until(&settings, service.into(), listener, stop).await }
    });
    let begun = tokio::spawn(async move { ann.get("/api/wait").await });
    things.begun.notified().await;
    stop.cancel();
    assert!(!ended.load(Ordering::SeqCst), "what requests need ends after them");
    things.end.notify_one();
    assert_eq!(begun.await.unwrap().text, "done");
    running.await.unwrap().unwrap();
    assert!(ended.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_service_is_alive_from_the_start_and_ready_when_it_hears_the_broker_until_it_is_told_to_stop() {
    let broker = broker().await;
    let db = database("things", &NONE).await;
    let listeners = Some(Listeners::new("things-service"));
    let service = Service { db: Some(db), listeners, ..App::new(sessions()).service() };
    let running = start(&settings(&broker.url), vec![service]).await.unwrap();
    let ann = serve(app(running.routes(), &Rules::default())).await;

    assert_eq!(ann.get("/healthz").await.is(200), json!({ "alive": true }));
    eventually("it is ready", async || ann.get("/readyz").await.status == 200).await;
    let checks = json!({ "database": "ok", "migrations": "ok", "broker": "ok", "listeners": "ok" });
    assert_eq!(ann.get("/readyz").await.is(200), json!({ "ready": true, "checks": checks }));

    running.drain();
    let answer = ann.get("/readyz").await;
    assert_eq!(answer.json["checks"]["process"], "about to stop");
    answer.refuses_field(503, "about to stop", "process");
    ann.get("/api/me").await.is(200);
    ann.get("/healthz").await.is(200);
    running.stop(Duration::from_secs(20)).await;
}

#[tokio::test]
async fn what_is_missing_is_told_and_does_not_end_the_process() {
    let mut broker = broker().await;
    if !broker.can_restart() {
        return;
    }
    let db = database("things", &NONE).await;
    let listeners = Some(Listeners::new("things-service"));
    let service = Service { db: Some(db.clone()), listeners, ..App::new(sessions()).service() };
    let running = start(&settings(&broker.url), vec![service]).await.unwrap();
    let ann = serve(app(running.routes(), &Rules::default())).await;
    eventually("it is ready", async || ann.get("/readyz").await.status == 200).await;

    broker.stop().await;
    eventually("it tells of the broker", async || {
        let answer = ann.get("/readyz").await;
        let checks = &answer.json["checks"];
        answer.status == 503
            && checks["broker"] == "not connected"
            && checks["listeners"] == "no word from the broker about ACCOUNTS"
    })
    .await;
    ann.get("/healthz").await.is(200);
    broker.restart().await;
    eventually("it is ready again", async || ann.get("/readyz").await.status == 200).await;

    testkit::Database::of(&db).refuse().await;
    ann.get("/readyz").await.refuses_field(503, "it does not answer", "database");
    testkit::Database::of(&db).answer().await;
    eventually("it is ready again", async || ann.get("/readyz").await.status == 200).await;

    sqlx::query("drop table _service_migrations").execute(&db).await.unwrap();
    ann.get("/readyz").await.refuses_field(503, "_service_migrations is not there", "migrations");
    running.stop(Duration::from_secs(20)).await;
}

#[tokio::test]
async fn a_session_revoked_in_one_service_is_revoked_in_another_of_the_same_process() {
    let broker = broker().await;
    let clock = Clock::at(then());
    let (accounts, things) = (database("accounts", &NONE).await, database("things", &NONE).await);
    let sessions = Sessions::new(&KEY.into(), things.clone(), clock, &PublicUrl::default());
    let mut named = Service { db: Some(accounts.clone()), ..Service::new("accounts") };
    named.ready.push(service::Check::new("answer", async || anyhow::bail!("42")));
    let listeners = Some(Listeners::new("things-service"));
    let listening = Service { db: Some(things.clone()), listeners, ..App::new(sessions.clone()).service() };
    let running = start(&settings(&broker.url), vec![named, listening]).await.unwrap();
    let ann = serve(app(running.routes(), &Rules::default())).await;
    let (session, cookie) = sessions.issue(ann.id, &ann.email).unwrap();
    ann.keep_cookie(cookie.to_str().unwrap());
    assert!(!ann.get("/api/me").await.is(200).is_null());

    let mut tx = accounts.begin().await.unwrap();
    sessions.revoke(&mut tx, &session).await.unwrap();
    tx.commit().await.unwrap();
    eventually("she is signed out", async || ann.get("/api/me").await.is(200).is_null()).await;

    let ready = ann.get("/readyz").await;
    assert_eq!(ready.json["checks"]["accounts/answer"], "42");
    assert_eq!(ready.json["checks"]["things/listeners"], "ok");
    let document = ann.get("/openapi.json").await.is(200);
    assert_eq!(document["info"]["title"], "ticketing");
    assert!(document["paths"]["/api/things"].is_object());
    running.stop(Duration::from_secs(20)).await;
}

#[tokio::test]
async fn listeners_without_a_database_are_no_silent_mistake() {
    let service = Service { listeners: Some(Listeners::new("things-service")), ..App::new(sessions()).service() };
    let error = start(&settings("nats://127.0.0.1:1"), vec![service]).await.err().unwrap();
    assert_eq!(error.to_string(), "things has listeners but no database: it needs a desk of its own");
}

#[tokio::test]
async fn a_signal_tells_to_stop_and_a_second_one_ends_it_at_once() {
    let signal = async || {
        let pid = std::process::id().to_string();
        let kill = tokio::task::spawn_blocking(move || {
            std::process::Command::new("kill").args(["-TERM", pid.as_str()]).status()
        });
        assert!(kill.await.unwrap().unwrap().success());
    };
    let stopped = until_told(async |stop| {
        signal().await;
        stop.cancelled().await;
        Ok(())
    });
    stopped.await.unwrap();
    let ended = until_told(async |stop| {
        signal().await;
        stop.cancelled().await;
        signal().await;
        std::future::pending().await
    });
    assert_eq!(ended.await.unwrap_err().to_string(), "told twice to stop");
}

async fn serve(router: axum::Router) -> testkit::User {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(service::server::serve(listener, router, CancellationToken::new(), testkit::PATIENCE));
    testkit::User::at(&url)
}
