//! When a scheduled message is due, and how long a message lives (`Nats-Schedule`, `Nats-TTL`).

pub mod duration;
