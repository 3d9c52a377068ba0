//! Makes identifiers that look like Stripe's and are never made twice, not even by two runs.

use uuid::Uuid;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `pi_…`: the prefix and 22 characters of chance.
pub fn id(prefix: &str) -> String {
    format!("{prefix}_{}", secret())
}

/// The secret a browser is given to act on one payment intent: `pi_…_secret_…`.
pub fn client_secret(id: &str) -> String {
    format!("{id}_secret_{}", secret())
}

/// 22 characters of chance.
pub fn secret() -> String {
    base62(Uuid::new_v4().as_u128())
}

/// Two digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

fn base62(mut number: u128) -> String {
    let mut digits = [b'0'; 22];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[usize::try_from(number % 62).unwrap_or_default()];
        number /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_like_stripes_and_differ() {
        let (one, two) = (id("pi"), id("pi"));
        assert_ne!(one, two);
        assert_eq!(one.len(), "pi_".len() + 22);
        assert!(one["pi_".len()..].chars().all(|letter| letter.is_ascii_alphanumeric()));
        assert!(client_secret(&one).starts_with(&format!("{one}_secret_")));
    }
}
