//! Servers, databases and users for the tests of every service.
//!
//! | module | |
//! |---|---|
//! | [`database()`] | a fresh, migrated Postgres database · [`Database`] what else a test may do to it |
//! | [`redis()`] | an empty Redis database · [`own_redis`] a whole Redis that can be stopped |
//! | [`broker()`] | a streaming server, ours unless asked otherwise |
//! | [`TestApp`] | a service on a port: its users, what it published, what is delivered to it |
//! | [`User`], [`Answer`] | who asks, and what they are told |
//! | [`fails_safely`] | breaks everything a listener stands on, in turn |
//! | [`eventually`] | waits for what a background loop does · [`skipped`] says why a test was not run |
//! | `servers` | where Postgres and Redis come from; `servers::process` that they go when we do |
//!
//! | variable | |
//! |---|---|
//! | `TEST_DATABASE_URL`, `TEST_REDIS_URL` | a server to use instead of starting one; it may keep what we leave for the next run to sweep |
//! | `TEST_SERVERS` | `docker` or `local` forces that way of starting what no URL names; unset: Docker where an engine answers, else local programs |
//! | `NATS_URL` | a broker to use instead of ours; tests take turns, and **the marketplace's streams on it are deleted** |
//! | `TEST_NATS_SERVER` | a `nats-server` to start for each test instead of ours |
//!
//! What is always true: a test sees no other test's data, and nothing we start outlives this process, `kill -9` included.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "only tests use this crate: what fails here fails the test that asked, loudly"
)]

mod answer;
mod app;
mod background;
mod broker;
mod database;
mod eventually;
mod failure;
mod redis;
mod servers;
mod user;

pub use answer::Answer;
pub use app::{KEY, TestApp, delivery};
pub use broker::{Broker, broker, guarded_broker};
pub use database::{Break, Database, database};
pub use eventually::{PATIENCE, Sight, eventually};
pub use failure::fails_safely;
pub use redis::{Redis, own_redis, redis};
pub use reqwest::Method;
pub use servers::skipped;
pub use user::User;
