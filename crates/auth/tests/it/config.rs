//! What the service is told, and what it tells of itself.

use auth::Config;
use service::cli::Program;
use service::settings;

#[test]
fn settings_that_are_missing_are_named() {
    let refused = settings::read::<Config>(|_| None, []).unwrap_err().to_string();
    for name in ["AUTH_DATABASE_URL", "JWT_KEY", "NATS_URL"] {
        assert!(refused.contains(&format!("{name} is missing")), "{refused}");
    }
}

#[test]
fn f25_a_short_key_is_refused() {
    let variables = |name: &str| {
        let value = match name {
            "AUTH_DATABASE_URL" => "postgres://localhost/auth",
            "NATS_URL" => "nats://localhost:4222",
            "JWT_KEY" => "asdf",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let refused = settings::read::<Config>(variables, []).unwrap_err().to_string();
    assert!(refused.contains("JWT_KEY"), "{refused}");
}

#[test]
fn nothing_secret_is_shown() {
    let variables = |name: &str| {
        let value = match name {
            "AUTH_DATABASE_URL" => "postgres://ann:sesame@localhost/auth",
            "NATS_URL" => "nats://localhost:4222",
            "JWT_KEY" => testkit::KEY,
            _ => return None,
        };
        Some(value.to_owned())
    };
    let config = settings::read::<Config>(variables, []).unwrap();
    assert_eq!((config.tries_per_address.get(), config.tries_per_account.get()), (60, 10));
    let shown = format!("{config:?}");
    assert!(!shown.contains("sesame") && !shown.contains(testkit::KEY), "{shown}");
}

#[test]
fn every_operation_is_described() {
    let document = Config::openapi();
    let paths: Vec<_> = document.paths.paths.keys().map(String::as_str).collect();
    assert_eq!(paths, ["/api/users/currentuser", "/api/users/signin", "/api/users/signout", "/api/users/signup"]);
    let json = document.to_json().unwrap();
    for id in ["currentUser", "signIn", "signOut", "signUp"] {
        assert!(json.contains(&format!("\"operationId\":\"{id}\"")), "{id}");
    }
    assert!(!json.contains("password_hash") && !json.contains("passwordHash"));
}
