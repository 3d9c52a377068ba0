//! A customer: someone a merchant knows again. Payments may name one; nothing else hangs on it here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::state::Object;

/// What is kept of a customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Customer {
    /// `cus_…`
    pub id: String,
    /// UNIX seconds.
    pub created: i64,
    /// Free text.
    pub description: Option<String>,
    /// Where receipts go.
    pub email: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
    /// The merchant's own notes.
    pub metadata: BTreeMap<String, String>,
}

impl Object for Customer {
    const KIND: &'static str = "customer";
    fn id(&self) -> &str {
        &self.id
    }
}

impl Customer {
    /// Stripe's object.
    pub fn json(&self) -> Value {
        let prefix: String = self.id.chars().rev().filter(char::is_ascii_alphanumeric).take(8).collect();
        json!({
            "id": self.id,
            "object": "customer",
            "address": null,
            "balance": 0,
            "created": self.created,
            "currency": null,
            "default_source": null,
            "delinquent": false,
            "description": self.description,
            "discount": null,
            "email": self.email,
            "invoice_prefix": prefix.to_uppercase(),
            "invoice_settings": {
                "custom_fields": null,
                "default_payment_method": null,
                "footer": null,
                "rendering_options": null,
            },
            "livemode": false,
            "metadata": self.metadata,
            "name": self.name,
            "next_invoice_sequence": 1,
            "phone": self.phone,
            "preferred_locales": [],
            "shipping": null,
            "tax_exempt": "none",
            "test_clock": null,
        })
    }
}
