//! Takes events to the endpoints that want them, signed, again and again until they are taken.
//! <https://docs.stripe.com/webhooks#verify-manually>

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::objects::Delivery;
use crate::sandbox::Inner;

/// Attempts per delivery. With the back-off below that is five minutes, enough for a service that restarts; Stripe
/// tries for three days.
pub const ATTEMPTS_MAX: u32 = 12;
/// The longest wait between two attempts.
const BACK_OFF_MAX: Duration = Duration::from_mins(1);
/// How long an endpoint may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Attempts under way at once: parallel as Stripe's are, without drowning a development machine.
const UNDER_WAY_MAX: usize = 8;
/// Deliveries waiting; beyond it the oldest are given up, as for an endpoint that is never there.
pub const WAITING_MAX: usize = 10_000;

/// The header `Stripe-Signature` over a body.
pub fn signature(secret: &str, timestamp: i64, body: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("{timestamp}.{body}").as_bytes());
    format!("t={timestamp},v1={}", crate::ids::hex(&mac.finalize().into_bytes()))
}

/// How long to wait after so many attempts.
fn back_off(attempts: u32) -> Duration {
    let doubled = Duration::from_millis(250) * 2_u32.saturating_pow(attempts.min(16));
    doubled.min(BACK_OFF_MAX)
}

/// Sends what is waiting, until `stop`.
pub async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(UNDER_WAY_MAX));
    loop {
        // Asked for before looking, so that what comes in while looking is not missed.
        let news = inner.news.notified();
        for delivery in inner.take_waiting() {
            let (inner, places, stop) = (inner.clone(), places.clone(), stop.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = deliver(&inner, delivery, &places) => {}
                }
            });
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = news => {}
        }
    }
}

async fn deliver(inner: &Inner, mut delivery: Delivery, places: &Semaphore) {
    loop {
        if inner.is_by_hand() {
            return inner.put_back(&delivery);
        }
        let Ok(place) = places.acquire().await else { return };
        let outcome = attempt(inner, &delivery).await;
        drop(place);
        delivery.attempts += 1;
        match outcome {
            None => return inner.delivered(&delivery),
            Some(Ok(status)) if (200..300).contains(&status) => return inner.delivered(&delivery),
            Some(outcome) if delivery.attempts >= ATTEMPTS_MAX => {
                tracing::warn!(event = delivery.event, ?outcome, "webhook given up after {ATTEMPTS_MAX} attempts");
                return inner.delivered(&delivery);
            }
            Some(outcome) => {
                tracing::info!(event = delivery.event, attempts = delivery.attempts, ?outcome, "webhook not taken");
            }
        }
        tokio::time::sleep(back_off(delivery.attempts)).await;
    }
}

/// One attempt: the status the endpoint answered, or why it could not be reached. None if there is nothing to send
/// any more.
pub async fn attempt(inner: &Inner, delivery: &Delivery) -> Option<Result<u16, String>> {
    let (url, secret, body) = inner.message(delivery)?;
    let header = signature(&secret, inner.clock.now(), &body);
    Some(post(&inner.http, &url, &header, body).await)
}

/// Posts a body as Stripe posts events.
pub async fn post(http: &reqwest::Client, url: &str, signature: &str, body: String) -> Result<u16, String> {
    let sent = http
        .post(url)
        .timeout(ANSWER_WITHIN)
        .header("content-type", "application/json; charset=utf-8")
        .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
        .header("stripe-signature", signature)
        .body(body)
        .send()
        .await;
    sent.map(|answer| answer.status().as_u16()).map_err(|error| format!("{:#}", anyhow::Error::from(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_an_hmac_over_time_and_body() {
        // From `printf '12.{}' | openssl dgst -sha256 -hmac whsec_test`.
        let header = signature("whsec_test", 12, "{}");
        assert_eq!(header, "t=12,v1=af237b033edb42cd78d7ae826c46e5f7b0f626ba5215b9ac9ce6131f7da4aafa");
        assert_ne!(header, signature("whsec_test", 13, "{}"));
        assert_ne!(header, signature("whsec_other", 12, "{}"));
    }

    #[test]
    fn the_back_off_grows_to_its_bound() {
        assert_eq!(back_off(1), Duration::from_millis(500));
        assert_eq!(back_off(2), Duration::from_secs(1));
        assert_eq!(back_off(ATTEMPTS_MAX), BACK_OFF_MAX);
        assert_eq!(back_off(u32::MAX), BACK_OFF_MAX);
    }
}
