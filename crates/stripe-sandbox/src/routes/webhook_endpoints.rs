//! `/v1/webhook_endpoints`: where events are sent.

use serde_json::{Value, json};

use crate::call::Call;
use crate::error::Error;
use crate::ids;
use crate::list::Page;
use crate::objects::WebhookEndpoint;
use crate::params::Params;

/// Endpoints of one account. Stripe allows sixteen.
const ENDPOINTS_MAX: usize = 16;

/// A new endpoint. Only this answer shows its secret.
pub fn create(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let url = params.required("url")?;
    let enabled_events = params.list("enabled_events")?.ok_or_else(|| Error::missing("enabled_events"))?;
    let description = params.text("description")?;
    let metadata = params.metadata()?.of_new();
    params.finish()?;
    let endpoint = WebhookEndpoint {
        id: ids::id("we"),
        created: call.now,
        description,
        enabled_events,
        enabled: true,
        url,
        secret: format!("whsec_{}", ids::secret()),
        metadata,
    };
    let mut json = endpoint.json();
    json["secret"] = json!(endpoint.secret);
    add(call, endpoint)?;
    Ok(json)
}

/// Keeps an endpoint.
pub fn add(call: &mut Call<'_>, endpoint: WebhookEndpoint) -> Result<(), Error> {
    if !endpoint.url.starts_with("http://") && !endpoint.url.starts_with("https://") {
        return Err(Error::invalid("Invalid URL: An explicit scheme (such as https) must be provided.")
            .code("url_invalid")
            .param("url"));
    }
    if call.state.endpoints.iter().filter(|endpoint| endpoint.enabled).count() >= ENDPOINTS_MAX {
        let message = format!("You have reached the maximum of {ENDPOINTS_MAX} test webhook endpoints.");
        return Err(Error::not_allowed(message));
    }
    call.state.endpoints.put(endpoint)
}

/// Newest first.
pub fn list(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let page = Page::read(params)?;
    params.finish()?;
    page.of(&call.state.endpoints, "/v1/webhook_endpoints", |e| e.created, |e| e.enabled, WebhookEndpoint::json)
}

/// One endpoint.
pub fn retrieve(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    params.finish()?;
    find(call, id).map(WebhookEndpoint::json)
}

/// Sends it nothing any more.
pub fn delete(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    params.finish()?;
    find(call, id)?;
    call.state.endpoints.find_mut(id, "id")?.enabled = false;
    call.state.deliveries.retain(|delivery| delivery.endpoint != id);
    Ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
}

fn find<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a WebhookEndpoint, Error> {
    let endpoint = call.state.endpoints.get(id).filter(|endpoint| endpoint.enabled);
    endpoint.ok_or_else(|| Error::not_found("webhook_endpoint", id, "id"))
}
