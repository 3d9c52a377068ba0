//! Who signs up, and the rules for what they sign up with.

use std::fmt;

use events::UserId;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;
use validator::{ValidateEmail, ValidationError};

/// Characters of the shortest and the longest password. OWASP's Authentication Cheat Sheet asks for no less than 8 and
/// for a bound of at least 64; ours keeps the work of one request small and lets every passphrase through.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=128;
/// Characters of the longest address that mail can be sent to (RFC 5321, with erratum 1690 of RFC 3696).
pub const EMAIL_LENGTH_MAX: usize = 254;

/// A user, as everybody may see them who may see them at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// As they wrote it when they signed up.
    #[schema(example = "ann@example.com")]
    pub email: String,
}

/// A user with what proves who they are.
#[derive(Debug)]
pub struct Account {
    /// Who.
    pub user: User,
    /// What their password is tried against.
    pub password_hash: PasswordHash,
}

/// A password as it was typed; `Debug` does not show it. What is no text, or absent, is the empty password.
#[derive(Debug, Clone, Default)]
pub struct Password(SecretString);

impl Password {
    /// The bytes to be hashed.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(text(deserializer)?.into()))
    }
}

/// The validator copies what it refuses into its errors: not this.
impl Serialize for Password {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("…")
    }
}

/// A password's hash as the database keeps it: a PHC string, which `Debug` does not show.
#[derive(Clone, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Reads an e-mail address without the blanks around it. What is no text is the empty one, which is not valid.
pub fn trimmed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer).map(|text| text.trim().to_owned())
}

/// A text; anything else is the empty one, so that it is told of in the same words as one that breaks the rules.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => Ok(text),
        _ => Ok(String::new()),
    }
}

/// Whether mail could be sent to `email`.
pub fn valid_email(email: &str) -> Result<(), ValidationError> {
    // Bytes, which are never fewer than characters: what passes fits the column, too.
    rule(email.len() <= EMAIL_LENGTH_MAX && email.validate_email(), "Email must be valid")
}

/// Whether `password` may be somebody's.
pub fn valid_password(password: &Password) -> Result<(), ValidationError> {
    let text = password.0.expose_secret();
    let good = !text.trim().is_empty() && PASSWORD_LENGTH.contains(&text.chars().count());
    rule(good, "Password must be between 8 and 128 characters")
}

/// Whether there is a password at all.
pub fn given_password(password: &Password) -> Result<(), ValidationError> {
    rule(!password.0.expose_secret().trim().is_empty(), "You must supply a password")
}

fn rule(kept: bool, message: &'static str) -> Result<(), ValidationError> {
    if kept { Ok(()) } else { Err(ValidationError::new("rule").with_message(message.into())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_mail_can_be_sent_to_are_valid() {
        for email in
            ["ann@example.com", "a.b+c@sub.example.co.uk", "x@x.com", "o'hara@example.ie", "ann@müller.example"]
        {
            assert!(valid_email(email).is_ok(), "{email}");
        }
    }

    #[test]
    fn other_addresses_are_not() {
        let long = format!("{}@{}.com", "a".repeat(64), "b.".repeat(94) + "b");
        for email in
            ["", "ann", "ann@", "@example.com", "ann@exam ple.com", "a\0b@example.com", "ann@@example.com", &long]
        {
            assert!(valid_email(email).is_err(), "{email}");
        }
    }

    #[test]
    fn a_password_is_measured_in_characters() {
        for good in ["12345678", "ünïcödé!", &"x".repeat(128), &"é".repeat(128)] {
            assert!(valid_password(&good.into()).is_ok(), "{good}");
        }
        for bad in ["", "1234567", "ünïcödé", &"x".repeat(129), "        "] {
            assert!(valid_password(&bad.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let shown = format!("{:?} {:?}", Password::from("open sesame"), PasswordHash("$argon2id$…".into()));
        assert!(!shown.contains("sesame") && !shown.contains("argon2"), "{shown}");
    }
}
