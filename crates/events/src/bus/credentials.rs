//! Who we are to the broker, by its URL: `nats://user:password@host`, or `nats://token@host`.
//!
//! `async-nats` reads them there, and uses none of them.

use async_nats::{ConnectOptions, ServerAddr};

use super::ConnectError;

/// Options with the credentials of the first of `addresses` that has any.
pub(super) fn of(addresses: &[ServerAddr]) -> Result<ConnectOptions, ConnectError> {
    let named = addresses.iter().find_map(|address| Some((address.username()?, address.password())));
    Ok(match named {
        Some((user, Some(password))) => ConnectOptions::new().user_and_password(decoded(user)?, decoded(password)?),
        Some((token, None)) => ConnectOptions::new().token(decoded(token)?),
        None => ConnectOptions::new(),
    })
}

/// A URL writes `%40` for `@`. The error tells nothing of the secret.
fn decoded(text: &str) -> Result<String, ConnectError> {
    let refused = || ConnectError("its user, password or token is not written as URLs write them".to_owned());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let (digits, after) = after.split_at_checked(2).ok_or_else(refused)?;
            let digits = std::str::from_utf8(digits).map_err(|_| refused())?;
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| refused())?);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_url_must_not_hold_is_written_by_its_number() {
        assert_eq!(decoded("p%40ss%3Aw%C3%B6rd").unwrap(), "p@ss:w\u{f6}rd");
        assert_eq!(decoded("plain").unwrap(), "plain");
        for text in ["%", "%4", "%zz", "%ff"] {
            let error = decoded(text).unwrap_err().to_string();
            assert!(!error.contains(text), "{error}");
        }
    }
}
