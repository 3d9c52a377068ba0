//! The older way to pay: a token, charged.

use crate::support::{get, id, post, sandbox};

#[tokio::test]
async fn a_token_is_charged() {
    let sandbox = sandbox().await;
    let form = "amount=2000&currency=usd&source=tok_visa&description=Lear&metadata[order]=7";
    let charge = post(&sandbox, "/v1/charges", form).await.ok();
    assert_eq!((&charge["status"], &charge["paid"]), (&"succeeded".into(), &true.into()));
    assert_eq!(charge["source"]["last4"], "4242");
    assert_eq!(charge["payment_intent"], serde_json::Value::Null);
    let again = get(&sandbox, &format!("/v1/charges/{}", id(&charge))).await.ok();
    assert_eq!(again, charge);
    assert_eq!(sandbox.ledger().charges[0].metadata["order"], "7");
}

#[tokio::test]
async fn a_declined_charge_is_kept_and_moves_no_money() {
    let sandbox = sandbox().await;
    let form = "amount=2000&currency=usd&source=tok_chargeDeclined";
    let error = post(&sandbox, "/v1/charges", form).await.refused(402);
    let charge = get(&sandbox, &format!("/v1/charges/{}", error["charge"].as_str().unwrap())).await.ok();
    assert_eq!((&charge["status"], &charge["failure_code"]), (&"failed".into(), &"card_declined".into()));
    assert_eq!(charge["outcome"]["type"], "issuer_declined");
    assert!(sandbox.ledger().charges.is_empty());
    assert_eq!(sandbox.events().last().unwrap()["type"], "charge.failed");
}

#[tokio::test]
async fn a_charge_cannot_ask_the_buyer_to_authenticate() {
    let sandbox = sandbox().await;
    let form = "amount=2000&currency=usd&source=tok_authenticationRequired";
    assert_eq!(post(&sandbox, "/v1/charges", form).await.refused(402)["code"], "authentication_required");
}

#[tokio::test]
async fn without_a_source_nothing_is_charged() {
    let sandbox = sandbox().await;
    let error = post(&sandbox, "/v1/charges", "amount=2000&currency=usd").await.refused(400);
    assert_eq!(error["message"], "Must provide source or customer.");
    let error = post(&sandbox, "/v1/charges", "amount=2000&currency=usd&source=tok_1").await.refused(400);
    assert_eq!(error["message"], "No such token: 'tok_1'");
}
