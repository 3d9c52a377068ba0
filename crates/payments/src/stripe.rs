//! Stripe as a [`Provider`]: the only file that names `async-stripe`.
//!
//! Three things are done here and not left to the library. Retries: its own send no idempotency key, so that each try
//! is one request with *our* key. Logs: its errors print whole objects, secrets of intents included, so that only
//! `told` is ever shown of them. And the token: the bindings have no word for a card's, so that it is added to the
//! form by hand, as docs.stripe.com/payments/payment-intents/migration/charges has it.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use stripe::{ApiErrors, ApiErrorsCode, ApiErrorsType, IdempotencyKey, RequestStrategy, StripeError, StripeRequest};
use stripe_core::payment_intent::{
    CancelPaymentIntent, ConfirmPaymentIntent, ConfirmPaymentIntentPaymentMethodData,
    ConfirmPaymentIntentPaymentMethodDataType, CreatePaymentIntent, CreatePaymentIntentAutomaticPaymentMethods,
    CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects, RetrievePaymentIntent,
};
use stripe_core::refund::{CreateRefund, ListRefund, RetrieveRefund};
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::provider::{Call, ConfirmedBy, Failure, Intent, Provider, Refund, RefundStanding, Standing, Wish};

/// Tries of one call. A lost answer is nearly always there at the second; the third is for the outage of a moment.
const TRIES: u32 = 3;

/// How fast it is asked.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long one try may take.
    pub each: Duration,
    /// The pause before the second try; it doubles.
    pub pause: Duration,
}

impl Pace {
    /// Nearly all of Stripe's answers come within two seconds; a bank that takes longer is asked for again by key. All
    /// tries of a call together stay below thirteen seconds.
    pub const STRIPE: Self = Self { each: Duration::from_secs(4), pause: Duration::from_millis(200) };
}

/// Stripe, or what answers like it.
#[derive(Debug, Clone)]
pub struct Stripe {
    client: stripe::Client,
    pause: Duration,
}

impl Stripe {
    /// Stripe at `url`, with the account's secret `key`.
    pub fn new(url: &str, key: &SecretString, pace: Pace) -> anyhow::Result<Self> {
        // The library puts the path right behind it.
        let url = format!("{}/", url.trim_end_matches('/'));
        let client = stripe::ClientBuilder::new(key.expose_secret()).url(url).timeout(pace.each).build()?;
        Ok(Self { client, pause: pace.pause })
    }
}

impl Provider for Stripe {
    fn open<'a>(&'a self, key: &'a str, wish: &'a Wish) -> Call<'a, Intent> {
        Box::pin(async move {
            let metadata = [("order", wish.order.to_string()), ("payment", wish.payment.to_string())];
            let mut methods = CreatePaymentIntentAutomaticPaymentMethods::new(true);
            if wish.confirmed_by == ConfirmedBy::Us {
                methods.allow_redirects = Some(CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects::Never);
            }
            let request = CreatePaymentIntent::new(wish.amount.0, currency(&wish.currency))
                .automatic_payment_methods(methods)
                .description(format!("Order {}", wish.order))
                .metadata(metadata.map(|(name, value)| (name.to_owned(), value)));
            self.again("open", || once(key, |once| request.customize().request_strategy(once).send(&self.client)))
                .await
                .map(intent)
        })
    }

    fn confirm<'a>(&'a self, key: &'a str, id: &'a str, token: &'a SecretString) -> Call<'a, Intent> {
        Box::pin(async move {
            let card = ConfirmPaymentIntentPaymentMethodDataType::Unknown("card".to_owned());
            let request = ConfirmPaymentIntent::new(id)
                .error_on_requires_action(true)
                .payment_method_data(ConfirmPaymentIntentPaymentMethodData::new(card));
            let with_token = || {
                let mut request = request.build();
                let token = percent_encoded(token.expose_secret());
                let form = request.body.get_or_insert_default();
                form.push_str("&payment_method_data[card][token]=");
                form.push_str(&token);
                request.customize::<stripe_core::PaymentIntent>()
            };
            self.again("confirm", || once(key, |once| with_token().request_strategy(once).send(&self.client)))
                .await
                .map(intent)
        })
    }

    fn ask<'a>(&'a self, id: &'a str) -> Call<'a, Intent> {
        let request = RetrievePaymentIntent::new(id);
        Box::pin(async move {
            self.again("ask", || async { request.send(&self.client).await.map_err(failure) }).await.map(intent)
        })
    }

    fn cancel<'a>(&'a self, id: &'a str) -> Call<'a, Intent> {
        // Without a key: cancelling twice is refused, and Stripe would remember a fault of its own for a key.
        let request = CancelPaymentIntent::new(id);
        Box::pin(async move {
            self.again("cancel", || async { request.send(&self.client).await.map_err(failure) }).await.map(intent)
        })
    }

    fn refund<'a>(&'a self, key: &'a str, id: &'a str) -> Call<'a, Refund> {
        let request = CreateRefund::new().payment_intent(id);
        Box::pin(async move {
            self.again("refund", || once(key, |once| request.customize().request_strategy(once).send(&self.client)))
                .await
                .map(|answer| refund(&answer))
        })
    }

    fn ask_refund<'a>(&'a self, id: &'a str) -> Call<'a, Refund> {
        let request = RetrieveRefund::new(id);
        Box::pin(async move {
            self.again("ask_refund", || async { request.send(&self.client).await.map_err(failure) })
                .await
                .map(|answer| refund(&answer))
        })
    }

    fn find_refund<'a>(&'a self, id: &'a str) -> Call<'a, Option<Refund>> {
        // A payment has one refund that counts, and a few that failed before it.
        let request = ListRefund::new().payment_intent(id).limit(100);
        Box::pin(async move {
            let found =
                self.again("find_refund", || async { request.send(&self.client).await.map_err(failure) }).await?;
            Ok(found.data.iter().map(refund).find(|refund| refund.standing != RefundStanding::Failed))
        })
    }
}

impl Stripe {
    /// Calls until there is an answer, [`TRIES`] times at most. Once a try's outcome is unknown, only an answer to the
    /// same request can tell what it was: that Stripe is busy does not.
    async fn again<T, F>(&self, call: &'static str, request: impl Fn() -> F + Send + Sync) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>> + Send,
        T: Send,
    {
        let mut unknown = None;
        let mut tries = 0;
        loop {
            tries += 1;
            let failure = match request().await {
                Err(failure @ (Failure::Unknown(_) | Failure::Busy)) => failure,
                answer => {
                    debug!(call, tries, answered = answer.is_ok(), "asked Stripe");
                    return answer;
                }
            };
            warn!(call, tries, "Stripe did not answer: {failure}");
            if failure != Failure::Busy {
                unknown = Some(failure.clone());
            }
            if tries == TRIES {
                return Err(unknown.unwrap_or(failure));
            }
            sleep(self.pause * 2_u32.pow(tries - 1)).await;
        }
    }
}

/// One request with this idempotency key.
async fn once<T, F>(key: &str, send: impl FnOnce(RequestStrategy) -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, StripeError>>,
{
    let key = IdempotencyKey::new(key).map_err(|error| Failure::Misuse(error.to_string()))?;
    send(RequestStrategy::Idempotent(key)).await.map_err(failure)
}

fn currency(name: &str) -> stripe_types::Currency {
    let Ok(currency) = name.parse();
    currency
}

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn intent(answer: stripe_core::PaymentIntent) -> Intent {
    use stripe_core::PaymentIntentStatus as Status;
    let standing = match answer.status {
        Status::Succeeded => Standing::Succeeded,
        Status::Canceled => Standing::Cancelled,
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction => {
            Standing::Open { failure: answer.last_payment_error.and_then(|error| error.message) }
        }
        // We capture at once, so that the second is as unlikely as the third: neither is an end.
        Status::Processing | Status::RequiresCapture | Status::Unknown(_) | _ => Standing::Processing,
    };
    Intent { id: answer.id.to_string(), standing, client_secret: answer.client_secret.map(Into::into) }
}

fn refund(answer: &stripe_core::Refund) -> Refund {
    let standing = match answer.status.as_deref() {
        Some("succeeded") => RefundStanding::Succeeded,
        Some("failed" | "canceled") => RefundStanding::Failed,
        // Pending, waiting for the buyer, or something newer: not there yet.
        _ => RefundStanding::Pending,
    };
    Refund { id: answer.id.to_string(), standing }
}

fn failure(error: StripeError) -> Failure {
    let (errors, status) = match error {
        StripeError::Stripe(errors, status) => (errors, status),
        StripeError::Timeout => return Failure::Unknown("timeout".to_owned()),
        // An answer that can't be read may be that of a gateway, or of a Stripe newer than its bindings.
        StripeError::ClientError(text) | StripeError::JSONDeserialize(text) => return Failure::Unknown(text),
        StripeError::ConfigError(text) => return Failure::Misuse(text),
    };
    match (&errors.code, &errors.type_, status) {
        (Some(ApiErrorsCode::RateLimit | ApiErrorsCode::LockTimeout | ApiErrorsCode::IdempotencyKeyInUse), ..)
        | (_, _, 429 | 409) => Failure::Busy,
        (_, _, 500..) => Failure::Unknown(told(&errors, status)),
        (Some(ApiErrorsCode::PaymentIntentUnexpectedState | ApiErrorsCode::ChargeAlreadyRefunded), ..) => {
            Failure::OtherState
        }
        (Some(ApiErrorsCode::AmountTooSmall | ApiErrorsCode::AmountTooLarge), ..)
        | (_, ApiErrorsType::CardError, _)
        | (_, _, 402) => Failure::Declined(errors.message.unwrap_or_else(|| "Your card was declined.".to_owned())),
        (Some(ApiErrorsCode::TokenAlreadyUsed | ApiErrorsCode::TokenInUse), ..) => Failure::BadToken,
        (Some(ApiErrorsCode::ResourceMissing), ..) if names_a_token(&errors) => Failure::BadToken,
        _ => Failure::Misuse(told(&errors, status)),
    }
}

/// Whether it is the token that does not exist, and not the intent.
fn names_a_token(errors: &ApiErrors) -> bool {
    errors.param.as_deref().is_some_and(|param| param.contains("token"))
        || errors.message.as_deref().is_some_and(|message| message.starts_with("No such token"))
}

/// What may be shown of Stripe's error: no object in it, and so no secret.
fn told(errors: &ApiErrors, status: u16) -> String {
    let (code, param) = (errors.code.as_ref().map_or("-", |code| code.as_str()), errors.param.as_deref());
    let message = errors.message.as_deref().unwrap_or("no message");
    format!("{status} {} {code} {}: {message}", errors.type_.as_str(), param.unwrap_or("-"))
}
