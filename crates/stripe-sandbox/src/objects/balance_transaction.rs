//! A movement on the account: money in with a charge, out with a refund.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::state::Object;

/// Seconds until money that came in may be paid out. Stripe's usual two days.
const AVAILABLE_AFTER: i64 = 2 * 24 * 60 * 60;

/// What is kept of a balance transaction.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BalanceTransaction {
    /// `txn_…`
    pub id: String,
    /// In the smallest unit; what left the account is below nought.
    pub amount: i64,
    /// What Stripe keeps of it.
    pub fee: i64,
    /// `usd` …
    pub currency: String,
    /// UNIX seconds.
    pub created: i64,
    /// From the charge.
    pub description: Option<String>,
    /// The charge or refund that moved it.
    pub source: String,
    /// `charge`, `refund` or `refund_failure`.
    pub kind: String,
}

impl Object for BalanceTransaction {
    const KIND: &'static str = "balance_transaction";
    fn id(&self) -> &str {
        &self.id
    }
}

impl BalanceTransaction {
    /// Stripe's fee in its home country: 2.9 % and thirty of the smallest unit.
    pub fn fee_of(amount: i64) -> i64 {
        (amount * 29 + 500) / 1000 + 30
    }

    /// Stripe's object.
    pub fn json(&self, now: i64) -> Value {
        let available_on = self.created + AVAILABLE_AFTER;
        let fee_details = match self.fee {
            0 => vec![],
            fee => vec![json!({
                "amount": fee,
                "application": null,
                "currency": self.currency,
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            })],
        };
        json!({
            "id": self.id,
            "object": "balance_transaction",
            "amount": self.amount,
            "available_on": available_on,
            "balance_type": "payments",
            "created": self.created,
            "currency": self.currency,
            "description": self.description,
            "exchange_rate": null,
            "fee": self.fee,
            "fee_details": fee_details,
            "net": self.amount - self.fee,
            "reporting_category": self.kind,
            "source": self.source,
            "status": if now >= available_on { "available" } else { "pending" },
            "type": self.kind,
        })
    }
}
