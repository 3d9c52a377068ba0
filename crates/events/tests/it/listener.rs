//! One delivery, whole: twice, early, malformed, past its last try, and with the database failing at each step.

use std::time::Duration;

use events::listener::{DELIVERIES_MAX, back_off};
use events::tickets::TicketUpdated;
use events::{Envelope, Listeners, Verdict, dead_letters};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::world::{Tally, Turn, database, delivery, envelope, tally};

fn listeners(tally: Tally) -> Listeners {
    Listeners::new("tests-service").on::<TicketUpdated>(tally)
}

async fn letters(db: &PgPool) -> Vec<dead_letters::DeadLetter> {
    dead_letters::list(db, dead_letters::Which::All).await.unwrap()
}

#[tokio::test]
async fn f10_an_event_that_comes_twice_takes_effect_once() {
    let db = database().await;
    let listeners = listeners(Tally::default());
    let event = envelope(2);
    assert_eq!(listeners.receive(&db, &event, &delivery(1)).await, Verdict::Done);
    assert_eq!(listeners.receive(&db, &event, &delivery(2)).await, Verdict::Repeat);
    assert_eq!(tally(&db).await, [2]);
}

#[tokio::test]
async fn f10_an_event_that_comes_twice_at_once_takes_effect_once() {
    let db = database().await;
    let listeners = listeners(Tally::default());
    let (event, delivery) = (envelope(2), delivery(1));
    let verdicts = futures::future::join_all((0..8).map(|_| listeners.receive(&db, &event, &delivery))).await;
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Done).count(), 1, "{verdicts:?}");
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Repeat).count(), 7, "{verdicts:?}");
    assert_eq!(tally(&db).await, [2]);
}

#[tokio::test]
async fn f11_an_event_that_comes_too_early_changes_nothing_and_comes_again() {
    let db = database().await;
    let listeners = listeners(Tally::answers(&[Turn::Early]));
    let event = envelope(3);
    assert_eq!(listeners.receive(&db, &event, &delivery(1)).await, Verdict::Retry(back_off(1)));
    assert!(tally(&db).await.is_empty(), "what the listener wrote is undone");
    assert_eq!(listeners.receive(&db, &event, &delivery(2)).await, Verdict::Done);
}

#[tokio::test]
async fn a_failing_listener_changes_nothing_and_the_pauses_grow() {
    let db = database().await;
    let listeners = listeners(Tally::answers(&[Turn::Fail, Turn::Fail]));
    let event = envelope(2);
    assert_eq!(listeners.receive(&db, &event, &delivery(1)).await, Verdict::Retry(Duration::from_millis(100)));
    assert_eq!(listeners.receive(&db, &event, &delivery(2)).await, Verdict::Retry(Duration::from_millis(200)));
    assert!(tally(&db).await.is_empty());
    assert_eq!(listeners.receive(&db, &event, &delivery(3)).await, Verdict::Done);
    assert!(letters(&db).await.is_empty());
}

#[tokio::test]
async fn f12_past_its_last_try_an_event_is_a_dead_letter_with_all_there_is_to_know() {
    let db = database().await;
    let listeners = listeners(Tally::answers(&[Turn::Fail]));
    let event = envelope(2);
    assert_eq!(listeners.receive(&db, &event, &delivery(DELIVERIES_MAX)).await, Verdict::Dead);
    let letters = letters(&db).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].envelope, event);
    assert_eq!(letters[0].delivery, delivery(DELIVERIES_MAX));
    assert_eq!(letters[0].error, "the listener is out of order");
    assert!(tally(&db).await.is_empty());
}

#[tokio::test]
async fn f12_a_malformed_event_is_a_dead_letter_at_once() {
    let db = database().await;
    let listeners = listeners(Tally::default());
    for payload in ["", "{", "[]", "null", r#"{"id":7}"#, "\u{0}\u{1}"] {
        let event = Envelope { payload: payload.into(), ..envelope(2) };
        assert_eq!(listeners.receive(&db, &event, &delivery(1)).await, Verdict::Dead, "{payload:?}");
    }
    let letters = letters(&db).await;
    assert_eq!(letters.len(), 6);
    assert!(letters.iter().all(|letter| letter.error.starts_with("malformed: ")), "{letters:?}");
}

#[tokio::test]
async fn an_event_nobody_listens_to_is_ignored() {
    let db = database().await;
    let event = Envelope { subject: "ticket:created".into(), ..envelope(1) };
    assert_eq!(listeners(Tally::default()).receive(&db, &event, &delivery(1)).await, Verdict::Ignored);
}

#[tokio::test]
async fn with_the_inbox_or_the_commit_failing_the_event_comes_again_and_then_takes_effect_once() {
    let db = database().await;
    let listeners = listeners(Tally::default());
    let event = envelope(2);
    let broken = [
        // The mark can't be written …
        (
            "create trigger broken before insert on inbox for each row execute function broken()",
            "drop trigger broken on inbox",
        ),
        // … nor what the listener does …
        (
            "create trigger broken before insert on tally for each row execute function broken()",
            "drop trigger broken on tally",
        ),
        // … and all is written, but can't be committed.
        (
            "create constraint trigger broken after insert on tally deferrable initially deferred
             for each row execute function broken()",
            "drop trigger broken on tally",
        ),
    ];
    sqlx::raw_sql(
        "create function broken() returns trigger language plpgsql as $$ begin raise 'the disk is full'; end $$",
    )
    .execute(&db)
    .await
    .unwrap();
    for (trigger, mended) in broken {
        sqlx::raw_sql(trigger).execute(&db).await.unwrap();
        assert_eq!(listeners.receive(&db, &event, &delivery(1)).await, Verdict::Retry(back_off(1)), "{trigger}");
        sqlx::raw_sql(mended).execute(&db).await.unwrap();
        assert!(tally(&db).await.is_empty(), "{trigger}");
    }
    assert_eq!(listeners.receive(&db, &event, &delivery(1)).await, Verdict::Done);
    assert_eq!(tally(&db).await, [2]);
}

#[tokio::test]
async fn without_a_database_even_the_last_try_comes_again() {
    let db = database().await;
    let listeners = listeners(Tally::default());
    let away = PgPoolOptions::new()
        .acquire_timeout(Duration::from_millis(50))
        .connect_lazy("postgres://nobody@127.0.0.1:1/nowhere")
        .unwrap();
    let event = envelope(2);
    let last = delivery(DELIVERIES_MAX + 5);
    assert_eq!(listeners.receive(&away, &event, &last).await, Verdict::Retry(back_off(DELIVERIES_MAX + 5)));
    assert_eq!(listeners.receive(&db, &event, &last).await, Verdict::Done, "a late success is one");
}
