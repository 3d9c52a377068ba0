//! The client library the services use reads everything the stand-in answers.

use stripe::{ApiErrorsCode, IdempotencyKey, RequestStrategy, StripeError, StripeRequest};
use stripe_core::payment_intent::{
    CancelPaymentIntent, ConfirmPaymentIntent, CreatePaymentIntent, CreatePaymentIntentAutomaticPaymentMethods,
    CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects, ListPaymentIntent, RetrievePaymentIntent,
    UpdatePaymentIntent,
};
use stripe_core::refund::{CreateRefund, ListRefund, RetrieveRefund};
use stripe_core::{PaymentIntent, PaymentIntentStatus};
use stripe_sandbox::Handle;
use stripe_types::Currency;

use crate::support::sandbox;

fn client(sandbox: &Handle) -> stripe::Client {
    stripe::ClientBuilder::new(sandbox.secret_key()).url(format!("{}/", sandbox.url)).build().unwrap()
}

fn an_intent() -> CreatePaymentIntent {
    let mut automatic = CreatePaymentIntentAutomaticPaymentMethods::new(true);
    automatic.allow_redirects = Some(CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects::Never);
    CreatePaymentIntent::new(1200, Currency::USD)
        .automatic_payment_methods(automatic)
        .description("Order 7")
        .metadata([("order".to_owned(), "7".to_owned())])
}

#[tokio::test]
async fn an_intent_is_paid_and_refunded() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let intent = an_intent().send(&client).await.unwrap();
    assert_eq!(intent.status, PaymentIntentStatus::RequiresPaymentMethod);
    assert_eq!(intent.metadata["order"], "7");

    let intent = ConfirmPaymentIntent::new(&intent.id).payment_method("pm_card_visa").send(&client).await.unwrap();
    assert_eq!((intent.status, intent.amount_received), (PaymentIntentStatus::Succeeded, 1200));

    let refund = CreateRefund::new().payment_intent(intent.id.as_str()).amount(500).send(&client).await.unwrap();
    assert_eq!((refund.amount, refund.status.as_deref()), (500, Some("succeeded")));
    assert_eq!(RetrieveRefund::new(&refund.id).send(&client).await.unwrap().amount, 500);
    let error = CreateRefund::new().payment_intent(intent.id.as_str()).amount(701).send(&client).await.unwrap_err();
    let StripeError::Stripe(error, 400) = error else { panic!("{error:?}") };
    assert_eq!(
        error.message.as_deref(),
        Some("Refund amount ($7.01) is greater than unrefunded amount on charge ($7.00)")
    );
    CreateRefund::new().payment_intent(intent.id.as_str()).send(&client).await.unwrap();
    let error = CreateRefund::new().payment_intent(intent.id.as_str()).send(&client).await.unwrap_err();
    let StripeError::Stripe(error, 400) = error else { panic!("{error:?}") };
    assert_eq!(error.code, Some(ApiErrorsCode::ChargeAlreadyRefunded));

    let refunds = ListRefund::new().payment_intent(intent.id.as_str()).send(&client).await.unwrap();
    assert_eq!(refunds.data.iter().map(|refund| refund.amount).collect::<Vec<_>>(), [700, 500]);
    assert_eq!(sandbox.ledger().balance["usd"], 0);
}

#[tokio::test]
async fn charges_are_read_when_they_are_expanded() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let intent = an_intent().confirm(true).payment_method("pm_card_amex").send(&client).await.unwrap();
    CreateRefund::new().payment_intent(intent.id.as_str()).send(&client).await.unwrap();
    let expand = ["latest_charge.balance_transaction", "payment_method"].map(str::to_owned);
    let intent: PaymentIntent = RetrievePaymentIntent::new(&intent.id).expand(expand).send(&client).await.unwrap();
    let charge = intent.latest_charge.unwrap().into_object().unwrap();
    assert_eq!((charge.amount, charge.amount_refunded, charge.refunded), (1200, 1200, true));
    assert!(charge.balance_transaction.unwrap().is_object());
    assert_eq!(intent.payment_method.unwrap().into_object().unwrap().card.unwrap().last4, "0005");
}

#[tokio::test]
async fn a_decline_comes_with_the_intent_as_it_is_then() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let intent = an_intent().send(&client).await.unwrap();
    let confirm = ConfirmPaymentIntent::new(&intent.id).payment_method("pm_card_visa_chargeDeclinedInsufficientFunds");
    let StripeError::Stripe(error, 402) = confirm.send(&client).await.unwrap_err() else { panic!("no refusal") };
    assert_eq!(error.code, Some(ApiErrorsCode::CardDeclined));
    assert_eq!(error.decline_code.as_deref(), Some("insufficient_funds"));
    assert_eq!(error.message.as_deref(), Some("Your card has insufficient funds."));
    let intent = error.payment_intent.unwrap();
    assert_eq!(intent.status, PaymentIntentStatus::RequiresPaymentMethod);
    assert!(intent.last_payment_error.is_some());
}

#[tokio::test]
async fn an_intent_is_changed_and_canceled() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let intent = an_intent().send(&client).await.unwrap();
    let intent = UpdatePaymentIntent::new(&intent.id).amount(1300).send(&client).await.unwrap();
    assert_eq!(intent.amount, 1300);
    let intent = CancelPaymentIntent::new(&intent.id).send(&client).await.unwrap();
    assert_eq!(intent.status, PaymentIntentStatus::Canceled);
    let error = CancelPaymentIntent::new(&intent.id).send(&client).await.unwrap_err();
    let StripeError::Stripe(error, 400) = error else { panic!("{error:?}") };
    assert_eq!(error.code, Some(ApiErrorsCode::PaymentIntentUnexpectedState));
    assert_eq!(ListPaymentIntent::new().send(&client).await.unwrap().data.len(), 1);
}

#[tokio::test]
async fn the_buyer_may_have_to_authenticate() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let confirmed = an_intent()
        .confirm(true)
        .payment_method("pm_card_authenticationRequired")
        .return_url("https://ticketing.dev/orders/7")
        .send(&client)
        .await
        .unwrap();
    assert_eq!(confirmed.status, PaymentIntentStatus::RequiresAction);
    let action = confirmed.next_action.unwrap().redirect_to_url.unwrap();
    assert!(action.url.unwrap().starts_with(&sandbox.url));
    sandbox.authenticate(confirmed.id.as_str(), true).unwrap();
    let intent = RetrievePaymentIntent::new(&confirmed.id).send(&client).await.unwrap();
    assert_eq!(intent.status, PaymentIntentStatus::Succeeded);
}

#[tokio::test]
async fn a_key_pays_once() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let pay = async || {
        let key = IdempotencyKey::new("attempt-1").unwrap();
        let request = an_intent().confirm(true).payment_method("pm_card_visa");
        request.customize().request_strategy(RequestStrategy::Idempotent(key)).send(&client).await.unwrap()
    };
    assert_eq!(pay().await.id, pay().await.id);
    assert_eq!(sandbox.ledger().charges.len(), 1);
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    let sandbox = sandbox().await;
    let client = stripe::ClientBuilder::new("sk_test_other").url(format!("{}/", sandbox.url)).build().unwrap();
    let error = an_intent().send(&client).await.unwrap_err();
    assert!(matches!(error, StripeError::Stripe(_, 401)), "{error:?}");
}
