//! A charge: one attempt to take money off a card, whether it went well or not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cards::Decline;
use crate::objects::{Billing, Card, CardDetails, Refund};
use crate::state::Object;

/// What a charge was taken from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A payment method, `pm_…`.
    Method(String),
    /// The card behind a legacy token.
    Card(Box<Card>),
}

/// What is kept of a charge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Charge {
    /// `ch_…`
    pub id: String,
    /// In the smallest unit.
    pub amount: i64,
    /// `usd` …
    pub currency: String,
    /// UNIX seconds.
    pub created: i64,
    /// Free text.
    pub description: Option<String>,
    /// The merchant's own notes.
    pub metadata: BTreeMap<String, String>,
    /// The intent it is an attempt of.
    pub payment_intent: Option<String>,
    /// The customer it was made for.
    pub customer: Option<String>,
    /// What it was taken from.
    pub source: Source,
    /// The card.
    pub card: CardDetails,
    /// Who paid.
    pub billing: Billing,
    /// Where the receipt goes.
    pub receipt_email: Option<String>,
    /// What stands on the buyer's statement.
    pub statement_descriptor: Option<String>,
    /// What is added to it.
    pub statement_descriptor_suffix: Option<String>,
    /// Why it failed; none if it went well.
    pub failure: Option<Decline>,
    /// Whether the buyer authenticated.
    pub authenticated: bool,
    /// The movement into the account.
    pub balance_transaction: Option<String>,
}

impl Object for Charge {
    const KIND: &'static str = "charge";
    fn id(&self) -> &str {
        &self.id
    }
}

impl Charge {
    /// Whether money moved.
    pub fn paid(&self) -> bool {
        self.failure.is_none()
    }

    /// Stripe's object; `refunds` are those of this charge, oldest first.
    pub fn json(&self, refunds: &[&Refund]) -> Value {
        let refunded: i64 = refunds.iter().filter(|refund| refund.counts()).map(|refund| refund.amount).sum();
        let descriptor = self.statement_descriptor.clone().unwrap_or_else(|| "STRIPE SANDBOX".to_owned());
        let (payment_method, source) = match &self.source {
            Source::Method(id) => (id.as_str(), Value::Null),
            Source::Card(card) => (card.id.as_str(), card.json()),
        };
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": if self.paid() { self.amount } else { 0 },
            "amount_refunded": refunded,
            "application": null,
            "application_fee": null,
            "application_fee_amount": null,
            "balance_transaction": self.balance_transaction,
            "billing_details": self.billing.json(),
            "calculated_statement_descriptor": descriptor,
            "captured": self.paid(),
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "disputed": false,
            "failure_balance_transaction": null,
            "failure_code": self.failure.map(Decline::code),
            "failure_message": self.failure.map(Decline::message),
            "fraud_details": {},
            "livemode": false,
            "metadata": self.metadata,
            "on_behalf_of": null,
            "outcome": self.outcome(),
            "paid": self.paid(),
            "payment_intent": self.payment_intent,
            "payment_method": payment_method,
            "payment_method_details": { "card": self.card_json(), "type": "card" },
            "presentment_details": null,
            "radar_options": {},
            "receipt_email": self.receipt_email,
            "receipt_number": null,
            "receipt_url": self.paid().then(|| format!("https://pay.stripe.com/receipts/payment/{}", self.id)),
            "refunded": self.paid() && refunded == self.amount,
            "refunds": {
                "object": "list",
                "data": refunds.iter().rev().take(10).map(|refund| refund.json()).collect::<Vec<_>>(),
                "has_more": refunds.len() > 10,
                "url": format!("/v1/charges/{}/refunds", self.id),
            },
            "review": null,
            "shipping": null,
            "source": source,
            "source_transfer": null,
            "statement_descriptor": self.statement_descriptor,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            "status": if self.paid() { "succeeded" } else { "failed" },
            "transfer_data": null,
            "transfer_group": null,
        })
    }

    fn outcome(&self) -> Value {
        let (kind, status, seller_message) = match self.failure {
            None => ("authorized", "approved_by_network", "Payment complete."),
            Some(Decline::Fraudulent) => {
                ("blocked", "not_sent_to_network", "Stripe blocked this payment as too risky.")
            }
            Some(Decline::InsufficientFunds) => {
                ("issuer_declined", "declined_by_network", "The bank returned the decline code `insufficient_funds`.")
            }
            Some(Decline::Generic) => (
                "issuer_declined",
                "declined_by_network",
                "The bank did not return any further details with this decline.",
            ),
            Some(_) => ("issuer_declined", "declined_by_network", "The bank declined the payment."),
        };
        json!({
            "advice_code": self.failure.and_then(Decline::advice_code),
            "network_advice_code": null,
            "network_decline_code": null,
            "network_status": status,
            "reason": self.failure.map(|decline| decline.decline_code().unwrap_or_else(|| decline.code())),
            "risk_level": if self.failure == Some(Decline::Fraudulent) { "highest" } else { "normal" },
            "risk_score": if self.failure == Some(Decline::Fraudulent) { 96 } else { 12 },
            "seller_message": seller_message,
            "type": kind,
        })
    }

    fn card_json(&self) -> Value {
        let card = &self.card;
        let secured = self.authenticated.then(|| {
            json!({
                "authentication_flow": "challenge",
                "electronic_commerce_indicator": "05",
                "exemption_indicator": null,
                "result": "authenticated",
                "result_reason": null,
                "transaction_id": null,
                "version": "2.2.0",
            })
        });
        json!({
            "amount_authorized": self.amount,
            "authorization_code": self.paid().then_some("123456"),
            "brand": card.brand,
            "checks": {
                "address_line1_check": null,
                "address_postal_code_check": self.billing.address.postal_code.as_ref().map(|_| "pass"),
                "cvc_check": match self.failure {
                    Some(Decline::IncorrectCvc) => Some("fail"),
                    _ => card.cvc_check(),
                },
            },
            "country": "US",
            "exp_month": card.exp_month,
            "exp_year": card.exp_year,
            "extended_authorization": { "status": "disabled" },
            "fingerprint": card.fingerprint,
            "funding": card.funding,
            "incremental_authorization": { "status": "unavailable" },
            "installments": null,
            "last4": card.last4,
            "mandate": null,
            "multicapture": { "status": "unavailable" },
            "network": card.brand,
            "network_token": { "used": false },
            "network_transaction_id": null,
            "overcapture": { "maximum_amount_capturable": self.amount, "status": "unavailable" },
            "regulated_status": "unregulated",
            "three_d_secure": secured,
            "transaction_link_id": null,
            "wallet": null,
        })
    }
}
