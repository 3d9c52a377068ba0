//! The streaming server inside this process.

use std::net::SocketAddr;
use std::path::PathBuf;

use streaming::Handle;
use streaming::options::{Address, JetStream, Options};

/// Where it listens, and where it keeps its streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// For clients; 0 takes any port that is free.
    pub port: u16,
    /// For monitoring by HTTP.
    pub monitor_port: Option<u16>,
    /// The folder of its store.
    pub folder: PathBuf,
}

/// A running one.
pub struct OwnBroker {
    handle: Handle,
}

impl OwnBroker {
    /// Starts it, for clients on this machine. The error says what is in its way: a port in use, a store in use.
    pub async fn start(settings: &Settings) -> anyhow::Result<Self> {
        let local = |port| Address { host: "127.0.0.1".to_owned(), port };
        let options = Options {
            server_name: Some("ticketing".to_owned()),
            client: local(settings.port),
            monitor: settings.monitor_port.map(local),
            jetstream: Some(JetStream { store_dir: settings.folder.clone(), ..JetStream::default() }),
            ..Options::default()
        };
        let started = streaming::start(options).await;
        // Its one line holds what caused it: the causes need not be told again.
        let handle = started.map_err(|error| anyhow::anyhow!("the streaming server does not start: {error}"))?;
        Ok(Self { handle })
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    fn address(&self) -> SocketAddr {
        self.handle.client_address()
    }

    /// Stops it, once the services are done with it.
    pub async fn stop(self) {
        self.handle.shutdown().await;
    }
}
