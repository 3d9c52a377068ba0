//! The kit itself: if a test of a service fails because of it, one of these should have failed first.

mod broker;
mod database;
mod redis;
mod servers;

use sqlx::migrate::Migrator;

/// The migrations of a service that keeps seats.
static SEATS: Migrator = sqlx::migrate!("tests/it/migrations");
