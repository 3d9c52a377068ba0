//! Serves connections. Unlike `axum::serve` it can hang up without a word, which is what a lost answer looks like.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Connections open at once: more than any test opens, fewer than the usual limit on open files (1024).
const CONNECTIONS_MAX: usize = 512;

/// How long a connection may be open without asking anything, so that silent ones make place.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// Marks a response that must not be sent.
#[derive(Debug, Clone, Copy)]
pub struct Lost;

/// The connection closes instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost on purpose")]
struct HangUp;

impl Lost {
    /// A response that closes the connection.
    pub fn response() -> Response<Body> {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(Self);
        response
    }
}

/// Serves until `stop`; then every connection ends.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                // Out of file descriptors, most likely: some time for others to close.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (router, stop) = (router.clone(), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            let service = hyper::service::service_fn(move |request: Request<Incoming>| answer(router.clone(), request));
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(IDLE_MAX)
                // One call each. Where a used connection closes without an answer, browsers and libraries send the
                // request again by themselves, and a lost answer would not be one.
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                () = stop.cancelled() => {}
                // Clients hang up, and we do so on purpose: nothing to report.
                _ = connection => {}
            }
        });
    }
}

async fn answer(router: Router, request: Request<Incoming>) -> Result<Response<Body>, HangUp> {
    let response: Result<_, Infallible> = router.oneshot(request.map(Body::new)).await;
    let Ok(response) = response;
    if response.extensions().get::<Lost>().is_some() { Err(HangUp) } else { Ok(response) }
}
