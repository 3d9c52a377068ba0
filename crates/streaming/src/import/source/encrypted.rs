//! What a message looks like that the original encrypted: its cipher, a nonce, the sealed text.
//!
//! ```text
//! data   1 AES or 2 ChaCha · nonce 12 bytes: 4 by chance, then a number · text · tag 16 bytes
//! ```
//!
//! The number is that of the message, less the empty ones stored since the server was started: those are not encrypted.

const CIPHERS: [u8; 2] = [1, 2];
const NUMBER: std::ops::Range<usize> = 5..13;
const OVERHEAD_BYTES: usize = 1 + 12 + 16;

/// Empty messages that may have come between: beyond that it is chance.
const EMPTY_MAX: u64 = 1_000_000;

/// Whether `data`, of the message under `sequence`, is encrypted. One message in billions looks so by chance.
pub fn is_encrypted(data: &[u8], sequence: u64) -> bool {
    if data.len() <= OVERHEAD_BYTES || !CIPHERS.contains(&data[0]) {
        return false;
    }
    let Some(number) = data[NUMBER].first_chunk().map(|bytes| u64::from_be_bytes(*bytes)) else { return false };
    (1..=sequence).contains(&number) && sequence - number < EMPTY_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_message_is_known_by_its_number() {
        let mut data = vec![1, 9, 9, 9, 9];
        data.extend_from_slice(&42_u64.to_be_bytes());
        data.extend_from_slice(&[7; 17]);
        assert!(is_encrypted(&data, 42));
        assert!(is_encrypted(&data, 44), "two empty ones came before it");
        assert!(!is_encrypted(&data, 41), "of a message to come");
        assert!(!is_encrypted(&data[..29], 42), "no room for a text");
        data[0] = b'{';
        assert!(!is_encrypted(&data, 42));
        assert!(!is_encrypted(&[1; 40], 42), "binary data that begins like one");
    }
}
