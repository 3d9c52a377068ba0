//! `POST /api/users/signout`: the session counts no more, here at once and elsewhere as the event arrives. Whoever asks
//! is signed out afterwards, whatever cookie they came with.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use service::MaybeSession;
use utoipa::ToSchema;

use crate::App;
use crate::error::Error;

/// Nothing more to say.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedOut {}

/// Sign out
#[utoipa::path(
    post,
    path = "/api/users/signout",
    operation_id = "signOut",
    tag = "users",
    responses((status = 200, description = "Signed out: the cookie is cleared", body = SignedOut))
)]
pub async fn sign_out(State(app): State<App>, MaybeSession(session): MaybeSession) -> Result<impl IntoResponse, Error> {
    if let Some(session) = session {
        let mut tx = app.db.begin().await?;
        app.sessions.revoke(&mut tx, &session).await?;
        tx.commit().await?;
    }
    Ok(([(header::SET_COOKIE, app.sessions.sign_out())], Json(SignedOut {})))
}
