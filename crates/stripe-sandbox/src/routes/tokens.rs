//! `/v1/tokens`, and what a card form holds.

use serde_json::Value;

use crate::call::{Call, Key};
use crate::cards::{self, Decline};
use crate::error::Error;
use crate::ids;
use crate::objects::{Address, Billing, Card, CardDetails, Token};
use crate::params::Params;

/// A new token, in the browser from what was typed into the form.
pub fn create(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let inner = params.inner("card")?.ok_or_else(|| Error::missing("card"))?;
    let form = CardForm::read(&inner, call.key)?;
    let text = |name: &str| -> Result<Option<String>, Error> {
        Ok(inner.text_or_unset(name)?.filter(|text| !text.is_empty()))
    };
    let billing = Billing {
        name: text("name")?,
        email: None,
        phone: None,
        address: Address {
            city: text("address_city")?,
            country: text("address_country")?,
            line1: text("address_line1")?,
            line2: text("address_line2")?,
            postal_code: text("address_zip")?,
            state: text("address_state")?,
        },
    };
    inner.finish()?;
    params.finish()?;
    let (details, _) = form.take(call, "card[token]")?;
    let card = Card { id: ids::id("card"), details, billing };
    let token = Token { id: ids::id("tok"), created: call.now, card, used: false };
    let json = token.json();
    call.state.tokens.put(token)?;
    Ok(json)
}

/// The token as it is.
pub fn retrieve(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    params.finish()?;
    if let Some(card) = cards::by_name(id).filter(|_| id.starts_with("tok_")) {
        let (month, year) = expiry_of_test_cards(call.now);
        let details = CardDetails::new(card, month, year, true);
        let card = Card { id: ids::id("card"), details, billing: Billing::default() };
        return Ok(Token { id: id.to_owned(), created: call.now, card, used: false }.json());
    }
    call.state.tokens.find(id, "token").map(Token::json)
}

/// Which card a request brings.
#[derive(Debug)]
pub enum CardForm {
    /// `card[token]=tok_…`
    Token(String),
    /// `card[number]=…`: typed by the buyer.
    Typed {
        /// Digits only.
        number: String,
        /// 1 to 12.
        exp_month: i64,
        /// Four digits.
        exp_year: i64,
        /// The security code.
        cvc: Option<String>,
    },
}

impl CardForm {
    /// Reads `token`, or `number`, `exp_month`, `exp_year` and `cvc`.
    pub fn read(params: &Params<'_>, key: Key) -> Result<Self, Error> {
        if let Some(token) = params.text("token")? {
            return Ok(Self::Token(token));
        }
        let number: String = params.required("number")?.chars().filter(|letter| !letter.is_whitespace()).collect();
        if key == Key::Secret {
            // Stripe refuses this too unless it is asked nicely: card numbers have no business on the server.
            let message = "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you \
                           use test tokens that map to the test card you are using, see \
                           https://stripe.com/docs/testing. To enable testing raw card data APIs, see \
                           https://support.stripe.com/questions/enabling-access-to-raw-card-data-apis.";
            return Err(Error { status: 402, ..Error::invalid(message) });
        }
        let exp_month = params.integer("exp_month")?.ok_or_else(|| Error::missing(&params.full_name("exp_month")))?;
        let exp_year = params.integer("exp_year")?.ok_or_else(|| Error::missing(&params.full_name("exp_year")))?;
        Ok(Self::Typed {
            number,
            exp_month,
            exp_year: if exp_year < 100 { exp_year + 2000 } else { exp_year },
            cvc: params.text_or_unset("cvc")?.filter(|cvc| !cvc.is_empty()),
        })
    }

    /// The card; a token is used up by this.
    pub fn take(self, call: &mut Call<'_>, param: &str) -> Result<(CardDetails, Billing), Error> {
        match self {
            Self::Token(token) => {
                let card = take(call, &token, param)?;
                Ok((card.details, card.billing))
            }
            Self::Typed { number, exp_month, exp_year, cvc } => {
                Ok((typed(call.now, &number, exp_month, exp_year, cvc.as_deref())?, Billing::default()))
            }
        }
    }
}

/// Uses up a token and gives the card behind it.
pub fn take(call: &mut Call<'_>, token: &str, param: &str) -> Result<Card, Error> {
    if let Some(card) = cards::by_name(token).filter(|_| token.starts_with("tok_")) {
        let (month, year) = expiry_of_test_cards(call.now);
        let details = CardDetails::new(card, month, year, true);
        return Ok(Card { id: ids::id("card"), details, billing: Billing::default() });
    }
    let found = call.state.tokens.get_mut(token).ok_or_else(|| Error::no_such("token", token, param))?;
    if found.used {
        let message = format!("You cannot use a Stripe token more than once: {token}.");
        return Err(Error::not_allowed(message).code("token_already_used").param(param));
    }
    found.used = true;
    Ok(found.card.clone())
}

/// Checks what was typed as Stripe does before any bank is asked.
fn typed(now: i64, number: &str, exp_month: i64, exp_year: i64, cvc: Option<&str>) -> Result<CardDetails, Error> {
    let refuse = |code: &'static str, message: &str, param: &str| Error {
        status: 402,
        kind: "card_error",
        message: message.to_owned(),
        ..Error::not_allowed("").code(code).param(param)
    };
    if !cards::is_plausible(number) {
        return Err(Error::declined(Decline::IncorrectNumber));
    }
    let Some(card) = cards::by_number(number) else { return Err(Error::declined(Decline::TestModeLiveCard)) };
    let (this_year, this_month) = year_and_month(now);
    if !(1..=12).contains(&exp_month) {
        return Err(refuse("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month"));
    }
    if exp_year < this_year || exp_year > this_year + 50 {
        return Err(refuse("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year"));
    }
    if exp_year == this_year && exp_month < this_month {
        return Err(refuse("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month"));
    }
    let digits = if card.brand == "amex" { 4 } else { 3 };
    if cvc.is_some_and(|cvc| cvc.len() != digits || !cvc.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(refuse("invalid_cvc", "Your card's security code is invalid.", "cvc"));
    }
    Ok(CardDetails::new(card, exp_month, exp_year, cvc.is_some()))
}

/// When the fixed test cards expire: a year from now, as at Stripe.
pub fn expiry_of_test_cards(now: i64) -> (i64, i64) {
    let (year, month) = year_and_month(now);
    (month, year + 1)
}

/// The date's year and month, by the proleptic Gregorian calendar.
fn year_and_month(now: i64) -> (i64, i64) {
    // Counted from 1 March of year 0, so that leap days end a year (Howard Hinnant's `civil_from_days`).
    let days = now.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year + era * 400 + i64::from(month <= 2), month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_agrees_with_known_days() {
        assert_eq!(year_and_month(0), (1970, 1));
        assert_eq!(year_and_month(951_782_400), (2000, 2)); // 29 February
        assert_eq!(year_and_month(1_794_873_600), (2026, 11));
        assert_eq!(year_and_month(1_798_761_599), (2026, 12)); // the year's last second
        assert_eq!(year_and_month(1_798_761_600), (2027, 1));
    }

    #[test]
    fn what_is_typed_is_checked_before_the_bank_is_asked() {
        let now = 1_794_873_600; // November 2026
        let code = |number, month, year, cvc| typed(now, number, month, year, cvc).map_err(|error| error.code);
        assert_eq!(code("4242424242424242", 11, 2026, Some("123")).unwrap().last4, "4242");
        assert_eq!(code("4242424242424241", 12, 2030, None).unwrap_err(), Some("incorrect_number"));
        assert_eq!(code("4111111111111111", 12, 2030, None).unwrap_err(), Some("card_declined"));
        assert_eq!(code("4242424242424242", 13, 2030, None).unwrap_err(), Some("invalid_expiry_month"));
        assert_eq!(code("4242424242424242", 10, 2026, None).unwrap_err(), Some("invalid_expiry_month"));
        assert_eq!(code("4242424242424242", 1, 2025, None).unwrap_err(), Some("invalid_expiry_year"));
        assert_eq!(code("4242424242424242", 1, 2030, Some("12")).unwrap_err(), Some("invalid_cvc"));
        assert_eq!(code("378282246310005", 1, 2030, Some("123")).unwrap_err(), Some("invalid_cvc"));
    }
}
