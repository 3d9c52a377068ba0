//! The settings of this service.

use clap::Parser;
use events::dead_letters::{DeadLetter, Replayed, Which};
use futures::future::BoxFuture;
use service::cli::{LetterBox, Program};
use service::{Service, Settings, openapi};
use utoipa::openapi::OpenApi;

use crate::App;
use crate::link::{Address, Link};

/// Timers in Redis: tells when an order's time is up.
#[derive(Debug, Clone, Parser)]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub common: Settings,
    /// Where Redis is: a host, host:port, or a redis:// or rediss:// URL.
    #[arg(long, env, hide_env_values = true)]
    pub redis_host: Address,
}

impl Program for Config {
    const NAME: &'static str = "expiration";

    fn settings(&self) -> &Settings {
        &self.common
    }

    async fn service(&self) -> anyhow::Result<Service> {
        crate::service(self).await
    }

    fn openapi() -> OpenApi {
        openapi::document(Self::NAME, OpenApi::default())
    }

    fn dead_letters(&self) -> anyhow::Result<Option<Box<dyn LetterBox>>> {
        Ok(Some(Box::new(App::new(Link::open(&self.redis_host)))))
    }
}

impl LetterBox for App {
    fn list(&self) -> BoxFuture<'_, anyhow::Result<Vec<DeadLetter>>> {
        Box::pin(async { Ok(self.dead_letters.list(Which::All).await?) })
    }

    fn replay(&self, which: Which) -> BoxFuture<'_, anyhow::Result<Vec<Replayed>>> {
        Box::pin(async move { Ok(self.dead_letters.replay(&self.desk(), which).await?) })
    }

    fn discard(&self, which: Which) -> BoxFuture<'_, anyhow::Result<u64>> {
        Box::pin(async move { Ok(self.dead_letters.discard(which).await?) })
    }
}
