//! The HTTP server under monitoring, and what bounds it: nobody who reaches the port can make us hold much for long.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::Response;
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::admin::{self, Peer};
use super::answer::{self, Answer, Refusal};
use super::parameters::Parameters;
use super::{Monitor, ROUTES, page};

/// Connections at a time. The next wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 128;

/// How long a request may take to arrive, and a connection be idle between two.
const HEADER_TIME_MAX: Duration = Duration::from_secs(10);

/// How long a connection may last: who reads an answer slower than this goes without. Others ask on a new one.
const CONNECTION_TIME_MAX: Duration = Duration::from_mins(2);

/// Bytes of a request's head. Bodies are not read.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Answers made at a time: those about ten thousands of connections or consumers take a core for a while.
const ANSWERS_MAX: usize = 4;

/// How long a stopping server waits for the last answers to be taken.
const LAST_ANSWERS_TIME_MAX: Duration = Duration::from_secs(1);

/// Pause after a connection could not be accepted, which mostly means that there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Answers on `listener` until `stopped` is true.
pub(super) async fn serve(monitor: Arc<Monitor>, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
    let app = router(monitor);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        // Closed only with this function's end: there is always a place to come.
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let (stream, peer) = tokio::select! {
            biased;
            () = stop(&mut stopped) => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!("monitoring cannot accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        while connections.try_join_next().is_some() {} // Lets go of those that ended.
        let (app, stopped) = (app.clone(), stopped.clone());
        connections.spawn(async move {
            let _place = place;
            let connection = connection(app, stream, Peer(peer.ip()), stopped);
            let _ = tokio::time::timeout(CONNECTION_TIME_MAX, connection).await;
        });
    }
    drop(listener);
    let last = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(LAST_ANSWERS_TIME_MAX, last).await; // Dropped, the rest end.
}

async fn connection(app: Router, stream: TcpStream, peer: Peer, mut stopped: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true); // Else an answer's end may wait for the client's next word.
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADER_TIME_MAX).max_buf_size(HEAD_BYTES_MAX);
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        app.call(request)
    });
    let mut serving = std::pin::pin!(server.serve_connection(TokioIo::new(stream), service));
    let served = tokio::select! {
        served = &mut serving => served,
        () = stop(&mut stopped) => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        tracing::debug!("monitoring: a connection ended early: {error}");
    }
}

/// Waits until the server stops.
async fn stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|on| *on).await; // Its sender gone, the server is too.
}

/// What answers on each of [`ROUTES`], and the page's files: GET and HEAD, all else is refused.
fn router(monitor: Arc<Monitor>) -> Router {
    let answering = Arc::new(Semaphore::new(ANSWERS_MAX));
    let mut router = Router::new();
    for (nth, route) in ROUTES.iter().enumerate() {
        let answering = answering.clone();
        let handler = async move |State(monitor): State<Arc<Monitor>>, Query(pairs): Query<Vec<(String, String)>>| {
            let _turn = answering.acquire().await;
            monitor.requests[nth].fetch_add(1, Ordering::Relaxed);
            // It takes locks and writes long texts: clients' sockets must not wait for that.
            let answered = tokio::task::spawn_blocking(move || answered(&monitor, nth, &Parameters::new(pairs)));
            answered.await.unwrap_or_else(|failed| {
                tracing::error!("monitoring: {} failed: {failed}", route.path);
                answer::failed()
            })
        };
        router = router.route(route.path, get(handler));
    }
    for (path, asset) in &page::ASSETS {
        router = router.route(path, get(async || asset.response()));
    }
    if let Some(admin) = admin::router(&monitor, answering) {
        router = router.merge(admin);
    }
    router.fallback(async || answer::not_found()).with_state(monitor)
}

fn answered(monitor: &Monitor, nth: usize, parameters: &Parameters) -> Response<Body> {
    let answer = (ROUTES[nth].answer)(monitor, parameters);
    let answer = answer.and_then(|answer| answer.called_back(parameters.text("callback")));
    answer.map_or_else(|refusal: Refusal| refusal.response(), Answer::response)
}
