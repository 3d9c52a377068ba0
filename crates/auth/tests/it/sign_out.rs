//! `POST /api/users/signout`

use events::accounts::SessionRevoked;
use serde_json::{Value, json};
use testkit::{Break, Database};

use crate::{CURRENT_USER, SIGN_IN, SIGN_OUT, Setup, auth, credentials, signed_up};

const CLEARED: &str = "session=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly";

#[tokio::test]
async fn clears_the_cookie_after_signing_out() {
    let app = auth().await;
    let user = signed_up(&app, "test@test.com", "password").await;
    let answer = user.post(SIGN_OUT, json!({})).await;
    assert!(answer.header("set-cookie").unwrap().starts_with(CLEARED), "{answer}");
    assert_eq!(answer.is(200), json!({}));
    assert_eq!(user.cookies(), "", "as a browser reads it");
    assert_eq!(user.get(CURRENT_USER).await.is(200), json!({ "currentUser": null }));
}

#[tokio::test]
async fn who_is_not_signed_in_is_signed_out_all_the_same() {
    let setup = Setup::new().await;
    let app = setup.start().await;
    let expired = signed_up(&app, "test@test.com", "password").await;
    setup.clock.advance(time::Duration::days(400));
    let garbage = app.anonymous().with_header("cookie", "session=%%%");
    for user in [app.anonymous(), garbage, expired] {
        let answer = user.post(SIGN_OUT, ()).await;
        assert!(answer.header("set-cookie").unwrap().starts_with(CLEARED), "{answer}");
        assert_eq!(answer.is(200), json!({}));
    }
    assert_eq!(app.published().await, [], "no session ended");
}

#[tokio::test]
async fn f23_a_cookie_that_was_copied_counts_no_more_after_signing_out() {
    let app = auth().await;
    let user = signed_up(&app, "test@test.com", "password").await;
    let thief = user.on_another_device();
    let session = user.get(CURRENT_USER).await.is(200);
    assert_eq!(thief.get(CURRENT_USER).await.is(200), session);
    user.post(SIGN_OUT, json!({})).await.is(200);
    assert_eq!(thief.get(CURRENT_USER).await.is(200), json!({ "currentUser": null }));
}

#[tokio::test]
async fn f23_the_user_s_other_sessions_stay() {
    let app = auth().await;
    let here = signed_up(&app, "test@test.com", "password").await;
    let there = app.anonymous();
    there.post(SIGN_IN, credentials("test@test.com", "password")).await.is(200);
    here.post(SIGN_OUT, json!({})).await.is(200);
    assert_eq!(there.get(CURRENT_USER).await.is(200)["currentUser"]["email"], "test@test.com");
}

#[tokio::test]
async fn f23_the_other_services_are_told_which_session_ended_and_until_when_that_matters() {
    let app = auth().await;
    let user = app.anonymous();
    let answer = user.post(crate::SIGN_UP, credentials("test@test.com", "password")).await;
    let claims = crate::claims(&answer);
    let copy = user.on_another_device();
    user.post(SIGN_OUT, json!({})).await.is(200);

    let revoked = app.published_of::<SessionRevoked>().await;
    assert_eq!(revoked.len(), 1);
    assert_eq!(json!(revoked[0].id), claims["jti"]);
    assert_eq!(json!(revoked[0].user_id), claims["id"]);
    assert_eq!(json!(revoked[0].expires_at.seconds()), claims["exp"]);

    copy.post(SIGN_OUT, json!({})).await.is(200);
    assert_eq!(app.published().await.len(), 1, "a session ends once");
}

#[tokio::test]
async fn f23_a_session_signed_out_by_many_at_once_ends_once() {
    let app = auth().await;
    let user = signed_up(&app, "test@test.com", "password").await;
    let tries = (0..8).map(|_| {
        let user = user.on_another_device();
        tokio::spawn(async move { user.post(SIGN_OUT, ()).await })
    });
    for answer in tries.collect::<Vec<_>>() {
        answer.await.unwrap().is(200);
    }
    assert_eq!(app.published().await.len(), 1);
}

#[tokio::test]
async fn a_sign_out_counts_here_and_is_told_or_does_neither() {
    let app = auth().await;
    let user = signed_up(&app, "test@test.com", "password").await;
    let database = Database::of(app.db());
    let before = database.contents().await;
    for (table, how) in [("revoked_sessions", Break::Raise), ("outbox", Break::Raise), ("outbox", Break::AtCommit)] {
        database.break_writes(table, how).await;
        let answer = user.post(SIGN_OUT, json!({})).await;
        assert_eq!(answer.header("set-cookie"), None, "the cookie still counts, so it stays");
        answer.refuses(500, "Something went wrong");
        database.mend(table).await;
        assert_eq!(database.contents().await, before);
    }
    assert_ne!(user.get(CURRENT_USER).await.is(200)["currentUser"], Value::Null);
    user.post(SIGN_OUT, json!({})).await.is(200);
}

#[tokio::test]
async fn f24_another_site_signs_nobody_out() {
    let app = auth().await;
    let user = signed_up(&app, "test@test.com", "password").await;
    let abused = user.on_another_device().with_header("origin", "https://evil.example");
    assert_eq!(abused.post(SIGN_OUT, ()).await.status, 400);
    assert_ne!(user.get(CURRENT_USER).await.is(200)["currentUser"], Value::Null);
}
