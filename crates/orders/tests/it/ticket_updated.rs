//! `ticket:updated`.

use events::tickets::{TicketCreated, TicketUpdated};
use events::{Cents, Envelope, OrderId, UserId, Verdict, Version};
use testkit::fails_safely;

use crate::ticket_created::tickets;
use crate::world::{a_listing, orders};

/// The change that made `version` of a ticket; its price tells which it was.
fn change(listing: &TicketCreated, version: i64) -> TicketUpdated {
    TicketUpdated {
        id: listing.id,
        title: "Lear".into(),
        price: Cents(version * 100),
        user_id: listing.user_id,
        order_id: None,
        version: Version(version),
    }
}

fn lear(version: i64) -> [(String, i64, i64); 1] {
    [("Lear".to_owned(), version * 100, version)]
}

#[tokio::test]
async fn a_change_is_kept() {
    let world = orders().await;
    let listing = a_listing(UserId::new());
    world.hears(&listing).await;
    world.hears(&change(&listing, 2)).await;
    assert_eq!(tickets(&world.app).await, lear(2));
    // Who holds it is a change like any other: what counts is that no version is missed.
    world.hears(&TicketUpdated { order_id: Some(OrderId::new()), ..change(&listing, 3) }).await;
    assert_eq!(tickets(&world.app).await, lear(3));
}

#[tokio::test]
async fn a_change_that_comes_too_early_comes_again() {
    let world = orders().await;
    let listing = a_listing(UserId::new());
    let (second, third) = (Envelope::of(&change(&listing, 2)).unwrap(), Envelope::of(&change(&listing, 3)).unwrap());
    assert!(matches!(world.app.receive(&second, 1).await, Verdict::Retry(_)), "the ticket is not known yet");
    assert_eq!(tickets(&world.app).await, []);
    world.hears(&listing).await;
    assert!(matches!(world.app.receive(&third, 1).await, Verdict::Retry(_)), "a version was skipped");
    assert_eq!(tickets(&world.app).await, [("Hamlet".to_owned(), 1999, 1)]);
    assert_eq!(world.app.receive(&second, 2).await, Verdict::Done);
    assert_eq!(world.app.receive(&third, 2).await, Verdict::Done);
    assert_eq!(tickets(&world.app).await, lear(3));
}

#[tokio::test]
async fn a_change_that_comes_late_or_twice_changes_nothing() {
    let world = orders().await;
    let listing = a_listing(UserId::new());
    world.hears(&listing).await;
    let envelope = Envelope::of(&change(&listing, 2)).unwrap();
    assert_eq!(world.app.receive(&envelope, 1).await, Verdict::Done);
    world.hears(&change(&listing, 3)).await;
    assert_eq!(world.app.receive(&envelope, 2).await, Verdict::Repeat);
    world.hears(&change(&listing, 2)).await;
    world.hears(&listing).await;
    assert_eq!(tickets(&world.app).await, lear(3));
}

/// F12: a version that never comes must not keep a consumer busy for ever.
#[tokio::test]
async fn a_change_without_the_one_before_it_is_put_aside_in_the_end() {
    let world = orders().await;
    let envelope = Envelope::of(&change(&a_listing(UserId::new()), 2)).unwrap();
    assert!(matches!(world.app.receive(&envelope, 19).await, Verdict::Retry(_)));
    assert_eq!(world.app.receive(&envelope, 20).await, Verdict::Dead);
    assert_eq!(world.app.deliver_raw("ticket:updated", "{}").await, Verdict::Dead);
    let letters: i64 = sqlx::query_scalar("select count(*) from dead_letters").fetch_one(world.db()).await.unwrap();
    assert_eq!(letters, 2);
}

#[tokio::test]
async fn a_failing_database_loses_nothing() {
    let world = orders().await;
    let listing = a_listing(UserId::new());
    world.hears(&listing).await;
    fails_safely(&world.app, &change(&listing, 2), &["tickets"]).await;
    assert_eq!(tickets(&world.app).await, lear(2));
}
