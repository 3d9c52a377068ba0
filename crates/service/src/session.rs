//! Who is signed in: a token in the cookie `session`, which counts until it expires or its user signs out.
//!
//! `token.rs` the token · `revocations.rs` sessions that ended before their token did.

pub mod revocations;
mod token;

use std::fmt;
use std::sync::Arc;

use anyhow::Context;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use events::accounts::SessionRevoked;
use events::{Listener, Outcome, SessionId, Timestamp, UserId, outbox};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use time::Duration;

use self::revocations::{Revocations, is_revoked, remember};
use self::token::Keys;
use crate::settings::PublicUrl;
use crate::{Clock, Problem};

/// How long a session counts. A week: long enough for a buyer to come back to the show, short enough for a token that
/// was stolen and never signed out.
pub const LIFETIME: Duration = Duration::days(7);
/// The longest cookie that is looked at: browsers keep none longer.
const COOKIE_BYTES_MAX: usize = 4096;
/// How many cookies of our name are looked at: a browser has one for each path and domain that may set it.
const COOKIES_MAX: usize = 4;
/// Cookies that passed through other hands may have lost their padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Somebody is signed in. As a handler's argument: `401` to everybody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// This sign-in.
    pub id: SessionId,
    /// Who.
    pub user: UserId,
    /// The user's e-mail address when signing in.
    pub email: String,
    /// When the user signed in.
    pub issued_at: Timestamp,
    /// When it counts no more.
    pub expires_at: Timestamp,
}

/// Who is signed in, if anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaybeSession(pub Option<Session>);

/// Gives sessions out and reads them. Cheap to clone.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

struct Inner {
    keys: Keys,
    db: Option<PgPool>,
    clock: Clock,
    secure: bool,
}

/// What the cookie carries, in base64: the reference's `cookie-session` wrote it so.
#[derive(Serialize, Deserialize)]
struct Cookie<'a> {
    #[serde(borrow)]
    jwt: std::borrow::Cow<'a, str>,
}

impl Sessions {
    /// Sessions under `key`. Those that were revoked are looked up in `db`.
    pub fn new(key: &SecretString, db: PgPool, clock: Clock, public_url: &PublicUrl) -> Self {
        Self::of(key, Some(db), clock, public_url)
    }

    /// Sessions of a service without a database: a revoked one counts there until its token expires.
    pub fn without_revocations(key: &SecretString, clock: Clock, public_url: &PublicUrl) -> Self {
        Self::of(key, None, clock, public_url)
    }

    fn of(key: &SecretString, db: Option<PgPool>, clock: Clock, public_url: &PublicUrl) -> Self {
        Self(Arc::new(Inner { keys: Keys::new(key), db, clock, secure: public_url.is_secure() }))
    }

    /// Signs `user` in: the session, and the value of the `Set-Cookie` header that carries it.
    pub fn issue(&self, user: UserId, email: &str) -> anyhow::Result<(Session, HeaderValue)> {
        // The token knows whole seconds only.
        let now = self.0.clock.now().seconds();
        let issued_at = Timestamp::from_milliseconds(now * 1000).context("no moment a token can tell")?;
        let expires_at = issued_at + LIFETIME;
        let session = Session { id: SessionId::new(), user, email: email.to_owned(), issued_at, expires_at };
        let jwt = self.0.keys.write(&session).context("the token can't be written")?;
        let value = BASE64.encode(serde_json::to_vec(&Cookie { jwt: jwt.into() })?);
        let cookie = format!("session={value}; Path=/; HttpOnly; SameSite=Lax{}", self.secure());
        Ok((session, cookie.try_into()?))
    }

    /// The value of the `Set-Cookie` header that signs out.
    pub fn sign_out(&self) -> HeaderValue {
        let cookie = "session=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax";
        format!("{cookie}{}", self.secure().to_lowercase()).try_into().unwrap_or(HeaderValue::from_static(cookie))
    }

    fn secure(&self) -> &'static str {
        if self.0.secure { "; Secure" } else { "" }
    }

    /// Whose session the request's cookie carries, if it counts. An error says that nobody can tell now.
    pub async fn read(&self, headers: &HeaderMap) -> Result<Option<Session>, Problem> {
        let Some(session) = self.genuine(headers) else { return Ok(None) };
        let revoked = match &self.0.db {
            Some(db) => is_revoked(db, session.id).await.map_err(|error| Problem::fault(&error))?,
            None => false,
        };
        if revoked {
            return Ok(None);
        }
        tracing::Span::current().record("user", tracing::field::display(session.user));
        Ok(Some(session))
    }

    /// The first cookie that is ours: one of a path or domain of its own may stand before it.
    fn genuine(&self, headers: &HeaderMap) -> Option<Session> {
        let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let values = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().strip_prefix("session="));
        values.take(COOKIES_MAX).find_map(|value| self.decode(value))
    }

    fn decode(&self, value: &str) -> Option<Session> {
        if value.len() > COOKIE_BYTES_MAX {
            return None;
        }
        let json = BASE64.decode(value).ok()?;
        let cookie: Cookie = serde_json::from_slice(&json).ok()?;
        self.0.keys.read(&cookie.jwt, self.0.clock.now())
    }

    /// Ends `session` for every service, in the transaction of `tx`: here at once, elsewhere as the event arrives.
    pub async fn revoke(&self, tx: &mut PgConnection, session: &Session) -> Result<(), outbox::PushError> {
        let event = SessionRevoked { id: session.id, user_id: session.user, expires_at: session.expires_at };
        if remember(tx, &event).await? {
            outbox::push(tx, &event).await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Listener<SessionRevoked> for Sessions {
    async fn handle(&self, tx: &mut PgConnection, event: SessionRevoked) -> anyhow::Result<Outcome> {
        Revocations.handle(tx, event).await
    }
}

impl<S> FromRequestParts<S> for Session
where
    Sessions: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let MaybeSession(session) = MaybeSession::from_request_parts(parts, state).await?;
        session.ok_or_else(Problem::not_authorized)
    }
}

impl<S> FromRequestParts<S> for MaybeSession
where
    Sessions: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Sessions::from_ref(state).read(&parts.headers).await.map(Self)
    }
}
