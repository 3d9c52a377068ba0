//! `GET /api/users/currentuser`: who is signed in, if anybody. Never `401`: not to be signed in is an answer, too.

use axum::Json;
use events::UserId;
use serde::Serialize;
use service::MaybeSession;
use utoipa::ToSchema;

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentUser {
    /// `null` for nobody: no cookie, or one that is forged, expired or signed out.
    current_user: Option<SignedIn>,
}

/// A user who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedIn {
    id: UserId,
    /// As it was when signing in.
    email: String,
    /// When that was, in seconds since 1970.
    iat: i64,
}

/// Who is signed in
#[utoipa::path(
    get,
    path = "/api/users/currentuser",
    operation_id = "currentUser",
    tag = "users",
    responses((status = 200, description = "Who is signed in, or null", body = CurrentUser))
)]
pub async fn current_user(MaybeSession(session): MaybeSession) -> Json<CurrentUser> {
    let current_user =
        session.map(|session| SignedIn { id: session.user, email: session.email, iat: session.issued_at.seconds() });
    Json(CurrentUser { current_user })
}
