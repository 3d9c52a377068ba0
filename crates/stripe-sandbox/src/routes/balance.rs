//! `/v1/balance` and `/v1/balance_transactions`: what is on the account, and how it came there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::call::Call;
use crate::error::Error;
use crate::list::Page;
use crate::objects::BalanceTransaction;
use crate::params::Params;

/// The account by currency, fees taken off.
pub fn retrieve(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    params.finish()?;
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for transaction in call.state.transactions.iter() {
        *sums.entry(&transaction.currency).or_default() += transaction.amount - transaction.fee;
    }
    let of = |amount: &dyn Fn(i64) -> i64| -> Vec<Value> {
        sums.iter()
            .map(|(currency, sum)| {
                let amount = amount(*sum);
                json!({ "amount": amount, "currency": currency, "source_types": { "card": amount } })
            })
            .collect()
    };
    Ok(json!({
        "object": "balance",
        "available": of(&|sum| sum),
        "livemode": false,
        "pending": of(&|_| 0),
    }))
}

/// Movements, newest first.
pub fn list(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let page = Page::read(params)?;
    let (source, kind) = (params.text("source")?, params.text("type")?);
    params.finish()?;
    let wanted = |transaction: &BalanceTransaction| {
        source.as_ref().is_none_or(|source| transaction.source == *source)
            && kind.as_ref().is_none_or(|kind| transaction.kind == *kind)
    };
    let now = call.now;
    page.of(&call.state.transactions, "/v1/balance_transactions", |t| t.created, wanted, |t| t.json(now))
}

/// One movement.
pub fn transaction(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    params.finish()?;
    let now = call.now;
    call.state.transactions.find(id, "id").map(|transaction| transaction.json(now))
}
