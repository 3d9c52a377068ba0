//! Tokens and payment methods made in the browser, and that they are used up.

use stripe_sandbox::Handle;

use crate::support::{Answer, get, id, post, sandbox, send};

async fn browser(sandbox: &Handle, path: &str, form: &str) -> Answer {
    send(sandbox, "POST", path, form, &[("authorization", "Bearer pk_test_sandbox")]).await
}

const CARD: &str = "card[number]=4242+4242+4242+4242&card[exp_month]=12&card[exp_year]=50&card[cvc]=123";

#[tokio::test]
async fn a_token_is_charged_once() {
    let sandbox = sandbox().await;
    let token = browser(&sandbox, "/v1/tokens", &format!("{CARD}&card[name]=Ann&card[address_zip]=94107")).await.ok();
    assert_eq!((&token["card"]["last4"], &token["card"]["exp_year"]), (&"4242".into(), &2050.into()));
    let form = format!("amount=2000&currency=usd&source={}", id(&token));
    let charge = post(&sandbox, "/v1/charges", &form).await.ok();
    assert_eq!(charge["billing_details"]["name"], "Ann");
    let error = post(&sandbox, "/v1/charges", &form).await.refused(400);
    assert_eq!(error["code"], "token_already_used");
    assert_eq!(get(&sandbox, &format!("/v1/tokens/{}", id(&token))).await.ok()["used"], true);
}

#[tokio::test]
async fn a_token_becomes_a_payment_method() {
    let sandbox = sandbox().await;
    let token = browser(&sandbox, "/v1/tokens", CARD).await.ok();
    let form = format!(
        "amount=2000&currency=usd&payment_method_types[]=card&confirm=true&payment_method_data[type]=card\
         &payment_method_data[card][token]={}",
        id(&token)
    );
    let intent = post(&sandbox, "/v1/payment_intents", &form).await.ok();
    assert!(intent["payment_method"].as_str().unwrap().starts_with("pm_"));
    post(&sandbox, "/v1/payment_intents", &form).await.refused(400);
    let form = format!("amount=2000&currency=usd&payment_method={}", id(&token));
    let error = post(&sandbox, "/v1/payment_intents", &form).await.refused(400);
    assert!(error["message"].as_str().unwrap().contains("payment_method_data[card][token]"), "{error}");
}

#[tokio::test]
async fn a_payment_method_carries_what_the_form_asked() {
    let sandbox = sandbox().await;
    let form =
        format!("type=card&{CARD}&billing_details[address][country]=US&billing_details[address][postal_code]=94107");
    let method = browser(&sandbox, "/v1/payment_methods", &form).await.ok();
    assert_eq!(method["billing_details"]["address"]["postal_code"], "94107");
    assert_eq!(method["card"]["checks"]["cvc_check"], "pass");
    let again = get(&sandbox, &format!("/v1/payment_methods/{}", id(&method))).await.ok();
    assert_eq!(again, method);
}

#[tokio::test]
async fn servers_do_not_handle_card_numbers() {
    let sandbox = sandbox().await;
    let error = post(&sandbox, "/v1/tokens", CARD).await.refused(402);
    assert!(error["message"].as_str().unwrap().starts_with("Sending credit card numbers directly"));
    assert_eq!(get(&sandbox, "/v1/tokens/tok_visa").await.ok()["card"]["brand"], "Visa");
    assert_eq!(get(&sandbox, "/v1/payment_methods/pm_card_amex").await.ok()["card"]["brand"], "amex");
}
