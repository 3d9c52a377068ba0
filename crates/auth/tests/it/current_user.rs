//! `GET /api/users/currentuser`

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{CURRENT_USER, SIGN_UP, Setup, auth, claims, credentials, signed_up, token};

#[tokio::test]
async fn responds_with_details_about_the_current_user() {
    let app = auth().await;
    let user = app.anonymous();
    let answer = user.post(SIGN_UP, credentials("test@test.com", "password")).await;
    let expected = json!({ "currentUser": {
        "id": answer.json["id"], "email": "test@test.com", "iat": claims(&answer)["iat"],
    }});
    assert_eq!(user.get(CURRENT_USER).await.is(200), expected);
}

#[tokio::test]
async fn responds_with_null_if_not_authenticated() {
    let app = auth().await;
    assert_eq!(app.anonymous().get(CURRENT_USER).await.is(200), json!({ "currentUser": null }));
}

#[tokio::test]
async fn a_session_signed_by_any_service_s_key_is_known() {
    let app = auth().await;
    let user = app.sign_in();
    assert_eq!(user.get(CURRENT_USER).await.is(200)["currentUser"]["id"], json!(user.id));
}

#[tokio::test]
async fn f23_an_expired_cookie_is_nobody_s() {
    let setup = Setup::new().await;
    let app = setup.start().await;
    let user = signed_up(&app, "test@test.com", "password").await;
    setup.clock.advance(service::session::LIFETIME - time::Duration::seconds(2));
    assert_ne!(user.get(CURRENT_USER).await.is(200)["currentUser"], Value::Null);
    setup.clock.advance(time::Duration::seconds(3));
    assert_eq!(user.get(CURRENT_USER).await.is(200), json!({ "currentUser": null }));
}

#[tokio::test]
async fn f25_a_cookie_that_is_garbage_or_forged_is_nobody_s() {
    let app = auth().await;
    let answer = app.anonymous().post(SIGN_UP, credentials("test@test.com", "password")).await;
    let token = token(&answer);
    let (head, signature) = token.rsplit_once('.').unwrap();
    let (_, claims) = head.split_once('.').unwrap();
    let unsigned = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let confused = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS512","typ":"JWT"}"#);
    let cookie = |jwt: &str| BASE64_STANDARD.encode(json!({ "jwt": jwt }).to_string());
    for value in [
        "garbage".to_owned(),
        "\u{ff}".to_owned(),
        BASE64_STANDARD.encode("{}"),
        BASE64_STANDARD.encode(r#"{"jwt":7}"#),
        cookie("a.b.c"),
        cookie(&format!("{unsigned}.{claims}.")),
        cookie(&format!("{unsigned}.{claims}.{signature}")),
        cookie(&format!("{confused}.{claims}.{signature}")),
        cookie(&format!("{head}.{}", BASE64_URL_SAFE_NO_PAD.encode([0; 32]))),
        "x".repeat(10_000),
    ] {
        let answer = app.anonymous().with_header("cookie", &format!("session={value}")).get(CURRENT_USER).await;
        assert_eq!(answer.is(200), json!({ "currentUser": null }), "{value}");
    }
    let genuine = app.anonymous().with_header("cookie", &format!("other=1; session={}; last=2", cookie(&token)));
    assert_eq!(genuine.get(CURRENT_USER).await.is(200)["currentUser"]["email"], "test@test.com");
}
