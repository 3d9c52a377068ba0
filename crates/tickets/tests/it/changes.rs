//! `GET /api/tickets/changes`

use std::time::Duration;

use axum::Router;
use axum::http::Method;
use events::Verdict;
use serde_json::{Value, json};
use service::{Clock, Rules, server};
use testkit::{Break, Database, TestApp, User, eventually};
use tickets::{App, Limits};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Order, a_hold, a_ticket, path, shown, tickets_at, tickets_within};

/// A stream of events as a browser reads it.
struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(user: &User) -> Self {
        let response = user.ask(Method::GET, "/api/tickets/changes").send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let mut stream = Self { response, text: String::new() };
        assert_eq!(stream.block().await.as_deref(), Some("retry: 3000\nid: 1"));
        stream
    }

    /// What stands between two empty lines. `None`: the stream has ended.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = self.response.chunk().await.expect("more of the stream")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    /// The next event and its data.
    async fn next(&mut self) -> (String, Value) {
        let block = self.block().await.expect("an event");
        let (event, data) = block.split_once('\n').expect("an event and its data");
        let event = event.strip_prefix("event: ").expect("an event").to_owned();
        (event, serde_json::from_str(data.strip_prefix("data: ").expect("data")).expect("JSON"))
    }
}

fn reload() -> (String, Value) {
    ("reload".to_owned(), json!({}))
}

fn change(ticket: &Value) -> (String, Value) {
    ("ticket".to_owned(), ticket.clone())
}

/// The worker that tells the readers, at work for as long as the test runs.
fn relay(test: &TestApp, app: &App) -> JoinHandle<anyhow::Result<()>> {
    tokio::spawn(app.changes().clone().relay(test.db().clone(), CancellationToken::new()))
}

/// A stream, and somebody who tells it: that there may have been a gap comes first, so that nothing after it is missed.
async fn a_stream(test: &TestApp, app: &App) -> Stream {
    let mut stream = Stream::open(&test.anonymous()).await;
    relay(test, app);
    assert_eq!(stream.next().await, reload());
    stream
}

#[tokio::test]
async fn every_change_is_told_as_the_ticket_it_makes() {
    let (test, app) = tickets_within(Limits::default()).await;
    let mut stream = a_stream(&test, &app).await;
    let ann = test.sign_in();
    let ticket = a_ticket(&ann).await;
    assert_eq!(stream.next().await, change(&ticket));
    let edited = ann.put(path(&ticket), json!({ "title": "Lear\"\\ ✓", "price": 19.99 })).await.is(200);
    assert_eq!(stream.next().await, change(&edited));
    let order = a_hold(&test, &ticket).await;
    assert_eq!(stream.next().await, change(&shown(&test, &ticket).await));
    assert_eq!(test.deliver(&order.cancelled(2)).await, Verdict::Done);
    assert_eq!(stream.next().await, change(&shown(&test, &ticket).await));
    let order = a_hold(&test, &ticket).await;
    assert_eq!(stream.next().await.1["status"], "held");
    assert_eq!(test.deliver(&order.completed(2)).await, Verdict::Done);
    assert_eq!(stream.next().await, change(&shown(&test, &ticket).await));
}

#[tokio::test]
async fn the_longest_title_fits_too() {
    let (test, app) = tickets_within(Limits::default()).await;
    let mut stream = a_stream(&test, &app).await;
    for title in ["𝕳".repeat(200), "\"".repeat(200), "\\".repeat(200)] {
        let ticket = crate::a_ticket_of(&test.sign_in(), &title, "999999.99").await;
        assert_eq!(stream.next().await, change(&ticket));
    }
}

#[tokio::test]
async fn it_is_a_stream_that_nobody_keeps_back() {
    let (test, _) = tickets_within(Limits::default()).await;
    let stream = Stream::open(&test.anonymous()).await;
    let header = |name: &str| stream.response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "no-cache");
    assert_eq!(header("x-accel-buffering"), "no");
}

#[tokio::test]
async fn every_replica_tells_what_any_of_them_changed() {
    let (test, app) = tickets_within(Limits::default()).await;
    let (other_test, other_app) = tickets_at(test.db().clone(), &Clock::system(), Limits::default()).await;
    let (mut one, mut two) = (a_stream(&test, &app).await, a_stream(&other_test, &other_app).await);
    let ticket = a_ticket(&test.sign_in()).await;
    assert_eq!((one.next().await, two.next().await), (change(&ticket), change(&ticket)));
    let ticket = a_ticket(&other_test.sign_in()).await;
    assert_eq!((one.next().await, two.next().await), (change(&ticket), change(&ticket)));
}

#[tokio::test]
async fn what_did_not_happen_is_not_told() {
    let (test, app) = tickets_within(Limits::default()).await;
    let mut stream = a_stream(&test, &app).await;
    let (ann, kit) = (test.sign_in(), Database::of(test.db()));
    kit.break_writes("outbox", Break::AtCommit).await;
    ann.post("/api/tickets", json!({ "title": "Hamlet", "price": 20 })).await.refuses(500, "Something went wrong");
    kit.mend("outbox").await;
    let ticket = a_ticket(&ann).await;
    assert_eq!(stream.next().await, change(&ticket));
    let order = Order::of(&ticket);
    assert!(matches!(test.deliver(&order.cancelled(2)).await, Verdict::Retry(_)));
    assert_eq!(test.deliver(&order.created()).await, Verdict::Done);
    assert_eq!(stream.next().await.1["version"], 2);
}

#[tokio::test]
async fn who_comes_again_is_told_that_something_may_have_been_missed() {
    let (test, _) = tickets_within(Limits::default()).await;
    let mut stream = Stream::open(&test.anonymous().with_header("last-event-id", "1")).await;
    assert_eq!(stream.next().await, reload());
}

#[tokio::test]
async fn a_lost_connection_to_the_database_ends_the_relay_and_the_next_one_tells_of_the_gap() {
    let (test, app) = tickets_within(Limits::default()).await;
    let mut stream = Stream::open(&test.anonymous()).await;
    let first = relay(&test, &app);
    assert_eq!(stream.next().await, reload());
    Database::of(test.db()).terminate_connections().await;
    assert!(first.await.unwrap().is_err());
    relay(&test, &app);
    assert_eq!(stream.next().await, reload());
    let ticket = a_ticket(&test.sign_in()).await;
    assert_eq!(stream.next().await, change(&ticket));
}

#[tokio::test]
async fn when_as_many_read_as_may_others_are_asked_to_wait() {
    let (test, app) = tickets_within(Limits { readers_max: 1, ..Limits::default() }).await;
    let stream = a_stream(&test, &app).await;
    let refused = test.anonymous().get("/api/tickets/changes").await;
    assert_eq!(refused.header("retry-after"), Some("3"));
    refused.refuses(503, "The service is busy, please try again later");
    drop(stream);
    // That it left is noticed when there is something to tell.
    let ann = test.sign_in();
    eventually("the place is free", async || {
        a_ticket(&ann).await;
        app.changes().read().is_ok()
    })
    .await;
}

#[tokio::test]
async fn the_stream_ends_when_the_service_stops() {
    let (test, app) = tickets_within(Limits::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let router = service::app(Router::from(tickets::build(app).api), &Rules::default());
    let serving = tokio::spawn(server::serve(listener, router, stop.clone(), Duration::MAX));
    let (client, request) = test.anonymous().ask(Method::GET, "/api/tickets/changes").build_split();
    let mut request = request.unwrap();
    request.url_mut().set_port(Some(address.port())).unwrap();
    let mut stream = Stream { response: client.execute(request).await.unwrap(), text: String::new() };
    assert!(stream.block().await.is_some());
    stop.cancel();
    assert_eq!(stream.block().await, None);
    assert_eq!(serving.await.unwrap(), 0, "nobody was cut off");
}
