//! The language and the post, tried on a real Postgres and a real broker.

mod consume;
mod dead_letters;
mod declare;
mod listener;
mod outbox;
mod wire;
mod world;
