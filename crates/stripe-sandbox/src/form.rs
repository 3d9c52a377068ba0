//! Reads what Stripe's clients send: `application/x-www-form-urlencoded` with bracketed keys.
//!
//! ```text
//! amount=1200&metadata[order]=o1&expand[]=latest_charge
//!   → { amount: "1200", metadata: { order: "o1" }, expand: { 0: "latest_charge" } }
//! ```

use std::collections::BTreeMap;

use crate::error::Error;

/// Pairs in one request. Stripe's own clients send a few dozen; metadata alone may be fifty.
const PAIRS_MAX: usize = 500;
/// Brackets in one key. `payment_method_data[card][token]` has two; Stripe's deepest parameter has six.
const DEPTH_MAX: usize = 8;

/// A parameter: a text, or more parameters by name. A list is a map whose names are numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// What stood after the `=`, decoded.
    Text(String),
    /// What was sent with brackets after the name.
    Map(Form),
}

/// Parameters by name. Sorted, so that two spellings of the same request compare equal.
pub type Form = BTreeMap<String, Node>;

/// Reads a query string or a form body.
pub fn parse(text: &str) -> Result<Form, Error> {
    let mut form = Form::new();
    for (count, pair) in text.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        if count == PAIRS_MAX {
            return Err(Error::invalid(format!(
                "The sandbox reads no more than {PAIRS_MAX} parameters in one request."
            )));
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (decode(key), decode(value));
        let path = path(&key)?;
        insert(&mut form, &path, &key, value)?;
    }
    Ok(form)
}

/// The names from outside in: `a[b][]` is `a`, `b` and an empty one.
fn path(key: &str) -> Result<Vec<&str>, Error> {
    let malformed = || Error::invalid(format!("Invalid parameter name: {key}")).param(key);
    let Some((name, mut rest)) = key.split_once('[') else { return Ok(vec![key]) };
    let mut path = vec![name];
    loop {
        let (part, after) = rest.split_once(']').ok_or_else(malformed)?;
        path.push(part);
        if path.len() > DEPTH_MAX {
            return Err(malformed());
        }
        match after.strip_prefix('[') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(path),
            None => return Err(malformed()),
        }
    }
}

fn insert(form: &mut Form, path: &[&str], key: &str, value: String) -> Result<(), Error> {
    let Some((&name, rest)) = path.split_first() else { return Ok(()) };
    let name = if name.is_empty() { next_index(form) } else { name.to_owned() };
    if rest.is_empty() {
        // Said twice, the last one counts, as in Stripe's own parser.
        form.insert(name, Node::Text(value));
        return Ok(());
    }
    match form.entry(name).or_insert_with(|| Node::Map(Form::new())) {
        Node::Map(inner) => insert(inner, rest, key, value),
        Node::Text(_) => Err(Error::invalid(format!("Invalid object: {key}")).param(key)),
    }
}

fn next_index(form: &Form) -> String {
    let last = form.keys().filter_map(|name| name.parse::<usize>().ok()).max();
    last.map_or(0, |last| last.saturating_add(1)).to_string()
}

/// Undoes percent-encoding. What isn't an escape stays; bytes that are no UTF-8 become U+FFFD.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => match after.split_at_checked(2).and_then(|(two, after)| Some((hex(two)?, after))) {
                Some((byte, after)) => {
                    bytes.push(byte);
                    rest = after;
                }
                None => bytes.push(b'%'),
            },
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(two: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(two[0])? * 16 + digit(two[1])?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: &str) -> Node {
        Node::Text(value.to_owned())
    }

    fn map<const N: usize>(pairs: [(&str, Node); N]) -> Form {
        pairs.into_iter().map(|(name, node)| (name.to_owned(), node)).collect()
    }

    #[test]
    fn brackets_nest() {
        let form = parse("amount=1200&metadata%5Border%5D=o+1%26&payment_method_data[card][token]=tok_visa").unwrap();
        assert_eq!(
            form,
            map([
                ("amount", text("1200")),
                ("metadata", Node::Map(map([("order", text("o 1&"))]))),
                ("payment_method_data", Node::Map(map([("card", Node::Map(map([("token", text("tok_visa"))])))])))
            ])
        );
    }

    #[test]
    fn lists_come_with_and_without_numbers() {
        let plain = parse("expand[]=a&expand[]=b").unwrap();
        assert_eq!(plain, parse("expand[1]=b&expand[0]=a").unwrap());
    }

    #[test]
    fn a_name_cannot_be_both_a_text_and_a_map() {
        assert!(parse("card=1&card[number]=2").is_err());
        assert!(parse("card[number=2").is_err());
        assert!(parse("card[number]x=2").is_err());
        assert!(parse(&format!("a{}=1", "[b]".repeat(DEPTH_MAX + 1))).is_err());
        assert!(parse(&"a=1&".repeat(PAIRS_MAX + 1)).is_err());
    }

    proptest! {
        #[test]
        fn nothing_sent_makes_it_panic(text in ".{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_looks_like_a_form_is_read_or_refused(text in "[a-c%0-9=&\\[\\]+]{0,60}") {
            let _ = parse(&text);
        }
    }
}
