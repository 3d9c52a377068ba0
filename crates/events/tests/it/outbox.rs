//! Out: only with the commit, in order, once in effect, whatever becomes of relays and the broker.

use std::collections::BTreeMap;

use async_nats::jetstream::Context;
use events::outbox::{self, Relay};
use events::tickets::TicketUpdated;
use events::{Bus, Envelope, TicketId};
use sqlx::PgPool;
use testkit::{Broker, broker, eventually};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::world::{database, jetstream, updated};

async fn push(db: &PgPool, events: &[TicketUpdated]) {
    let mut tx = db.begin().await.unwrap();
    for event in events {
        outbox::push(&mut tx, event).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// A relay that works until the guard is dropped.
async fn relay(db: &PgPool, broker: &Broker) -> DropGuard {
    let bus = Bus::connect(&broker.url, "relay").await.unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(Relay::new(db.clone(), bus).run(stop.clone()));
    stop.drop_guard()
}

async fn all_gone(db: &PgPool) {
    eventually("the outbox is empty", async || outbox::pending(db).await.unwrap().is_empty()).await;
}

/// What the stream holds, in its order.
async fn published(jetstream: &Context) -> Vec<TicketUpdated> {
    let stream = jetstream.get_stream("TICKETS").await.unwrap();
    let last = stream.cached_info().state.last_sequence;
    let mut events = Vec::new();
    for sequence in 1..=last {
        let message = stream.get_raw_message(sequence).await.unwrap();
        events.push(serde_json::from_slice(&message.payload).unwrap());
    }
    events
}

/// Versions in the stream by ticket.
async fn versions(jetstream: &Context) -> BTreeMap<TicketId, Vec<i64>> {
    let mut versions = BTreeMap::<_, Vec<i64>>::new();
    for event in published(jetstream).await {
        versions.entry(event.id).or_default().push(event.version.0);
    }
    versions
}

#[tokio::test]
async fn f9_an_event_of_a_change_that_was_undone_never_leaves() {
    let db = database().await;
    let mut tx = db.begin().await.unwrap();
    outbox::push(&mut tx, &updated(TicketId::new(), 1)).await.unwrap();
    tx.rollback().await.unwrap();
    assert!(outbox::pending(&db).await.unwrap().is_empty());
}

#[tokio::test]
async fn f9_a_committed_event_is_published_with_its_id_and_its_row_is_gone() {
    let (db, broker) = (database().await, broker().await);
    let event = updated(TicketId::new(), 1);
    push(&db, std::slice::from_ref(&event)).await;
    let row = outbox::pending(&db).await.unwrap().remove(0);
    let _relay = relay(&db, &broker).await;
    all_gone(&db).await;
    let message = jetstream(&broker).await.get_stream("TICKETS").await.unwrap().get_raw_message(1).await.unwrap();
    assert_eq!(message.subject.as_str(), "ticket:updated");
    assert_eq!(message.headers.get("Nats-Msg-Id").unwrap().as_str(), row.id.to_string());
    assert_eq!(serde_json::from_slice::<TicketUpdated>(&message.payload).unwrap(), event);
}

#[tokio::test]
async fn f9_a_relay_that_died_before_it_deleted_the_row_publishes_nothing_twice() {
    let (db, broker) = (database().await, broker().await);
    push(&db, &[updated(TicketId::new(), 1)]).await;
    let bus = Bus::connect(&broker.url, "the relay that dies").await.unwrap();
    bus.ready().await;
    let row = outbox::pending(&db).await.unwrap().remove(0);
    bus.publish(&row).await.unwrap();

    let _relay = relay(&db, &broker).await;
    all_gone(&db).await;
    assert_eq!(published(&jetstream(&broker).await).await.len(), 1);
}

#[tokio::test]
async fn the_order_of_each_aggregate_is_kept_by_several_relays_that_take_turns() {
    let (db, broker) = (database().await, broker().await);
    let tickets: Vec<_> = (0..8).map(|_| TicketId::new()).collect();
    let mut relays = Vec::new();
    for _ in 0..3 {
        relays.push(relay(&db, &broker).await);
    }
    for version in 1..=60 {
        push(&db, &tickets.iter().map(|ticket| updated(*ticket, version)).collect::<Vec<_>>()).await;
        if version % 20 == 0 {
            // The first of them has had its turn; another takes over with whatever it left.
            relays.remove(0);
            relays.push(relay(&db, &broker).await);
        }
    }
    all_gone(&db).await;
    let versions = versions(&jetstream(&broker).await).await;
    assert_eq!(versions.len(), tickets.len());
    for (ticket, versions) in versions {
        assert_eq!(versions, (1..=60).collect::<Vec<_>>(), "{ticket}");
    }
}

#[tokio::test]
async fn a_broker_that_comes_late_and_goes_in_the_middle_gets_everything_in_order() {
    let (db, mut broker) = (database().await, broker().await);
    if !broker.can_restart() {
        return;
    }
    broker.stop().await;
    let _relay = relay(&db, &broker).await;
    let tickets: Vec<_> = (0..4).map(|_| TicketId::new()).collect();
    let all = |versions: std::ops::RangeInclusive<i64>| {
        versions.flat_map(|n| tickets.iter().map(move |ticket| updated(*ticket, n))).collect::<Vec<_>>()
    };
    push(&db, &all(1..=100)).await;
    broker.restart().await;
    eventually("some are published", async || outbox::pending(&db).await.unwrap().len() < 400).await;
    broker.stop().await;
    push(&db, &all(101..=200)).await;
    broker.restart().await;
    all_gone(&db).await;
    let versions = versions(&jetstream(&broker).await).await;
    for ticket in &tickets {
        assert_eq!(versions[ticket], (1..=200).collect::<Vec<_>>(), "{ticket}");
    }
}

#[tokio::test]
async fn an_event_the_broker_refuses_holds_back_only_its_own_aggregate() {
    let (db, broker) = (database().await, broker().await);
    let (stuck, free) = (TicketId::new(), TicketId::new());
    push(&db, &[updated(stuck, 1), updated(stuck, 2), updated(free, 1)]).await;
    // No stream has this subject, as if an operator had taken it out.
    let refused = outbox::pending(&db).await.unwrap().remove(0);
    sqlx::query("update outbox set subject = 'ticket:unheard-of' where id = $1")
        .bind(refused.id)
        .execute(&db)
        .await
        .unwrap();
    let _relay = relay(&db, &broker).await;
    eventually("what can leave has left", async || outbox::pending(&db).await.unwrap().len() == 2).await;
    let versions = versions(&jetstream(&broker).await).await;
    assert_eq!(versions.keys().collect::<Vec<_>>(), [&free]);
    let (waiting, age) = outbox::backlog(&db).await.unwrap();
    assert_eq!(waiting, 2);
    assert!(age >= 0.0);

    sqlx::query("update outbox set subject = 'ticket:updated'").execute(&db).await.unwrap();
    all_gone(&db).await;
}

#[tokio::test]
async fn a_relay_whose_connection_is_cut_takes_its_turn_again() {
    let (db, broker) = (database().await, broker().await);
    let _relay = relay(&db, &broker).await;
    push(&db, &[updated(TicketId::new(), 1)]).await;
    all_gone(&db).await;
    testkit::Database::of(&db).terminate_connections().await;
    let ticket = TicketId::new();
    let mut pushed = false;
    eventually("the database is back", async || {
        // The pool may still hand out a connection that was cut.
        pushed = pushed || async { outbox::push(&mut *db.acquire().await?, &updated(ticket, 1)).await }.await.is_ok();
        pushed
    })
    .await;
    all_gone(&db).await;
    assert!(versions(&jetstream(&broker).await).await.contains_key(&ticket));
}

#[tokio::test]
async fn without_a_broker_a_publish_fails_at_once_and_leaves_nothing_behind() {
    let mut broker = broker().await;
    if !broker.can_restart() {
        return;
    }
    let bus = Bus::connect(&broker.url, "publisher").await.unwrap();
    bus.ready().await;
    broker.stop().await;
    eventually("the loss is noticed", async || !bus.is_connected()).await;
    let envelope = Envelope::of(&updated(TicketId::new(), 1)).unwrap();
    assert!(bus.publish(&envelope).await.is_err());
    broker.restart().await;
    eventually("the broker is back", async || bus.is_ready()).await;
    bus.publish(&envelope).await.unwrap();
    assert_eq!(published(&jetstream(&broker).await).await.len(), 1);
}
