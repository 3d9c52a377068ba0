//! Who may connect, and whether a secret is the right one.

use std::fmt;

use subtle::ConstantTimeEq;

use super::Permissions;

/// Who may connect.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Auth {
    /// Everybody.
    #[default]
    None,
    /// Whoever knows the token.
    Token(Password),
    /// Whoever is in the list; `no_auth_user` names the one a client without credentials becomes.
    Users {
        /// Names are unique.
        users: Vec<User>,
        /// One of `users`.
        no_auth_user: Option<String>,
    },
}

/// Someone who may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// CONNECT's `user`.
    pub name: String,
    /// CONNECT's `pass`.
    pub password: Password,
    /// What they may do; everything where `None`.
    pub permissions: Option<Permissions>,
}

/// A secret as it was set: the text itself, or its bcrypt hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Password {
    /// Compared byte for byte, in constant time.
    Plain(Secret),
    /// `$2a$…`, `$2b$…`, `$2x$…` or `$2y$…`.
    Bcrypt(Secret),
}

/// Text that no log may show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl Password {
    /// Takes `text` for a hash where it looks like one, as `nats-server` does.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let hashed = ["$2a$", "$2b$", "$2x$", "$2y$"].iter().any(|prefix| text.starts_with(prefix));
        if hashed { Self::Bcrypt(Secret(text)) } else { Self::Plain(Secret(text)) }
    }

    /// Whether `attempt` is the secret. Of a hash this takes a core for a tenth of a second and more: see
    /// [`Password::is_slow`].
    pub fn verify(&self, attempt: &[u8]) -> bool {
        match self {
            Self::Plain(secret) => secret.0.as_bytes().ct_eq(attempt).into(),
            Self::Bcrypt(hash) => bcrypt::verify(attempt, &hash.0).unwrap_or(false),
        }
    }

    /// Whether anything can be the secret: not if it begins like a hash but is none.
    pub(super) fn can_be_met(&self) -> bool {
        match self {
            Self::Plain(_) => true,
            Self::Bcrypt(hash) => hash.0.parse::<bcrypt::HashParts>().is_ok(),
        }
    }

    /// Whether the secret itself is known to have less than so many bytes: of a hash it is not.
    pub(super) fn is_shorter_than(&self, bytes: usize) -> bool {
        matches!(self, Self::Plain(secret) if secret.0.len() < bytes)
    }

    /// Whether [`Password::verify`] belongs on a thread that may block.
    pub fn is_slow(&self) -> bool {
        matches!(self, Self::Bcrypt(_))
    }
}

impl Auth {
    /// Whether a client must send credentials: INFO's `auth_required`.
    pub fn is_required(&self) -> bool {
        match self {
            Self::None => false,
            Self::Token(_) => true,
            Self::Users { no_auth_user, .. } => no_auth_user.is_none(),
        }
    }

    /// The user called `name`.
    pub fn user(&self, name: &str) -> Option<&User> {
        match self {
            Self::None | Self::Token(_) => None,
            Self::Users { users, .. } => users.iter().find(|user| user.name == name),
        }
    }
}
