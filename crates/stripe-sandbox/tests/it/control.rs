//! The tests' strings by HTTP, as tests in other languages pull them.

use serde_json::{Value, json};
use stripe_sandbox::Handle;

use crate::support::{client, get, id, post, sandbox};

async fn pull(sandbox: &Handle, path: &str, json: Value) -> Value {
    let request = client().post(format!("{}/sandbox{path}", sandbox.url));
    let answer = request.header("content-type", "application/json").body(json.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}: {}", answer.text().await.unwrap());
    answer.json().await.unwrap()
}

async fn look(sandbox: &Handle, path: &str) -> Value {
    client().get(format!("{}/sandbox{path}", sandbox.url)).send().await.unwrap().json().await.unwrap()
}

const INTENT: &str = "amount=1200&currency=usd&payment_method_types[]=card&confirm=true&payment_method=";

#[tokio::test]
async fn faults_are_planned_and_held_calls_let_go() {
    let sandbox = sandbox().await;
    pull(&sandbox, "/faults", json!({ "calls": "POST /v1/refunds", "fault": { "fail": 503 }, "times": 2 })).await;
    post(&sandbox, "/v1/refunds", "charge=ch_1").await.refused(503);
    pull(&sandbox, "/faults/clear", json!({})).await;
    post(&sandbox, "/v1/refunds", "charge=ch_1").await.refused(400);

    pull(&sandbox, "/faults", json!({ "calls": "POST /v1/charges", "fault": "hold" })).await;
    let (charged, released) =
        tokio::join!(post(&sandbox, "/v1/charges", "amount=2000&currency=usd&source=tok_visa"), async {
            sandbox.until_held(1).await;
            assert_eq!(look(&sandbox, "/held").await, json!({ "held": ["POST /v1/charges"] }));
            pull(&sandbox, "/release", json!({})).await
        });
    charged.ok();
    assert_eq!(released, json!({ "released": 1 }));
}

#[tokio::test]
async fn payments_come_to_what_a_test_wants() {
    let sandbox = sandbox().await;
    let outcome = json!({ "outcome": { "card": { "declines": "lost_card" } } });
    pull(&sandbox, "/outcomes", outcome).await;
    let form = format!("{INTENT}pm_card_visa");
    assert_eq!(post(&sandbox, "/v1/payment_intents", &form).await.refused(402)["decline_code"], "lost_card");

    pull(&sandbox, "/outcomes", json!({ "outcome": "processing" })).await;
    let intent = post(&sandbox, "/v1/payment_intents", &form).await.ok();
    pull(&sandbox, &format!("/payment_intents/{}/settle", id(&intent)), json!({})).await;

    let form = format!("{INTENT}pm_card_authenticationRequired");
    let intent = post(&sandbox, "/v1/payment_intents", &form).await.ok();
    pull(&sandbox, &format!("/payment_intents/{}/authenticate", id(&intent)), json!({ "passed": true })).await;

    let form = "amount=2000&currency=usd&source=tok_pendingRefund&metadata[order]=7";
    let charge = post(&sandbox, "/v1/charges", form).await.ok();
    let refund = post(&sandbox, "/v1/refunds", &format!("amount=500&charge={}", id(&charge))).await.ok();
    pull(&sandbox, &format!("/refunds/{}/settle", id(&refund)), json!({ "succeeded": true })).await;
    assert_eq!(get(&sandbox, &format!("/v1/refunds/{}", id(&refund))).await.ok()["status"], "succeeded");

    let ledger = look(&sandbox, "/ledger").await;
    assert_eq!(ledger["balance"], json!({ "usd": 1200 + 1200 + 1500 }));
    assert_eq!(ledger["charges"][2]["metadata"], json!({ "order": "7" }));
    assert_eq!(ledger["charges"][2]["refunded"], 500);
}

#[tokio::test]
async fn webhooks_are_held_and_delivered() {
    let sandbox = sandbox().await;
    // Nothing listens on the discard port.
    sandbox.send_webhooks_to("http://127.0.0.1:9/", "whsec_test").unwrap();
    pull(&sandbox, "/webhooks/hold", json!({})).await;
    post(&sandbox, "/v1/charges", "amount=2000&currency=usd&source=tok_visa").await.ok();
    let waiting = look(&sandbox, "/undelivered").await;
    assert_eq!(waiting["undelivered"][0]["type"], "charge.succeeded");
    let path = format!("/events/{}/deliver", id(&waiting["undelivered"][0]));
    let answers = pull(&sandbox, &path, json!({})).await;
    assert!(answers["answers"][0].is_string(), "why it could not be reached: {answers}");
    let forged = pull(&sandbox, "/webhooks", json!({ "body": "{}", "signature": "t=1,v1=0" })).await;
    assert_eq!(forged["answers"].as_array().unwrap().len(), 1);
    let late = json!({ "body": "{}", "secret": "whsec_test", "timestamp": 1 });
    assert_eq!(pull(&sandbox, "/webhooks", late).await["answers"].as_array().unwrap().len(), 1);
    pull(&sandbox, "/webhooks/resume", json!({})).await;
}

#[tokio::test]
async fn misspelt_strings_are_refused() {
    let sandbox = sandbox().await;
    for (path, json) in [
        ("/faults", json!({ "calls": "refunds", "fault": "hold" })),
        ("/faults", json!({ "calls": "POST /v1/refunds", "fault": "explode" })),
        ("/outcomes", json!({ "outcom": "processing" })),
        ("/webhooks", json!({ "body": "{}" })),
        ("/payment_intents/pi_1/settle", json!({})),
    ] {
        let request = client().post(format!("{}/sandbox{path}", sandbox.url));
        let answer = request.header("content-type", "application/json").body(json.to_string()).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{path} {json}");
    }
}
