//! A payment intent: one payment the merchant wants, through all attempts until it succeeds or is canceled.
//!
//! ```text
//!                     ┌──────────── declined, authentication failed ───────────┐
//!                     ▼                                                        │
//! create ─► requires_payment_method ─► requires_confirmation ─► (attempt) ─► requires_action
//!                     │                          │                  │          │
//!                     └──────────────┬───────────┴──────────────────┼──────────┤
//!                                    ▼                              ▼          ▼
//!                                canceled                       processing ─► succeeded
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::state::Object;

/// Where an intent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing to pay with, or the last attempt failed.
    RequiresPaymentMethod,
    /// Has something to pay with; no one said go.
    RequiresConfirmation,
    /// The buyer has to authenticate.
    RequiresAction,
    /// The bank will answer later.
    Processing,
    /// Paid.
    Succeeded,
    /// Called off for good.
    Canceled,
}

impl Status {
    /// As it stands in JSON and in Stripe's messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

/// Why an intent was canceled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyCanceled {
    /// There is another for the same.
    Duplicate,
    /// Someone is cheating.
    Fraudulent,
    /// The buyer asked.
    RequestedByCustomer,
    /// The buyer went away.
    Abandoned,
}

/// `automatic_payment_methods`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Automatic {
    /// Whether ways to pay that lead to another page are fine.
    pub allow_redirects: bool,
}

/// What the buyer has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextAction {
    /// Stripe.js asks the buyer on the merchant's page.
    Script,
    /// The merchant sends the buyer to a page of the stand-in, which sends them back here.
    Redirect {
        /// The merchant's page.
        return_url: String,
    },
}

/// What is kept of a payment intent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PaymentIntent {
    /// `pi_…`
    pub id: String,
    /// What lets a browser act on it.
    pub client_secret: String,
    /// In the smallest unit.
    pub amount: i64,
    /// `usd` …
    pub currency: String,
    /// UNIX seconds.
    pub created: i64,
    /// Where it stands.
    pub status: Status,
    /// None where the merchant listed `payment_method_types`.
    pub automatic: Option<Automatic>,
    /// Whether only the secret key may confirm it.
    pub confirmed_by_server: bool,
    /// The customer it is for.
    pub customer: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The merchant's own notes.
    pub metadata: BTreeMap<String, String>,
    /// What to pay with, `pm_…`.
    pub payment_method: Option<String>,
    /// Where the receipt goes.
    pub receipt_email: Option<String>,
    /// What stands on the buyer's statement.
    pub statement_descriptor: Option<String>,
    /// What is added to it.
    pub statement_descriptor_suffix: Option<String>,
    /// The last attempt, `ch_…`.
    pub latest_charge: Option<String>,
    /// How the last attempt failed.
    pub last_payment_error: Option<Value>,
    /// What the buyer has to do.
    pub next_action: Option<NextAction>,
    /// UNIX seconds.
    pub canceled_at: Option<i64>,
    /// Why.
    pub cancellation_reason: Option<WhyCanceled>,
}

impl Object for PaymentIntent {
    const KIND: &'static str = "payment_intent";
    fn id(&self) -> &str {
        &self.id
    }
}

impl PaymentIntent {
    /// Stripe's object, for the secret key. `base` is where the stand-in's own pages are.
    pub fn json(&self, base: &str) -> Value {
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": 0,
            "amount_details": { "tip": {} },
            "amount_received": if self.status == Status::Succeeded { self.amount } else { 0 },
            "application": null,
            "application_fee_amount": null,
            "automatic_payment_methods": self.automatic.map(|automatic| json!({
                "allow_redirects": if automatic.allow_redirects { "always" } else { "never" },
                "enabled": true,
            })),
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": "automatic",
            "client_secret": self.client_secret,
            "confirmation_method": if self.confirmed_by_server { "manual" } else { "automatic" },
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "description": self.description,
            "excluded_payment_method_types": null,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "managed_payments": { "enabled": false },
            "metadata": self.metadata,
            "next_action": self.next_action.as_ref().map(|action| self.action_json(action, base)),
            "on_behalf_of": null,
            "payment_method": self.payment_method,
            "payment_method_configuration_details": self.automatic.map(|_| json!({
                "id": "pmc_1SandboxDefaultCards",
                "parent": null,
            })),
            "payment_method_options": {
                "card": {
                    "installments": null,
                    "mandate_options": null,
                    "network": null,
                    "request_three_d_secure": "automatic",
                },
            },
            "payment_method_types": ["card"],
            "processing": (self.status == Status::Processing).then(|| json!({
                "card": { "customer_notification": null },
                "type": "card",
            })),
            "receipt_email": self.receipt_email,
            "review": null,
            "setup_future_usage": null,
            "shipping": null,
            "source": null,
            "statement_descriptor": self.statement_descriptor,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            "status": self.status,
            "transfer_data": null,
            "transfer_group": null,
        })
    }

    /// The part of it a browser may see.
    pub fn public_json(&self, base: &str) -> Value {
        const PUBLIC: &[&str] = &[
            "id",
            "object",
            "amount",
            "amount_details",
            "automatic_payment_methods",
            "canceled_at",
            "cancellation_reason",
            "capture_method",
            "client_secret",
            "confirmation_method",
            "created",
            "currency",
            "description",
            "excluded_payment_method_types",
            "last_payment_error",
            "livemode",
            "next_action",
            "payment_method",
            "payment_method_configuration_details",
            "payment_method_types",
            "processing",
            "receipt_email",
            "setup_future_usage",
            "shipping",
            "source",
            "status",
        ];
        let mut all = self.json(base);
        if let Some(fields) = all.as_object_mut() {
            fields.retain(|name, _| PUBLIC.contains(&name.as_str()));
        }
        all
    }

    fn action_json(&self, action: &NextAction, base: &str) -> Value {
        let page = format!("{base}/authenticate/{}?client_secret={}", self.id, self.client_secret);
        match action {
            NextAction::Script => json!({
                "type": "use_stripe_sdk",
                "use_stripe_sdk": { "type": "three_d_secure_redirect", "stripe_js": page },
            }),
            NextAction::Redirect { return_url } => json!({
                "redirect_to_url": { "return_url": return_url, "url": page },
                "type": "redirect_to_url",
            }),
        }
    }
}
