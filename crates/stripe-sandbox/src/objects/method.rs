//! What is paid with: a card, as a payment method, as a token, and as the legacy source behind a token.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cards::{Behaviour, TestCard};
use crate::objects::Billing;
use crate::state::Object;

/// A card without its number: what Stripe tells a merchant, and what it does when charged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CardDetails {
    /// `visa` …
    pub brand: String,
    /// `credit` …
    pub funding: String,
    /// The last four digits.
    pub last4: String,
    /// 1 to 12.
    pub exp_month: i64,
    /// Four digits.
    pub exp_year: i64,
    /// Whether a security code was given.
    pub has_cvc: bool,
    /// The same for the same number, so that merchants know a card again.
    pub fingerprint: String,
    /// What it does.
    pub behaviour: Behaviour,
}

impl CardDetails {
    /// The details of a test card that expires then.
    pub fn new(card: &TestCard, exp_month: i64, exp_year: i64, has_cvc: bool) -> Self {
        let hash = Sha256::digest(card.number.as_bytes());
        Self {
            brand: card.brand.to_owned(),
            funding: card.funding.to_owned(),
            last4: card.last4().to_owned(),
            exp_month,
            exp_year,
            has_cvc,
            fingerprint: crate::ids::hex(&hash[..8]),
            behaviour: card.behaviour,
        }
    }

    /// `pass` where there was something to check.
    pub fn cvc_check(&self) -> Option<&'static str> {
        self.has_cvc.then_some("pass")
    }

    fn shown_brand(&self) -> &'static str {
        match self.brand.as_str() {
            "mastercard" => "MasterCard",
            "amex" => "American Express",
            "discover" => "Discover",
            "diners" => "Diners Club",
            "jcb" => "JCB",
            "unionpay" => "UnionPay",
            _ => "Visa",
        }
    }
}

/// What is kept of a payment method.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Method {
    /// `pm_…`
    pub id: String,
    /// UNIX seconds.
    pub created: i64,
    /// The card.
    pub card: CardDetails,
    /// Who pays.
    pub billing: Billing,
    /// The merchant's own notes.
    pub metadata: BTreeMap<String, String>,
    /// The payment that used it. Without a customer it can't be used for another.
    pub used_by: Option<String>,
}

impl Object for Method {
    const KIND: &'static str = "PaymentMethod";
    fn id(&self) -> &str {
        &self.id
    }
}

impl Method {
    /// Stripe's object.
    pub fn json(&self) -> Value {
        let card = &self.card;
        json!({
            "id": self.id,
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": self.billing.json(),
            "card": {
                "brand": card.brand,
                "checks": {
                    "address_line1_check": null,
                    "address_postal_code_check": self.billing.address.postal_code.as_ref().map(|_| "pass"),
                    "cvc_check": card.cvc_check(),
                },
                "country": "US",
                "display_brand": card.brand,
                "exp_month": card.exp_month,
                "exp_year": card.exp_year,
                "fingerprint": card.fingerprint,
                "funding": card.funding,
                "generated_from": null,
                "last4": card.last4,
                "networks": { "available": [card.brand], "preferred": null },
                "regulated_status": "unregulated",
                "three_d_secure_usage": { "supported": true },
                "wallet": null,
            },
            "created": self.created,
            "customer": null,
            "customer_account": null,
            "livemode": false,
            "metadata": self.metadata,
            "type": "card",
        })
    }
}

/// What is kept of the legacy source behind a token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Card {
    /// `card_…`
    pub id: String,
    /// The card.
    pub details: CardDetails,
    /// Who pays.
    pub billing: Billing,
}

impl Object for Card {
    const KIND: &'static str = "source";
    fn id(&self) -> &str {
        &self.id
    }
}

impl Card {
    /// Stripe's object.
    pub fn json(&self) -> Value {
        let address = &self.billing.address;
        json!({
            "id": self.id,
            "object": "card",
            "address_city": address.city,
            "address_country": address.country,
            "address_line1": address.line1,
            "address_line1_check": address.line1.as_ref().map(|_| "pass"),
            "address_line2": address.line2,
            "address_state": address.state,
            "address_zip": address.postal_code,
            "address_zip_check": address.postal_code.as_ref().map(|_| "pass"),
            "brand": self.details.shown_brand(),
            "country": "US",
            "customer": null,
            "cvc_check": self.details.cvc_check(),
            "dynamic_last4": null,
            "exp_month": self.details.exp_month,
            "exp_year": self.details.exp_year,
            "fingerprint": self.details.fingerprint,
            "funding": self.details.funding,
            "last4": self.details.last4,
            "metadata": {},
            "name": self.billing.name,
            "regulated_status": "unregulated",
            "tokenization_method": null,
            "wallet": null,
        })
    }
}

/// What is kept of a token: a card that may be charged once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Token {
    /// `tok_…`
    pub id: String,
    /// UNIX seconds.
    pub created: i64,
    /// The source behind it.
    pub card: Card,
    /// Whether it was charged or turned into a payment method.
    pub used: bool,
}

impl Object for Token {
    const KIND: &'static str = "token";
    fn id(&self) -> &str {
        &self.id
    }
}

impl Token {
    /// Stripe's object.
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "token",
            "card": self.card.json(),
            "client_ip": "127.0.0.1",
            "created": self.created,
            "livemode": false,
            "type": "card",
            "used": self.used,
        })
    }
}
