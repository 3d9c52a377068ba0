//! What happens to money: an attempt to pay an intent, and what it comes to, at once or later.

use serde::{Deserialize, Serialize};

use crate::call::{Call, Moved};
use crate::cards::{Behaviour, Decline};
use crate::error::Error;
use crate::ids;
use crate::objects::{Charge, NextAction, PaymentIntent, Source, Status};

/// What an attempt comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What the card does by itself.
    Card(Behaviour),
    /// The bank answers later: `settle` says what.
    Processing,
}

/// How an attempt is made.
#[derive(Debug, Clone, Default)]
pub struct Circumstances {
    /// The buyer is not there to authenticate.
    pub off_session: bool,
    /// The merchant would rather have it declined than have the buyer authenticate.
    pub refuses_action: bool,
    /// Where the buyer comes back to after authenticating on another page.
    pub return_url: Option<String>,
    /// Stripe.js is there to let the buyer authenticate on the merchant's page.
    pub has_script: bool,
}

/// Tries to pay the intent with the method it has. An error is a declined card, and the intent shows it.
pub fn attempt(call: &mut Call<'_>, id: &str, circumstances: &Circumstances) -> Result<(), Error> {
    let intent = call.state.intents.find_mut(id, "intent")?;
    let Some(method) = intent.payment_method.clone() else {
        let message = "You cannot confirm this PaymentIntent because it's missing a payment method. You can either \
                       update the PaymentIntent with a payment method and then confirm it again, or confirm it again \
                       directly with a payment method or ConfirmationToken.";
        let intent = intent.clone();
        return Err(unexpected(call, &intent, message));
    };
    intent.next_action = None;
    intent.last_payment_error = None;
    let method = call.state.methods.find_mut(&method, "payment_method")?;
    method.used_by = Some(id.to_owned());
    let behaviour = method.card.behaviour;

    match call.state.outcomes.pop_front().unwrap_or(Outcome::Card(behaviour)) {
        Outcome::Processing => change(call, id, Status::Processing, "payment_intent.processing"),
        Outcome::Card(Behaviour::Pays | Behaviour::RefundsLater | Behaviour::RefundFails) => succeed(call, id, false),
        Outcome::Card(Behaviour::Declines(decline)) => fail(call, id, decline, false),
        Outcome::Card(Behaviour::Authenticates | Behaviour::AuthenticatesThenDeclines(_)) => {
            if circumstances.off_session || circumstances.refuses_action {
                return fail(call, id, Decline::AuthenticationRequired, false);
            }
            let intent = call.state.intents.find_mut(id, "intent")?;
            intent.next_action = Some(match (&circumstances.return_url, circumstances.has_script) {
                (Some(return_url), false) => NextAction::Redirect { return_url: return_url.clone() },
                _ => NextAction::Script,
            });
            change(call, id, Status::RequiresAction, "payment_intent.requires_action")
        }
    }
}

/// The buyer authenticated, or failed to. What the bank then says stands in the intent.
pub fn authenticate(call: &mut Call<'_>, id: &str, passed: bool) -> Result<(), Error> {
    let intent = call.state.intents.find(id, "intent")?.clone();
    if intent.status != Status::RequiresAction {
        let message = format!(
            "There is nothing to authenticate for this PaymentIntent because it has a status of {}.",
            intent.status.word()
        );
        return Err(unexpected(call, &intent, &message));
    }
    let method = intent.payment_method.as_deref().unwrap_or_default();
    let behaviour = call.state.methods.find(method, "payment_method")?.card.behaviour;
    let result = match behaviour {
        _ if !passed => fail(call, id, Decline::AuthenticationFailed, false),
        Behaviour::AuthenticatesThenDeclines(decline) => fail(call, id, decline, true),
        _ => succeed(call, id, true),
    };
    // The decline is told to whoever looks at the intent next; the buyer's answer itself was taken.
    match result {
        Err(error) if error.status == 402 => Ok(()),
        other => other,
    }
}

/// The bank answers about an intent that was processing: paid, or declined.
pub fn settle(call: &mut Call<'_>, id: &str, declined: Option<Decline>) -> Result<(), Error> {
    let intent = call.state.intents.find(id, "intent")?.clone();
    if intent.status != Status::Processing {
        let message =
            format!("There is nothing to settle: this PaymentIntent has a status of {}.", intent.status.word());
        return Err(unexpected(call, &intent, &message));
    }
    let result = match declined {
        None => succeed(call, id, false),
        Some(decline) => fail(call, id, decline, false),
    };
    match result {
        Err(error) if error.status == 402 => Ok(()),
        other => other,
    }
}

/// Stripe's refusal of what the intent's status does not allow, with the intent.
pub fn unexpected(call: &Call<'_>, intent: &PaymentIntent, message: &str) -> Error {
    Error::not_allowed(message).code("payment_intent_unexpected_state").payment_intent(call.intent_json(intent))
}

fn change(call: &mut Call<'_>, id: &str, status: Status, event: &str) -> Result<(), Error> {
    let intent = call.state.intents.find_mut(id, "intent")?;
    intent.status = status;
    let intent = intent.clone();
    call.emit_intent(event, &intent)
}

fn succeed(call: &mut Call<'_>, id: &str, authenticated: bool) -> Result<(), Error> {
    let charge = charge(call, id, None, authenticated)?;
    let intent = call.state.intents.find_mut(id, "intent")?;
    intent.latest_charge = Some(charge.clone());
    intent.next_action = None;
    call.emit_charge("charge.succeeded", &charge, None)?;
    change(call, id, Status::Succeeded, "payment_intent.succeeded")
}

/// Records the failure and answers with it: always an error.
fn fail(call: &mut Call<'_>, id: &str, decline: Decline, authenticated: bool) -> Result<(), Error> {
    let intent = call.state.intents.find(id, "intent")?;
    let method = intent.payment_method.as_deref().and_then(|method| call.state.methods.get(method));
    let mut error = Error::declined(decline);
    if let Some(method) = method {
        error = error.payment_method(method.json());
    }
    if decline == Decline::AuthenticationFailed {
        // Not the issuer's word, so it is no card error, and nothing was charged.
        error.kind = "invalid_request_error";
    } else {
        let charge = charge(call, id, Some(decline), authenticated)?;
        call.emit_charge("charge.failed", &charge, None)?;
        call.state.intents.find_mut(id, "intent")?.latest_charge = Some(charge.clone());
        error = error.charge(&charge);
    }
    let intent = call.state.intents.find_mut(id, "intent")?;
    intent.last_payment_error = Some(error.json());
    // The failed method is taken off, as Stripe does: the buyer has to bring another.
    intent.payment_method = None;
    intent.next_action = None;
    change(call, id, Status::RequiresPaymentMethod, "payment_intent.payment_failed")?;
    let intent = call.state.intents.find(id, "intent")?;
    Err(error.payment_intent(call.intent_json(intent)))
}

/// Records one attempt of an intent.
fn charge(call: &mut Call<'_>, id: &str, failure: Option<Decline>, authenticated: bool) -> Result<String, Error> {
    let intent = call.state.intents.find(id, "intent")?.clone();
    let method = intent.payment_method.as_deref().unwrap_or_default();
    let method = call.state.methods.find(method, "payment_method")?.clone();
    record(
        call,
        Charge {
            id: ids::id("ch"),
            amount: intent.amount,
            currency: intent.currency,
            created: call.now,
            description: intent.description,
            metadata: intent.metadata,
            payment_intent: Some(intent.id),
            customer: intent.customer,
            source: Source::Method(method.id),
            card: method.card,
            billing: method.billing,
            receipt_email: intent.receipt_email,
            statement_descriptor: intent.statement_descriptor,
            statement_descriptor_suffix: intent.statement_descriptor_suffix,
            failure,
            authenticated,
            balance_transaction: None,
        },
    )
}

/// Keeps a charge and, if it was paid, moves its money.
pub fn record(call: &mut Call<'_>, mut charge: Charge) -> Result<String, Error> {
    if charge.paid() {
        let moved = Moved {
            id: &charge.id,
            amount: charge.amount,
            currency: &charge.currency,
            description: charge.description.as_deref(),
        };
        charge.balance_transaction = Some(call.move_money("charge", &moved)?);
    }
    let id = charge.id.clone();
    call.state.charges.put(charge)?;
    Ok(id)
}
