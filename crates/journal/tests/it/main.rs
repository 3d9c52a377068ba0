//! The log at its widest door: against a model, through crashes, on failing disks.

mod crash;
mod model;
mod naive;

use proptest::test_runner::Config;

/// So many cases, unless `PROPTEST_CASES` says otherwise.
fn cases(usual: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: asked.unwrap_or(usual), max_shrink_iters: 3000, ..Config::default() }
}
