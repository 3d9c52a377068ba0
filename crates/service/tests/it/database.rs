//! A service's own schema.

use events::{Envelope, outbox};
use secrecy::SecretString;
use service::database::open;
use testkit::{Database, database};

use crate::revocations::NONE;

#[tokio::test]
async fn replicas_that_start_together_make_one_schema() {
    let url: SecretString = Database::of(&database("other", &NONE).await).url().into();
    let opened = futures::future::join_all((0..5).map(|_| open(&url, "things", &NONE))).await;
    let pools: Vec<_> = opened.into_iter().map(|pool| pool.unwrap()).collect();
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'things' order by 1")
            .fetch_all(&pools[0])
            .await
            .unwrap();
    let expected = ["_events_migrations", "_service_migrations", "_sqlx_migrations"];
    assert!(expected.iter().all(|table| tables.contains(&(*table).to_owned())), "{tables:?}");
    assert!(tables.contains(&"revoked_sessions".to_owned()), "{tables:?}");
    let pending: Vec<Envelope> = outbox::pending(&pools[4]).await.unwrap();
    assert_eq!(pending, []);
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_told_without_its_password() {
    for url in ["postgres://user:secret@127.0.0.1:1/db", "mysql://user:secret@host/db", "secret"] {
        let error = format!("{:#}", open(&url.into(), "things", &NONE).await.unwrap_err());
        assert!(!error.contains("secret"), "{error}");
    }
}
