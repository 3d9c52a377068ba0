//! A refund: money of a charge on its way back to the card.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::state::Object;

/// How far a refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// The bank has not answered.
    Pending,
    /// The money is back.
    Succeeded,
    /// The bank sent it back to the merchant.
    Failed,
    /// Called off while it was pending.
    Canceled,
}

/// What is kept of a refund.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refund {
    /// `re_…`
    pub id: String,
    /// In the smallest unit.
    pub amount: i64,
    /// `usd` …
    pub currency: String,
    /// What is given back.
    pub charge: String,
    /// The intent the charge belongs to.
    pub payment_intent: Option<String>,
    /// UNIX seconds.
    pub created: i64,
    /// `duplicate`, `fraudulent` or `requested_by_customer`.
    pub reason: Option<String>,
    /// The merchant's own notes.
    pub metadata: BTreeMap<String, String>,
    /// How far it is.
    pub status: RefundStatus,
    /// The movement out of the account.
    pub balance_transaction: Option<String>,
    /// The movement back, if it failed.
    pub failure_balance_transaction: Option<String>,
}

impl Object for Refund {
    const KIND: &'static str = "refund";
    fn id(&self) -> &str {
        &self.id
    }
}

impl Refund {
    /// Whether its amount is gone from the charge.
    pub fn counts(&self) -> bool {
        matches!(self.status, RefundStatus::Pending | RefundStatus::Succeeded)
    }

    /// Stripe's object.
    pub fn json(&self) -> Value {
        let card = match self.status {
            RefundStatus::Pending => json!({ "reference_status": "pending", "type": "refund" }),
            _ => json!({
                "reference": self.id.get(self.id.len().saturating_sub(10)..),
                "reference_status": "available",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            }),
        };
        let mut refund = json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "customer": null,
            "customer_account": null,
            "destination_details": { "card": card, "type": "card" },
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "payment_method": null,
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": self.status,
            "transfer_reversal": null,
        });
        if self.status == RefundStatus::Failed {
            refund["failure_reason"] = json!("expired_or_canceled_card");
            refund["failure_balance_transaction"] = json!(self.failure_balance_transaction);
        }
        refund
    }
}
