//! The token of a session: HS256 and nothing else, whatever the token itself says.

use events::{SessionId, Timestamp, UserId};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::Session;

/// What a token claims.
#[derive(Serialize, Deserialize)]
struct Claims {
    id: UserId,
    email: String,
    iat: i64,
    exp: i64,
    jti: SessionId,
}

/// The key, for both directions.
pub struct Keys {
    sign: EncodingKey,
    verify: DecodingKey,
    validation: Validation,
}

impl Keys {
    pub fn new(key: &SecretString) -> Self {
        // An error says that it was installed before.
        let _ = PROVIDER.install_default();
        let key = key.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        // Time is for the clock to tell: see `read`. That `exp` is there at all is checked here.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["exp"]);
        Self { sign: EncodingKey::from_secret(key), verify: DecodingKey::from_secret(key), validation }
    }

    /// The token of `session`.
    pub fn write(&self, session: &Session) -> Result<String> {
        let claims = Claims {
            id: session.user,
            email: session.email.clone(),
            iat: session.issued_at.seconds(),
            exp: session.expires_at.seconds(),
            jti: session.id,
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.sign)
    }

    /// The session of `token`, if that is genuine and counts at `now`.
    pub fn read(&self, token: &str, now: Timestamp) -> Option<Session> {
        let Claims { id, email, iat, exp, jti } = decode(token, &self.verify, &self.validation).ok()?.claims;
        let time = |seconds: i64| Timestamp::from_milliseconds(seconds.checked_mul(1000)?);
        let session = Session { id: jti, user: id, email, issued_at: time(iat)?, expires_at: time(exp)? };
        (now < session.expires_at).then_some(session)
    }
}

/// HS256 by `hmac` and `sha2`: of `jsonwebtoken`'s own providers one brings `rsa`, the other a second TLS library.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?)),
    verifier_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?)),
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Hmac::new_from_slice(key).map(Self).map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        // In constant time.
        self.0.clone().chain_update(message).verify_slice(signature).map_err(|_| Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
