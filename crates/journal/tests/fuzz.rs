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

/// Fields of an entry that fit together, more or less: past the first looks.
fn entry() -> impl Strategy<Value = Vec<u8>> {
    (1..5_u8, 0..4_u8, 0..120_u32, 0..60_u32, 0..60_u16, prop::collection::vec(any::<u8>(), 0..150)).prop_map(
        |(kind, flags, length, headers, subject, rest)| {
            let mut bytes = vec![0; 42];
            (bytes[5], bytes[6]) = (kind, flags);
            bytes[8..12].copy_from_slice(&length.to_le_bytes());
            bytes[36..40].copy_from_slice(&headers.to_le_bytes());
            bytes[40..42].copy_from_slice(&subject.to_le_bytes());
            bytes.extend(rest);
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_damaged_log_opens_and_invents_nothing(damage in prop::collection::vec(any::<u8>(), 0..64)) {
        checks::log(&damage);
    }

    #[test]
    fn an_entry_is_decoded_or_refused(input in prop_oneof![entry(), prop::collection::vec(any::<u8>(), 0..100)]) {
        checks::entry(&input);
    }

    #[test]
    fn a_damaged_ledger_opens_and_invents_nothing(damage in prop::collection::vec(any::<u8>(), 0..64)) {
        checks::ledger(&damage);
    }
}
