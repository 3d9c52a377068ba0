//! `GET /api/payments/config`: what the client's script needs to know of the provider.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// What a browser needs to pay. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PaymentsConfig)]
pub struct Public {
    /// The provider's key for browsers; `null` where none is set, and then there is no paying by intent.
    pub publishable_key: Option<String>,
    /// Where the provider's script comes from.
    #[schema(example = "https://js.stripe.com/v3/")]
    pub script_url: String,
    /// What is paid in.
    #[schema(example = "usd")]
    pub currency: String,
}

/// Tells what the provider's script is and what to start it with.
#[utoipa::path(
    get, path = "/api/payments/config", tag = "payments", operation_id = "paymentsConfig",
    responses((status = 200, description = "The settings.", body = Public)),
)]
pub async fn config(State(app): State<App>) -> Json<Public> {
    Json(Public {
        publishable_key: app.publishable_key.as_deref().map(str::to_owned),
        script_url: app.script_url.to_string(),
        currency: app.currency.to_string(),
    })
}
