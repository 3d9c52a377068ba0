//! Every address outside Stripe's API: Stripe.js, the card form's frame, the authentication page, the tests' strings.

use std::sync::Arc;

use axum::Router;
use axum::routing::any;

use crate::api;
use crate::sandbox::Inner;

/// All addresses.
pub fn router(inner: Arc<Inner>) -> Router {
    Router::new().route("/v1/{*path}", any(api::serve)).with_state(inner)
}
