//! `/v1/refunds`: money back, never more than was paid.

use serde_json::{Value, json};

use crate::call::{Call, Moved};
use crate::cards::Behaviour;
use crate::error::Error;
use crate::ids;
use crate::list::Page;
use crate::objects::{Charge, Refund, RefundStatus};
use crate::params::{self, Params};

/// Gives back a charge, or a part of it.
pub fn create(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let (charge, intent) = (params.text("charge")?, params.text("payment_intent")?);
    let amount = params.integer("amount")?;
    let reason = params.one_of("reason", &["duplicate", "fraudulent", "requested_by_customer"])?;
    let metadata = params.metadata()?.of_new();
    params.finish()?;
    let charge = match (charge, intent) {
        (Some(charge), None) => {
            call.state.charges.get(&charge).ok_or_else(|| Error::no_such("charge", &charge, "charge"))?.clone()
        }
        (None, Some(intent)) => paid_charge(call, &intent)?,
        (None, None) => {
            let message = "One of the following params should be provided for this request: payment_intent or charge.";
            return Err(Error::invalid(message).code("parameter_missing"));
        }
        (Some(_), Some(_)) => {
            let message = "You may only specify one of these parameters: charge, payment_intent.";
            return Err(Error::invalid(message));
        }
    };
    let amount = refundable(call, &charge, amount)?;

    let status = match charge.card.behaviour {
        Behaviour::RefundsLater => RefundStatus::Pending,
        _ => RefundStatus::Succeeded,
    };
    let before = call.charge_json(&charge);
    let mut refund = Refund {
        id: ids::id("re"),
        amount,
        currency: charge.currency.clone(),
        charge: charge.id.clone(),
        payment_intent: charge.payment_intent.clone(),
        created: call.now,
        reason: reason.map(str::to_owned),
        metadata,
        status,
        balance_transaction: None,
        failure_balance_transaction: None,
    };
    let moved =
        Moved { id: &refund.id, amount: -amount, currency: &refund.currency, description: Some("REFUND FOR CHARGE") };
    refund.balance_transaction = Some(call.move_money("refund", &moved)?);
    let json = refund.json();
    call.state.refunds.put(refund)?;
    call.emit("refund.created", json.clone(), None)?;
    call.emit_charge("charge.refunded", &charge.id, Some(changed(&before)))?;
    Ok(json)
}

/// The refund as it is.
pub fn retrieve(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    params.finish()?;
    call.state.refunds.find(id, "id").map(Refund::json)
}

/// Changes the merchant's notes.
pub fn update(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    let metadata = params.metadata()?;
    params.finish()?;
    let refund = call.state.refunds.find_mut(id, "id")?;
    metadata.apply(&mut refund.metadata);
    let json = refund.json();
    call.emit("refund.updated", json.clone(), None)?;
    Ok(json)
}

/// Stripe cancels only refunds that wait for the buyer to say where the money goes, and cards never do.
pub fn cancel(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    params.finish()?;
    call.state.refunds.find(id, "id")?;
    Err(Error::not_allowed("You cannot cancel a refund of a card: only refunds that require action may be canceled."))
}

/// Newest first.
pub fn list(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let page = Page::read(params)?;
    let (charge, intent) = (params.text("charge")?, params.text("payment_intent")?);
    params.finish()?;
    let wanted = |refund: &Refund| {
        charge.as_ref().is_none_or(|charge| refund.charge == *charge)
            && (intent.is_none() || refund.payment_intent == intent)
    };
    page.of(&call.state.refunds, "/v1/refunds", |r| r.created, wanted, Refund::json)
}

/// Those of one charge, newest first.
pub fn list_of_charge(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    let page = Page::read(params)?;
    params.finish()?;
    call.state.charges.find(id, "id")?;
    let url = format!("/v1/charges/{id}/refunds");
    page.of(&call.state.refunds, &url, |r| r.created, |refund| refund.charge == id, Refund::json)
}

/// The bank's answer to a pending refund, or its late refusal of one that had succeeded.
pub fn settle(call: &mut Call<'_>, id: &str, succeeded: bool) -> Result<(), Error> {
    let refund = call.state.refunds.find(id, "id")?.clone();
    let status = match (refund.status, succeeded) {
        (RefundStatus::Pending, true) => RefundStatus::Succeeded,
        (RefundStatus::Pending | RefundStatus::Succeeded, false) => RefundStatus::Failed,
        _ => return Err(Error::not_allowed("There is nothing to settle about this refund.")),
    };
    let mut returned = None;
    if status == RefundStatus::Failed {
        let moved = Moved {
            id: &refund.id,
            amount: refund.amount,
            currency: &refund.currency,
            description: Some("REFUND FAILURE"),
        };
        returned = Some(call.move_money("refund_failure", &moved)?);
    }
    let before = json!({ "status": refund.status });
    let refund = call.state.refunds.find_mut(id, "id")?;
    refund.status = status;
    refund.failure_balance_transaction = returned;
    let json = refund.json();
    call.emit("refund.updated", json.clone(), Some(before.clone()))?;
    call.emit("charge.refund.updated", json.clone(), Some(before))?;
    if status == RefundStatus::Failed {
        call.emit("refund.failed", json, None)?;
    }
    Ok(())
}

fn paid_charge(call: &Call<'_>, intent: &str) -> Result<Charge, Error> {
    let found =
        call.state.intents.get(intent).ok_or_else(|| Error::no_such("payment_intent", intent, "payment_intent"))?;
    let charge = found.latest_charge.as_deref().and_then(|charge| call.state.charges.get(charge));
    charge.filter(|charge| charge.paid()).cloned().ok_or_else(|| {
        Error::not_allowed(format!("This PaymentIntent ({intent}) does not have a successful charge to refund."))
            .param("payment_intent")
    })
}

/// How much to give back, if the charge still has as much.
fn refundable(call: &Call<'_>, charge: &Charge, amount: Option<i64>) -> Result<i64, Error> {
    if !charge.paid() {
        let message = match &charge.payment_intent {
            Some(intent) => format!("This PaymentIntent ({intent}) does not have a successful charge to refund."),
            None => format!("Charge {} failed, so there is nothing to refund.", charge.id),
        };
        return Err(Error::not_allowed(message).param("charge"));
    }
    let left = call.unrefunded(charge);
    if left == 0 {
        let message = format!("Charge {} has already been refunded.", charge.id);
        return Err(Error::not_allowed(message).code("charge_already_refunded"));
    }
    let amount = amount.unwrap_or(left);
    if amount == 0 {
        return Err(Error::invalid("Invalid positive integer").code("parameter_invalid_integer").param("amount"));
    }
    if amount > left {
        let shown = |amount| params::money(amount, &charge.currency).split(' ').next().unwrap_or_default().to_owned();
        let of = if left == charge.amount { "charge amount" } else { "unrefunded amount on charge" };
        let message = format!("Refund amount ({}) is greater than {of} ({})", shown(amount), shown(left));
        return Err(Error::not_allowed(message).param("amount"));
    }
    Ok(amount)
}

fn changed(before: &Value) -> Value {
    json!({ "amount_refunded": before["amount_refunded"], "refunded": before["refunded"] })
}
