//! A socket: what was begun is finished, and nothing else.

use axum::http::Method;
use std::time::Duration;

use service::{Clock, PublicUrl, Rules, Sessions, app, server};
use testkit::{KEY, PATIENCE, User};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::things::App;

struct World {
    app: App,
    url: String,
    stop: CancellationToken,
    served: JoinHandle<usize>,
    ann: User,
}

async fn world(grace: Duration) -> World {
    let sessions = Sessions::without_revocations(&KEY.into(), Clock::system(), &PublicUrl::default());
    let things = App::new(sessions.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let router = app(things.service().api.into(), &Rules::default());
    let served = tokio::spawn(server::serve(listener, router, stop.clone(), grace));
    let ann = testkit::User::at(&url);
    World { app: things, url, stop, served, ann }
}

#[tokio::test]
async fn a_request_that_was_begun_is_answered_and_no_other_is_taken() {
    let world = world(PATIENCE).await;
    let begun = tokio::spawn({
        let ann = world.ann.clone();
        async move { ann.get("/api/wait").await }
    });
    world.app.begun.notified().await;
    world.stop.cancel();
    let address = world.url.trim_start_matches("http://").to_owned();
    testkit::eventually("nobody new is taken", async || tokio::net::TcpStream::connect(&address).await.is_err()).await;
    assert!(!world.served.is_finished(), "one is not done yet");

    world.app.end.notify_one();
    let answer = begun.await.unwrap();
    assert_eq!((answer.status, &*answer.text, answer.header("connection")), (200, "done", Some("close")));
    assert_eq!(world.served.await.unwrap(), 0);
}

#[tokio::test]
async fn a_connection_that_waits_for_nothing_is_no_reason_to_wait() {
    let world = world(PATIENCE).await;
    world.ann.get("/api/me").await.is(200);
    let idle = tokio::net::TcpStream::connect(world.url.trim_start_matches("http://")).await.unwrap();
    world.stop.cancel();
    assert_eq!(world.served.await.unwrap(), 0);
    drop(idle);
}

#[tokio::test]
async fn a_stream_of_events_ends_when_the_server_does() {
    let world = world(PATIENCE).await;
    let mut events = world.ann.ask(Method::GET, "/api/changes").send().await.unwrap();
    assert_eq!(events.chunk().await.unwrap().unwrap(), "data: first\n\n");
    world.stop.cancel();
    assert_eq!(events.chunk().await.unwrap(), None, "it ends as a whole answer does");
    assert_eq!(world.served.await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_not_done_in_time_is_cut_off() {
    let world = world(Duration::from_millis(20)).await;
    let ann = world.ann.clone();
    let asked = tokio::spawn(async move { ann.ask(Method::GET, "/api/wait").send().await.is_err() });
    world.app.begun.notified().await;
    world.stop.cancel();
    assert_eq!(world.served.await.unwrap(), 1);
    assert!(asked.await.unwrap(), "there is no answer");
}
