//! `POST /api/users/signin`: somebody proves who they are. F22: whether there is such a user can be told neither by the
//! answer nor by the work it takes.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Deserialize;
use service::problem::Errors;
use service::{Body, ClientAddress};
use utoipa::ToSchema;
use validator::Validate;

use crate::error::Error;
use crate::password::Match;
use crate::user::{Account, Password, User, given_password, trimmed, valid_email};
use crate::{App, store};

/// What one signs in with.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct SignIn {
    #[serde(default, deserialize_with = "trimmed")]
    #[validate(custom(function = valid_email))]
    #[schema(format = Email, example = "ann@example.com")]
    email: String,
    #[serde(default)]
    #[validate(custom(function = given_password))]
    #[schema(value_type = String, format = Password)]
    password: Password,
}

/// Sign in
#[utoipa::path(
    post,
    path = "/api/users/signin",
    operation_id = "signIn",
    tag = "users",
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in by the cookie that comes with it", body = User),
        (status = 400, description = "The body is not valid, or the credentials are not", body = Errors),
        (status = 429, description = "Too many tries from this address or for this account", body = Errors),
        (status = 503, description = "Too many others sign in or up now", body = Errors),
    )
)]
pub async fn sign_in(
    State(app): State<App>,
    address: ClientAddress,
    Body(SignIn { email, password }): Body<SignIn>,
) -> Result<impl IntoResponse, Error> {
    app.limits.sign_in(address, &email)?;
    let account = store::find(&mut *app.db.acquire().await?, &email).await?;
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let matched = app.passwords.verify(&password, stored).await?;
    let account = account.filter(|_| matched != Match::No).ok_or(Error::InvalidCredentials)?;
    if matched == Match::Outdated {
        rehash(&app, &account, &password).await;
    }
    let (_, cookie) = app.sessions.issue(account.user.id, &account.user.email).map_err(Error::Session)?;
    Ok(([(header::SET_COOKIE, cookie)], Json::<User>(account.user)))
}

/// Now that the password is at hand, its hash is made with the parameters of today. If that fails, the sign-in does not:
/// the next one tries again.
async fn rehash(app: &App, account: &Account, password: &Password) {
    let rehashed = async {
        let hash = app.passwords.hash(password).await?;
        store::rehash(&mut *app.db.acquire().await?, account.user.id, &account.password_hash, &hash).await?;
        Ok::<_, Error>(())
    };
    if let Err(error) = rehashed.await {
        tracing::warn!(user = %account.user.id, "an outdated password hash stays for now: {error}");
    }
}
