//! THE SERVER.
pub mod bench;
pub mod consumer;
pub mod options;
pub mod schedule;
pub mod telemetry;
