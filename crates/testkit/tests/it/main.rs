//! The kit itself: if a test of a service fails because of it, one of these should have failed first.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod app;
mod broker;
mod database;
mod redis;
mod servers;
mod theatre;

use sqlx::migrate::Migrator;

/// The migrations of a service that keeps seats.
static SEATS: Migrator = sqlx::migrate!("tests/it/migrations");
