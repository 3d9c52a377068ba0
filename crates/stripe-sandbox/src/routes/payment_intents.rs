//! `/v1/payment_intents`: create, retrieve, update, confirm, cancel, list.

use serde_json::Value;

use super::payment_methods;
use crate::call::{Call, Key};
use crate::error::Error;
use crate::ids;
use crate::list::Page;
use crate::objects::{Automatic, PaymentIntent, Status, WhyCanceled};
use crate::params::{self, Params};
use crate::payments::{self, Circumstances};

/// A new intent, with `confirm=true` also paid or declined.
pub fn create(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let currency = params::currency(params)?;
    let amount = params.integer("amount")?.ok_or_else(|| Error::missing("amount"))?;
    let amount = params::amount(amount, &currency)?;
    let confirm = params.boolean("confirm")?.unwrap_or(false);
    let circumstances = circumstances(params)?;
    let automatic = automatic(params)?;
    let confirmed_by_server = params.one_of("confirmation_method", &["automatic", "manual"])? == Some("manual");
    only_automatic_capture(params)?;
    let metadata = params.metadata()?.of_new();
    let description = params.text("description")?;
    let receipt_email = params.text("receipt_email")?;
    let statement_descriptor = params.text("statement_descriptor")?;
    let statement_descriptor_suffix = params.text("statement_descriptor_suffix")?;
    let customer = customer(call, params)?;
    let method = payment_methods::Choice::read(params, call.key)?;
    params.finish()?;
    if !confirm && (circumstances.return_url.is_some() || circumstances.off_session || circumstances.refuses_action) {
        let message = "The parameters `return_url`, `off_session` and `error_on_requires_action` are only used when \
                       `confirm` is set to true.";
        return Err(Error::invalid(message));
    }
    if confirm {
        may_redirect(automatic, &circumstances)?;
    }

    let id = ids::id("pi");
    let payment_method = method.map(|method| method.take(call, None)).transpose()?;
    let intent = PaymentIntent {
        client_secret: ids::client_secret(&id),
        id,
        amount,
        currency,
        created: call.now,
        status: match payment_method {
            Some(_) => Status::RequiresConfirmation,
            None => Status::RequiresPaymentMethod,
        },
        automatic,
        confirmed_by_server,
        customer,
        description,
        metadata,
        payment_method,
        receipt_email,
        statement_descriptor,
        statement_descriptor_suffix,
        latest_charge: None,
        last_payment_error: None,
        next_action: None,
        canceled_at: None,
        cancellation_reason: None,
    };
    let id = intent.id.clone();
    call.state.intents.put(intent.clone())?;
    call.emit_intent("payment_intent.created", &intent)?;
    if confirm {
        payments::attempt(call, &id, &circumstances)?;
    }
    show(call, &id)
}

/// The intent as it is. A browser shows that it may ask by the client secret.
pub fn retrieve(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    let secret = params.text("client_secret")?;
    params.finish()?;
    opened_by(call, id, secret.as_deref())?;
    show(call, id)
}

/// Tries to pay.
pub fn confirm(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    let secret = params.text("client_secret")?;
    let mut circumstances = circumstances(params)?;
    let receipt_email = params.text("receipt_email")?;
    let method = payment_methods::Choice::read(params, call.key)?;
    params.finish()?;
    opened_by(call, id, secret.as_deref())?;

    let intent = call.state.intents.find(id, "intent")?.clone();
    if call.key == Key::Publishable {
        circumstances.has_script = true;
        circumstances.off_session = false;
        if intent.confirmed_by_server {
            let message = "This PaymentIntent cannot be confirmed using your publishable key because its \
                           `confirmation_method` is set to `manual`. Please use your secret key instead, or create a \
                           PaymentIntent with `confirmation_method` set to `automatic`.";
            return Err(Error::not_allowed(message).payment_intent(call.intent_json(&intent)));
        }
    }
    match intent.status {
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction => {}
        Status::Succeeded => {
            let message = "You cannot confirm this PaymentIntent because it has already succeeded after being \
                           previously confirmed.";
            return Err(payments::unexpected(call, &intent, message));
        }
        Status::Processing | Status::Canceled => {
            let message = format!(
                "You cannot confirm this PaymentIntent because it has a status of {}. Only a PaymentIntent with one \
                 of the following statuses may be confirmed: requires_confirmation, requires_action.",
                intent.status.word()
            );
            return Err(payments::unexpected(call, &intent, &message));
        }
    }
    if call.key == Key::Secret {
        may_redirect(intent.automatic, &circumstances)?;
    }
    let method = method.map(|method| method.take(call, Some(&intent))).transpose()?;
    let intent = call.state.intents.find_mut(id, "intent")?;
    if method.is_some() {
        intent.payment_method = method;
    }
    if receipt_email.is_some() {
        intent.receipt_email = receipt_email;
    }
    payments::attempt(call, id, &circumstances)?;
    show(call, id)
}

/// Changes what may be changed before it is paid.
pub fn update(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    let intent = call.state.intents.find(id, "intent")?.clone();
    let amount = params.integer("amount")?;
    let currency = params.text("currency")?.map(|_| params::currency(params)).transpose()?;
    let metadata = params.metadata()?;
    let description = params.text_or_unset("description")?;
    let receipt_email = params.text_or_unset("receipt_email")?;
    let method = payment_methods::Choice::read(params, call.key)?;
    params.finish()?;

    let currency = currency.unwrap_or_else(|| intent.currency.clone());
    let amount = amount.map(|amount| params::amount(amount, &currency)).transpose()?;
    let open =
        matches!(intent.status, Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction);
    let closed_to = [
        ("amount", amount.is_some_and(|amount| amount != intent.amount)),
        ("currency", currency != intent.currency),
        ("payment_method", method.is_some()),
    ];
    if let Some((what, _)) = closed_to.iter().find(|(_, changes)| *changes && !open) {
        let message = format!(
            "This PaymentIntent's {what} could not be updated because it has a status of {}. You may only update the \
             {what} of a PaymentIntent with one of the following statuses: requires_payment_method, \
             requires_confirmation, requires_action.",
            intent.status.word()
        );
        return Err(payments::unexpected(call, &intent, &message).param(what));
    }
    let method = method.map(|method| method.take(call, Some(&intent))).transpose()?;
    let unset = |new: Option<String>, old: &mut Option<String>| {
        if let Some(text) = new {
            *old = Some(text).filter(|text| !text.is_empty());
        }
    };
    let intent = call.state.intents.find_mut(id, "intent")?;
    intent.amount = amount.unwrap_or(intent.amount);
    intent.currency = currency;
    metadata.apply(&mut intent.metadata);
    unset(description, &mut intent.description);
    unset(receipt_email, &mut intent.receipt_email);
    if method.is_some() {
        intent.payment_method = method;
        intent.status = Status::RequiresConfirmation;
        intent.next_action = None;
    }
    show(call, id)
}

/// Calls it off for good, where no money is moving.
pub fn cancel(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    let reasons = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];
    let reason = params.one_of("cancellation_reason", &reasons)?.map(|reason| match reason {
        "duplicate" => WhyCanceled::Duplicate,
        "fraudulent" => WhyCanceled::Fraudulent,
        "abandoned" => WhyCanceled::Abandoned,
        _ => WhyCanceled::RequestedByCustomer,
    });
    params.finish()?;
    let now = call.now;
    let intent = call.state.intents.find_mut(id, "intent")?;
    match intent.status {
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction => {}
        Status::Processing | Status::Succeeded | Status::Canceled => {
            let intent = intent.clone();
            let message = format!(
                "You cannot cancel this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of \
                 the following statuses may be canceled: requires_payment_method, requires_capture, \
                 requires_confirmation, requires_action.",
                intent.status.word()
            );
            return Err(payments::unexpected(call, &intent, &message));
        }
    }
    intent.status = Status::Canceled;
    intent.canceled_at = Some(now);
    intent.cancellation_reason = reason;
    intent.next_action = None;
    let intent = intent.clone();
    call.emit_intent("payment_intent.canceled", &intent)?;
    show(call, id)
}

/// Newest first.
pub fn list(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let page = Page::read(params)?;
    let customer = params.text("customer")?;
    params.finish()?;
    let wanted = |intent: &PaymentIntent| customer.is_none() || intent.customer == customer;
    page.of(&call.state.intents, "/v1/payment_intents", |i| i.created, wanted, |i| call.intent_json(i))
}

fn show(call: &Call<'_>, id: &str) -> Result<Value, Error> {
    call.state.intents.find(id, "intent").map(|intent| call.intent_json(intent))
}

/// A browser must bring the intent's own secret; a server may, and then it has to be right.
fn opened_by(call: &Call<'_>, id: &str, secret: Option<&str>) -> Result<(), Error> {
    match secret {
        None if call.key == Key::Secret => Ok(()),
        None => Err(Error::secret_key_required()),
        Some(secret) => {
            let intent = call.state.intents.find(id, "intent")?;
            if intent.client_secret == secret {
                return Ok(());
            }
            let message = "The client_secret provided does not match any associated PaymentIntent on this account. \
                           Ensure the provided client_secret and publishable key belong to the same account.";
            Err(Error { message: message.to_owned(), ..Error::not_found("payment_intent", id, "client_secret") })
        }
    }
}

fn circumstances(params: &Params<'_>) -> Result<Circumstances, Error> {
    Ok(Circumstances {
        off_session: params.boolean("off_session")?.unwrap_or(false),
        refuses_action: params.boolean("error_on_requires_action")?.unwrap_or(false),
        return_url: params.text("return_url")?,
        has_script: params.boolean("use_stripe_sdk")?.unwrap_or(false),
    })
}

fn automatic(params: &Params<'_>) -> Result<Option<Automatic>, Error> {
    let types = params.list("payment_method_types")?;
    let inner = params.inner("automatic_payment_methods")?;
    if let Some(other) = types.iter().flatten().find(|kind| *kind != "card") {
        return Err(Error::unsupported(&format!("the payment method type '{other}', only 'card'"))
            .param("payment_method_types"));
    }
    let Some(inner) = inner else {
        // Since 2023-08-16 an intent that says nothing takes what the Dashboard allows.
        return Ok(types.is_none().then_some(Automatic { allow_redirects: true }));
    };
    let enabled = inner.boolean("enabled")?.ok_or_else(|| Error::missing("automatic_payment_methods[enabled]"))?;
    let redirects = inner.one_of("allow_redirects", &["always", "never"])?;
    inner.finish()?;
    if enabled && types.is_some() {
        let message = "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.";
        return Err(Error::invalid(message));
    }
    Ok(enabled.then_some(Automatic { allow_redirects: redirects != Some("never") }))
}

/// Stripe's rule that has surprised many a server: what may redirect needs somewhere to come back to.
fn may_redirect(automatic: Option<Automatic>, circumstances: &Circumstances) -> Result<(), Error> {
    let redirects = automatic.is_some_and(|automatic| automatic.allow_redirects);
    if !redirects || circumstances.return_url.is_some() || circumstances.has_script {
        return Ok(());
    }
    let message = "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some \
                   of these payment methods might redirect your customer off of your page, you must provide a \
                   `return_url`. If you don't want to accept redirect-based payment methods, set \
                   `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` \
                   to `never` when creating Setup Intents and Payment Intents.";
    Err(Error::invalid(message))
}

fn only_automatic_capture(params: &Params<'_>) -> Result<(), Error> {
    match params.one_of("capture_method", &["automatic", "automatic_async", "manual"])? {
        Some("manual") => Err(Error::unsupported("capture_method=manual, only automatic").param("capture_method")),
        _ => Ok(()),
    }
}

/// The customer named, who must exist.
pub fn customer(call: &Call<'_>, params: &Params<'_>) -> Result<Option<String>, Error> {
    let Some(id) = params.text("customer")? else { return Ok(None) };
    match call.state.customers.get(&id) {
        Some(_) => Ok(Some(id)),
        None => Err(Error::no_such("customer", &id, "customer")),
    }
}
