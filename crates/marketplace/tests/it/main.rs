//! The whole marketplace: its services together, in every order in which things may happen, and in one process.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test that asked")]

mod any_order;
mod pages;
mod stories;
mod trio;
mod whole;
