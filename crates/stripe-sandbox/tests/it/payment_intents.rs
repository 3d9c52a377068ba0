//! Payment intents through their states.

use stripe_sandbox::{Decline, Handle, Outcome};

use crate::support::{get, id, post, sandbox, send};

const INTENT: &str = "amount=1200&currency=usd&payment_method_types[]=card";

async fn intent(sandbox: &Handle, more: &str) -> serde_json::Value {
    post(sandbox, "/v1/payment_intents", &format!("{INTENT}{more}")).await.ok()
}

async fn status(sandbox: &Handle, intent: &serde_json::Value) -> String {
    get(sandbox, &format!("/v1/payment_intents/{}", id(intent))).await.ok()["status"].as_str().unwrap().to_owned()
}

fn kinds(sandbox: &Handle) -> Vec<String> {
    sandbox.events().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_intent_goes_from_method_to_confirmation_to_success() {
    let sandbox = sandbox().await;
    let made = intent(&sandbox, "").await;
    assert_eq!(made["status"], "requires_payment_method");
    let path = format!("/v1/payment_intents/{}", id(&made));
    assert_eq!(post(&sandbox, &path, "payment_method=pm_card_visa").await.ok()["status"], "requires_confirmation");
    let paid = post(&sandbox, &format!("{path}/confirm"), "").await.ok();
    assert_eq!((&paid["status"], &paid["amount_received"]), (&"succeeded".into(), &1200.into()));
    assert_eq!(kinds(&sandbox), ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]);
}

#[tokio::test]
async fn what_is_paid_or_canceled_stays_so() {
    let sandbox = sandbox().await;
    let paid = intent(&sandbox, "&confirm=true&payment_method=pm_card_visa").await;
    let canceled = intent(&sandbox, "").await;
    let path = format!("/v1/payment_intents/{}", id(&canceled));
    let answer = post(&sandbox, &format!("{path}/cancel"), "cancellation_reason=abandoned").await.ok();
    assert_eq!((&answer["status"], &answer["cancellation_reason"]), (&"canceled".into(), &"abandoned".into()));
    assert!(answer["canceled_at"].is_i64());

    for (intent, act, form, message) in [
        (
            &paid,
            "/cancel",
            "",
            "You cannot cancel this PaymentIntent because it has a status of succeeded. Only a PaymentIntent with one \
             of the following statuses may be canceled: requires_payment_method, requires_capture, \
             requires_confirmation, requires_action.",
        ),
        (
            &paid,
            "/confirm",
            "payment_method=pm_card_visa",
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.",
        ),
        (
            &canceled,
            "/confirm",
            "payment_method=pm_card_visa",
            "You cannot confirm this PaymentIntent because it has a status of canceled. Only a PaymentIntent with one \
             of the following statuses may be confirmed: requires_confirmation, requires_action.",
        ),
        (
            &paid,
            "",
            "amount=1300",
            "This PaymentIntent's amount could not be updated because it has a status of succeeded. You may only \
             update the amount of a PaymentIntent with one of the following statuses: requires_payment_method, \
             requires_confirmation, requires_action.",
        ),
    ] {
        let error = post(&sandbox, &format!("/v1/payment_intents/{}{act}", id(intent)), form).await.refused(400);
        assert_eq!(error["code"], "payment_intent_unexpected_state");
        assert_eq!(error["message"], message);
        assert_eq!(error["payment_intent"]["id"], intent["id"]);
    }
    assert_eq!(sandbox.ledger().charges.len(), 1);
}

#[tokio::test]
async fn without_a_method_there_is_nothing_to_confirm() {
    let sandbox = sandbox().await;
    let made = intent(&sandbox, "").await;
    let error = post(&sandbox, &format!("/v1/payment_intents/{}/confirm", id(&made)), "").await.refused(400);
    assert_eq!(error["code"], "payment_intent_unexpected_state");
    assert!(error["message"].as_str().unwrap().contains("missing a payment method"));
}

#[tokio::test]
async fn a_declined_intent_can_be_paid_with_another_card() {
    let sandbox = sandbox().await;
    let made = intent(&sandbox, "").await;
    let path = format!("/v1/payment_intents/{}/confirm", id(&made));
    post(&sandbox, &path, "payment_method=pm_card_visa_chargeDeclined").await.refused(402);
    assert_eq!(status(&sandbox, &made).await, "requires_payment_method");
    let paid = post(&sandbox, &path, "payment_method=pm_card_visa").await.ok();
    assert_eq!(paid["last_payment_error"], serde_json::Value::Null);
    assert_eq!(
        kinds(&sandbox),
        [
            "payment_intent.created",
            "charge.failed",
            "payment_intent.payment_failed",
            "charge.succeeded",
            "payment_intent.succeeded"
        ]
    );
    let charges = get(&sandbox, &format!("/v1/charges?payment_intent={}", id(&made))).await.ok();
    let states: Vec<_> = charges["data"].as_array().unwrap().iter().map(|charge| charge["status"].clone()).collect();
    assert_eq!(states, ["succeeded", "failed"]);
}

#[tokio::test]
async fn a_method_pays_for_one_intent_only() {
    let sandbox = sandbox().await;
    let paid = intent(&sandbox, "&confirm=true&payment_method=pm_card_visa").await;
    let method = paid["payment_method"].as_str().unwrap();
    let form = format!("{INTENT}&confirm=true&payment_method={method}");
    let error = post(&sandbox, "/v1/payment_intents", &form).await.refused(400);
    assert!(error["message"].as_str().unwrap().starts_with("The provided PaymentMethod was previously used"));
    let form = format!("{INTENT}&payment_method=pm_1");
    assert_eq!(
        post(&sandbox, "/v1/payment_intents", &form).await.refused(400)["message"],
        "No such PaymentMethod: 'pm_1'"
    );
}

#[tokio::test]
async fn what_may_redirect_needs_an_address_to_come_back_to() {
    let sandbox = sandbox().await;
    let create = async |more: &str| {
        let form = format!("amount=1200&currency=usd&confirm=true&payment_method=pm_card_visa{more}");
        post(&sandbox, "/v1/payment_intents", &form).await
    };
    let error = create("").await.refused(400);
    assert!(error["message"].as_str().unwrap().contains("you must provide a `return_url`"));
    create("&automatic_payment_methods[enabled]=true").await.refused(400);
    create("&return_url=https://ticketing.dev/").await.ok();
    let never = "&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never";
    let intent = create(never).await.ok();
    assert_eq!(intent["automatic_payment_methods"]["allow_redirects"], "never");
}

#[tokio::test]
async fn the_buyer_authenticates_or_fails_to() {
    let sandbox = sandbox().await;
    let form = "&confirm=true&payment_method=pm_card_authenticationRequired&return_url=https://ticketing.dev/back";
    let passed = intent(&sandbox, form).await;
    assert_eq!(passed["status"], "requires_action");
    assert_eq!(passed["next_action"]["type"], "redirect_to_url");
    assert_eq!(passed["next_action"]["redirect_to_url"]["return_url"], "https://ticketing.dev/back");
    sandbox.authenticate(id(&passed), true).unwrap();
    assert_eq!(status(&sandbox, &passed).await, "succeeded");
    assert!(sandbox.authenticate(id(&passed), true).is_err(), "there is nothing to authenticate any more");

    let failed = intent(&sandbox, form).await;
    sandbox.authenticate(id(&failed), false).unwrap();
    let failed = get(&sandbox, &format!("/v1/payment_intents/{}", id(&failed))).await.ok();
    assert_eq!(failed["status"], "requires_payment_method");
    assert_eq!(failed["last_payment_error"]["code"], "payment_intent_authentication_failure");
    assert_eq!(
        failed["last_payment_error"]["message"],
        "We are unable to authenticate your payment method. Please choose a different payment method and try again."
    );
    assert_eq!(sandbox.ledger().charges.len(), 1);
}

#[tokio::test]
async fn a_server_that_cannot_ask_the_buyer_gets_a_decline() {
    let sandbox = sandbox().await;
    for way in ["error_on_requires_action=true", "off_session=true"] {
        let form = format!("{INTENT}&confirm=true&payment_method=pm_card_authenticationRequired&{way}");
        let error = post(&sandbox, "/v1/payment_intents", &form).await.refused(402);
        assert_eq!(error["code"], "authentication_required");
        assert_eq!(error["message"], "Your card was declined. This transaction requires authentication.");
        assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
    }
}

#[tokio::test]
async fn an_intent_that_is_authenticated_may_still_be_declined() {
    let sandbox = sandbox().await;
    let name = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds";
    let made = intent(&sandbox, &format!("&confirm=true&payment_method={name}")).await;
    assert_eq!(made["next_action"]["type"], "use_stripe_sdk");
    sandbox.authenticate(id(&made), true).unwrap();
    let made = get(&sandbox, &format!("/v1/payment_intents/{}", id(&made))).await.ok();
    assert_eq!(made["last_payment_error"]["decline_code"], "insufficient_funds");
}

#[tokio::test]
async fn the_bank_may_answer_later() {
    let sandbox = sandbox().await;
    for declined in [None, Some(Decline::InsufficientFunds)] {
        sandbox.next_payment(Outcome::Processing).unwrap();
        let made = intent(&sandbox, "&confirm=true&payment_method=pm_card_visa").await;
        assert_eq!(made["status"], "processing");
        let path = format!("/v1/payment_intents/{}", id(&made));
        for act in ["cancel", "confirm"] {
            let error = post(&sandbox, &format!("{path}/{act}"), "").await.refused(400);
            assert_eq!(error["code"], "payment_intent_unexpected_state", "money may be moving");
        }
        sandbox.settle(id(&made), declined).unwrap();
        let expected = if declined.is_none() { "succeeded" } else { "requires_payment_method" };
        assert_eq!(status(&sandbox, &made).await, expected);
        assert!(sandbox.settle(id(&made), None).is_err());
    }
    assert_eq!(sandbox.ledger().balance["usd"], 1200);
}

#[tokio::test]
async fn notes_are_added_changed_and_taken_away() {
    let sandbox = sandbox().await;
    let made = intent(&sandbox, "&metadata[order]=7&metadata[seat]=A1&description=Lear").await;
    let path = format!("/v1/payment_intents/{}", id(&made));
    let form = "metadata[seat]=&metadata[row]=A&amount=1300&description=";
    let changed = post(&sandbox, &path, form).await.ok();
    assert_eq!(changed["metadata"], serde_json::json!({ "order": "7", "row": "A" }));
    assert_eq!((&changed["amount"], &changed["description"]), (&1300.into(), &serde_json::Value::Null));
}

#[tokio::test]
async fn only_the_server_confirms_what_was_made_for_it() {
    let sandbox = sandbox().await;
    let made = intent(&sandbox, "&confirmation_method=manual&payment_method=pm_card_visa").await;
    let secret = made["client_secret"].as_str().unwrap();
    let path = format!("/v1/payment_intents/{}/confirm", id(&made));
    let browser = [("authorization", "Bearer pk_test_sandbox")];
    send(&sandbox, "POST", &path, &format!("client_secret={secret}"), &browser).await.refused(400);
    assert_eq!(post(&sandbox, &path, "").await.ok()["status"], "succeeded");
}

#[tokio::test]
async fn an_intent_that_does_not_exist_is_not_found() {
    let sandbox = sandbox().await;
    let error = get(&sandbox, "/v1/payment_intents/pi_1").await.refused(404);
    assert_eq!(error["code"], "resource_missing");
    assert_eq!(error["message"], "No such payment_intent: 'pi_1'");
    assert_eq!(error["param"], "intent");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_confirmations_at_once_charge_once() {
    let sandbox = std::sync::Arc::new(sandbox().await);
    let made = intent(&sandbox, "").await;
    let path = format!("/v1/payment_intents/{}/confirm", id(&made));
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (sandbox, path) = (sandbox.clone(), path.clone());
        tries.spawn(async move { post(&sandbox, &path, "payment_method=pm_card_visa").await.status });
    }
    let statuses = tries.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(sandbox.ledger().charges.len(), 1);
}
