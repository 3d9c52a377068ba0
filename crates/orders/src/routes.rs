//! What this service answers, one operation a file.

pub mod create;
pub mod delete;
pub mod list;
pub mod show;
