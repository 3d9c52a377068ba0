//! F27: how often somebody may try.

use serde_json::json;
use testkit::Answer;

use crate::{CURRENT_USER, SIGN_IN, SIGN_OUT, SIGN_UP, Setup, credentials, signed_up};

#[track_caller]
fn is_sent_away(answer: Answer) {
    let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{answer}");
    answer.refuses(429, "Too many requests, please try again later");
}

#[tokio::test]
async fn f27_an_account_is_tried_only_so_often_by_whomever_and_whether_there_is_one_or_not() {
    let setup = Setup { per_account: 3, ..Setup::new().await };
    let app = setup.start().await;
    signed_up(&app, "ann@test.com", "password").await;
    signed_up(&app, "bob@test.com", "password").await;
    for email in ["ann@test.com", "nobody@test.com"] {
        for _ in 0..3 {
            let answer = app.anonymous().post(SIGN_IN, credentials(email, "a guess")).await;
            answer.refuses(400, "Invalid credentials");
        }
        let work = setup.passwords.work_done();
        is_sent_away(app.anonymous().post(SIGN_IN, credentials(email, "password")).await);
        is_sent_away(app.anonymous().post(SIGN_IN, credentials(&email.to_uppercase(), "password")).await);
        assert_eq!(setup.passwords.work_done(), work, "a guess that is sent away costs nothing");
    }
    app.anonymous().post(SIGN_IN, credentials("bob@test.com", "password")).await.is(200);

    setup.clock.advance(time::Duration::minutes(1));
    app.anonymous().post(SIGN_IN, credentials("ann@test.com", "password")).await.is(200);
}

#[tokio::test]
async fn f27_an_address_may_try_only_so_often_whatever_it_tries() {
    let setup = Setup { per_address: 4, ..Setup::new().await };
    let app = setup.start().await;
    signed_up(&app, "ann@test.com", "password").await;
    for guess in 0..3 {
        let answer = app.anonymous().post(SIGN_IN, credentials(&format!("{guess}@test.com"), "a guess")).await;
        answer.refuses(400, "Invalid credentials");
    }
    is_sent_away(app.anonymous().post(SIGN_IN, credentials("ann@test.com", "password")).await);
    is_sent_away(app.anonymous().post(SIGN_UP, credentials("new@test.com", "password")).await);
    let disguised = app.anonymous().with_header("x-forwarded-for", "1.2.3.4");
    is_sent_away(disguised.post(SIGN_IN, credentials("ann@test.com", "password")).await);

    setup.clock.advance(time::Duration::minutes(1));
    app.anonymous().post(SIGN_IN, credentials("ann@test.com", "password")).await.is(200);
}

#[tokio::test]
async fn f27_what_needs_no_password_is_not_counted() {
    let setup = Setup { per_address: 1, ..Setup::new().await };
    let app = setup.start().await;
    for _ in 0..5 {
        app.anonymous().post(SIGN_UP, json!({})).await.refuses_field(400, "Email must be valid", "email");
        app.anonymous().get(CURRENT_USER).await.is(200);
        app.anonymous().post(SIGN_OUT, ()).await.is(200);
    }
    app.anonymous().post(SIGN_UP, credentials("ann@test.com", "password")).await.is(201);
}
