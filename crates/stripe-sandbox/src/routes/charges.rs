//! `/v1/charges`: the older way to pay, by a token; and every attempt of an intent.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{payment_intents, tokens};
use crate::call::Call;
use crate::cards::{Behaviour, Decline};
use crate::error::Error;
use crate::ids;
use crate::list::Page;
use crate::objects::{Charge, Source};
use crate::params::{self, Params};
use crate::payments::{self, Outcome};

/// Takes money off a token's card, or is declined.
pub fn create(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let currency = params::currency(params)?;
    let amount = params.integer("amount")?.ok_or_else(|| Error::missing("amount"))?;
    let amount = params::amount(amount, &currency)?;
    if params.boolean("capture")? == Some(false) {
        return Err(Error::unsupported("capture=false, only charges captured at once").param("capture"));
    }
    let source = params.text("source")?;
    let metadata: BTreeMap<_, _> = params.metadata()?.of_new();
    let description = params.text("description")?;
    let receipt_email = params.text("receipt_email")?;
    let statement_descriptor = params.text("statement_descriptor")?;
    let statement_descriptor_suffix = params.text("statement_descriptor_suffix")?;
    let customer = payment_intents::customer(call, params)?;
    params.finish()?;
    let Some(source) = source else {
        return Err(Error::invalid("Must provide source or customer.").code("parameter_missing"));
    };
    let card = tokens::take(call, &source, "source")?;

    let outcome = call.state.outcomes.pop_front().unwrap_or(Outcome::Card(card.details.behaviour));
    let failure = match outcome {
        Outcome::Card(Behaviour::Pays | Behaviour::RefundsLater | Behaviour::RefundFails) => None,
        Outcome::Card(Behaviour::Declines(decline)) => Some(decline),
        // A charge has no way to let the buyer authenticate: that is what intents were made for.
        Outcome::Card(Behaviour::Authenticates | Behaviour::AuthenticatesThenDeclines(_)) => {
            Some(Decline::AuthenticationRequired)
        }
        Outcome::Processing => return Err(Error::unsupported("charges that are processing, only payment intents")),
    };
    let charge = Charge {
        id: ids::id("ch"),
        amount,
        currency,
        created: call.now,
        description,
        metadata,
        payment_intent: None,
        customer,
        card: card.details.clone(),
        billing: card.billing.clone(),
        source: Source::Card(Box::new(card)),
        receipt_email,
        statement_descriptor,
        statement_descriptor_suffix,
        failure,
        authenticated: false,
        balance_transaction: None,
    };
    let id = payments::record(call, charge)?;
    if let Some(decline) = failure {
        call.emit_charge("charge.failed", &id, None)?;
        return Err(Error::declined(decline).charge(&id));
    }
    call.emit_charge("charge.succeeded", &id, None)?;
    show(call, &id)
}

/// The charge as it is.
pub fn retrieve(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    params.finish()?;
    show(call, id)
}

/// Changes the merchant's notes.
pub fn update(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    let metadata = params.metadata()?;
    let description = params.text_or_unset("description")?;
    params.finish()?;
    let charge = call.state.charges.find_mut(id, "id")?;
    metadata.apply(&mut charge.metadata);
    if let Some(text) = description {
        charge.description = Some(text).filter(|text| !text.is_empty());
    }
    show(call, id)
}

/// Newest first.
pub fn list(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let page = Page::read(params)?;
    let (customer, intent) = (params.text("customer")?, params.text("payment_intent")?);
    params.finish()?;
    let wanted = |charge: &Charge| {
        (customer.is_none() || charge.customer == customer) && (intent.is_none() || charge.payment_intent == intent)
    };
    page.of(&call.state.charges, "/v1/charges", |c| c.created, wanted, |c| call.charge_json(c))
}

fn show(call: &Call<'_>, id: &str) -> Result<Value, Error> {
    call.state.charges.find(id, "id").map(|charge| call.charge_json(charge))
}
