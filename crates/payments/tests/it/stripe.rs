//! Stripe as a provider: what each of its answers is to us.

use std::time::Duration;

use events::{Cents, OrderId, PaymentId};
use payments::provider::{ConfirmedBy, Failure, Intent, Provider, RefundStanding, Standing, Wish};
use payments::stripe::{Pace, Stripe};
use stripe_sandbox::{Fault, Handle, Options, Outcome, Sandbox};

use crate::world::{ASK, CONFIRM, EVERY_TRY, OPEN, QUICK};

async fn stripe() -> (Handle, Stripe) {
    let sandbox = Sandbox::start(Options::default()).await.expect("a sandbox");
    let key = sandbox.secret_key().into();
    let stripe = Stripe::new(&sandbox.url, &key, QUICK).expect("a client");
    (sandbox, stripe)
}

fn a_wish(cents: i64) -> Wish {
    Wish {
        payment: PaymentId::new(),
        order: OrderId::new(),
        amount: Cents(cents),
        currency: "usd".to_owned(),
        confirmed_by: ConfirmedBy::Us,
    }
}

async fn an_intent(stripe: &Stripe) -> Intent {
    let wish = a_wish(1999);
    stripe.open(&wish.payment.to_string(), &wish).await.expect("an intent")
}

#[tokio::test]
async fn the_same_key_is_the_same_intent() {
    let (sandbox, stripe) = stripe().await;
    let wish = a_wish(1999);
    let first = stripe.open("key", &wish).await.expect("an intent");
    assert_eq!(stripe.open("key", &wish).await.expect("an intent").id, first.id);
    assert_eq!(first.standing, Standing::Open { failure: None });
    assert!(first.client_secret.is_some());
    let other = stripe.open("key", &a_wish(1)).await.expect_err("another wish by that key");
    assert!(matches!(other, Failure::Misuse(_)), "{other:?}");
    assert_eq!(sandbox.intents().len(), 1);
}

#[tokio::test]
async fn a_confirmation_is_done_once_by_its_key_and_refused_by_another() {
    let (sandbox, stripe) = stripe().await;
    let intent = an_intent(&stripe).await.id;
    for _ in 0..2 {
        let confirmed = stripe.confirm("key", &intent, &"tok_visa".into()).await.expect("a payment");
        assert_eq!(confirmed.standing, Standing::Succeeded);
    }
    let again = stripe.confirm("other", &intent, &"tok_visa".into()).await.expect_err("it is paid");
    assert_eq!(again, Failure::OtherState);
    assert_eq!(stripe.cancel(&intent).await.expect_err("it is paid"), Failure::OtherState);
    assert_eq!(stripe.ask(&intent).await.expect("an intent").standing, Standing::Succeeded);
    assert_eq!(sandbox.ledger().charges.len(), 1);
}

#[tokio::test]
async fn a_decline_is_told_at_once_and_when_asked() {
    let (_sandbox, stripe) = stripe().await;
    let intent = an_intent(&stripe).await.id;
    let declined = stripe.confirm("key", &intent, &"tok_chargeDeclinedExpiredCard".into()).await;
    let sentence = "Your card has expired.".to_owned();
    assert_eq!(declined.expect_err("a decline"), Failure::Declined(sentence.clone()));
    assert_eq!(stripe.ask(&intent).await.expect("an intent").standing, Standing::Open { failure: Some(sentence) });
    assert_eq!(stripe.cancel(&intent).await.expect("a cancellation").standing, Standing::Cancelled);
    assert_eq!(stripe.cancel(&intent).await.expect_err("it is done"), Failure::OtherState);
    assert_eq!(stripe.ask(&intent).await.expect("an intent").standing, Standing::Cancelled);
}

#[tokio::test]
async fn money_on_its_way_is_no_end() {
    let (sandbox, stripe) = stripe().await;
    let intent = an_intent(&stripe).await.id;
    sandbox.next_payment(Outcome::Processing).expect("a plan");
    let confirmed = stripe.confirm("key", &intent, &"tok_visa".into()).await.expect("an answer");
    assert_eq!(confirmed.standing, Standing::Processing);
}

#[tokio::test]
async fn a_token_goes_as_it_is_whatever_is_in_it() {
    let (_sandbox, stripe) = stripe().await;
    let intent = an_intent(&stripe).await.id;
    for token in ["tok_none", "a&amount=1", "a=b", "%00", "é ü", "[]", "+"] {
        let refused = stripe.confirm(token, &intent, &token.into()).await.expect_err("no such token");
        assert_eq!(refused, Failure::BadToken, "{token}");
    }
}

#[tokio::test]
async fn what_fails_is_told_apart() {
    let (sandbox, stripe) = stripe().await;
    let wish = a_wish(1999);
    for (fault, busy) in [
        (Fault::Fail(429), true),
        (Fault::Fail(409), true),
        (Fault::Fail(500), false),
        (Fault::Fail(503), false),
        (Fault::LoseAnswer, false),
        (Fault::LoseRequest, false),
    ] {
        sandbox.plan(OPEN, fault, EVERY_TRY).expect("a plan");
        let failure = stripe.open(&format!("{fault:?}"), &wish).await.expect_err("a failure");
        let expected = if busy { failure == Failure::Busy } else { matches!(failure, Failure::Unknown(_)) };
        assert!(expected, "{fault:?}: {failure:?}");
        sandbox.clear_plans();
    }
    let missing = stripe.ask("pi_none").await.expect_err("no such intent");
    assert!(matches!(missing, Failure::Misuse(_)), "{missing:?}");
    let small = stripe.open("small", &a_wish(1)).await.expect_err("too small");
    assert_eq!(small, Failure::Declined("Amount must be at least $0.50 usd".to_owned()));
}

#[tokio::test]
async fn busy_after_a_lost_answer_is_still_unknown() {
    let (sandbox, stripe) = stripe().await;
    let intent = an_intent(&stripe).await.id;
    sandbox.plan(CONFIRM, Fault::LoseAnswer, 1).expect("a plan");
    sandbox.plan(CONFIRM, Fault::Fail(429), EVERY_TRY).expect("a plan");
    let failure = stripe.confirm("key", &intent, &"tok_visa".into()).await.expect_err("a failure");
    assert!(matches!(failure, Failure::Unknown(_)), "{failure:?}");
    assert_eq!(sandbox.ledger().charges.len(), 1, "it was paid");
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for() {
    let (sandbox, _) = stripe().await;
    let key = sandbox.secret_key().into();
    let hasty = Stripe::new(&sandbox.url, &key, Pace { each: Duration::from_millis(20), ..QUICK }).expect("a client");
    sandbox.plan(ASK, Fault::Hold, EVERY_TRY).expect("a plan");
    let failure = hasty.ask("pi_1").await.expect_err("a failure");
    assert_eq!(failure, Failure::Unknown("timeout".to_owned()));
    let nobody = Stripe::new("http://127.0.0.1:1", &key, Pace::STRIPE).expect("a client");
    assert!(matches!(nobody.ask("pi_1").await.expect_err("nobody there"), Failure::Unknown(_)));
}

#[tokio::test]
async fn all_of_it_goes_back_once() {
    let (sandbox, stripe) = stripe().await;
    let intent = an_intent(&stripe).await.id;
    stripe.confirm("key", &intent, &"tok_visa".into()).await.expect("a payment");
    assert_eq!(stripe.find_refund(&intent).await.expect("an answer"), None);
    let refund = stripe.refund("key-refund", &intent).await.expect("a refund");
    assert_eq!(refund.standing, RefundStanding::Succeeded);
    assert_eq!(stripe.refund("key-refund", &intent).await.expect("the same"), refund);
    assert_eq!(stripe.refund("another", &intent).await.expect_err("it is done"), Failure::OtherState);
    assert_eq!(stripe.find_refund(&intent).await.expect("an answer"), Some(refund.clone()));
    assert_eq!(stripe.ask_refund(&refund.id).await.expect("an answer"), refund);
    assert_eq!(sandbox.ledger().charges[0].refunded, 1999);
}

#[tokio::test]
async fn an_error_shows_no_secret() {
    let (sandbox, stripe) = stripe().await;
    let wrong = Stripe::new(&sandbox.url, &"sk_test_51wrongwrongwrong".into(), Pace::STRIPE).expect("a client");
    let refused = wrong.open("key", &a_wish(1999)).await.expect_err("a wrong key").to_string();
    assert!(refused.contains("Invalid API Key") && !refused.contains("wrongwrong"), "{refused}");
    let intent = an_intent(&stripe).await;
    stripe.cancel(&intent.id).await.expect("a cancellation");
    let told = format!("{:?}", stripe.confirm("key", &intent.id, &"tok_visa".into()).await.expect_err("cancelled"));
    assert!(!told.contains("_secret_") && !told.contains("tok_visa"), "{told}");
    assert!(!format!("{intent:?}").contains("_secret_") && !format!("{stripe:?}").contains("sk_test"));
}
