//! `POST /api/users/signup`: a new user, signed in at once.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use events::UserId;
use serde::Deserialize;
use service::problem::Errors;
use service::{Body, ClientAddress};
use utoipa::ToSchema;
use validator::Validate;

use crate::error::Error;
use crate::user::{Password, User, trimmed, valid_email, valid_password};
use crate::{App, store};

/// What one signs up with.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct SignUp {
    /// Nobody else's, in whatever case.
    #[serde(default, deserialize_with = "trimmed")]
    #[validate(custom(function = valid_email))]
    #[schema(format = Email, max_length = 254, example = "ann@example.com")]
    email: String,
    #[serde(default)]
    #[validate(custom(function = valid_password))]
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    password: Password,
}

/// Sign up
#[utoipa::path(
    post,
    path = "/api/users/signup",
    operation_id = "signUp",
    tag = "users",
    request_body = SignUp,
    responses(
        (status = 201, description = "Signed up, and signed in by the cookie that comes with it", body = User),
        (status = 400, description = "The body is not valid, or the e-mail address is in use", body = Errors),
        (status = 429, description = "Too many tries from this address", body = Errors),
        (status = 503, description = "Too many others sign in or up now", body = Errors),
    )
)]
pub async fn sign_up(
    State(app): State<App>,
    address: ClientAddress,
    Body(SignUp { email, password }): Body<SignUp>,
) -> Result<impl IntoResponse, Error> {
    app.limits.sign_up(address)?;
    let password_hash = app.passwords.hash(&password).await?;
    let user = User { id: UserId::new(), email };
    if !store::create(&mut *app.db.acquire().await?, &user, &password_hash).await? {
        return Err(Error::EmailInUse);
    }
    let (_, cookie) = app.sessions.issue(user.id, &user.email).map_err(Error::Session)?;
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], Json(user)))
}
