//! Every address of Stripe's API the stand-in has.

mod balance;
mod charges;
mod customers;
mod events;
mod payment_intents;
mod payment_methods;
pub mod refunds;
mod tokens;
pub mod webhook_endpoints;

use serde_json::Value;

use crate::call::Call;
use crate::error::Error;
use crate::params::Params;

/// Does what the request asks. `path` is what follows `/v1/`, in its parts.
pub fn dispatch(call: &mut Call<'_>, method: &str, path: &[&str], params: &Params<'_>) -> Result<Value, Error> {
    // What Stripe.js calls comes first; all the rest is the merchant's server's alone.
    match (method, path) {
        ("GET", ["payment_intents", id]) => return payment_intents::retrieve(call, id, params),
        ("POST", ["payment_intents", id, "confirm"]) => return payment_intents::confirm(call, id, params),
        ("POST", ["payment_methods"]) => return payment_methods::create(call, params),
        ("POST", ["tokens"]) => return tokens::create(call, params),
        _ => call.needs_secret_key()?,
    }
    match (method, path) {
        ("POST", ["payment_intents"]) => payment_intents::create(call, params),
        ("GET", ["payment_intents"]) => payment_intents::list(call, params),
        ("POST", ["payment_intents", id]) => payment_intents::update(call, id, params),
        ("POST", ["payment_intents", id, "cancel"]) => payment_intents::cancel(call, id, params),

        ("POST", ["charges"]) => charges::create(call, params),
        ("GET", ["charges"]) => charges::list(call, params),
        ("GET", ["charges", id]) => charges::retrieve(call, id, params),
        ("POST", ["charges", id]) => charges::update(call, id, params),
        ("GET", ["charges", id, "refunds"]) => refunds::list_of_charge(call, id, params),

        ("POST", ["refunds"]) => refunds::create(call, params),
        ("GET", ["refunds"]) => refunds::list(call, params),
        ("GET", ["refunds", id]) => refunds::retrieve(call, id, params),
        ("POST", ["refunds", id]) => refunds::update(call, id, params),
        ("POST", ["refunds", id, "cancel"]) => refunds::cancel(call, id, params),

        ("GET", ["payment_methods", id]) => payment_methods::retrieve(call, id, params),
        ("GET", ["tokens", id]) => tokens::retrieve(call, id, params),

        ("POST", ["customers"]) => customers::create(call, params),
        ("GET", ["customers", id]) => customers::retrieve(call, id, params),

        ("GET", ["events"]) => events::list(call, params),
        ("GET", ["events", id]) => events::retrieve(call, id, params),

        ("GET", ["balance"]) => balance::retrieve(call, params),
        ("GET", ["balance_transactions"]) => balance::list(call, params),
        ("GET", ["balance_transactions", id]) => balance::transaction(call, id, params),

        ("POST", ["webhook_endpoints"]) => webhook_endpoints::create(call, params),
        ("GET", ["webhook_endpoints"]) => webhook_endpoints::list(call, params),
        ("GET", ["webhook_endpoints", id]) => webhook_endpoints::retrieve(call, id, params),
        ("DELETE", ["webhook_endpoints", id]) => webhook_endpoints::delete(call, id, params),

        _ => Err(Error::unknown_route(method, &format!("/v1/{}", path.join("/")))),
    }
}
