//! Stripe's documented test cards, by payment method, token and number: what each comes to, and what the buyer reads.

use stripe_sandbox::Handle;

use crate::support::{id, post, sandbox, send};

/// Name after `pm_card_` and `tok_`, number, code, decline code, sentence.
const DECLINES: &[(&str, &str, &str, Option<&str>, &str)] = &[
    ("visa_chargeDeclined", "4000000000000002", "card_declined", Some("generic_decline"), "Your card was declined."),
    ("chargeDeclined", "4000000000000002", "card_declined", Some("generic_decline"), "Your card was declined."),
    (
        "visa_chargeDeclinedInsufficientFunds",
        "4000000000009995",
        "card_declined",
        Some("insufficient_funds"),
        "Your card has insufficient funds.",
    ),
    ("visa_chargeDeclinedLostCard", "4000000000009987", "card_declined", Some("lost_card"), "Your card was declined."),
    (
        "visa_chargeDeclinedStolenCard",
        "4000000000009979",
        "card_declined",
        Some("stolen_card"),
        "Your card was declined.",
    ),
    ("chargeDeclinedExpiredCard", "4000000000000069", "expired_card", None, "Your card has expired."),
    (
        "chargeDeclinedIncorrectCvc",
        "4000000000000127",
        "incorrect_cvc",
        None,
        "Your card's security code is incorrect.",
    ),
    (
        "chargeDeclinedProcessingError",
        "4000000000000119",
        "processing_error",
        None,
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    (
        "visa_chargeDeclinedFraudulent",
        "4100000000000019",
        "card_declined",
        Some("fraudulent"),
        "Your card was declined.",
    ),
    ("chargeCustomerFail", "4000000000000341", "card_declined", Some("generic_decline"), "Your card was declined."),
    (
        "visa_chargeDeclinedVelocityLimitExceeded",
        "4000000000006975",
        "card_declined",
        Some("card_velocity_exceeded"),
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    ),
];

const INTENT: &str = "amount=1200&currency=usd&payment_method_types[]=card";

async fn pay(sandbox: &Handle, method: &str) -> crate::support::Answer {
    post(sandbox, "/v1/payment_intents", &format!("{INTENT}&confirm=true&{method}")).await
}

#[tokio::test]
async fn declines_are_told_in_stripes_words_whichever_way_the_card_came() {
    let sandbox = sandbox().await;
    for (name, number, code, decline_code, sentence) in DECLINES {
        let by_method = pay(&sandbox, &format!("payment_method=pm_card_{name}")).await.refused(402);
        let by_token = format!("payment_method_data[type]=card&payment_method_data[card][token]=tok_{name}");
        let by_token = pay(&sandbox, &by_token).await.refused(402);
        let charged = format!("amount=1200&currency=usd&source=tok_{name}");
        let charged = post(&sandbox, "/v1/charges", &charged).await.refused(402);
        let typed = type_card(&sandbox, number).await.refused(402);
        for error in [&by_method, &by_token, &charged, &typed] {
            assert_eq!(error["type"], "card_error");
            assert_eq!(error["code"], *code, "{name}");
            assert_eq!(error["decline_code"].as_str(), *decline_code, "{name}");
            assert_eq!(error["message"], *sentence);
            assert!(error["charge"].as_str().unwrap().starts_with("ch_"));
        }
        assert_eq!(by_method["payment_intent"]["status"], "requires_payment_method");
        assert_eq!(by_method["payment_intent"]["payment_method"], serde_json::Value::Null);
        assert_eq!(by_method["payment_intent"]["last_payment_error"]["message"], *sentence);
    }
    assert!(sandbox.ledger().charges.is_empty());
}

#[tokio::test]
async fn cards_of_all_brands_pay() {
    let sandbox = sandbox().await;
    for (name, number, brand, last4) in [
        ("visa", "4242424242424242", "visa", "4242"),
        ("visa_debit", "4000056655665556", "visa", "5556"),
        ("mastercard", "5555555555554444", "mastercard", "4444"),
        ("amex", "378282246310005", "amex", "0005"),
    ] {
        let method = format!("payment_method=pm_card_{name}&expand[]=latest_charge");
        let intent = pay(&sandbox, &method).await.ok();
        assert_eq!(intent["status"], "succeeded");
        let card = &intent["latest_charge"]["payment_method_details"]["card"];
        assert_eq!((&card["brand"], &card["last4"]), (&brand.into(), &last4.into()));
        assert_eq!(type_card(&sandbox, number).await.ok()["status"], "succeeded");
    }
    assert_eq!(sandbox.ledger().balance["usd"], 8 * 1200);
}

#[tokio::test]
async fn numbers_that_are_no_test_cards_are_refused() {
    let sandbox = sandbox().await;
    assert_eq!(type_card(&sandbox, "4242424242424241").await.refused(402)["code"], "incorrect_number");
    let error = type_card(&sandbox, "4111111111111111").await.refused(402);
    assert_eq!(error["decline_code"], "test_mode_live_card");
}

/// What the Payment Element sends for a typed card.
async fn type_card(sandbox: &Handle, number: &str) -> crate::support::Answer {
    let intent = post(sandbox, "/v1/payment_intents", INTENT).await.ok();
    let secret = intent["client_secret"].as_str().unwrap();
    let cvc = if number.len() == 15 { "1234" } else { "123" };
    let form = format!(
        "client_secret={secret}&payment_method_data[type]=card&payment_method_data[card][number]={number}\
         &payment_method_data[card][exp_month]=12&payment_method_data[card][exp_year]=2050\
         &payment_method_data[card][cvc]={cvc}"
    );
    let browser = [("authorization", "Bearer pk_test_sandbox")];
    let path = format!("/v1/payment_intents/{}/confirm", id(&intent));
    send(sandbox, "POST", &path, &form, &browser).await
}
