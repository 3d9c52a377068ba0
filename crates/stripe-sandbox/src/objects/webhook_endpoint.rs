//! An address events are sent to, and the secret they are signed with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::state::Object;

/// What is kept of a webhook endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookEndpoint {
    /// `we_…`
    pub id: String,
    /// UNIX seconds.
    pub created: i64,
    /// Free text.
    pub description: Option<String>,
    /// Types of events, or `*`.
    pub enabled_events: Vec<String>,
    /// Whether it gets any.
    pub enabled: bool,
    /// Where.
    pub url: String,
    /// `whsec_…`
    pub secret: String,
    /// The merchant's own notes.
    pub metadata: BTreeMap<String, String>,
}

impl Object for WebhookEndpoint {
    const KIND: &'static str = "webhook_endpoint";
    fn id(&self) -> &str {
        &self.id
    }
}

impl WebhookEndpoint {
    /// Whether it wants events of this type.
    pub fn wants(&self, kind: &str) -> bool {
        self.enabled && self.enabled_events.iter().any(|wanted| wanted == "*" || wanted == kind)
    }

    /// Stripe's object. The secret is shown only once, by the call that made it.
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "webhook_endpoint",
            "api_version": null,
            "application": null,
            "created": self.created,
            "description": self.description,
            "enabled_events": self.enabled_events,
            "livemode": false,
            "metadata": self.metadata,
            "status": if self.enabled { "enabled" } else { "disabled" },
            "url": self.url,
        })
    }
}
