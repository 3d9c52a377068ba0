//! What a request says: who asks, for what, with which parameters.

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use base64::Engine;

use crate::api::VERSION;
use crate::call::Key;
use crate::error::Error;
use crate::form::{self, Form, Node};
use crate::params::Params;
use crate::sandbox::Inner;

/// The largest request. Stripe's parameters are far smaller.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// What a request says, read.
#[derive(Debug)]
pub struct Asked {
    /// `POST` …
    pub method: Method,
    /// `/v1/refunds` …
    pub path: String,
    /// Query and body, without what stands below.
    pub form: Form,
    /// Which of the account's keys it came with.
    pub key: Key,
    /// That key itself.
    pub account: String,
    /// The version of Stripe's API it expects.
    pub version: String,
    /// What makes a repeat of it known.
    pub idempotency_key: Option<String>,
    /// Where whole objects are wanted in the answer.
    pub expand: Vec<String>,
}

/// Reads a request, or refuses it.
pub async fn read(inner: &Inner, request: Request) -> Result<Asked, Error> {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| Error { status: 413, ..Error::invalid("The request is too large.") })?;
    let mut form = form::parse(parts.uri.query().unwrap_or_default())?;
    if !body.is_empty() {
        let text = str::from_utf8(&body).map_err(|_| Error::invalid("Invalid request: the body is not UTF-8."))?;
        let kind = header(&parts.headers, "content-type").unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            let message = "Invalid request (check that your POST content type is application/x-www-form-urlencoded). \
                           If you have any questions, we can help at https://support.stripe.com/.";
            return Err(Error::invalid(message));
        }
        form.extend(form::parse(text)?);
    }
    let (key, account) = who(inner, &parts.headers, &mut form)?;
    if header(&parts.headers, "stripe-account").is_some() {
        return Err(Error::unsupported("connected accounts (the header Stripe-Account)"));
    }
    let version = header(&parts.headers, "stripe-version").unwrap_or(VERSION).to_owned();
    if !is_version(&version) {
        return Err(Error::invalid(format!("Invalid Stripe API version: {version}")));
    }
    let expand = Params::new(&form).list("expand")?.unwrap_or_default();
    form.remove("expand");
    Ok(Asked {
        idempotency_key: header(&parts.headers, "idempotency-key").map(str::to_owned),
        method: parts.method,
        path: parts.uri.path().to_owned(),
        form,
        key,
        account,
        version,
        expand,
    })
}

/// Which key the request came with: `Authorization: Bearer`, HTTP Basic's user name, or Stripe.js's parameter `key`.
fn who(inner: &Inner, headers: &HeaderMap, form: &mut Form) -> Result<(Key, String), Error> {
    let basic = |encoded: &str| -> Option<String> {
        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
        Some(String::from_utf8(bytes).ok()?.split(':').next()?.to_owned())
    };
    let parameter = match form.remove("key") {
        Some(Node::Text(key)) => Some(key),
        _ => None,
    };
    // What Stripe.js adds to each of its requests, and nothing depends on.
    for name in ["_stripe_version", "_stripe_account", "payment_user_agent", "referrer", "time_on_page"] {
        form.remove(name);
    }
    let given = match header(headers, "authorization").and_then(|value| value.split_once(' ')) {
        Some(("Bearer", key)) => Some(key.trim().to_owned()),
        Some(("Basic", encoded)) => basic(encoded.trim()),
        _ => parameter,
    };
    let Some(given) = given.filter(|key| !key.is_empty()) else {
        let message = "You did not provide an API key. You need to provide your API key in the Authorization header, \
                       using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See \
                       https://stripe.com/docs/api#authentication for details, or we can help at \
                       https://support.stripe.com/.";
        return Err(Error::unauthorized(message));
    };
    if given == inner.secret_key {
        return Ok((Key::Secret, given));
    }
    if given == inner.publishable_key {
        return Ok((Key::Publishable, given));
    }
    Err(Error::unauthorized(format!("Invalid API Key provided: {}", veiled(&given))))
}

/// `sk_test_****abcd`: enough to know one's own key again.
fn veiled(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    let shown = |place: usize| (place < 8 && letters.len() > 16) || place + 4 >= letters.len();
    letters.iter().enumerate().map(|(place, letter)| if shown(place) { *letter } else { '*' }).collect()
}

fn is_version(version: &str) -> bool {
    let date = version.split(['.', ';']).next().unwrap_or_default();
    date.len() == 10
        && date.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_dates() {
        assert!(is_version(VERSION));
        assert!(is_version("2020-08-27"));
        assert!(is_version("2020-08-27; some_beta=v1"));
        assert!(!is_version("endive"));
        assert!(!is_version(""));
    }

    #[test]
    fn keys_are_veiled() {
        assert_eq!(veiled("sk_test_1234567890"), "sk_test_******7890");
        assert_eq!(veiled("wrong"), "*rong");
    }
}
