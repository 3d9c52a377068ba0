//! HTTP on a socket, until told to stop; then what was begun is finished, within bounds.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use axum::response::Response;
use futures::StreamExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::{debug, warn};

/// Connections at once; more wait in the system's queue. Well below the files a process may have open.
const CONNECTIONS_MAX: usize = 10_000;
/// How long a client may take to send the head of a request, the pause before it included. A bit longer than proxies
/// keep idle connections, a minute most often: else they would send a request into one that we just closed.
const HEAD_MAX: Duration = Duration::from_secs(75);
/// The pause after a connection could not be taken: for want of files, which only time brings back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` until `stop`, then for at most `grace` finishes what was begun. Returns how many connections had to be
/// cut off. Streams of events, which never end by themselves, end with `stop`.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken, grace: Duration) -> usize {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            // Never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            (place, accepted) = accepted => match accepted {
                Ok((socket, peer)) => {
                    let (router, stop) = (router.clone(), stop.clone());
                    connections.spawn(async move {
                        connection(socket, peer, router, stop).await;
                        drop(place);
                    });
                }
                Err(error) => refused(&error).await,
            },
        }
    }
    // Nobody new from here on.
    drop(listener);
    let finished = timeout(grace, async { while connections.join_next().await.is_some() {} }).await;
    let cut = connections.len();
    if finished.is_err() {
        warn!(connections = cut, "cut off what was not finished in time");
        connections.shutdown().await;
    }
    cut
}

async fn refused(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    // Gone before it was looked at.
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    warn!("a connection could not be taken: {error}");
    sleep(ACCEPT_PAUSE).await;
}

async fn connection(socket: TcpStream, peer: SocketAddr, router: Router, stop: CancellationToken) {
    // Answers are small and whole: waiting for more to send only delays them.
    let _ = socket.set_nodelay(true);
    let stopping = stop.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let (router, stop) = (router.clone(), stopping.clone());
        async move {
            let Ok(response) = router.oneshot(request).await;
            Ok::<_, Infallible>(end_with(response, stop))
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .serve_connection(TokioIo::new(socket), service);
    tokio::pin!(serving);
    let served = tokio::select! {
        served = &mut serving => served,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        debug!(%peer, "a connection ended: {error}");
    }
}

fn end_with(response: Response, stop: CancellationToken) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        return response;
    }
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(stop.cancelled_owned())))
}
