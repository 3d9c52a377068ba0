//! `POST /api/users/signup`

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::{Break, Database};

use crate::{CURRENT_USER, SIGN_IN, SIGN_UP, Setup, auth, claims, credentials, signed_up};

#[tokio::test]
async fn returns_a_201_on_successful_sign_up() {
    let app = auth().await;
    let answer = app.anonymous().post(SIGN_UP, credentials("test@test.com", "password")).await.is(201);
    let fields: Vec<_> = answer.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["email", "id"], "and nothing of the password");
    assert_eq!(answer["email"], "test@test.com");
    assert!(answer["id"].as_str().unwrap().parse::<events::UserId>().is_ok());
    assert_eq!(app.published().await, [], "no event tells of it");
}

#[tokio::test]
async fn returns_a_400_with_an_invalid_email() {
    let app = auth().await;
    let too_long = format!("{}@{}.com", "a".repeat(64), "b.".repeat(94) + "b");
    for email in ["alskdflaskjfd", "", "@", "a@b@c.com", "ann@exam ple.com", &too_long] {
        let answer = app.anonymous().post(SIGN_UP, credentials(email, "password")).await;
        answer.clone().refuses_field(400, "Email must be valid", "email");
        assert_eq!(answer.json["errors"].as_array().unwrap().len(), 1, "{answer}");
    }
}

#[tokio::test]
async fn returns_a_400_with_an_invalid_password() {
    let app = auth().await;
    for password in ["p", "1234567", "", "        ", &"x".repeat(129)] {
        let answer = app.anonymous().post(SIGN_UP, credentials("test@test.com", password)).await;
        answer.clone().refuses_field(400, "Password must be between 8 and 128 characters", "password");
        assert!(!answer.text.contains("1234567"), "what was typed is not said back");
    }
    for (name, password) in [("a", "12345678".to_owned()), ("b", "x".repeat(128)), ("c", "pässwörd".to_owned())] {
        app.anonymous().post(SIGN_UP, credentials(&format!("{name}@test.com"), &password)).await.is(201);
    }
}

#[tokio::test]
async fn returns_a_400_with_missing_email_and_password() {
    let app = auth().await;
    let both = json!({ "errors": [
        { "message": "Email must be valid", "field": "email" },
        { "message": "Password must be between 8 and 128 characters", "field": "password" },
    ]});
    for body in [json!({}), json!({ "email": null, "password": 12_345_678 }), json!({ "email": ["a@b.com"] })] {
        assert_eq!(app.anonymous().post(SIGN_UP, &body).await.is(400), both, "{body}");
    }
    app.anonymous().post(SIGN_UP, json!({ "email": "a@b.com" })).await.refuses_field(
        400,
        "Password must be between 8 and 128 characters",
        "password",
    );
    app.anonymous().post(SIGN_UP, json!({ "password": "password" })).await.refuses_field(
        400,
        "Email must be valid",
        "email",
    );
}

#[tokio::test]
async fn returns_a_400_with_what_is_no_json_object() {
    let app = auth().await;
    for body in ["{", "[]", "\"a@b.com\"", "{\"email\":\"a@b.com\",}"] {
        assert_eq!(app.anonymous().send("POST", SIGN_UP, body).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn disallows_duplicate_emails() {
    let app = auth().await;
    signed_up(&app, "test@test.com", "password").await;
    app.anonymous().post(SIGN_UP, credentials("test@test.com", "another password")).await.refuses(400, "Email in use");
    app.anonymous().post(SIGN_IN, credentials("test@test.com", "password")).await.is(200);
}

#[tokio::test]
async fn f26_an_email_in_another_case_is_the_same() {
    let app = auth().await;
    signed_up(&app, "A@x.com", "password").await;
    for email in ["a@x.com", "A@X.COM", " a@x.com\t"] {
        app.anonymous().post(SIGN_UP, credentials(email, "password")).await.refuses(400, "Email in use");
    }
}

#[tokio::test]
async fn f26_of_those_who_sign_up_with_one_email_at_once_one_gets_it() {
    let app = auth().await;
    let tries = (0..12).map(|number| {
        let (user, email) = (app.anonymous(), if number % 2 == 0 { "a@x.com" } else { "A@x.com" });
        tokio::spawn(async move { user.post(SIGN_UP, credentials(email, "password")).await })
    });
    let mut statuses = BTreeMap::new();
    for answer in tries.collect::<Vec<_>>() {
        let answer = answer.await.unwrap();
        *statuses.entry(answer.status).or_insert(0) += 1;
        if answer.status == 400 {
            answer.refuses(400, "Email in use");
        }
    }
    assert_eq!(statuses, BTreeMap::from([(201, 1), (400, 11)]));
}

#[tokio::test]
async fn sets_a_cookie_after_successful_sign_up() {
    let app = auth().await;
    let answer = app.anonymous().post(SIGN_UP, credentials("test@test.com", "password")).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("session="), "{cookie}");
    for attribute in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{attribute} is missing in {cookie}");
    }
}

#[tokio::test]
async fn f23_the_token_expires_and_can_be_told_from_others() {
    let app = auth().await;
    let answer = app.anonymous().post(SIGN_UP, credentials("test@test.com", "password")).await;
    let claims = claims(&answer);
    assert_eq!((&claims["id"], &claims["email"]), (&answer.json["id"], &json!("test@test.com")));
    assert!(claims["exp"].as_i64().unwrap() > claims["iat"].as_i64().unwrap());
    let other = app.anonymous().post(SIGN_IN, credentials("test@test.com", "password")).await;
    assert_ne!(crate::claims(&other)["jti"], claims["jti"]);
}

#[tokio::test]
async fn who_signed_up_is_signed_in() {
    let app = auth().await;
    let user = signed_up(&app, "test@test.com", "password").await;
    assert_eq!(user.get(CURRENT_USER).await.is(200)["currentUser"]["email"], "test@test.com");
}

#[tokio::test]
async fn an_email_is_kept_as_it_was_written_without_the_blanks_around_it() {
    let app = auth().await;
    let answer = app.anonymous().post(SIGN_UP, credentials("  Ann@Example.com ", "password")).await.is(201);
    assert_eq!(answer["email"], "Ann@Example.com");
}

#[tokio::test]
async fn what_else_the_body_says_is_ignored() {
    let app = auth().await;
    let id = events::UserId::new();
    let body = json!({ "email": "a@b.com", "password": "password", "id": id, "admin": true });
    let answer = app.anonymous().post(SIGN_UP, body).await.is(201);
    assert_ne!(answer["id"], json!(id), "nobody chooses who they are");
}

#[tokio::test]
async fn a_password_is_kept_as_its_hash_alone() {
    let app = auth().await;
    signed_up(&app, "a@b.com", "correct horse battery").await;
    signed_up(&app, "b@b.com", "correct horse battery").await;
    let contents = Database::of(app.db()).contents().await;
    assert!(!format!("{contents:?}").contains("correct horse"), "{contents:?}");
    let users: &Value = &contents.iter().find(|(table, _)| table == "users").unwrap().1;
    let hash = |user: usize| users[user]["password_hash"].as_str().unwrap().to_owned();
    assert!(hash(0).starts_with("$argon2id$v=19$"), "{}", hash(0));
    assert_ne!(hash(0), hash(1), "each with a salt of its own");
}

#[tokio::test]
async fn a_fault_of_ours_tells_nothing_and_leaves_nothing() {
    let app = auth().await;
    let database = Database::of(app.db());
    database.break_writes("users", Break::Raise).await;
    let answer = app.anonymous().post(SIGN_UP, credentials("a@b.com", "password")).await;
    assert!(answer.header("x-request-id").is_some() && answer.header("set-cookie").is_none(), "{answer}");
    answer.refuses(500, "Something went wrong");
    database.mend("users").await;
    app.anonymous().post(SIGN_UP, credentials("a@b.com", "password")).await.is(201);
}

#[tokio::test]
async fn f24_another_site_signs_nobody_up() {
    let app = auth().await;
    let abused = app.anonymous().with_header("origin", "https://evil.example");
    assert_eq!(abused.post(SIGN_UP, credentials("a@b.com", "password")).await.status, 400);
    let ours = app.anonymous().with_header("origin", "https://ticketing.dev");
    ours.post(SIGN_UP, credentials("a@b.com", "password")).await.is(201);
}

#[tokio::test]
async fn a_trailing_slash_is_accepted_and_another_method_is_not() {
    let app = Setup::new().await.start().await;
    app.anonymous().post("/api/users/signup/", credentials("a@b.com", "password")).await.is(201);
    app.anonymous().get(SIGN_UP).await.refuses(404, "Not Found");
    app.anonymous().post("/api/users/nothing", json!({})).await.refuses(404, "Not Found");
}
