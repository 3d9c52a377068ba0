//! `POST /api/users/signin`

use std::time::Duration;

use auth::password::{Parameters, Passwords, Pool, Work};
use serde_json::json;
use sqlx::PgPool;
use testkit::{Break, Database};

use crate::{CHEAP, CURRENT_USER, POOL, SIGN_IN, SIGN_UP, Setup, auth, credentials, signed_up};

#[tokio::test]
async fn fails_when_an_email_that_does_not_exist_is_supplied() {
    let app = auth().await;
    let answer = app.anonymous().post(SIGN_IN, credentials("test@test.com", "password")).await;
    assert_eq!(answer.header("set-cookie"), None);
    answer.refuses(400, "Invalid credentials");
}

#[tokio::test]
async fn fails_when_an_incorrect_password_is_supplied() {
    let app = auth().await;
    signed_up(&app, "test@test.com", "password").await;
    for wrong in ["aslkdfjalskdfj", "Password", "password ", " password", "passwor"] {
        let answer = app.anonymous().post(SIGN_IN, credentials("test@test.com", wrong)).await;
        assert_eq!(answer.header("set-cookie"), None);
        answer.refuses(400, "Invalid credentials");
    }
}

#[tokio::test]
async fn responds_with_a_cookie_when_given_valid_credentials() {
    let app = auth().await;
    let signed_up = app.anonymous().post(SIGN_UP, credentials("test@test.com", "password")).await.is(201);
    let user = app.anonymous();
    let answer = user.post(SIGN_IN, credentials("test@test.com", "password")).await;
    assert!(answer.header("set-cookie").unwrap().starts_with("session="));
    assert_eq!(answer.is(200), signed_up);
    assert_eq!(user.get(CURRENT_USER).await.is(200)["currentUser"]["id"], signed_up["id"]);
}

#[tokio::test]
async fn f26_an_email_may_be_written_in_any_case() {
    let app = auth().await;
    signed_up(&app, "Ann@x.com", "password").await;
    let answer = app.anonymous().post(SIGN_IN, credentials(" aNN@X.com ", "password")).await.is(200);
    assert_eq!(answer["email"], "Ann@x.com", "as it was when signing up");
}

#[tokio::test]
async fn an_invalid_body_is_refused_before_anything_is_looked_up() {
    let app = auth().await;
    let both = json!({ "errors": [
        { "message": "Email must be valid", "field": "email" },
        { "message": "You must supply a password", "field": "password" },
    ]});
    assert_eq!(app.anonymous().post(SIGN_IN, json!({})).await.is(400), both);
    let user = app.anonymous();
    user.post(SIGN_IN, credentials("nobody", "password")).await.refuses_field(400, "Email must be valid", "email");
    for password in ["", "   "] {
        let answer = user.post(SIGN_IN, credentials("test@test.com", password)).await;
        answer.refuses_field(400, "You must supply a password", "password");
    }
}

#[tokio::test]
async fn f22_an_unknown_email_costs_the_same_work_and_gets_the_same_answer_as_a_wrong_password() {
    let setup = Setup::new().await;
    let app = setup.start().await;
    signed_up(&app, "known@test.com", "password").await;
    let mut seen = Vec::new();
    for email in ["known@test.com", "unknown@test.com"] {
        let before = setup.passwords.work_done();
        let answer = app.anonymous().post(SIGN_IN, credentials(email, "wrong password")).await;
        let after = setup.passwords.work_done();
        let work = Work { hashed: after.hashed - before.hashed, verified: after.verified - before.verified };
        let headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        seen.push((work, answer.status, answer.text, headers));
    }
    assert_eq!(seen[0].0, Work { hashed: 0, verified: 1 });
    assert_eq!(seen[0], seen[1]);
}

async fn hash_of(db: &PgPool, email: &str) -> String {
    sqlx::query_scalar("select password_hash from users where email = $1").bind(email).fetch_one(db).await.unwrap()
}

const DEARER: Parameters = Parameters { memory_kib: 16, passes: 2, lanes: 1 };

#[tokio::test]
async fn a_hash_with_parameters_of_old_is_made_anew_at_sign_in() {
    let mut setup = Setup::new().await;
    signed_up(&setup.start().await, "a@b.com", "password").await;
    assert!(hash_of(&setup.db, "a@b.com").await.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));

    setup.passwords = Passwords::new(DEARER, POOL).unwrap();
    let app = setup.start().await;
    app.anonymous().post(SIGN_IN, credentials("a@b.com", "wrong password")).await.refuses(400, "Invalid credentials");
    assert!(hash_of(&setup.db, "a@b.com").await.contains("m=8,t=1,p=1"), "a wrong password changes nothing");
    app.anonymous().post(SIGN_IN, credentials("a@b.com", "password")).await.is(200);
    let hash = hash_of(&setup.db, "a@b.com").await;
    assert!(hash.starts_with("$argon2id$v=19$m=16,t=2,p=1$"), "{hash}");

    let before = setup.passwords.work_done();
    app.anonymous().post(SIGN_IN, credentials("a@b.com", "password")).await.is(200);
    assert_eq!(setup.passwords.work_done().hashed, before.hashed, "once is enough");
}

#[tokio::test]
async fn a_hash_that_can_not_be_made_anew_keeps_nobody_out() {
    let mut setup = Setup::new().await;
    signed_up(&setup.start().await, "a@b.com", "password").await;
    setup.passwords = Passwords::new(DEARER, POOL).unwrap();
    let app = setup.start().await;
    Database::of(&setup.db).break_writes("users", Break::Raise).await;
    app.anonymous().post(SIGN_IN, credentials("a@b.com", "password")).await.is(200);
}

#[tokio::test]
async fn who_would_wait_too_long_is_told_when_to_come_again() {
    let mut setup = Setup::new().await;
    signed_up(&setup.start().await, "a@b.com", "password").await;
    let nobody_works = Pool { at_once: 0, waiting_max: 10, wait_max: Duration::ZERO };
    let no_room = Pool { at_once: 0, waiting_max: 0, wait_max: Duration::from_hours(1) };
    for pool in [nobody_works, no_room] {
        setup.passwords = Passwords::new(CHEAP, pool).unwrap();
        let app = setup.start().await;
        for (path, email) in [(SIGN_IN, "a@b.com"), (SIGN_IN, "nobody@b.com"), (SIGN_UP, "new@b.com")] {
            let answer = app.anonymous().post(path, credentials(email, "password")).await;
            assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() > 0, "{answer}");
            answer.refuses(503, "The service is busy, please try again later");
        }
    }
}

#[tokio::test]
async fn what_is_no_hash_in_the_database_is_a_fault_of_ours() {
    let app = auth().await;
    signed_up(&app, "a@b.com", "password").await;
    sqlx::query("update users set password_hash = 'password'").execute(app.db()).await.unwrap();
    app.anonymous().post(SIGN_IN, credentials("a@b.com", "password")).await.refuses(500, "Something went wrong");
}

#[tokio::test]
async fn a_database_that_fails_is_a_fault_of_ours() {
    let app = auth().await;
    sqlx::query("alter table users rename to elsewhere").execute(app.db()).await.unwrap();
    app.anonymous().post(SIGN_IN, credentials("a@b.com", "password")).await.refuses(500, "Something went wrong");
}
