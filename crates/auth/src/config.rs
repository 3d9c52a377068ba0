//! The settings of this service.

use std::num::NonZeroU32;

use clap::Parser;
use secrecy::SecretString;
use service::cli::Program;
use service::{Service, Settings, openapi};
use utoipa::openapi::OpenApi;

/// Who is who: sign-up, sign-in, sign-out.
#[derive(Debug, Clone, Parser)]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub common: Settings,
    /// Where the database is, like `postgres://user:password@host/name`.
    #[arg(long, env, hide_env_values = true)]
    pub auth_database_url: SecretString,
    /// How often an address may sign in or up within a minute, by each replica: an office behind one address should
    /// not notice, a guesser should.
    #[arg(long, env, default_value = "60")]
    pub tries_per_address: NonZeroU32,
    /// How often anybody may try to sign in to one account within a minute, by each replica.
    #[arg(long, env, default_value = "10")]
    pub tries_per_account: NonZeroU32,
}

impl Program for Config {
    const NAME: &'static str = "auth";

    fn settings(&self) -> &Settings {
        &self.common
    }

    async fn service(&self) -> anyhow::Result<Service> {
        crate::service(self).await
    }

    fn openapi() -> OpenApi {
        openapi::document(Self::NAME, crate::router().into_openapi())
    }
}
