//! What must hold of the entry's decoder, whatever the bytes: run by the fuzz target and `tests/fuzz.rs`, which cannot see
//! it from outside.

use crate::record::Entry;

/// Decoded without a fault, and the same when encoded again.
pub fn entry(input: &[u8]) {
    let _ = Entry::verified(input, 0);
    if let Ok(entry) = Entry::decode(input) {
        let mut again = Vec::new();
        entry.encode(&mut again);
        assert_eq!(again.len(), entry.length() as usize);
        assert_eq!(Entry::decode(&again), Ok(Entry { erased: false, ..entry }));
    }
}
