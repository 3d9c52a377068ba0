//! The store in a database, as the journal's own tests have it, and what only a database can do to it. Each on PostgreSQL
//! and on MariaDB.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::default_trait_access,
    clippy::items_after_statements,
    clippy::semicolon_if_nothing_returned,
    reason = "small numbers, and a test that cannot go on should panic"
)]

#[path = "../../../journal/tests/it/list.rs"]
mod list;
#[path = "../../../journal/tests/it/model.rs"]
mod model;
#[path = "../../../journal/tests/it/naive.rs"]
mod naive;

mod database;
mod faults;
mod ledger;
mod log;

use proptest::test_runner::Config;
use sql_store::testing::Scratch;
use sql_store::{Database, Options};

/// So many cases, unless `PROPTEST_CASES` says otherwise.
fn cases(usual: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: asked.unwrap_or(usual), max_shrink_iters: 200, failure_persistence: None, ..Config::default() }
}

/// How a database is used where nothing is said.
fn options(scratch: &Scratch) -> Options {
    Options { source: scratch.source(), no_caching: false, connections_max: None, rows_max: None }
}

fn open(scratch: &Scratch) -> Database {
    Database::open(&options(scratch), "a test").unwrap()
}
