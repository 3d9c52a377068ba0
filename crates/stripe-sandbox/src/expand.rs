//! `expand[]`: puts whole objects where an answer has only their ids.

use serde_json::Value;

use crate::call::Call;
use crate::error::Error;

/// Stripe's own limit on how deep one path goes.
const DEPTH_MAX: usize = 4;
/// Paths in one request.
const PATHS_MAX: usize = 20;

/// The fields of a kind that hold another object's id, and that object's kind. Those the stand-in always leaves null,
/// but Stripe lets expand, have none.
fn expandable(kind: &str) -> &'static [(&'static str, &'static str)] {
    match kind {
        "payment_intents" => &[
            ("customer", "customers"),
            ("latest_charge", "charges"),
            ("payment_method", "payment_methods"),
            ("application", ""),
            ("on_behalf_of", ""),
            ("review", ""),
            ("source", ""),
        ],
        "charges" => &[
            ("balance_transaction", "balance_transactions"),
            ("customer", "customers"),
            ("payment_intent", "payment_intents"),
            ("refunds", "refunds"),
            ("application", ""),
            ("application_fee", ""),
            ("failure_balance_transaction", ""),
            ("on_behalf_of", ""),
            ("review", ""),
            ("source_transfer", ""),
        ],
        "refunds" => &[
            ("balance_transaction", "balance_transactions"),
            ("charge", "charges"),
            ("failure_balance_transaction", "balance_transactions"),
            ("payment_intent", "payment_intents"),
            ("source_transfer_reversal", ""),
            ("transfer_reversal", ""),
        ],
        "balance_transactions" => &[("source", "charges")],
        "payment_methods" => &[("customer", "customers")],
        _ => &[],
    }
}

/// Refuses paths that lead nowhere, before anything has been done. `kind` is the address's first part.
pub fn check(kind: &str, is_list: bool, paths: &[String]) -> Result<(), Error> {
    if paths.len() > PATHS_MAX {
        return Err(Error::invalid(format!("You can expand up to {PATHS_MAX} properties.")).param("expand"));
    }
    for path in paths {
        let names: Vec<_> = path.split('.').collect();
        if names.len() > DEPTH_MAX {
            let message = format!("You cannot expand more than {DEPTH_MAX} levels of a property. Property: {path}");
            return Err(Error::invalid(message).param("expand"));
        }
        let names = match names.split_first() {
            Some((&"data", rest)) if is_list => rest,
            _ if is_list => return Err(cannot(path)),
            _ => names.as_slice(),
        };
        let mut kind = kind;
        for name in names {
            // A list within an object: its items are of the kind the list is.
            if *name == "data" && kind == "refunds" {
                continue;
            }
            let found = expandable(kind).iter().find(|(field, _)| field == name);
            kind = found.ok_or_else(|| cannot(path))?.1;
        }
    }
    Ok(())
}

fn cannot(path: &str) -> Error {
    let message = format!(
        "This property cannot be expanded ({path}). (If Stripe expands it: the Stripe sandbox does not support it.)"
    );
    Error::invalid(message).param("expand")
}

/// Replaces what the paths name. What is null or hidden from the asking key stays as it is.
pub fn expand(call: &Call<'_>, answer: &mut Value, paths: &[String]) {
    for path in paths {
        let names: Vec<_> = path.split('.').collect();
        follow(call, answer, &names);
    }
}

fn follow(call: &Call<'_>, value: &mut Value, names: &[&str]) {
    let Some((name, rest)) = names.split_first() else { return };
    let Some(field) = value.get_mut(name) else { return };
    match field {
        Value::String(id) => {
            if let Some(object) = object(call, id) {
                *field = object;
                follow(call, field, rest);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| follow(call, item, rest)),
        Value::Object(_) => follow(call, field, rest),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn object(call: &Call<'_>, id: &str) -> Option<Value> {
    let state = &call.state;
    match id.split_once('_')?.0 {
        "pi" => state.intents.get(id).map(|intent| call.intent_json(intent)),
        "ch" => state.charges.get(id).map(|charge| call.charge_json(charge)),
        "re" => state.refunds.get(id).map(crate::objects::Refund::json),
        "pm" => state.methods.get(id).map(crate::objects::Method::json),
        "cus" => state.customers.get(id).map(crate::objects::Customer::json),
        "txn" => state.transactions.get(id).map(|transaction| transaction.json(call.now)),
        _ => None,
    }
}
