//! F23, F25: who is signed in, and what no token can say.

use axum::http::header::COOKIE;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use events::{SessionId, UserId};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use service::session::LIFETIME;
use service::{Clock, PublicUrl, Sessions};
use sha2::{Sha256, Sha384};
use testkit::{KEY, TestApp, User};

use crate::things::{App, then};

struct World {
    app: TestApp,
    sessions: Sessions,
    clock: Clock,
}

async fn world() -> World {
    let clock = Clock::at(then());
    let sessions = Sessions::without_revocations(&KEY.into(), clock.clone(), &PublicUrl::default());
    let app = TestApp::start(App::new(sessions.clone()).service(), &sessions).await;
    World { app, sessions, clock }
}

impl World {
    /// Somebody with this token.
    fn with_token(&self, token: &str) -> User {
        self.with_cookie(&STANDARD.encode(json!({ "jwt": token }).to_string()))
    }

    fn with_cookie(&self, value: &str) -> User {
        let user = self.app.anonymous();
        user.keep_cookie(&format!("session={value}"));
        user
    }

    async fn counts(&self, user: &User) -> bool {
        let me = user.get("/api/me").await.is(200);
        let put = user.put(format!("/api/things/{}", UserId::new()), json!({ "title": "Lear", "price": 9 })).await;
        assert_eq!(put.status, if me.is_null() { 401 } else { 200 }, "both extractors agree");
        !me.is_null()
    }
}

fn claims() -> Value {
    let iat = then().seconds();
    json!({ "id": UserId::new(), "email": "a@b.c", "iat": iat, "exp": iat + 60, "jti": SessionId::new() })
}

/// A token with any header and claims, signed by `key` with HS256.
fn token(header: &Value, claims: &Value, key: &[u8]) -> String {
    let head = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(&head).finalize().into_bytes();
    format!("{head}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn hs256() -> Value {
    json!({ "alg": "HS256", "typ": "JWT" })
}

#[tokio::test]
async fn the_cookie_is_base64_of_json_with_a_token_that_expires() {
    let world = world().await;
    let user = UserId::new();
    let (session, cookie) = world.sessions.issue(user, "ann@test.test").unwrap();
    let cookie = cookie.to_str().unwrap();
    let (value, attributes) = cookie.strip_prefix("session=").unwrap().split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax; Secure");

    let json: Value = serde_json::from_slice(&STANDARD.decode(value).unwrap()).unwrap();
    assert_eq!(json.as_object().unwrap().len(), 1);
    let parts: Vec<&str> = json["jwt"].as_str().unwrap().split('.').collect();
    let part = |n: usize| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(parts[n]).unwrap()).unwrap();
    assert_eq!(part(0), hs256());
    let iat = then().seconds();
    let expires = iat + LIFETIME.whole_seconds();
    let claims = json!({ "id": user, "email": "ann@test.test", "iat": iat, "exp": expires, "jti": session.id });
    assert_eq!(part(1), claims);
}

#[tokio::test]
async fn the_cookie_is_for_https_only_where_browsers_come_by_https() {
    let http: PublicUrl = "http://localhost:3000".parse().unwrap();
    let sessions = Sessions::without_revocations(&KEY.into(), Clock::system(), &http);
    let (_, cookie) = sessions.issue(UserId::new(), "a@b.c").unwrap();
    assert!(cookie.to_str().unwrap().ends_with("; SameSite=Lax"));
}

#[tokio::test]
async fn signing_out_clears_the_cookie_in_the_words_of_the_reference() {
    let world = world().await;
    let cookie = world.sessions.sign_out();
    let cookie = cookie.to_str().unwrap();
    assert!(cookie.starts_with("session=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly"), "{cookie}");
}

#[tokio::test]
async fn who_is_signed_in_is_known_by_id_and_address() {
    let world = world().await;
    let ann = world.app.sign_in();
    let me = ann.get("/api/me").await.is(200);
    assert_eq!(me, json!({ "id": ann.id, "email": ann.email, "iat": then().seconds() }));
}

#[tokio::test]
async fn a_session_counts_until_it_expires() {
    let world = world().await;
    let ann = world.app.sign_in();
    world.clock.advance(LIFETIME - time::Duration::seconds(1));
    assert!(world.counts(&ann).await);
    world.clock.advance(time::Duration::seconds(1));
    assert!(!world.counts(&ann).await);
}

#[tokio::test]
async fn a_token_made_elsewhere_with_our_key_and_our_claims_counts() {
    let world = world().await;
    assert!(world.counts(&world.with_token(&token(&hs256(), &claims(), KEY.as_bytes()))).await);
}

#[tokio::test]
async fn a_token_of_another_algorithm_counts_nothing() {
    let world = world().await;
    let genuine = token(&hs256(), &claims(), KEY.as_bytes());
    let (body, _) = genuine.rsplit_once('.').unwrap();
    for alg in ["none", "None", "HS384", "HS512", "RS256", "ES256", "EdDSA", "hs256"] {
        let header = json!({ "alg": alg, "typ": "JWT" });
        let signed = token(&header, &claims(), KEY.as_bytes());
        let (unsigned, _) = signed.rsplit_once('.').unwrap();
        for token in [&signed, &format!("{unsigned}."), unsigned] {
            assert!(!world.counts(&world.with_token(token)).await, "{alg}: {token}");
        }
    }
    let head = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS384"}"#), body.split_once('.').unwrap().1);
    let honest = Hmac::<Sha384>::new_from_slice(KEY.as_bytes()).unwrap().chain_update(&head).finalize().into_bytes();
    assert!(!world.counts(&world.with_token(&format!("{head}.{}", URL_SAFE_NO_PAD.encode(honest)))).await);
}

#[tokio::test]
async fn a_token_signed_by_nobody_or_somebody_else_counts_nothing() {
    let world = world().await;
    let genuine = token(&hs256(), &claims(), KEY.as_bytes());
    let (body, signature) = genuine.rsplit_once('.').unwrap();
    let (head, _) = body.split_once('.').unwrap();
    let mine = URL_SAFE_NO_PAD.encode(claims().to_string());
    for token in [
        token(&hs256(), &claims(), b"another key of more than thirty-two bytes"),
        token(&hs256(), &claims(), b""),
        format!("{body}."),
        body.to_owned(),
        format!("{head}.{mine}.{signature}"),
        format!("{body}.{}", &signature[..signature.len() - 2]),
        String::new(),
        "..".to_owned(),
    ] {
        assert!(!world.counts(&world.with_token(&token)).await, "{token}");
    }
}

#[tokio::test]
async fn a_token_without_one_of_its_claims_counts_nothing() {
    let world = world().await;
    for claim in ["id", "email", "iat", "exp", "jti"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(claim);
        assert!(!world.counts(&world.with_token(&token(&hs256(), &claims, KEY.as_bytes()))).await, "{claim}");
    }
    for (claim, value) in
        [("exp", json!("never")), ("exp", json!(i64::MAX)), ("id", json!("somebody")), ("jti", json!(1))]
    {
        let mut claims = claims();
        claims[claim] = value;
        assert!(!world.counts(&world.with_token(&token(&hs256(), &claims, KEY.as_bytes()))).await, "{claims}");
    }
}

#[tokio::test]
async fn garbage_in_the_cookie_is_nobody() {
    let world = world().await;
    let long = "a".repeat(6000);
    for value in ["", "garbage", "e30=", "bnVsbA==", "eyJqd3QiOjV9", "!", &long] {
        assert!(!world.counts(&world.with_cookie(value)).await, "{value}");
    }
}

proptest! {
    #[test]
    fn a_cookie_with_any_character_changed_counts_nothing(place in any::<Index>(), other in "[A-Za-z0-9+/=]") {
        let sessions = Sessions::without_revocations(&KEY.into(), Clock::at(then()), &PublicUrl::default());
        let (session, cookie) = sessions.issue(UserId::new(), "ann@test.test").unwrap();
        let value = cookie.to_str().unwrap().split_once(';').unwrap().0.to_owned();
        let read = |cookie: &str| {
            let headers = [(COOKIE, cookie.parse().unwrap())].into_iter().collect();
            futures::executor::block_on(sessions.read(&headers)).unwrap()
        };
        prop_assert_eq!(read(&value), Some(session.clone()));
        let start = "session=".len();
        let place = start + place.index(value.trim_end_matches('=').len() - start);
        let mut changed = value.clone();
        changed.replace_range(place..=place, &other);
        prop_assert_eq!(read(&changed), (changed == value).then_some(session));
    }
}

#[tokio::test]
async fn a_cookie_is_found_beside_others_and_without_its_padding() {
    let world = world().await;
    let value = STANDARD.encode(json!({ "jwt": token(&hs256(), &claims(), KEY.as_bytes()) }).to_string());
    let with = |cookie: &str| world.app.anonymous().with_header("cookie", cookie);
    assert!(world.counts(&with(&format!("a=b; session=garbage; session={value}; xsession=c"))).await);
    assert!(world.counts(&with(&format!("session={}", value.trim_end_matches('=')))).await);
    assert!(!world.counts(&with(&format!("xsession={value}"))).await);
}
