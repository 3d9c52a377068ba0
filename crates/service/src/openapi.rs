//! What a service answers, for machines at `/openapi.json` and for people at `/docs`.

use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi};
use utoipa::{PartialSchema, ToSchema};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::problem::{Errors, Fault};

/// The name by which operations ask for a session: `security(("session" = []))`.
pub const SESSION: &str = "session";

/// What `api` says, completed by what all services have in common.
pub fn document(title: &str, mut api: OpenApi) -> OpenApi {
    api.info = Info::new(title, env!("CARGO_PKG_VERSION"));
    let components = api.components.get_or_insert(Components::default());
    for (name, schema) in [(Errors::name(), Errors::schema()), (Fault::name(), Fault::schema())] {
        components.schemas.insert(name.into_owned(), schema);
    }
    let cookie = ApiKeyValue::with_description("session", "Set by sign-up and sign-in.");
    components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    api
}

/// Serves `document`, and the page to try it.
pub fn routes(document: OpenApi) -> Router {
    // Nothing of the page is fetched from elsewhere, its validator's badge included.
    let config = Config::from("/openapi.json").validator_url("none").with_credentials(true);
    let page: Router = SwaggerUi::new("/docs").config(config).into();
    page.route("/openapi.json", get(|| async move { Json(document) }))
}
