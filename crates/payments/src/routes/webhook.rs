//! `POST /api/payments/webhook`: what the provider tells by itself. F18.
//!
//! A webhook is a hint and no more: it says that something happened to an intent, and the settle worker asks what. So
//! it does not matter in which order webhooks come, how old their payload is, or whether one is lost. That it was seen
//! commits together with the hint.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use service::problem::Errors;
use sqlx::Acquire;
use tracing::{debug, info, warn};

use crate::payment::Status;
use crate::{App, Error, signature, store};

/// An event of the provider's, of which only this much is read: what is new in it must not make it unreadable.
#[derive(Debug, Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Data,
}

#[derive(Debug, Default, Deserialize)]
struct Data {
    #[serde(default)]
    object: Value,
}

/// What may have happened, and to which intent.
#[derive(Debug, PartialEq, Eq)]
enum Hint<'a> {
    /// Its standing may have changed.
    Intent(&'a str),
    /// Its refund's may have.
    Refund(&'a str),
}

impl Event {
    /// `None` for what is none of our business.
    fn hint(&self) -> Option<Hint<'_>> {
        let object = &self.data.object;
        match &*self.kind {
            "payment_intent.succeeded"
            | "payment_intent.payment_failed"
            | "payment_intent.processing"
            | "payment_intent.canceled" => object["id"].as_str().map(Hint::Intent),
            "refund.updated" | "refund.failed" | "charge.refunded" | "charge.refund.updated" => {
                let intent = &object["payment_intent"];
                // An account may be set to have it written out.
                intent.as_str().or_else(|| intent["id"].as_str()).map(Hint::Refund)
            }
            _ => None,
        }
    }
}

/// Takes an event of the payment provider.
#[utoipa::path(
    post, path = "/api/payments/webhook", tag = "payments", operation_id = "paymentWebhook",
    request_body(content = String, description = "An event as the provider writes it.", content_type = "application/json"),
    params(("stripe-signature" = String, Header, description = "When it was sent, and that it was the provider.")),
    responses(
        (status = 200, description = "Taken, now or before, or none of our business."),
        (status = 400, description = "Not signed, not by the provider, or too long ago.", body = Errors),
        (status = 404, description = "About a payment that is not known, or not yet: send it again.", body = Errors),
        (status = 413, description = "Larger than any event.", body = Errors),
        (status = 503, description = "Webhooks are not set up.", body = Errors),
    ),
)]
pub async fn webhook(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Json<Value>, Error> {
    if app.webhook_secrets.is_empty() {
        return Err(Error::NoWebhooks);
    }
    let now = app.clock.now();
    let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    signature::verify(&app.webhook_secrets, header, &body, now)
        .inspect_err(|why| warn!("a webhook is not believed: {why}"))?;
    let event: Event = serde_json::from_slice(&body).map_err(|_| Error::NotAnEvent)?;
    let received = Ok(Json(json!({ "received": true })));
    let Some(hint) = event.hint() else {
        debug!(event = event.id, kind = event.kind, "a webhook that is none of our business");
        return received;
    };
    let (Hint::Intent(intent) | Hint::Refund(intent)) = hint;

    let mut connection = app.db.acquire().await?;
    let mut tx = connection.begin().await?;
    if !store::see_webhook(&mut tx, &event.id, &event.kind, now).await? {
        return received;
    }
    // Unknown: of an intent made a moment ago, perhaps. Nothing is marked as seen, and it is sent again.
    let mut payment = store::lock_by_stripe_id(&mut tx, intent).await?.ok_or(Error::UnknownPayment)?;
    match (hint, payment.status) {
        (Hint::Intent(_), Status::Created | Status::Failed) => payment.look_soon(now),
        (Hint::Intent(_), Status::Completed | Status::Refunded) => {}
        (Hint::Refund(_), _) => payment.refund_soon(now),
    }
    store::save(&mut tx, &payment, None).await?;
    store::wake(&mut tx).await?;
    tx.commit().await?;
    info!(event = event.id, kind = event.kind, payment = %payment.id, "a webhook was taken");
    received
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &Value) -> Event {
        serde_json::from_value(json.clone()).unwrap()
    }

    #[test]
    fn it_reads_whose_intent_it_is_about_and_nothing_else() {
        let paid = event(&json!({
            "id": "evt_1", "type": "payment_intent.succeeded", "api_version": "2099-01-01", "new": [1, 2],
            "data": { "object": { "id": "pi_1", "amount": "a new kind of amount" }, "previous_attributes": {} },
        }));
        assert_eq!(paid.hint(), Some(Hint::Intent("pi_1")));
        let refund = event(&json!({
            "id": "evt_2", "type": "refund.failed", "data": { "object": { "id": "re_1", "payment_intent": "pi_1" } },
        }));
        assert_eq!(refund.hint(), Some(Hint::Refund("pi_1")));
        let expanded = event(&json!({
            "id": "evt_3", "type": "charge.refunded", "data": { "object": { "id": "ch_1", "payment_intent": { "id": "pi_1" } } },
        }));
        assert_eq!(expanded.hint(), Some(Hint::Refund("pi_1")));
    }

    #[test]
    fn what_it_does_not_know_is_none_of_its_business() {
        for json in [
            json!({ "id": "evt_1", "type": "customer.created", "data": { "object": { "id": "cus_1" } } }),
            json!({ "id": "evt_1", "type": "payment_intent.created", "data": { "object": { "id": "pi_1" } } }),
            json!({ "id": "evt_1", "type": "charge.refunded", "data": { "object": { "id": "ch_1", "payment_intent": null } } }),
            json!({ "id": "evt_1", "type": "payment_intent.succeeded" }),
        ] {
            assert_eq!(event(&json).hint(), None, "{json}");
        }
    }
}
