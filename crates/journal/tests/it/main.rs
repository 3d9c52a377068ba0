//! The log at its widest door: against a model, through crashes, on failing disks.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::default_trait_access,
    clippy::items_after_statements,
    clippy::needless_for_each,
    clippy::semicolon_if_nothing_returned,
    reason = "small numbers, and a test that cannot go on should panic"
)]

mod crash;
mod failing;
mod files;
mod ledger;
mod list;
mod model;
mod naive;
mod recovery;

use proptest::test_runner::Config;

/// So many cases, unless `PROPTEST_CASES` says otherwise.
fn cases(usual: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: asked.unwrap_or(usual), max_shrink_iters: 3000, ..Config::default() }
}
