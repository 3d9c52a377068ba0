//! Money back: all of it, parts of it, never more than was paid.

use stripe_sandbox::Handle;

use crate::support::{get, id, post, sandbox};

async fn charge(sandbox: &Handle, token: &str) -> serde_json::Value {
    post(sandbox, "/v1/charges", &format!("amount=2000&currency=usd&source={token}")).await.ok()
}

#[tokio::test]
async fn a_charge_is_refunded_in_parts() {
    let sandbox = sandbox().await;
    let charge = charge(&sandbox, "tok_visa").await;
    let refund = async |form: &str| post(&sandbox, "/v1/refunds", &format!("charge={}{form}", id(&charge))).await;
    let message = |answer: serde_json::Value| answer["message"].as_str().unwrap().to_owned();

    let error = refund("&amount=2001").await.refused(400);
    assert_eq!(message(error), "Refund amount ($20.01) is greater than charge amount ($20.00)");
    let first = refund("&amount=500&reason=requested_by_customer&metadata[order]=7").await.ok();
    assert_eq!((&first["status"], &first["amount"]), (&"succeeded".into(), &500.into()));
    let error = refund("&amount=1501").await.refused(400);
    assert_eq!(message(error), "Refund amount ($15.01) is greater than unrefunded amount on charge ($15.00)");
    assert_eq!(refund("").await.ok()["amount"], 1500);
    let error = refund("").await.refused(400);
    assert_eq!(error["code"], "charge_already_refunded");
    assert_eq!(message(error), format!("Charge {} has already been refunded.", id(&charge)));

    let charge = get(&sandbox, &format!("/v1/charges/{}", id(&charge))).await.ok();
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&2000.into(), &true.into()));
    assert_eq!(charge["refunds"]["data"].as_array().unwrap().len(), 2);
    assert_eq!(sandbox.ledger().balance["usd"], 0);
    let kinds: Vec<_> = sandbox.events().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["charge.succeeded", "refund.created", "charge.refunded", "refund.created", "charge.refunded"]);
}

#[tokio::test]
async fn what_was_not_paid_cannot_be_refunded() {
    let sandbox = sandbox().await;
    let intent = post(&sandbox, "/v1/payment_intents", "amount=1200&currency=usd").await.ok();
    let form = format!("payment_intent={}", id(&intent));
    let error = post(&sandbox, "/v1/refunds", &form).await.refused(400);
    assert!(error["message"].as_str().unwrap().contains("does not have a successful charge to refund"));
    let error = post(&sandbox, "/v1/charges", "amount=1200&currency=usd&source=tok_chargeDeclined").await.refused(402);
    let form = format!("charge={}", error["charge"].as_str().unwrap());
    post(&sandbox, "/v1/refunds", &form).await.refused(400);
    post(&sandbox, "/v1/refunds", "").await.refused(400);
    assert_eq!(post(&sandbox, "/v1/refunds", "charge=ch_1").await.refused(400)["code"], "resource_missing");
    assert_eq!(get(&sandbox, "/v1/refunds/re_1").await.refused(404)["code"], "resource_missing");
}

#[tokio::test]
async fn a_refund_may_stay_pending() {
    let sandbox = sandbox().await;
    let charge = charge(&sandbox, "tok_pendingRefund").await;
    let refund = post(&sandbox, "/v1/refunds", &format!("charge={}", id(&charge))).await.ok();
    assert_eq!(refund["status"], "pending");
    post(&sandbox, "/v1/refunds", &format!("charge={}", id(&charge))).await.refused(400);
    sandbox.settle_refund(id(&refund), true).unwrap();
    let refund = get(&sandbox, &format!("/v1/refunds/{}", id(&refund))).await.ok();
    assert_eq!(refund["status"], "succeeded");
    let events = sandbox.events();
    let updated = events.iter().find(|event| event["type"] == "refund.updated").unwrap();
    assert_eq!(updated["data"]["object"]["status"], "succeeded");
    assert_eq!(updated["data"]["previous_attributes"]["status"], "pending");
    assert!(sandbox.settle_refund(id(&refund), true).is_err());
}

#[tokio::test]
async fn a_refund_may_fail_after_it_had_succeeded() {
    let sandbox = sandbox().await;
    let charge = charge(&sandbox, "tok_refundFail").await;
    let refund = post(&sandbox, "/v1/refunds", &format!("charge={}", id(&charge))).await.ok();
    assert_eq!(sandbox.ledger().balance["usd"], 0);
    sandbox.settle_refund(id(&refund), false).unwrap();
    let refund = get(&sandbox, &format!("/v1/refunds/{}", id(&refund))).await.ok();
    assert_eq!((&refund["status"], &refund["failure_reason"]), (&"failed".into(), &"expired_or_canceled_card".into()));
    assert_eq!(sandbox.ledger().balance["usd"], 2000, "the money is back with the merchant");
    assert_eq!(get(&sandbox, &format!("/v1/charges/{}", id(&charge))).await.ok()["refunded"], false);
    post(&sandbox, "/v1/refunds", &format!("charge={}", id(&charge))).await.ok();
    assert_eq!(sandbox.ledger().balance["usd"], 0);
}

#[tokio::test]
async fn refunds_are_listed_by_what_they_refund() {
    let sandbox = sandbox().await;
    let (one, other) = (charge(&sandbox, "tok_visa").await, charge(&sandbox, "tok_visa").await);
    for charge in [&one, &other, &one] {
        post(&sandbox, "/v1/refunds", &format!("amount=100&charge={}", id(charge))).await.ok();
    }
    let listed = get(&sandbox, &format!("/v1/refunds?charge={}", id(&one))).await.ok();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    let listed = get(&sandbox, &format!("/v1/charges/{}/refunds", id(&other))).await.ok();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(get(&sandbox, "/v1/refunds").await.ok()["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_account_shows_what_moved() {
    let sandbox = sandbox().await;
    let charge = charge(&sandbox, "tok_visa").await;
    post(&sandbox, "/v1/refunds", &format!("amount=500&charge={}", id(&charge))).await.ok();
    let moved = get(&sandbox, "/v1/balance_transactions").await.ok();
    let amounts: Vec<_> = moved["data"].as_array().unwrap().iter().map(|moved| moved["amount"].clone()).collect();
    assert_eq!(amounts, [-500, 2000]);
    let fee = moved["data"][1]["fee"].as_i64().unwrap();
    assert_eq!(fee, 88, "2.9 % and thirty cents");
    assert_eq!(get(&sandbox, "/v1/balance").await.ok()["available"][0]["amount"], 1500 - fee);
    let path = format!("/v1/balance_transactions/{}", charge["balance_transaction"].as_str().unwrap());
    assert_eq!(get(&sandbox, &path).await.ok()["source"], charge["id"]);
}
