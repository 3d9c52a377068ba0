//! Events and how they reach an endpoint: signed, whole, again until they are taken, in the order a test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use stripe_sandbox::{Deliveries, Handle, signature};
use tokio::sync::mpsc;

use crate::support::{get, id, post, sandbox};

/// What an endpoint got.
#[derive(Debug)]
struct Got {
    signature: String,
    body: String,
}

impl Got {
    fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn kind(&self) -> String {
        self.event()["type"].as_str().unwrap().to_owned()
    }
}

/// A merchant's endpoint that answers with `status`.
struct Endpoint {
    url: String,
    status: Arc<AtomicU16>,
    got: mpsc::UnboundedReceiver<Got>,
}

async fn endpoint() -> Endpoint {
    let (sender, got) = mpsc::unbounded_channel();
    let status = Arc::new(AtomicU16::new(200));
    let answer = async |State((sender, status)): State<(mpsc::UnboundedSender<Got>, Arc<AtomicU16>)>,
                        headers: HeaderMap,
                        body: String| {
        let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
        // The test may have ended.
        let _ = sender.send(Got { signature, body });
        StatusCode::from_u16(status.load(Ordering::Relaxed)).unwrap()
    };
    let router = Router::new().fallback(answer).with_state((sender, status.clone()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/payments/webhook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Endpoint { url, status, got }
}

async fn pay(sandbox: &Handle) -> Value {
    let form = "amount=1200&currency=usd&payment_method_types[]=card&confirm=true&payment_method=pm_card_visa\
                &metadata[order]=7";
    post(sandbox, "/v1/payment_intents", form).await.ok()
}

const PAID: [&str; 3] = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"];

#[tokio::test]
async fn events_are_signed_and_complete() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint().await);
    sandbox.send_webhooks_to(&endpoint.url, "whsec_test").unwrap();
    sandbox.set_deliveries(Deliveries::AtOnce);
    let intent = pay(&sandbox).await;
    let mut got = Vec::new();
    for _ in PAID {
        got.push(endpoint.got.recv().await.unwrap());
    }
    got.sort_by_key(|got| PAID.iter().position(|kind| got.kind() == *kind));
    for one in &got {
        let time: i64 = one.signature.split([',', '=']).nth(1).unwrap().parse().unwrap();
        assert_eq!(one.signature, signature("whsec_test", time, &one.body));
    }
    let event = got[2].event();
    assert_eq!(event["object"], "event");
    assert_eq!(event["data"]["object"]["id"], intent["id"]);
    assert_eq!(event["data"]["object"]["metadata"]["order"], "7");
    assert_eq!(event["data"]["object"]["status"], "succeeded");
    assert!(event["request"]["id"].as_str().unwrap().starts_with("req_"));
    assert_eq!(got[0].event()["data"]["object"]["status"], "requires_confirmation", "the object as it was then");
}

#[tokio::test]
async fn an_endpoint_that_fails_is_asked_again() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint().await);
    endpoint.status.store(500, Ordering::Relaxed);
    sandbox.send_webhooks_to(&endpoint.url, "whsec_test").unwrap();
    sandbox.set_deliveries(Deliveries::AtOnce);
    post(&sandbox, "/v1/payment_intents", "amount=1200&currency=usd").await.ok();
    let first = endpoint.got.recv().await.unwrap();
    endpoint.status.store(204, Ordering::Relaxed);
    let second = endpoint.got.recv().await.unwrap();
    assert_eq!(first.event()["id"], second.event()["id"]);
    while !sandbox.undelivered().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(sandbox.events()[0]["pending_webhooks"], 0);
}

#[tokio::test]
async fn a_test_delivers_in_any_order_and_as_often_as_it_likes() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint().await);
    sandbox.send_webhooks_to(&endpoint.url, "whsec_test").unwrap();
    pay(&sandbox).await;
    let waiting = sandbox.undelivered();
    let kinds: Vec<_> = waiting.iter().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(kinds, PAID);
    assert_eq!(sandbox.events()[0]["pending_webhooks"], 1);

    for (event, kind) in waiting.iter().rev() {
        assert_eq!(sandbox.deliver(event).await.unwrap(), [Ok(200)]);
        assert_eq!(endpoint.got.recv().await.unwrap().kind(), *kind);
    }
    assert!(sandbox.undelivered().is_empty());
    sandbox.deliver(&waiting[2].0).await.unwrap();
    assert_eq!(endpoint.got.recv().await.unwrap().kind(), PAID[2], "once more");
}

#[tokio::test]
async fn what_is_not_taken_waits_for_the_next_time() {
    let (sandbox, endpoint) = (sandbox().await, endpoint().await);
    sandbox.send_webhooks_to(&endpoint.url, "whsec_test").unwrap();
    pay(&sandbox).await;
    endpoint.status.store(503, Ordering::Relaxed);
    assert_eq!(sandbox.deliver_all().await.unwrap(), 0);
    assert_eq!(sandbox.undelivered().len(), 3);
    endpoint.status.store(200, Ordering::Relaxed);
    assert_eq!(sandbox.deliver_all().await.unwrap(), 3);
    assert!(sandbox.undelivered().is_empty());
}

#[tokio::test]
async fn forged_ones_arrive_as_they_are() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint().await);
    sandbox.send_webhooks_to(&endpoint.url, "whsec_test").unwrap();
    endpoint.status.store(400, Ordering::Relaxed);
    let forged = signature("whsec_guessed", 12, "{}");
    assert_eq!(sandbox.post_webhook("{}", &forged).await, [Ok(400)]);
    let got = endpoint.got.recv().await.unwrap();
    assert_eq!((got.signature, got.body), (forged, "{}".to_owned()));
}

#[tokio::test]
async fn every_change_of_an_intent_is_an_event() {
    let sandbox = sandbox().await;
    let confirm = async |method: &str| {
        let form = format!("amount=1200&currency=usd&payment_method_types[]=card&confirm=true&payment_method={method}");
        post(&sandbox, "/v1/payment_intents", &form).await
    };
    let waiting = confirm("pm_card_authenticationRequired").await.ok();
    post(&sandbox, &format!("/v1/payment_intents/{}/cancel", id(&waiting)), "").await.ok();
    sandbox.next_payment(stripe_sandbox::Outcome::Processing).unwrap();
    confirm("pm_card_visa").await.ok();
    confirm("pm_card_visa_chargeDeclined").await.refused(402);
    for kind in ["created", "requires_action", "canceled", "processing", "payment_failed"] {
        let events = get(&sandbox, &format!("/v1/events?type=payment_intent.{kind}")).await.ok();
        let event = &events["data"][0];
        assert_eq!(event["type"], format!("payment_intent.{kind}"));
        assert_eq!(get(&sandbox, &format!("/v1/events/{}", id(event))).await.ok(), *event);
    }
    let failed = get(&sandbox, "/v1/events?types[]=charge.failed&types[]=charge.succeeded").await.ok();
    assert_eq!(failed["data"].as_array().unwrap().len(), 1);
    get(&sandbox, "/v1/events/evt_1").await.refused(404);
}

#[tokio::test]
async fn endpoints_are_made_by_the_api_too() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint().await);
    let form = format!("url={}&enabled_events[]=payment_intent.succeeded", endpoint.url);
    let made = post(&sandbox, "/v1/webhook_endpoints", &form).await.ok();
    let secret = made["secret"].as_str().unwrap();
    pay(&sandbox).await;
    assert_eq!(sandbox.deliver_all().await.unwrap(), 1);
    let got = endpoint.got.recv().await.unwrap();
    let time: i64 = got.signature.split([',', '=']).nth(1).unwrap().parse().unwrap();
    assert_eq!((got.kind().as_str(), &got.signature), (PAID[2], &signature(secret, time, &got.body)));

    let path = format!("/v1/webhook_endpoints/{}", id(&made));
    assert_eq!(get(&sandbox, &path).await.ok().get("secret"), None, "it is shown once");
    assert_eq!(get(&sandbox, "/v1/webhook_endpoints").await.ok()["data"].as_array().unwrap().len(), 1);
    assert_eq!(crate::support::send(&sandbox, "DELETE", &path, "", &[]).await.ok()["deleted"], true);
    get(&sandbox, &path).await.refused(404);
    pay(&sandbox).await;
    assert!(sandbox.undelivered().is_empty());
    post(&sandbox, "/v1/webhook_endpoints", "url=ftp://a&enabled_events[]=*").await.refused(400);
}
