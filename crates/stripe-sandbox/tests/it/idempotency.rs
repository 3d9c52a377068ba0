//! The same key, the same answer.

use stripe_sandbox::{Clock, Fault, Handle, Options, Sandbox};

use crate::support::{Answer, id, sandbox, send, try_send};

const CHARGE: &str = "amount=2000&currency=usd&source=tok_visa";

async fn charge(sandbox: &Handle, key: &str, form: &str) -> Answer {
    send(sandbox, "POST", "/v1/charges", form, &[("idempotency-key", key)]).await
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer() {
    let sandbox = sandbox().await;
    let first = charge(&sandbox, "k", CHARGE).await;
    let again = charge(&sandbox, "k", CHARGE).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["original-request"], first.headers["request-id"]);
    assert_ne!(again.headers["request-id"], first.headers["request-id"]);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(again.ok(), first.ok());
    assert_eq!(sandbox.ledger().charges.len(), 1);
    charge(&sandbox, "another", CHARGE).await.ok();
    assert_eq!(sandbox.ledger().charges.len(), 2);
}

#[tokio::test]
async fn a_decline_is_an_answer_too() {
    let sandbox = sandbox().await;
    let form = "amount=2000&currency=usd&source=tok_chargeDeclined";
    let first = charge(&sandbox, "k", form).await.refused(402);
    let again = charge(&sandbox, "k", form).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.refused(402)["charge"], first["charge"]);
}

#[tokio::test]
async fn a_malformed_request_uses_up_no_key() {
    let sandbox = sandbox().await;
    charge(&sandbox, "k", "amount=2000").await.refused(400);
    charge(&sandbox, "k", CHARGE).await.ok();
}

#[tokio::test]
async fn a_key_is_for_one_request() {
    let sandbox = sandbox().await;
    charge(&sandbox, "k", CHARGE).await.ok();
    let error = charge(&sandbox, "k", "amount=2001&currency=usd&source=tok_visa").await.refused(400);
    assert_eq!(error["type"], "idempotency_error");
    assert_eq!(
        error["message"],
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using \
         a key other than 'k' if you meant to execute a different request."
    );
    let error = send(&sandbox, "POST", "/v1/refunds", "charge=ch_1", &[("idempotency-key", "k")]).await.refused(400);
    assert!(error["message"].as_str().unwrap().contains("('/v1/refunds' vs '/v1/charges')"), "{error}");
    assert_eq!(charge(&sandbox, &"k".repeat(256), CHARGE).await.refused(400)["type"], "idempotency_error");
}

#[tokio::test]
async fn two_at_once_are_one_and_a_conflict() {
    let sandbox = sandbox().await;
    sandbox.plan("POST /v1/charges", Fault::Hold, 1).unwrap();
    let (first, second) = tokio::join!(charge(&sandbox, "k", CHARGE), async {
        sandbox.until_held(1).await;
        let second = charge(&sandbox, "k", CHARGE).await;
        sandbox.release(1);
        second
    });
    let error = second.refused(409);
    assert_eq!(error["code"], "idempotency_key_in_use");
    let charged = first.ok();
    assert_eq!(id(&charge(&sandbox, "k", CHARGE).await.ok()), id(&charged));
    assert_eq!(sandbox.ledger().charges.len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_there_for_whoever_asks_again() {
    let sandbox = sandbox().await;
    sandbox.plan("POST /v1/charges", Fault::LoseAnswer, 1).unwrap();
    let key = [("idempotency-key", "k")];
    assert!(try_send(&sandbox, "POST", "/v1/charges", CHARGE, &key).await.is_err());
    assert_eq!(sandbox.ledger().charges.len(), 1);
    charge(&sandbox, "k", CHARGE).await.ok();
    assert_eq!(sandbox.ledger().charges.len(), 1);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let clock = Clock::at(1_800_000_000);
    let sandbox = Sandbox::start(Options { clock, ..Options::default() }).await.unwrap();
    charge(&sandbox, "k", CHARGE).await.ok();
    sandbox.advance(std::time::Duration::from_hours(24));
    charge(&sandbox, "k", CHARGE).await.ok();
    assert_eq!(sandbox.ledger().charges.len(), 1);
    sandbox.advance(std::time::Duration::from_secs(1));
    charge(&sandbox, "k", CHARGE).await.ok();
    assert_eq!(sandbox.ledger().charges.len(), 2);
}
