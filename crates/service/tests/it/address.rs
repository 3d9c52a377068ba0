//! From where a request comes.

use service::Rules;

use crate::things::{things, things_by};

#[tokio::test]
async fn without_a_trusted_proxy_it_is_the_peer_whatever_the_client_says() {
    let user = things().await.anonymous().with_header("x-forwarded-for", "6.6.6.6");
    assert_eq!(user.get("/api/address").await.text, "127.0.0.1");
}

#[tokio::test]
async fn behind_a_trusted_proxy_it_is_what_that_one_wrote() {
    let app = things_by(&Rules { trusted_proxy_hops: 1, ..Rules::default() }).await;
    let user = app.anonymous().with_header("x-forwarded-for", "6.6.6.6, 1.2.3.4");
    assert_eq!(user.get("/api/address").await.text, "1.2.3.4");
}
