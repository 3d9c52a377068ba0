//! Dead letters: replayed when what was wrong is mended, kept when it is not, gone when a person says so.

use events::dead_letters::{self, Which};
use events::listener::DELIVERIES_MAX;
use events::tickets::TicketUpdated;
use events::{Envelope, Listeners, Verdict};

use crate::world::{Tally, Turn, database, delivery, envelope, tally};

#[tokio::test]
async fn a_replayed_letter_takes_effect_once_and_is_gone() {
    let db = database().await;
    let listeners = Listeners::new("tests-service").on::<TicketUpdated>(Tally::answers(&[Turn::Fail]));
    let event = envelope(2);
    assert_eq!(listeners.receive(&db, &event, &delivery(DELIVERIES_MAX)).await, Verdict::Dead);

    let replayed = dead_letters::replay(&db, &listeners, Which::All).await.unwrap();
    assert!(matches!(replayed[..], [dead_letters::Replayed { id, result: Ok(Verdict::Done), .. }] if id == event.id));
    assert_eq!(tally(&db).await, [2]);
    assert!(dead_letters::list(&db, Which::All).await.unwrap().is_empty());
    assert_eq!(listeners.receive(&db, &event, &delivery(1)).await, Verdict::Repeat, "a delivery after that is none");
}

#[tokio::test]
async fn a_letter_that_fails_again_stays_and_says_why() {
    let db = database().await;
    let listeners = Listeners::new("tests-service").on::<TicketUpdated>(Tally::answers(&[Turn::Fail, Turn::Early]));
    let event = envelope(2);
    listeners.receive(&db, &event, &delivery(DELIVERIES_MAX)).await;

    let replayed = dead_letters::replay(&db, &listeners, Which::One(event.id)).await.unwrap();
    assert!(replayed[0].result.is_err());
    let letters = dead_letters::list(&db, Which::One(event.id)).await.unwrap();
    assert_eq!(letters[0].error, "something that happened before it is not known here");
}

#[tokio::test]
async fn letters_are_replayed_in_the_order_in_which_they_were_published() {
    let db = database().await;
    let listeners = Listeners::new("tests-service").on::<TicketUpdated>(Tally::answers(&[Turn::Fail, Turn::Fail]));
    let (first, second) = (envelope(2), envelope(3));
    let at = |sequence| events::listener::Delivery { sequence, ..delivery(DELIVERIES_MAX) };
    listeners.receive(&db, &second, &at(12)).await;
    listeners.receive(&db, &first, &at(11)).await;

    let replayed = dead_letters::replay(&db, &listeners, Which::All).await.unwrap();
    assert_eq!(replayed.iter().map(|letter| letter.id).collect::<Vec<_>>(), [first.id, second.id]);
}

#[tokio::test]
async fn a_letter_whose_event_was_handled_after_all_goes() {
    let db = database().await;
    let listeners = Listeners::new("tests-service").on::<TicketUpdated>(Tally::answers(&[Turn::Fail]));
    let event = envelope(2);
    listeners.receive(&db, &event, &delivery(DELIVERIES_MAX)).await;
    // The acknowledgement of the dead letter was lost, and the event came once more.
    assert_eq!(listeners.receive(&db, &event, &delivery(DELIVERIES_MAX + 1)).await, Verdict::Done);

    let replayed = dead_letters::replay(&db, &listeners, Which::All).await.unwrap();
    assert!(matches!(replayed[0].result, Ok(Verdict::Repeat)));
    assert!(dead_letters::list(&db, Which::All).await.unwrap().is_empty());
    assert_eq!(tally(&db).await, [2]);
}

#[tokio::test]
async fn discarded_letters_are_gone() {
    let db = database().await;
    let listeners = Listeners::new("tests-service").on::<TicketUpdated>(Tally::default());
    let (one, other) = (envelope(2), envelope(3));
    for event in [&one, &other] {
        let malformed = Envelope { payload: b"{".to_vec(), ..event.clone() };
        listeners.receive(&db, &malformed, &delivery(1)).await;
    }
    assert_eq!(dead_letters::discard(&db, Which::One(one.id)).await.unwrap(), 1);
    assert_eq!(dead_letters::list(&db, Which::All).await.unwrap()[0].envelope.id, other.id);
    assert_eq!(dead_letters::discard(&db, Which::All).await.unwrap(), 1);
    assert_eq!(dead_letters::discard(&db, Which::All).await.unwrap(), 0);
}
