//! A database for every test: fresh, migrated, its own, and gone when the test is.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::{Connection, PgConnection, PgPool};
use testkit::{Break, Database, database, eventually};
use uuid::Uuid;

use crate::SEATS;

async fn add_seat(db: &PgPool) -> sqlx::Result<()> {
    sqlx::query("insert into seats (id, name) values ($1, 'A1')").bind(Uuid::now_v7()).execute(db).await.map(drop)
}

async fn seats(db: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from seats").fetch_one(db).await.unwrap()
}

#[tokio::test]
async fn it_has_the_tables_of_events_of_service_and_of_its_own() {
    let db = database("theatre", &SEATS).await;
    let tables: Vec<String> = Database::of(&db).contents().await.into_iter().map(|(table, _)| table).collect();
    assert_eq!(tables, ["dead_letters", "inbox", "outbox", "revoked_sessions", "seats"]);
    let schema: String = sqlx::query_scalar("select current_schema()::text").fetch_one(&db).await.unwrap();
    assert_eq!(schema, "theatre");
}

#[tokio::test]
async fn each_test_has_one_of_its_own() {
    let (ann, bob) = (database("theatre", &SEATS).await, database("theatre", &SEATS).await);
    add_seat(&ann).await.unwrap();
    assert_eq!((seats(&ann).await, seats(&bob).await), (1, 0));
}

#[tokio::test]
async fn many_can_be_made_at_once_and_in_different_schemas() {
    let made = futures::future::join_all((0..20).map(|n| database(["theatre", "cinema"][n % 2], &SEATS))).await;
    let names: BTreeSet<String> = made.iter().map(|db| Database::of(db).url()).collect();
    assert_eq!(names.len(), 20);
    for db in &made {
        add_seat(db).await.unwrap();
    }
}

#[tokio::test]
async fn its_url_leads_to_it() {
    let db = database("theatre", &SEATS).await;
    add_seat(&db).await.unwrap();
    let mut connection = PgConnection::connect(&Database::of(&db).url()).await.unwrap();
    let count: i64 = sqlx::query_scalar("select count(*) from theatre.seats").fetch_one(&mut connection).await.unwrap();
    assert_eq!(count, 1);
}

#[test]
fn it_is_dropped_when_its_test_has_ended() {
    let test = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = test.block_on(async {
        let db = database("theatre", &SEATS).await;
        add_seat(&db).await.unwrap();
        Database::of(&db).url()
    });
    drop(test);
    let another = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    another.block_on(eventually("the database is dropped", async || PgConnection::connect(&url).await.is_err()));
}

#[tokio::test]
async fn writes_fail_while_they_are_broken() {
    let db = database("theatre", &SEATS).await;
    let kit = Database::of(&db);
    let fails = async |how| {
        kit.break_writes("seats", how).await;
        let mut tx = db.begin().await.unwrap();
        let insert = "insert into seats (id, name) values (gen_random_uuid(), 'A1')";
        let written = sqlx::query(insert).execute(&mut *tx).await;
        let connected = sqlx::query("select 1").execute(&mut *tx).await;
        (
            written.is_ok(),
            matches!(connected, Err(sqlx::Error::Io(_) | sqlx::Error::Protocol(_))),
            tx.commit().await.is_ok(),
        )
    };
    assert_eq!(fails(Break::Raise).await, (false, false, true), "the commit of a failed transaction undoes it");
    assert_eq!(fails(Break::AtCommit).await, (true, false, false));
    assert_eq!(fails(Break::Disconnect).await, (false, true, false));
    assert_eq!(seats(&db).await, 0);
    kit.mend("seats").await;
    add_seat(&db).await.unwrap();
}

#[tokio::test]
async fn a_pool_survives_the_end_of_its_connections() {
    let db = database("theatre", &SEATS).await;
    let kit = Database::of(&db);
    let mut held = db.acquire().await.unwrap();
    kit.terminate_connections().await;
    assert!(sqlx::query("select 1").execute(&mut *held).await.is_err());
    drop(held);
    add_seat(&db).await.unwrap();
}

#[tokio::test]
async fn a_database_that_refuses_answers_again() {
    let db = database("theatre", &SEATS).await;
    let kit = Database::of(&db);
    kit.refuse().await;
    assert!(PgConnection::connect(&kit.url()).await.is_err());
    kit.answer().await;
    add_seat(&db).await.unwrap();
}

#[tokio::test]
async fn its_contents_are_every_row() {
    let db = database("theatre", &SEATS).await;
    sqlx::query("insert into seats (id, name) values ($1, 'A1')").bind(Uuid::nil()).execute(&db).await.unwrap();
    let contents = Database::of(&db).contents().await;
    assert!(contents.contains(&("seats".to_owned(), json!([{ "id": Uuid::nil(), "name": "A1" }]))), "{contents:?}");
}
