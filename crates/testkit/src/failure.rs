//! Breaks what a listener stands on, piece by piece, and sees whether anything is lost or done by halves.

use events::{Envelope, Event, Verdict};

use crate::app::envelope;
use crate::{Break, Database, TestApp};

/// Delivers `event` while each of `tables`, which its listener writes, fails in turn: the statement, the connection, the
/// commit; and while there is no database at all. Expects every time that nothing has changed and that the event shall
/// come again. Then delivers it for good, which must have an effect, and once more, which must have none.
pub async fn fails_safely<E: Event>(app: &TestApp, event: &E, tables: &[&str]) {
    let (subject, kit) = (E::SUBJECT, Database::of(app.db()));
    let envelope = envelope(event);
    let before = kit.contents().await;
    // The mark that it was seen is part of the same transaction.
    for table in tables.iter().chain(&["inbox"]) {
        for how in [Break::Raise, Break::Disconnect, Break::AtCommit] {
            kit.break_writes(table, how).await;
            let verdict = app.receive(&envelope, 1).await;
            kit.mend(table).await;
            let what = format!("{subject} while writes to {table} fail ({how:?})");
            assert!(
                verdict != Verdict::Done,
                "{what}: it is done. Either its listener ignores failures, or it never writes to {table}"
            );
            expect_retry(&kit, &before, verdict, &what).await;
        }
    }
    kit.refuse().await;
    let verdict = app.receive(&envelope, 1).await;
    kit.answer().await;
    expect_retry(&kit, &before, verdict, &format!("{subject} without a database")).await;

    succeeds_once(app, &kit, &before, &envelope).await;
}

type Contents = [(String, serde_json::Value)];

async fn expect_retry(kit: &Database, before: &Contents, verdict: Verdict, what: &str) {
    assert!(matches!(verdict, Verdict::Retry(_)), "{what}: expected Retry, but it is {verdict:?}");
    assert_eq!(changes(before, &kit.contents().await), "", "{what}: something changed all the same");
}

async fn succeeds_once(app: &TestApp, kit: &Database, before: &Contents, envelope: &Envelope) {
    let subject = &envelope.subject;
    assert_eq!(app.receive(envelope, 2).await, Verdict::Done, "{subject}, when all works again");
    let after = kit.contents().await;
    assert_ne!(changes(before, &after), "", "{subject} had no effect");
    assert_eq!(app.receive(envelope, 3).await, Verdict::Repeat, "{subject}, once more");
    assert_eq!(changes(&after, &kit.contents().await), "", "{subject} had an effect twice");
}

/// The tables that differ, before and after.
fn changes(before: &Contents, after: &Contents) -> String {
    let both = before.iter().zip(after).filter(|(before, after)| before != after);
    let lines = both.map(|((table, before), (_, after))| format!("{table}\n  was {before}\n  is  {after}"));
    lines.collect::<Vec<_>>().join("\n")
}
