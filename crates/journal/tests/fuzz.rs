//! The fuzz targets' checks on a stable compiler, with random damage.

#[path = "../fuzz/checks.rs"]
#[allow(
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a check that fails has found something; numbers are small"
)]
mod checks;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_damaged_log_opens_and_invents_nothing(damage in prop::collection::vec(any::<u8>(), 0..64)) {
        checks::log(&damage);
    }

    #[test]
    fn a_damaged_ledger_opens_and_invents_nothing(damage in prop::collection::vec(any::<u8>(), 0..64)) {
        checks::ledger(&damage);
    }
}
