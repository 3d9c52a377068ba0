//! The whole marketplace in one process, on one port: for development, and for whoever wants to look.
//!
//! | module | what it answers for |
//! |---|---|
//! | [`config`] | the settings of all of it, with everything that is missing told at once |
//! | [`broker`] | the streaming server inside this process, unless `NATS_URL` names another |
//! | [`pages`] | the web client's files, and the headers a page needs to be safe |
//!
//! ```text
//!              ┌────────────────────────────── marketplace ──────────────────────────────┐
//!  browser ───►│ :3000 ─┬─ /api/… auth · tickets · orders · payments   expiration        │──► Postgres, Redis, Stripe
//!              │        └─ /      the web client                                         │
//!  nats CLI ──►│ :4222 ─── streaming server ◄── each service over a connection of its own│
//!              └─────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! What is always true: the services are those that run in pods of their own, started by the same functions. They share
//! a process, and nothing in it: what one knows of another came over the broker.

pub mod broker;
pub mod config;
pub mod pages;

use anyhow::Context;
use service::{Program, Service, Site};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

pub use self::broker::OwnBroker;
pub use self::config::{Config, Own, Services};
pub use self::pages::Pages;

/// Runs all of it until SIGTERM or SIGINT.
pub async fn run(config: Config) -> anyhow::Result<()> {
    service::telemetry::start(config.own.common.log_format);
    let listener = listen(&config).await?;
    Box::pin(service::lifecycle::until_told(async |stop| Box::pin(run_until(config, listener, stop)).await)).await
}

async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let (address, port) = (config.own.common.listen, config.own.common.port);
    TcpListener::bind((address, port)).await.with_context(|| {
        format!("can't listen on {address}, port {port}: stop what does, or choose another port by PORT")
    })
}

/// Runs all of it on a socket that is there already, until `stop`.
pub async fn run_until(mut config: Config, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
    let broker = match config.own_broker() {
        Some(settings) => {
            let broker = OwnBroker::start(&settings).await?;
            info!(url = broker.url(), store = %settings.folder.display(), "the streaming server is inside this process");
            config.use_broker(broker.url());
            Some(broker)
        }
        None => None,
    };
    let pages = Pages::new(&config.own)?.router();
    let site = Site { services: services(&config.services).await?, pages: Some(pages) };
    let served = service::run_until(&config.own.common, site, listener, stop).await;
    if let Some(broker) = broker {
        broker.stop().await;
    }
    served
}

/// Every service, its database opened and migrated.
pub async fn services(settings: &Services) -> anyhow::Result<Vec<Service>> {
    Ok(vec![
        settings.auth.service().await?,
        settings.tickets.service().await?,
        settings.orders.service().await?,
        settings.expiration.service().await?,
        settings.payments.service().await?,
    ])
}
