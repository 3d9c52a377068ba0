//! What an owner asks for a ticket, and what is fit to be asked.

use std::borrow::Cow;

use events::Cents;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

/// Characters of a title, at most: a line to list it by, not a text to read. A change of a ticket has to fit in a
/// notification of the database, 8 000 bytes, too.
pub const TITLE_CHARACTERS_MAX: usize = 200;

/// What an owner asks for a ticket: the body of `POST` and `PUT`.
///
/// What is missing or of a wrong type is read as empty, so that it is refused by the rule of its field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Validate, ToSchema)]
pub struct Offer {
    /// What it admits to. White space around it is dropped.
    #[serde(default, deserialize_with = "title")]
    #[validate(custom(function = "title_is_fit"))]
    #[schema(min_length = 1, max_length = 200, required, example = "Hamlet, stalls, row 3")]
    pub title: String,
    /// What it costs: above zero, with at most two decimals.
    #[serde(default, deserialize_with = "price")]
    #[validate(custom(function = "price_is_fit"))]
    #[schema(required)]
    pub price: Cents,
}

fn title<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(input)? {
        Value::String(text) => text.trim().to_owned(),
        _ => String::new(),
    })
}

/// Finer than a cent, or more than an amount can be: over [`Cents::MAX`] either way.
const NOT_AN_AMOUNT: Cents = Cents(i64::MAX);

fn price<'de, D: Deserializer<'de>>(input: D) -> Result<Cents, D::Error> {
    let text = match Value::deserialize(input)? {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text,
        _ => return Ok(Cents(0)),
    };
    // The double only tells which rule was broken; no amount comes of it.
    let above_zero = || text.trim().parse().is_ok_and(|number: f64| number > 0.0);
    Ok(text.parse().unwrap_or_else(|_| if above_zero() { NOT_AN_AMOUNT } else { Cents(0) }))
}

fn title_is_fit(title: &str) -> Result<(), ValidationError> {
    if title.is_empty() {
        return Err(refusal("Title is required"));
    }
    if title.chars().count() > TITLE_CHARACTERS_MAX {
        return Err(refusal(format!("Title must be at most {TITLE_CHARACTERS_MAX} characters")));
    }
    if title.chars().any(char::is_control) {
        return Err(refusal("Title must be one line of text"));
    }
    Ok(())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as the validator calls it")]
fn price_is_fit(price: &Cents) -> Result<(), ValidationError> {
    if *price <= Cents(0) {
        return Err(refusal("Price must be greater than 0"));
    }
    if *price > Cents::MAX {
        return Err(refusal(format!("Price must be at most {} and have at most two decimals", Cents::MAX)));
    }
    Ok(())
}

fn refusal(message: impl Into<Cow<'static, str>>) -> ValidationError {
    ValidationError::new("unfit").with_message(message.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is said of a body, by field.
    fn refusals(body: Value) -> Vec<String> {
        let offer: Offer = serde_json::from_value(body).unwrap();
        let Err(errors) = offer.validate() else { return Vec::new() };
        let mut said: Vec<_> = errors
            .field_errors()
            .iter()
            .flat_map(|(field, errors)| errors.iter().map(move |error| format!("{field}: {error}")))
            .collect();
        said.sort();
        said
    }

    #[test]
    fn a_title_is_a_line_of_1_to_200_characters() {
        let with = |title: Value| refusals(json!({ "title": title, "price": 1 }));
        for fit in ["a", "  Hamlet ", "Ελληνικά", &"é".repeat(200), &format!(" {} ", "x".repeat(200))] {
            assert_eq!(with(json!(fit)), [""; 0], "{fit:?}");
        }
        for none in [json!(""), json!(" \t\n"), json!(null), json!(5), json!(["Hamlet"]), json!({})] {
            assert_eq!(with(none.clone()), ["title: Title is required"], "{none}");
        }
        assert_eq!(with(json!("x".repeat(201))), ["title: Title must be at most 200 characters"]);
        assert_eq!(with(json!("a\u{0}b")), ["title: Title must be one line of text"]);
        assert_eq!(with(json!("a\nb")), ["title: Title must be one line of text"]);
    }

    #[test]
    fn a_price_is_an_amount_above_zero() {
        let with = |price: Value| refusals(json!({ "title": "Hamlet", "price": price }));
        for fit in [json!(0.01), json!(20), json!("19.99"), json!(19.90), json!(999_999.99), json!("5.500")] {
            assert_eq!(with(fit.clone()), [""; 0], "{fit}");
        }
        for none in [json!(0), json!(-10), json!(-0.001), json!("abc"), json!(""), json!(null), json!(true), json!([1])]
        {
            assert_eq!(with(none.clone()), ["price: Price must be greater than 0"], "{none}");
        }
        for beyond in [json!(19.999), json!("0.001"), json!(1_000_000), json!(1e99), json!(u64::MAX), json!("inf")] {
            let refusal = "price: Price must be at most 999999.99 and have at most two decimals";
            assert_eq!(with(beyond.clone()), [refusal], "{beyond}");
        }
    }

    #[test]
    fn what_is_missing_is_refused_by_field_and_what_is_unknown_is_ignored() {
        assert_eq!(refusals(json!({})), ["price: Price must be greater than 0", "title: Title is required"]);
        let more = json!({ "title": "Hamlet", "price": 1, "userId": "me", "status": "sold", "version": 9 });
        assert_eq!(refusals(more), [""; 0]);
    }
}
