//! Timers in Redis: tells when an order's time is up. What that means for the order is for `orders` to say.
//!
//! | module | what it answers for |
//! |---|---|
//! | [`config`] | settings |
//! | [`timers`] | the timers and their scripts, one Lua file each |
//! | [`teller`] | the worker that claims what is due and publishes it |
//! | [`desk`], `listeners` | what each event does to a timer |
//! | [`dead_letters`] | what could not be handled |
//! | [`link`] | the connection to Redis |
//!
//! owns: timers, dead letters · answers: health only · publishes: `expiration:complete` · listens to: `order:created`,
//! `order:cancelled`, `order:completed`, `order:overdue`
//!
//! What is always true:
//!
//! - A timer changes by one script, whole or not at all, and no time counts but Redis' own.
//! - It is never told early; late by one lease if its worker was killed, by little otherwise.
//! - It is removed only after the broker received its event, and only by the worker whose claim still stands.
//! - It is told at least once, and each time under the same id: broker and inbox make that once in effect.
//! - While Redis is away, events stay at the broker. What Redis loses, `orders` asks for again.

pub mod config;
pub mod dead_letters;
pub mod desk;
pub mod link;
mod listeners;
pub mod teller;
pub mod timers;

use std::sync::Arc;

use anyhow::Context;
use service::{Check, Service, Worker};
use tracing::warn;

pub use self::config::Config;
use self::dead_letters::DeadLetters;
use self::desk::OrderDesk;
use self::link::Link;
use self::teller::Teller;
use self::timers::Timers;

/// What the service works with.
#[derive(Clone)]
pub struct App {
    /// Whose time is up when.
    pub timers: Timers,
    /// What could not be handled.
    pub dead_letters: DeadLetters,
}

impl App {
    /// What lies at the Redis that `link` leads to.
    pub fn new(link: Link) -> Self {
        Self { timers: Timers::new(link.clone()), dead_letters: DeadLetters::new(link) }
    }

    /// Where deliveries end.
    pub fn desk(&self) -> OrderDesk {
        OrderDesk::new(self.timers.clone(), self.dead_letters.clone())
    }
}

/// The service, on what `config` names. Redis need not be there yet.
pub async fn service(config: &Config) -> anyhow::Result<Service> {
    let app = App::new(Link::open(&config.redis_host));
    match app.timers.evicts().await {
        Ok(None) => {}
        Ok(Some(policy)) => warn!(policy, "Redis may throw timers away: its maxmemory-policy should be noeviction"),
        Err(error) => warn!("Redis is not there yet: {error}"),
    }
    Ok(build(app))
}

/// The service, on what is there already.
pub fn build(app: App) -> Service {
    let timers = app.timers.clone();
    let teller = Worker::publishing("timers", move |bus, stop| Teller::new(timers.clone(), bus).run(stop));
    let desk = Worker::consuming("listeners", Arc::new(app.desk()));
    let redis = Check::new("redis", move || {
        let timers = app.timers.clone();
        async move { timers.probe().await.context("it takes no timers") }
    });
    Service { workers: vec![desk, teller], ready: vec![redis], ..Service::new("expiration") }
}
