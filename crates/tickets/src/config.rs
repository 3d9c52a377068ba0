//! What this service is told by its environment.

use std::num::NonZeroU32;

use secrecy::SecretString;
use service::{Program, Service, Settings};
use utoipa::openapi::OpenApi;

use crate::Limits;

/// The settings of `tickets`.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "tickets", version, about = "What is for sale, and which order holds it.")]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub common: Settings,
    /// Where its tables are, like `postgres://tickets@tickets-postgres-srv/tickets`.
    #[arg(long, env, hide_env_values = true)]
    pub tickets_database_url: SecretString,
    /// How many tickets one account may list or change a minute.
    #[arg(long, env, default_value_t = Limits::default().writes_per_minute)]
    pub tickets_writes_per_minute: NonZeroU32,
    /// How many may follow the changes at a time, each with a connection of its own.
    #[arg(long, env, default_value_t = Limits::default().readers_max)]
    pub tickets_readers_max: usize,
}

impl Config {
    /// How much of it one may have.
    pub fn limits(&self) -> Limits {
        Limits { writes_per_minute: self.tickets_writes_per_minute, readers_max: self.tickets_readers_max }
    }
}

impl Program for Config {
    const NAME: &'static str = "tickets";

    fn settings(&self) -> &Settings {
        &self.common
    }

    async fn service(&self) -> anyhow::Result<Service> {
        crate::service(self).await
    }

    fn openapi() -> OpenApi {
        crate::openapi()
    }
}
