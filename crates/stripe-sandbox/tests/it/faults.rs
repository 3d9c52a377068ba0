//! Calls that go wrong on purpose, and what they leave behind.

use stripe_sandbox::Fault;

use crate::support::{get, id, post, sandbox, send, try_send};

const CHARGE: &str = "amount=2000&currency=usd&source=tok_visa";

#[tokio::test]
async fn a_lost_request_has_no_effect() {
    let sandbox = sandbox().await;
    sandbox.plan("POST /v1/charges", Fault::LoseRequest, 1).unwrap();
    assert!(try_send(&sandbox, "POST", "/v1/charges", CHARGE, &[]).await.is_err());
    assert!(sandbox.ledger().charges.is_empty());
    post(&sandbox, "/v1/charges", CHARGE).await.ok();
}

#[tokio::test]
async fn a_lost_answer_has_its_effect() {
    let sandbox = sandbox().await;
    sandbox.plan("POST /v1/charges", Fault::LoseAnswer, 1).unwrap();
    assert!(try_send(&sandbox, "POST", "/v1/charges", CHARGE, &[]).await.is_err());
    assert_eq!(sandbox.ledger().charges.len(), 1);
}

#[tokio::test]
async fn outages_look_like_stripes() {
    let sandbox = sandbox().await;
    for (fault, status, kind, code, retry) in [
        (Fault::Fail(429), 429, "invalid_request_error", Some("rate_limit"), "false"),
        (Fault::Locked, 429, "invalid_request_error", Some("lock_timeout"), "true"),
        (Fault::Fail(500), 500, "api_error", None, "true"),
        (Fault::Fail(503), 503, "api_error", None, "true"),
    ] {
        sandbox.plan("* /v1/*", fault, 1).unwrap();
        let answer = send(&sandbox, "POST", "/v1/charges", CHARGE, &[]).await;
        assert_eq!(answer.headers["stripe-should-retry"], retry);
        let error = answer.refused(status);
        assert_eq!((&error["type"], error["code"].as_str()), (&kind.into(), code));
    }
    assert!(sandbox.ledger().charges.is_empty());
}

#[tokio::test]
async fn stripe_remembers_its_own_fault_for_a_key_but_not_a_gateways() {
    let sandbox = sandbox().await;
    sandbox.plan("POST /v1/charges", Fault::Fail(500), 1).unwrap();
    sandbox.plan("POST /v1/charges", Fault::Fail(503), 1).unwrap();
    let charge = async |key: &str| send(&sandbox, "POST", "/v1/charges", CHARGE, &[("idempotency-key", key)]).await;
    charge("a").await.refused(500);
    charge("b").await.refused(503);
    charge("a").await.refused(500);
    charge("b").await.ok();
}

#[tokio::test]
async fn a_held_call_takes_effect_when_it_is_let_go_even_if_no_one_waits() {
    let sandbox = sandbox().await;
    sandbox.plan("POST /v1/charges", Fault::Hold, 1).unwrap();
    tokio::select! {
        _ = post(&sandbox, "/v1/charges", CHARGE) => panic!("it was held"),
        () = sandbox.until_held(1) => {} // and the client hangs up
    }
    assert_eq!(sandbox.held(), ["POST /v1/charges"]);
    assert!(sandbox.ledger().charges.is_empty());
    assert_eq!(sandbox.release(usize::MAX), 1);
    // The call goes on in a task of its own: once it shows, it was the one that was held.
    while sandbox.ledger().charges.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(sandbox.ledger().charges.len(), 1);
}

#[tokio::test]
async fn a_held_answer_comes_after_its_effect() {
    let sandbox = sandbox().await;
    sandbox.plan("POST /v1/payment_intents/*/confirm", Fault::HoldAnswer, 1).unwrap();
    let form = "amount=1200&currency=usd&payment_method_types[]=card&payment_method=pm_card_visa";
    let intent = post(&sandbox, "/v1/payment_intents", form).await.ok();
    let path = format!("/v1/payment_intents/{}", id(&intent));
    let confirm = format!("{path}/confirm");
    let (answer, seen) = tokio::join!(post(&sandbox, &confirm, ""), async {
        sandbox.until_held(1).await;
        let seen = get(&sandbox, &path).await.ok();
        sandbox.release(1);
        seen
    });
    assert_eq!(seen["status"], "succeeded");
    assert_eq!(answer.ok()["status"], "succeeded");
}

#[tokio::test]
async fn plans_can_be_forgotten() {
    let sandbox = sandbox().await;
    sandbox.plan("* /v1/*", Fault::Fail(500), 100).unwrap();
    sandbox.clear_plans();
    post(&sandbox, "/v1/charges", CHARGE).await.ok();
    assert!(sandbox.plan("refunds", Fault::Fail(500), 1).is_err());
}

#[tokio::test]
async fn stopping_lets_no_one_wait_for_ever() {
    let sandbox = sandbox().await;
    sandbox.plan("POST /v1/charges", Fault::Hold, 1).unwrap();
    let url = sandbox.url.clone();
    let waiting = tokio::spawn(async move {
        let request = crate::support::client().post(format!("{url}/v1/charges"));
        request.bearer_auth("sk_test_sandbox").send().await.is_err()
    });
    sandbox.until_held(1).await;
    sandbox.stop().await;
    assert!(waiting.await.unwrap(), "the connection is closed");
}
