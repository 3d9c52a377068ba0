//! `/v1/payment_methods`, and how other requests choose what to pay with.

use serde_json::Value;

use super::tokens::{self, CardForm};
use crate::call::{Call, Key};
use crate::cards;
use crate::error::Error;
use crate::ids;
use crate::objects::{Address, Billing, CardDetails, Method, PaymentIntent};
use crate::params::Params;
use crate::state::Object;
use std::collections::BTreeMap;

/// A new payment method: from a token, or (in the browser) from what was typed into the form.
pub fn create(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let data = Data::read(params, call.key)?;
    params.finish()?;
    let id = data.take(call)?;
    call.state.methods.find(&id, "payment_method").map(Method::json)
}

/// The payment method as it is. The fixed names of test cards show a new one each time, as at Stripe.
pub fn retrieve(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    params.finish()?;
    let id = match cards::by_name(id) {
        Some(_) if id.starts_with("pm_card_") => Choice::Named(id.to_owned()).take(call, None)?,
        _ => id.to_owned(),
    };
    call.state.methods.find(&id, "payment_method").map(Method::json)
}

/// What a request says about the method to pay with.
#[derive(Debug)]
pub enum Choice {
    /// `payment_method=pm_…`
    Named(String),
    /// `payment_method_data[…]=…`
    Given(Box<Data>),
}

impl Choice {
    /// Reads `payment_method` and `payment_method_data`.
    pub fn read(params: &Params<'_>, key: Key) -> Result<Option<Self>, Error> {
        let named = params.text("payment_method")?;
        let given = params.inner("payment_method_data")?;
        match (named, given) {
            (Some(_), Some(_)) => {
                let message = "You may only specify one of these parameters: payment_method, payment_method_data.";
                Err(Error::invalid(message))
            }
            (Some(named), None) => Ok(Some(Self::Named(named))),
            (None, Some(given)) => {
                let data = Data::read(&given, key)?;
                given.finish()?;
                Ok(Some(Self::Given(Box::new(data))))
            }
            (None, None) => Ok(None),
        }
    }

    /// The chosen method's id; makes it if it is new. One that another payment used is refused.
    pub fn take(self, call: &mut Call<'_>, intent: Option<&PaymentIntent>) -> Result<String, Error> {
        let named = match self {
            Self::Given(data) => return data.take(call),
            Self::Named(named) => named,
        };
        if named.starts_with("pm_card_")
            && let Some(card) = cards::by_name(&named)
        {
            let (exp_month, exp_year) = tokens::expiry_of_test_cards(call.now);
            let card = CardDetails::new(card, exp_month, exp_year, true);
            return keep(call, card, Billing::default(), BTreeMap::new());
        }
        let method = call.state.methods.get(&named).ok_or_else(|| {
            let error = Error::no_such(Method::KIND, &named, "payment_method");
            match named.split_once('_') {
                Some(("tok" | "card", _)) => Error {
                    message: format!(
                        "{}; {named} is no PaymentMethod. Send a token as payment_method_data[type]=card and \
                         payment_method_data[card][token].",
                        error.message
                    ),
                    ..error
                },
                _ => error,
            }
        })?;
        let is_this_ones = intent.is_some_and(|intent| intent.payment_method.as_deref() == Some(named.as_str()));
        if method.used_by.is_some() && !is_this_ones {
            let message = "The provided PaymentMethod was previously used with a PaymentIntent without Customer \
                           attachment, shared with a connected account without Customer attachment, or was detached \
                           from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must \
                           attach it to a Customer first.";
            return Err(Error::not_allowed(message));
        }
        Ok(named)
    }
}

/// What a new payment method is made of.
#[derive(Debug)]
pub struct Data {
    card: CardForm,
    billing: Billing,
    metadata: BTreeMap<String, String>,
}

impl Data {
    fn read(params: &Params<'_>, key: Key) -> Result<Self, Error> {
        let kind = params.required("type")?;
        if kind != "card" {
            return Err(Error::unsupported(&format!("the payment method type '{kind}', only 'card'"))
                .param(&params.full_name("type")));
        }
        let card = params.inner("card")?.ok_or_else(|| Error::missing(&params.full_name("card")))?;
        let form = CardForm::read(&card, key)?;
        card.finish()?;
        // Stripe.js asks how a method may be shown to the buyer again; nothing is kept for that here.
        params.one_of("allow_redisplay", &["always", "limited", "unspecified"])?;
        Ok(Self { card: form, billing: billing(params)?, metadata: params.metadata()?.of_new() })
    }

    fn take(self, call: &mut Call<'_>) -> Result<String, Error> {
        let (card, of_token) = self.card.take(call, "payment_method_data[card][token]")?;
        let billing = if self.billing == Billing::default() { of_token } else { self.billing };
        keep(call, card, billing, self.metadata)
    }
}

fn keep(
    call: &mut Call<'_>,
    card: CardDetails,
    billing: Billing,
    metadata: BTreeMap<String, String>,
) -> Result<String, Error> {
    let method = Method { id: ids::id("pm"), created: call.now, card, billing, metadata, used_by: None };
    let id = method.id.clone();
    call.state.methods.put(method)?;
    Ok(id)
}

/// Reads `billing_details[…]`.
pub fn billing(params: &Params<'_>) -> Result<Billing, Error> {
    let Some(details) = params.inner("billing_details")? else { return Ok(Billing::default()) };
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let mut billing = Billing {
        name: some(details.text_or_unset("name")?),
        email: some(details.text_or_unset("email")?),
        phone: some(details.text_or_unset("phone")?),
        address: Address::default(),
    };
    if let Some(address) = details.inner("address")? {
        billing.address = Address {
            city: some(address.text_or_unset("city")?),
            country: some(address.text_or_unset("country")?),
            line1: some(address.text_or_unset("line1")?),
            line2: some(address.text_or_unset("line2")?),
            postal_code: some(address.text_or_unset("postal_code")?),
            state: some(address.text_or_unset("state")?),
        };
        address.finish()?;
    }
    details.finish()?;
    Ok(billing)
}
