//! See [`checks::stan`].
#![no_main]

#[path = "../checks.rs"]
#[allow(dead_code)] // Each target runs one of them.
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::stan(input));
