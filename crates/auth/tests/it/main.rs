//! Every row of the contract that is about users, over HTTP.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod config;
mod current_user;
mod limits;
mod log;
mod password;
mod sign_in;
mod sign_out;
mod sign_up;

use std::num::NonZeroU32;
use std::time::Duration;

use auth::limits::Limits;
use auth::password::{Parameters, Passwords, Pool};
use auth::{App, MIGRATOR};
use events::Timestamp;
use serde_json::{Value, json};
use service::{Clock, PublicUrl, Sessions};
use sqlx::PgPool;
use testkit::{Answer, KEY, TestApp, User};

const SIGN_UP: &str = "/api/users/signup";
const SIGN_IN: &str = "/api/users/signin";
const SIGN_OUT: &str = "/api/users/signout";
const CURRENT_USER: &str = "/api/users/currentuser";

/// As cheap as the function can be: what a test tries is not how strong it is.
const CHEAP: Parameters = Parameters { memory_kib: 8, passes: 1, lanes: 1 };
const POOL: Pool = Pool { at_once: 2, waiting_max: 100, wait_max: Duration::from_secs(10) };

/// What a service for a test is made of; a test changes what it is about.
struct Setup {
    db: PgPool,
    clock: Clock,
    passwords: Passwords,
    per_address: u32,
    per_account: u32,
}

impl Setup {
    async fn new() -> Self {
        Self {
            db: testkit::database("auth", &MIGRATOR).await,
            clock: Clock::at(Timestamp::now()),
            passwords: Passwords::new(CHEAP, POOL).unwrap(),
            per_address: 1000,
            per_account: 1000,
        }
    }

    async fn start(&self) -> TestApp {
        let sessions = Sessions::new(&KEY.into(), self.db.clone(), self.clock.clone(), &PublicUrl::default());
        let tries = |count| NonZeroU32::new(count).unwrap();
        let limits = Limits::new(tries(self.per_address), tries(self.per_account), &self.clock);
        let (db, passwords) = (self.db.clone(), self.passwords.clone());
        let app = App { db, sessions: sessions.clone(), passwords, limits };
        TestApp::start(auth::build(app), &sessions).await
    }
}

async fn auth() -> TestApp {
    Setup::new().await.start().await
}

/// What somebody signs up or in with.
fn credentials(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

/// Somebody who signed up, with the cookie of that.
async fn signed_up(app: &TestApp, email: &str, password: &str) -> User {
    let user = app.anonymous();
    user.post(SIGN_UP, credentials(email, password)).await.is(201);
    user
}

/// The token in the cookie an answer sets.
fn token(answer: &Answer) -> String {
    use base64::Engine;
    let cookie = answer.header("set-cookie").unwrap();
    let value = cookie.strip_prefix("session=").unwrap().split(';').next().unwrap();
    let json: Value = serde_json::from_slice(&base64::prelude::BASE64_STANDARD.decode(value).unwrap()).unwrap();
    json["jwt"].as_str().unwrap().to_owned()
}

/// What the token in that cookie claims.
fn claims(answer: &Answer) -> Value {
    use base64::Engine;
    let token = token(answer);
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}
