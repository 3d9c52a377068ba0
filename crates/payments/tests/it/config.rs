//! `GET /api/payments/config`: what the client needs to know of the provider.

use payments::Terms;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn anybody_may_know_it_and_nothing_in_it_is_secret() {
    let terms = Terms { publishable_key: Some("pk_test_1".to_owned()), ..Terms::default() };
    let world = World::by(terms).await;
    assert_eq!(
        world.app.anonymous().get("/api/payments/config").await.is(200),
        json!({ "publishableKey": "pk_test_1", "scriptUrl": "https://js.stripe.com/v3/", "currency": "usd" })
    );
}

#[tokio::test]
async fn without_a_key_for_browsers_it_says_so() {
    let world = World::new().await;
    assert_eq!(world.app.anonymous().get("/api/payments/config").await.is(200)["publishableKey"], json!(null));
}
