//! Monitoring: what a running server tells about itself over HTTP (`-m`).
//!
//! The paths, parameters and JSON are those of `nats-server`, so that `nats-top`, `prometheus-nats-exporter` and
//! dashboards find what they know; `/metrics` is ours, for Prometheus without an exporter between, and so is the page at
//! `/` for people. Every answer is made from what the server counts anyway: a server nobody looks at pays nothing for
//! being looked at.
//!
//! `ROUTES` every path · `http.rs` the HTTP server and its bounds · `answer.rs` what an answer is · `parameters.rs`
//! what a question may say · one file a path · `page.rs` the page, `live.rs` what it asks for · `process.rs` the process as the operating system sees it ·
//! `jetstream.rs`, `totals.rs` all streams together.
//!
//! Whoever reaches the port may read it all. So nothing here tells a credential, and nothing can be changed but by those
//! who show the token of administrators (`admin.rs`), if one is set.

mod accountz;
mod accstatz;
mod admin;
mod answer;
mod connz;
mod gatewayz;
mod healthz;
mod http;
mod jetstream;
mod jsz;
mod leafz;
mod live;
mod metrics;
mod page;
mod parameters;
mod process;
mod routez;
mod streaming;
mod subsz;
mod totals;
mod varz;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::server::Server;
use answer::{Answer, Refusal};
use live::Live;
use parameters::Parameters;
use process::Process;

/// The one account all clients and streams belong to, by the name `nats-server` gives it.
const ACCOUNT: &str = "$G";

/// A path, what the index says of it (nothing: it is another's second name), and what answers.
struct Route {
    path: &'static str,
    about: &'static str,
    answer: fn(&Monitor, &Parameters) -> Result<Answer, Refusal>,
}

/// Every path we answer on.
const ROUTES: [Route; 24] = [
    Route { path: "/", about: "", answer: page::answer },
    Route { path: "/varz", about: "The server: settings, load, counts", answer: varz::answer },
    Route { path: "/connz", about: "Connections", answer: connz::answer },
    Route { path: "/subsz", about: "Subscriptions", answer: subsz::answer },
    Route { path: "/subscriptionsz", about: "", answer: subsz::answer },
    Route { path: "/jsz", about: "JetStream: streams and consumers", answer: jsz::answer },
    Route { path: "/accountz", about: "Accounts", answer: accountz::answer },
    Route { path: "/accstatz", about: "Accounts' traffic", answer: accstatz::answer },
    Route { path: "/routez", about: "Routes to other servers", answer: routez::answer },
    Route { path: "/gatewayz", about: "Gateways to other clusters", answer: gatewayz::answer },
    Route { path: "/leafz", about: "Leaf nodes", answer: leafz::answer },
    Route { path: "/streaming", about: "NATS Streaming", answer: streaming::index },
    Route { path: "/streaming/serverz", about: "NATS Streaming: the server", answer: streaming::serverz::answer },
    Route { path: "/streaming/storez", about: "NATS Streaming: limits and sums", answer: streaming::storez::answer },
    Route { path: "/streaming/clientsz", about: "NATS Streaming: clients", answer: streaming::clientsz::answer },
    Route { path: "/streaming/channelsz", about: "NATS Streaming: channels", answer: streaming::channelsz::answer },
    Route { path: "/streaming/isFTActive", about: "", answer: streaming::is_ft_active },
    Route { path: "/healthz", about: "Whether all is well", answer: healthz::answer },
    Route { path: "/metrics", about: "Metrics for Prometheus", answer: metrics::answer },
    Route { path: "/live/server", about: "", answer: live::server::answer },
    Route { path: "/live/streams", about: "", answer: live::streams::answer },
    Route { path: "/live/consumers", about: "", answer: live::consumers::answer },
    Route { path: "/live/connections", about: "", answer: live::connections::answer },
    Route { path: "/live/clients", about: "", answer: live::clients::answer },
];

/// What answers are made of.
struct Monitor {
    server: Arc<Server>,
    /// Where we listen.
    address: SocketAddr,
    process: Process,
    live: Live,
    /// Requests for each of [`ROUTES`].
    requests: [AtomicU64; ROUTES.len()],
}

impl Monitor {
    fn new(server: Arc<Server>, address: SocketAddr) -> Self {
        Self {
            server,
            address,
            process: Process::default(),
            live: Live::default(),
            requests: [const { AtomicU64::new(0) }; ROUTES.len()],
        }
    }

    /// The paths that were asked for, and how often.
    fn requests(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.requests.iter().map(|count| count.load(Ordering::Relaxed));
        ROUTES.iter().map(|route| route.path).zip(counts).filter(|(_, count)| *count > 0)
    }
}

/// Answers on `listener` until `stopped` is true, and then what was asked before.
pub async fn serve(server: Arc<Server>, listener: TcpListener, stopped: watch::Receiver<bool>) {
    let address = match listener.local_addr() {
        Ok(address) => address,
        Err(error) => {
            tracing::error!("cannot tell where monitoring listens: {error}");
            return;
        }
    };
    http::serve(Arc::new(Monitor::new(server, address)), listener, stopped).await;
}
