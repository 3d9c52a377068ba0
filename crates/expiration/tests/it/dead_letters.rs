//! What can't be handled is kept, shown, tried again and let go.

use events::dead_letters::Which;
use events::{Envelope, OrderId, Verdict};
use uuid::Uuid;

use crate::{MINUTE, Service, created, from_now, service};

fn malformed(payload: &[u8]) -> Envelope {
    let headers = [("traceparent".to_owned(), "00-1-2-03".to_owned())].into();
    Envelope { id: Uuid::now_v7(), subject: "order:created".into(), payload: payload.to_vec(), headers }
}

#[tokio::test]
async fn f12_what_is_no_event_is_a_dead_letter_at_once() {
    let service = service().await;
    let letters: [&[u8]; 5] = [b"", b"{", b"\xff\x00\xfe", b"{\"id\":\"nobody\"}", b"[1,2]"];
    let envelopes = letters.map(malformed);
    for envelope in &envelopes {
        assert_eq!(service.deliver_envelope(envelope).await, Verdict::Dead);
        assert_eq!(service.deliver_envelope(envelope).await, Verdict::Dead, "a repeat is the same letter");
    }
    let kept = service.dead_letters.list(Which::All).await.unwrap();
    assert_eq!(kept.len(), envelopes.len());
    for envelope in &envelopes {
        let letter = &service.dead_letters.list(Which::One(envelope.id)).await.unwrap()[0];
        assert_eq!(letter.envelope, *envelope, "kept byte by byte");
        assert_eq!((&*letter.delivery.stream, letter.delivery.sequence, letter.delivery.count), ("ORDERS", 7, 1));
        assert!(letter.error.starts_with("malformed: "), "{}", letter.error);
    }
}

#[tokio::test]
async fn letters_are_dropped_one_by_one_or_all_at_once() {
    let service = service().await;
    let letters = [malformed(b"1"), malformed(b"2"), malformed(b"3")];
    for letter in &letters {
        service.deliver_envelope(letter).await;
    }
    assert_eq!(service.dead_letters.discard(Which::One(letters[1].id)).await.unwrap(), 1);
    assert_eq!(service.dead_letters.discard(Which::One(letters[1].id)).await.unwrap(), 0);
    assert_eq!(service.dead_letters.discard(Which::All).await.unwrap(), 2);
    assert_eq!(service.dead_letters.list(Which::All).await.unwrap(), []);
}

/// Keeps `envelope` as if an older build had not understood it.
async fn bury(service: &Service, envelope: &Envelope) {
    let delivery = events::listener::Delivery { stream: "ORDERS".into(), sequence: 1, count: 20 };
    service.dead_letters.bury(envelope, &delivery, "malformed: of the future").await.unwrap();
}

#[tokio::test]
async fn a_letter_that_is_understood_by_now_takes_effect_when_it_is_replayed() {
    let service = service().await;
    let event = created(OrderId::new(), from_now(MINUTE));
    bury(&service, &Envelope::of(&event).unwrap()).await;

    let replayed = service.dead_letters.replay(&service.desk, Which::All).await.unwrap();
    assert_eq!(replayed.len(), 1);
    assert_eq!(replayed[0].result, Ok(Verdict::Done));
    assert_eq!(service.dead_letters.list(Which::All).await.unwrap(), []);
    assert_eq!(service.due_in(MINUTE * 2).await, [event.id]);
}

#[tokio::test]
async fn a_letter_that_is_still_not_understood_stays_and_says_why() {
    let service = service().await;
    let letter = malformed(b"{}");
    bury(&service, &letter).await;
    let replayed = service.dead_letters.replay(&service.desk, Which::One(letter.id)).await.unwrap();
    assert!(replayed[0].result.as_ref().unwrap_err().contains("missing field"), "{replayed:?}");
    let kept = &service.dead_letters.list(Which::All).await.unwrap()[0];
    assert!(kept.error.contains("missing field"), "{}", kept.error);
}

#[tokio::test]
async fn a_letter_nobody_listens_to_stays_for_a_person_to_decide() {
    let service = service().await;
    let letter = Envelope { subject: "order:renamed".into(), ..malformed(b"{}") };
    bury(&service, &letter).await;
    let replayed = service.dead_letters.replay(&service.desk, Which::All).await.unwrap();
    assert_eq!(replayed[0].result, Ok(Verdict::Ignored));
    assert_eq!(service.dead_letters.list(Which::All).await.unwrap().len(), 1);
}

#[tokio::test]
async fn when_there_is_no_room_nothing_is_dropped_the_event_stays_at_the_broker() {
    let mut service = service().await;
    service.dead_letters = service.dead_letters.bounded(1);
    service.desk = expiration::desk::OrderDesk::new(service.timers.clone(), service.dead_letters.clone());
    let (first, second) = (malformed(b"1"), malformed(b"2"));
    assert_eq!(service.deliver_envelope(&first).await, Verdict::Dead);
    assert!(matches!(service.deliver_envelope(&second).await, Verdict::Retry(_)));
    assert_eq!(service.deliver_envelope(&first).await, Verdict::Dead, "it has its place already");
    service.dead_letters.discard(Which::All).await.unwrap();
    assert_eq!(service.deliver_envelope(&second).await, Verdict::Dead);
}
