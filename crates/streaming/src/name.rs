//! Names made up by the server: its own id, ephemeral consumers, flow-control subjects.

use std::hash::{BuildHasher, RandomState};

/// As in base32: 32 signs, five bits each.
const SIGNS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Random text of `length` signs, unique for all practical purposes from 8 signs on, and not a secret.
pub fn random(length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut bits = 0;
    for i in 0..length {
        if i % 12 == 0 {
            // The standard library seeds each state from the operating system.
            bits = RandomState::new().hash_one(i);
        }
        text.push(char::from(SIGNS[usize::try_from(bits & 31).unwrap_or(0)]));
        bits >>= 5;
    }
    text
}

/// An id in the form of `nats-server`'s: N and 55 signs.
pub fn server_id() -> String {
    format!("N{}", random(55))
}

/// This process as another machine may know it.
pub fn of_process() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "an unnamed machine" } else { host.trim() };
    format!("process {} on {host}", std::process::id())
}
