//! An event: what happened, with the object as it was just then; and its way to one endpoint.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::state::Object;

/// What is kept of an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// `evt_…`
    pub id: String,
    /// `payment_intent.succeeded` …
    pub kind: String,
    /// UNIX seconds.
    pub created: i64,
    /// The object as it was then.
    pub object: Value,
    /// What an update changed, as it was before.
    pub previous: Option<Value>,
    /// The request that caused it, if one did.
    pub request: Option<String>,
    /// The idempotency key of that request.
    pub idempotency_key: Option<String>,
}

impl Object for Event {
    const KIND: &'static str = "event";
    fn id(&self) -> &str {
        &self.id
    }
}

impl Event {
    /// Stripe's object. `pending` endpoints have not taken it yet.
    pub fn json(&self, pending: usize) -> Value {
        let mut data = json!({ "object": self.object });
        if let Some(previous) = &self.previous {
            data["previous_attributes"] = previous.clone();
        }
        json!({
            "id": self.id,
            "object": "event",
            "api_version": crate::api::VERSION,
            "created": self.created,
            "data": data,
            "livemode": false,
            "pending_webhooks": pending,
            "request": { "id": self.request, "idempotency_key": self.idempotency_key },
            "type": self.kind,
        })
    }
}

/// An event on its way to one endpoint.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Delivery {
    /// `evt_…`
    pub event: String,
    /// `we_…`
    pub endpoint: String,
    /// How often it was tried.
    #[serde(default)]
    pub attempts: u32,
    /// Whether an attempt is being made now.
    #[serde(skip)]
    pub under_way: bool,
}
