//! What the log says of passwords: nothing, not even at its most talkative.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;
use testkit::{Break, Database};
use tracing_subscriber::fmt;

use crate::{SIGN_IN, SIGN_OUT, SIGN_UP, auth, credentials};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_password_and_no_hash_gets_into_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    // With one subscriber in the process, `tracing` asks that of whichever thread meets a span first whether anybody wants
    // it, and the threads of other tests have none. With two it asks all of them.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    // Of this thread, on which a test's service runs too.
    let _guard = tracing::subscriber::set_default(subscriber);
    let app = auth().await;
    let user = app.anonymous();
    for (path, password) in
        [(SIGN_UP, "open sesame"), (SIGN_UP, "sesame"), (SIGN_IN, "open sesame"), (SIGN_IN, "sesame!")]
    {
        user.post(path, credentials("ann@test.com", password)).await;
    }
    user.send("POST", SIGN_UP, "{\"password\": \"open sesame\", \"email\": ").await;
    user.post(SIGN_UP, json!({ "password": ["open sesame"], "email": "open sesame" })).await;
    Database::of(app.db()).break_writes("users", Break::Raise).await;
    user.post(SIGN_UP, credentials("bob@test.com", "open sesame")).await.refuses(500, "Something went wrong");
    sqlx::query("alter table users rename to elsewhere").execute(app.db()).await.unwrap();
    user.post(SIGN_IN, credentials("ann@test.com", "open sesame")).await.refuses(500, "Something went wrong");
    user.post(SIGN_OUT, ()).await.is(200);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/api/users/signup") && log.contains("a fault of ours"), "it does log: {log}");
    // What the client of this test sends is logged by nobody but the client's own libraries.
    assert!(!log.contains("sesame"), "{}", log.lines().find(|line| line.contains("sesame")).unwrap_or_default());
    assert!(!log.contains("$argon2"), "{}", log.lines().find(|line| line.contains("$argon2")).unwrap_or_default());
}
