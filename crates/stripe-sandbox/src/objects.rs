//! Stripe's objects: what is kept of each, and the JSON Stripe shows of it, field by field.

mod balance_transaction;
mod charge;
mod customer;
mod event;
mod method;
mod payment_intent;
mod refund;
mod webhook_endpoint;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use balance_transaction::BalanceTransaction;
pub use charge::{Charge, Source};
pub use customer::Customer;
pub use event::{Delivery, Event};
pub use method::{Card, CardDetails, Method, Token};
pub use payment_intent::{Automatic, NextAction, PaymentIntent, Status, WhyCanceled};
pub use refund::{Refund, RefundStatus};
pub use webhook_endpoint::WebhookEndpoint;

/// Who pays and where they live, as far as the form asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Billing {
    /// The name on the card.
    pub name: Option<String>,
    /// Where receipts go.
    pub email: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
    /// The address.
    pub address: Address,
}

/// A postal address in Stripe's six fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Town.
    pub city: Option<String>,
    /// Two letters, `US`.
    pub country: Option<String>,
    /// Street and number.
    pub line1: Option<String>,
    /// What did not fit.
    pub line2: Option<String>,
    /// Postal or ZIP code.
    pub postal_code: Option<String>,
    /// State, county, province.
    pub state: Option<String>,
}

impl Billing {
    /// Stripe's `billing_details`.
    pub fn json(&self) -> Value {
        json!({
            "address": self.address,
            "email": self.email,
            "name": self.name,
            "phone": self.phone,
            "tax_id": null,
        })
    }
}
