//! Takes parameters out of a request one by one, refusing in Stripe's words what is missing, malformed or unknown.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::form::{Form, Node};

/// Stripe's own limits on metadata.
const METADATA_KEYS_MAX: usize = 50;
const METADATA_NAME_MAX: usize = 40;
const METADATA_VALUE_MAX: usize = 500;
/// Stripe's limit on free texts such as `description`.
const TEXT_MAX: usize = 5000;

/// One level of a request's parameters. [`Params::finish`] refuses what no one has asked for, so that a parameter the
/// stand-in would ignore is never mistaken for one that had its effect.
#[derive(Debug)]
pub struct Params<'a> {
    form: Option<&'a Form>,
    /// The brackets above this level, `payment_method_data[card]`; empty at the top.
    prefix: String,
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Params<'a> {
    /// The parameters at the top of a request.
    pub fn new(form: &'a Form) -> Self {
        Self { form: Some(form), prefix: String::new(), asked: RefCell::default() }
    }

    fn node(&self, name: &str) -> Option<&'a Node> {
        self.asked.borrow_mut().insert(name.to_owned());
        self.form?.get(name)
    }

    /// How the parameter is called from outside: with its brackets.
    pub fn full_name(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}[{name}]", self.prefix) }
    }

    /// A text; sent empty it is refused, because Stripe takes that for an attempt to unset it.
    pub fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(text) = self.text_or_unset(name)? else { return Ok(None) };
        if text.is_empty() {
            let name = self.full_name(name);
            let message = format!(
                "You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; \
                 however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty \
                 value."
            );
            return Err(Error::invalid(message).code("parameter_invalid_empty").param(&name));
        }
        Ok(Some(text))
    }

    /// A text that may be sent empty, which unsets it.
    pub fn text_or_unset(&self, name: &str) -> Result<Option<String>, Error> {
        match self.node(name) {
            None => Ok(None),
            Some(Node::Text(text)) if text.chars().count() > TEXT_MAX => {
                let name = self.full_name(name);
                let message = format!("Invalid string: {name} must be at most {TEXT_MAX} characters");
                Err(Error::invalid(message).param(&name))
            }
            Some(Node::Text(text)) => Ok(Some(text.clone())),
            Some(Node::Map(_)) => {
                let name = self.full_name(name);
                Err(Error::invalid(format!("Invalid string: {name}")).param(&name))
            }
        }
    }

    /// A text that has to be there.
    pub fn required(&self, name: &str) -> Result<String, Error> {
        self.text(name)?.ok_or_else(|| Error::missing(&self.full_name(name)))
    }

    /// A whole number, no less than nought: all Stripe asks for are amounts, counts and times.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let refuse =
            |message: String| Error::invalid(message).code("parameter_invalid_integer").param(&self.full_name(name));
        let number: i64 = text.parse().map_err(|_| refuse(format!("Invalid integer: {text}")))?;
        if number < 0 {
            return Err(refuse("This value must be greater than or equal to 0.".to_owned()));
        }
        Ok(Some(number))
    }

    /// `true` or `false`.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, Error> {
        match self.text(name)?.as_deref() {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(other) => Err(Error::invalid(format!("Invalid boolean: {other}")).param(&self.full_name(name))),
        }
    }

    /// One of these words.
    pub fn one_of(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let word = words.iter().copied().find(|word| *word == text);
        word.map(Some).ok_or_else(|| {
            let name = self.full_name(name);
            let list = match words.split_last() {
                Some((last, rest)) if !rest.is_empty() => format!("one of {}, or {last}", rest.join(", ")),
                _ => words.concat(),
            };
            Error::invalid(format!("Invalid {name}: must be {list}")).param(&name)
        })
    }

    /// The parameters in brackets after this name; none if it wasn't sent.
    pub fn inner(&self, name: &str) -> Result<Option<Params<'a>>, Error> {
        let prefix = self.full_name(name);
        match self.node(name) {
            None => Ok(None),
            Some(Node::Map(form)) => Ok(Some(Params { form: Some(form), prefix, asked: RefCell::default() })),
            Some(Node::Text(_)) => Err(Error::invalid("Invalid object").param(&prefix)),
        }
    }

    /// A list of texts, `name[]=a&name[]=b`.
    pub fn list(&self, name: &str) -> Result<Option<Vec<String>>, Error> {
        let Some(inner) = self.inner(name).map_err(|_| self.not_a_list(name))? else { return Ok(None) };
        let mut items: Vec<(usize, String)> = Vec::new();
        for (index, node) in inner.form.into_iter().flatten() {
            match (index.parse(), node) {
                (Ok(index), Node::Text(text)) => items.push((index, text.clone())),
                _ => return Err(self.not_a_list(name)),
            }
        }
        items.sort_by_key(|(index, _)| *index);
        Ok(Some(items.into_iter().map(|(_, text)| text).collect()))
    }

    fn not_a_list(&self, name: &str) -> Error {
        Error::invalid("Invalid array").param(&self.full_name(name))
    }

    /// `metadata[name]=value`; an empty value takes the name away.
    pub fn metadata(&self) -> Result<Metadata, Error> {
        // `metadata=` takes all of it away.
        if let Some(Node::Text(text)) = self.node("metadata")
            && text.is_empty()
        {
            return Ok(Metadata { all_away: true, ..Metadata::default() });
        }
        let Some(inner) = self.inner("metadata")? else { return Ok(Metadata::default()) };
        let mut pairs = BTreeMap::new();
        for (name, node) in inner.form.into_iter().flatten() {
            let param = inner.full_name(name);
            let Node::Text(value) = node else {
                return Err(Error::invalid("Metadata values must be strings.").param(&param));
            };
            if name.chars().count() > METADATA_NAME_MAX || value.chars().count() > METADATA_VALUE_MAX {
                let message = format!(
                    "Metadata names can have up to {METADATA_NAME_MAX} characters, and values up to \
                     {METADATA_VALUE_MAX} characters."
                );
                return Err(Error::invalid(message).param(&param));
            }
            pairs.insert(name.clone(), value.clone());
        }
        if pairs.len() > METADATA_KEYS_MAX {
            let message = format!("You can specify up to {METADATA_KEYS_MAX} keys of metadata.");
            return Err(Error::invalid(message).param("metadata"));
        }
        Ok(Metadata { all_away: false, pairs })
    }

    /// Refuses what was sent and never asked for.
    pub fn finish(&self) -> Result<(), Error> {
        let asked = self.asked.borrow();
        let Some(name) = self.form.into_iter().flatten().map(|(name, _)| name).find(|name| !asked.contains(*name))
        else {
            return Ok(());
        };
        let name = self.full_name(name);
        let message = format!(
            "Received unknown parameter: {name}. (If Stripe has it here: the Stripe sandbox does not support it.)"
        );
        Err(Error::invalid(message).code("parameter_unknown").param(&name))
    }
}

/// What a request does to an object's metadata.
#[derive(Debug, Default)]
pub struct Metadata {
    all_away: bool,
    pairs: BTreeMap<String, String>,
}

impl Metadata {
    /// Adds, replaces and takes away.
    pub fn apply(self, metadata: &mut BTreeMap<String, String>) {
        if self.all_away {
            metadata.clear();
        }
        for (name, value) in self.pairs {
            if value.is_empty() {
                metadata.remove(&name);
            } else {
                metadata.insert(name, value);
            }
        }
    }

    /// The metadata of a new object.
    pub fn of_new(self) -> BTreeMap<String, String> {
        let mut metadata = BTreeMap::new();
        self.apply(&mut metadata);
        metadata
    }
}

/// A currency Stripe takes and the stand-in can count: two decimals, or none.
pub fn currency(params: &Params<'_>) -> Result<String, Error> {
    const CURRENCIES: &[&str] = &[
        "usd", "aud", "brl", "cad", "chf", "czk", "dkk", "eur", "gbp", "hkd", "inr", "jpy", "mxn", "nok", "nzd", "pln",
        "ron", "sek", "sgd", "thb",
    ];
    let currency = params.required("currency")?.to_lowercase();
    if CURRENCIES.contains(&currency.as_str()) {
        return Ok(currency);
    }
    let message =
        format!("Invalid currency: {currency}. Stripe currently supports these currencies: {}", CURRENCIES.join(", "));
    Err(Error::invalid(message).param("currency"))
}

/// An amount in the currency's smallest unit, within Stripe's bounds for it.
pub fn amount(amount: i64, currency: &str) -> Result<i64, Error> {
    let least = match currency {
        "gbp" => 30,
        "hkd" => 400,
        "mxn" | "thb" => 1000,
        "sek" | "nok" => 300,
        "dkk" => 250,
        "czk" => 1500,
        "pln" | "ron" => 200,
        _ => 50,
    };
    let most = 99_999_999;
    if amount < least {
        let message = format!("Amount must be at least {}", money(least, currency));
        return Err(Error::invalid(message).code("amount_too_small").param("amount"));
    }
    if amount > most {
        let message = format!("Amount must be no more than {}", money(most, currency));
        return Err(Error::invalid(message).code("amount_too_large").param("amount"));
    }
    Ok(amount)
}

/// `$0.50 usd`, as it stands in Stripe's messages.
pub fn money(amount: i64, currency: &str) -> String {
    let sign = match currency {
        "usd" | "aud" | "cad" | "hkd" | "mxn" | "nzd" | "sgd" => "$",
        "eur" => "€",
        "gbp" => "£",
        "jpy" => return format!("¥{amount} jpy"),
        _ => "",
    };
    let (whole, rest) = (amount / 100, amount % 100);
    let mut grouped = String::new();
    let digits = whole.to_string();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{rest:02} {currency}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::parse;

    #[test]
    fn what_nobody_asks_for_is_refused_by_its_full_name() {
        let form = parse("amount=5&card[token]=tok_visa&card[wallet]=x").unwrap();
        let params = Params::new(&form);
        assert_eq!(params.integer("amount").unwrap(), Some(5));
        let card = params.inner("card").unwrap().unwrap();
        assert_eq!(card.required("token").unwrap(), "tok_visa");
        params.finish().unwrap();
        let error = card.finish().unwrap_err();
        assert_eq!((error.code, error.param.as_deref()), (Some("parameter_unknown"), Some("card[wallet]")));
    }

    #[test]
    fn metadata_is_merged_and_empty_values_take_away() {
        let mut metadata = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        let form = parse("metadata[a]=&metadata[c]=3").unwrap();
        Params::new(&form).metadata().unwrap().apply(&mut metadata);
        assert_eq!(metadata, BTreeMap::from([("b".to_owned(), "2".to_owned()), ("c".to_owned(), "3".to_owned())]));
        Params::new(&parse("metadata=").unwrap()).metadata().unwrap().apply(&mut metadata);
        assert!(metadata.is_empty());
    }

    #[test]
    fn amounts_have_stripes_bounds() {
        assert_eq!(amount(49, "usd").unwrap_err().message, "Amount must be at least $0.50 usd");
        assert_eq!(amount(100_000_000, "usd").unwrap_err().message, "Amount must be no more than $999,999.99 usd");
        assert_eq!(amount(50, "usd").unwrap(), 50);
        assert_eq!(money(123_456_789, "eur"), "€1,234,567.89 eur");
    }
}
