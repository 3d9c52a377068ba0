//! What the stand-in refuses, in Stripe's error shape, with Stripe's status for each.

use serde_json::{Value, json};

use crate::cards::Decline;

/// A refusal. Built by the constructors below, which choose type, code and status as Stripe does.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The HTTP status.
    pub status: u16,
    /// Stripe's `error.type`.
    pub kind: &'static str,
    /// Stripe's `error.code`.
    pub code: Option<&'static str>,
    /// The sentence for people. For card errors it is made for the buyer.
    pub message: String,
    /// The parameter at fault.
    pub param: Option<String>,
    /// What the failed payment looks like; in a box, because few errors have it and every result carries one.
    pub payment: Option<Box<FailedPayment>>,
    /// Whether the answer belongs to the idempotency key: not before the endpoint began its work.
    pub kept: bool,
}

/// What an error tells of the payment that failed.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct FailedPayment {
    /// Why the issuer declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline_code: Option<&'static str>,
    /// What the issuer advises: `try_again_later`, `do_not_try_again`, `confirm_card_data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice_code: Option<&'static str>,
    /// The failed charge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge: Option<String>,
    /// The payment intent as it is after the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_intent: Option<Value>,
    /// The payment method that was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<Value>,
}

impl Error {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, code: None, message: message.into(), param: None, payment: None, kept: false }
    }

    /// A malformed request: 400.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// A well-formed request for what the object does not allow now: 400, and the idempotency key remembers it.
    pub fn not_allowed(message: impl Into<String>) -> Self {
        Self { kept: true, ..Self::invalid(message) }
    }

    /// What Stripe has and the sandbox has not: 400, naming it.
    pub fn unsupported(what: &str) -> Self {
        Self::invalid(format!("The Stripe sandbox does not support {what}."))
    }

    /// A parameter that has to be there: 400.
    pub fn missing(param: &str) -> Self {
        Self::invalid(format!("Missing required param: {param}.")).code("parameter_missing").param(param)
    }

    /// An object named in the address that does not exist: 404.
    pub fn not_found(kind: &str, id: &str, param: &str) -> Self {
        let message = format!("No such {kind}: '{id}'");
        Self { status: 404, kept: true, ..Self::invalid(message) }.code("resource_missing").param(param)
    }

    /// An object named in a parameter that does not exist: 400.
    pub fn no_such(kind: &str, id: &str, param: &str) -> Self {
        Self { status: 400, ..Self::not_found(kind, id, param) }
    }

    /// An address Stripe does not have: 404.
    pub fn unknown_route(method: &str, path: &str) -> Self {
        let message = format!(
            "Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at \
             https://support.stripe.com/. (The Stripe sandbox has only what `stripe-sandbox --help` lists.)"
        );
        Self { status: 404, ..Self::invalid(message) }
    }

    /// No key, or not ours: 401.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self { status: 401, ..Self::invalid(message) }
    }

    /// A publishable key where the secret one is needed: 403.
    pub fn secret_key_required() -> Self {
        let message = "This API call cannot be made with a publishable API key. Please use a secret API key. You can \
                       find a list of your API keys at https://dashboard.stripe.com/account/apikeys.";
        Self { status: 403, ..Self::invalid(message) }.code("secret_key_required")
    }

    /// The issuer said no: 402, with the sentence Stripe shows the buyer.
    pub fn declined(decline: Decline) -> Self {
        let mut error = Self {
            param: decline.param().map(str::to_owned),
            kept: true,
            ..Self::new(402, "card_error", decline.message())
        }
        .code(decline.code());
        let payment = error.payment.get_or_insert_default();
        payment.decline_code = decline.decline_code();
        payment.advice_code = decline.advice_code();
        error
    }

    /// The key was used for another request: 400.
    pub fn idempotency(message: impl Into<String>) -> Self {
        Self::new(400, "idempotency_error", message)
    }

    /// The first request with this key is still under way: 409.
    pub fn in_use(key: &str) -> Self {
        let message = format!(
            "There is currently another in-progress request using this Idempotent Key (that probably means you \
             submitted twice, and the other request is still going through): {key}. Please try again later."
        );
        Self { status: 409, ..Self::invalid(message) }.code("idempotency_key_in_use")
    }

    /// What Stripe answers when it is itself at fault or overloaded, for calls made to fail.
    pub fn outage(status: u16) -> Self {
        match status {
            429 => {
                let message = "Request rate limit exceeded. Learn more about rate limits here \
                               https://stripe.com/docs/rate-limits.";
                Self::new(429, "invalid_request_error", message).code("rate_limit")
            }
            // Stripe remembers its own 500 for the key; what a gateway says before the endpoint began, it does not.
            other => Self {
                kept: other == 500,
                ..Self::new(other, "api_error", "An unknown error occurred. (The Stripe sandbox was told to fail.)")
            },
        }
    }

    /// What Stripe answers while something else changes the same object: 429, but worth another try.
    pub fn locked() -> Self {
        let message = "This object cannot be accessed right now because another API request or Stripe process is \
                       currently accessing it. If you see this error intermittently, retry the request.";
        Self { status: 429, ..Self::invalid(message) }.code("lock_timeout")
    }

    /// With this `error.code`.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// With this `error.param`.
    #[must_use]
    pub fn param(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    /// With this `error.charge`.
    #[must_use]
    pub fn charge(mut self, charge: &str) -> Self {
        self.payment.get_or_insert_default().charge = Some(charge.to_owned());
        self
    }

    /// With this `error.payment_intent`.
    #[must_use]
    pub fn payment_intent(mut self, intent: Value) -> Self {
        self.payment.get_or_insert_default().payment_intent = Some(intent);
        self
    }

    /// With this `error.payment_method`.
    #[must_use]
    pub fn payment_method(mut self, method: Value) -> Self {
        self.payment.get_or_insert_default().payment_method = Some(method);
        self
    }

    /// The inner object, as it also stands in a payment intent's `last_payment_error`.
    pub fn json(&self) -> Value {
        let mut error = match self.payment.as_ref().and_then(|payment| serde_json::to_value(payment).ok()) {
            Some(Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let mut set = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                error.insert(name.to_owned(), json!(value));
            }
        };
        set("code", self.code);
        set("doc_url", self.code.map(doc_url).as_deref());
        set("message", Some(&self.message));
        set("param", self.param.as_deref());
        set("type", Some(self.kind));
        Value::Object(error)
    }

    /// The whole answer to the request with this id.
    pub fn body(&self, request: &str, now: i64) -> Value {
        let mut error = self.json();
        error["request_log_url"] = json!(format!("https://dashboard.stripe.com/test/logs/{request}?t={now}"));
        json!({ "error": error })
    }
}

/// Where Stripe explains an error code.
pub fn doc_url(code: &str) -> String {
    format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-"))
}
