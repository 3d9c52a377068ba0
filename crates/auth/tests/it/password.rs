//! The pool in which passwords are hashed, and what it makes of them.

use std::time::Duration;

use auth::password::{Match, PARAMETERS, PasswordError, Passwords, Pool};
use auth::user::{Password, PasswordHash};

use crate::{CHEAP, POOL};

#[tokio::test]
async fn the_parameters_of_production_are_those_that_owasp_asks_for() {
    let passwords = Passwords::new(PARAMETERS, POOL).unwrap();
    let hash = passwords.hash(&"correct horse".into()).await.unwrap();
    assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
    assert_eq!(passwords.verify(&"correct horse".into(), Some(hash.clone())).await.unwrap(), Match::Yes);
    assert_eq!(passwords.verify(&"correct Horse".into(), Some(hash)).await.unwrap(), Match::No);
}

#[tokio::test]
async fn nobody_s_password_matches() {
    let passwords = Passwords::new(CHEAP, POOL).unwrap();
    for guess in ["", "password", &"x".repeat(10_000)] {
        assert_eq!(passwords.verify(&guess.into(), None).await.unwrap(), Match::No);
    }
}

#[tokio::test]
async fn what_is_no_hash_of_ours_is_an_error_and_not_a_mismatch() {
    let passwords = Passwords::new(CHEAP, POOL).unwrap();
    for text in ["", "password", "$argon2id$", "$2b$10$abcdefghijklmnopqrstuv"] {
        let verified = passwords.verify(&"password".into(), Some(PasswordHash(text.into()))).await;
        assert!(matches!(verified, Err(PasswordError::Argon2(_)) | Ok(Match::No)), "{text}: {verified:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_is_worked_on_at_a_time_than_the_pool_has_room_for_and_nobody_is_forgotten() {
    let pool = Pool { at_once: 2, waiting_max: 6, wait_max: Duration::from_secs(20) };
    let passwords = Passwords::new(PARAMETERS, pool).unwrap();
    let tries: Vec<_> = (0..30)
        .map(|_| {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.hash(&Password::from("password")).await })
        })
        .collect();
    let (mut done, mut busy) = (0, 0);
    for tried in tries {
        match tried.await.unwrap() {
            Ok(_) => done += 1,
            Err(PasswordError::Busy) => busy += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(done + busy, 30);
    assert!(done >= 8, "those that found room are served: {done}");
    assert_eq!(passwords.work_done().hashed, done, "and nothing is done for the others");
    passwords.hash(&Password::from("password")).await.unwrap();
}
