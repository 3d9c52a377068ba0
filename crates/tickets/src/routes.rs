//! What this service answers: one operation a file.

pub mod changes;
pub mod create;
pub mod list;
pub mod mine;
pub mod show;
pub mod update;
