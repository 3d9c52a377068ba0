//! What nobody else would notice.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use events::orders::OrderStatus::{AwaitingPayment, Cancelled, Created};
use events::orders::{OrderCancelled, OrderOverdue};
use events::{OrderId, TicketId, UserId};
use futures::future::join_all;
use orders::{Rules, sweep};
use serde_json::json;
use testkit::{Break, Database, eventually};
use time::Duration;
use tokio_util::sync::CancellationToken;

use crate::world::{World, closed, orders, orders_by, paid, started, time_up};

const PATIENCE: Duration = Duration::minutes(2);

async fn overdue(world: &World) -> usize {
    sweep::overdue(world.db(), world.clock.now()).await.unwrap()
}

async fn unanswered(world: &World) -> usize {
    sweep::unanswered(world.db(), world.clock.now(), PATIENCE).await.unwrap()
}

/// Orders of as many users, all of which were to be paid until now.
async fn many(world: &World, orders: usize) -> Vec<OrderId> {
    let now = world.clock.now();
    let mut tx = world.db().begin().await.unwrap();
    let mut made = Vec::new();
    for _ in 0..orders {
        let ticket = orders::ticket::Ticket {
            id: TicketId::new(),
            title: "Hamlet".into(),
            price: events::Cents(100),
            user_id: UserId::new(),
            version: events::Version::FIRST,
        };
        let order = orders::order::Order::new(UserId::new(), ticket, now).unwrap();
        orders::store::insert(&mut tx, &order, now).await.unwrap();
        made.push(order.id);
    }
    tx.commit().await.unwrap();
    made
}

/// F14: the timer was lost.
#[tokio::test]
async fn an_order_whose_time_was_up_a_while_ago_is_told_of() {
    let world = orders().await;
    let order = world.an_order().await;
    let paying = world.an_order_being_paid().await;
    let expires_at = world.clock.now() + Rules::default().hold;
    world.app.forget_published().await;
    world.pass_the_hold();
    assert_eq!(overdue(&world).await, 0, "its timer may ring at any moment");
    world.clock.advance(Duration::seconds(10));
    assert_eq!(overdue(&world).await, 0);
    world.clock.advance(Duration::milliseconds(1));
    assert_eq!(overdue(&world).await, 2);
    let event = |order| ("order:overdue".to_owned(), json!({ "id": order, "expiresAt": expires_at }));
    assert_eq!(world.app.published().await, [event(order), event(paying)]);
    // It is no change of the order.
    assert_eq!(world.stands(order).await, (Created, 1));
    assert_eq!(world.stands(paying).await, (AwaitingPayment, 2));
}

#[tokio::test]
async fn it_is_told_once_a_minute_until_somebody_rings() {
    let world = orders().await;
    let order = world.an_order().await;
    world.pass(16);
    assert_eq!(overdue(&world).await, 1);
    assert_eq!(overdue(&world).await, 0);
    world.clock.advance(Duration::seconds(59));
    assert_eq!(overdue(&world).await, 0);
    world.clock.advance(Duration::seconds(1));
    assert_eq!(overdue(&world).await, 1);
    world.hears(&time_up(order)).await;
    world.pass(5);
    assert_eq!(overdue(&world).await, 0);
    assert_eq!(world.app.published_of::<OrderOverdue>().await.len(), 2);
}

#[tokio::test]
async fn nothing_is_told_of_what_is_settled_or_being_settled() {
    let world = orders().await;
    let complete = world.an_order().await;
    world.hears(&paid(complete)).await;
    world.a_cancelled_order().await;
    world.an_expiring_order().await;
    world.app.forget_published().await;
    world.pass(60);
    assert_eq!(overdue(&world).await, 0);
    assert_eq!(world.app.published().await, []);
}

#[tokio::test]
async fn an_order_that_waits_in_vain_for_payments_is_cancelled() {
    let world = orders().await;
    let order = world.an_expiring_order().await;
    world.app.forget_published().await;
    world.clock.advance(PATIENCE - Duration::milliseconds(1));
    assert_eq!(unanswered(&world).await, 0);
    world.clock.advance(Duration::milliseconds(1));
    assert_eq!(unanswered(&world).await, 1);
    assert_eq!(world.stands(order).await, (Cancelled, 4));
    assert_eq!(world.subjects().await, ["order:cancelled"]);
    assert_eq!(unanswered(&world).await, 0);
    // What comes after that comes too late, or takes the ticket again.
    world.hears(&closed(order)).await;
    assert_eq!(world.stands(order).await, (Cancelled, 4));
    let payment = paid(order);
    world.hears(&payment).await;
    assert_eq!(world.subjects().await, ["order:cancelled", "order:completed"]);
}

#[tokio::test]
async fn who_was_answered_waits_no_more() {
    let world = orders().await;
    let (ended, sold) = (world.an_expiring_order().await, world.an_expiring_order().await);
    let paying = world.an_order_being_paid().await;
    world.hears(&closed(ended)).await;
    world.hears(&paid(sold)).await;
    world.hears(&started(paying)).await;
    world.app.forget_published().await;
    world.pass(60);
    assert_eq!(unanswered(&world).await, 0);
    assert_eq!(world.app.published().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_are_told_of_once_by_however_many_replicas() {
    let world = orders().await;
    let made = many(&world, 250).await;
    world.app.forget_published().await;
    world.pass(1);
    let told = join_all((0..4).map(|_| overdue(&world))).await;
    assert_eq!(told.iter().sum::<usize>(), 250);
    let mut ids: Vec<_> = world.app.published_of::<OrderOverdue>().await.iter().map(|event| event.id).collect();
    ids.sort();
    assert_eq!(ids, made);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_are_cancelled_once_by_however_many_replicas() {
    let world = orders().await;
    let made = many(&world, 250).await;
    for order in &made {
        world.hears(&started(*order)).await;
        world.hears(&time_up(*order)).await;
    }
    world.pass(2);
    let cancelled = join_all((0..4).map(|_| unanswered(&world))).await;
    assert_eq!(cancelled.iter().sum::<usize>(), 250);
    assert_eq!(world.app.published_of::<OrderCancelled>().await.len(), 250);
    world.audit(&[]).await.unwrap();
}

#[tokio::test]
async fn an_order_somebody_decides_on_is_left_for_the_next_round() {
    let world = orders().await;
    let (busy, idle) = (world.an_expiring_order().await, world.an_order().await);
    let waiting = world.an_expiring_order().await;
    world.pass(30);
    let mut tx = world.db().begin().await.unwrap();
    orders::store::lock(&mut tx, busy).await.unwrap();
    orders::store::lock(&mut tx, idle).await.unwrap();
    assert_eq!((overdue(&world).await, unanswered(&world).await), (0, 1));
    assert_eq!(world.stands(waiting).await.0, Cancelled);
    tx.rollback().await.unwrap();
    assert_eq!((overdue(&world).await, unanswered(&world).await), (1, 1));
}

#[tokio::test]
async fn what_can_not_be_told_is_not_noted_as_told() {
    let world = orders().await;
    let (order, waiting) = (world.an_order().await, world.an_expiring_order().await);
    world.pass(30);
    let kit = Database::of(world.db());
    let before = kit.contents().await;
    for table in ["orders", "outbox"] {
        for how in [Break::Raise, Break::Disconnect, Break::AtCommit] {
            kit.break_writes(table, how).await;
            assert!(sweep::overdue(world.db(), world.clock.now()).await.is_err());
            assert!(sweep::unanswered(world.db(), world.clock.now(), PATIENCE).await.is_err());
            kit.mend(table).await;
            assert_eq!(kit.contents().await, before, "{table} {how:?}");
        }
    }
    assert_eq!((overdue(&world).await, unanswered(&world).await), (1, 1));
    assert_eq!((world.stands(order).await.0, world.stands(waiting).await.0), (Created, Cancelled));
}

/// The loop itself, by the settings' patience, and that it ends when told to.
#[tokio::test]
async fn it_sweeps_by_itself() {
    let world = orders_by(Rules { payment_answer_max: Duration::seconds(1), ..Rules::default() }).await;
    let (order, waiting) = (world.an_order().await, world.an_expiring_order().await);
    world.clock.advance(Duration::seconds(11));
    let stop = CancellationToken::new();
    let sweeping = tokio::spawn(sweep::run(world.service.clone(), stop.clone()));
    let world = Arc::new(world);
    eventually("both are found", async || {
        let told = world.app.published_of::<OrderOverdue>().await;
        told.iter().any(|event| event.id == order) && world.stands(waiting).await.0 == Cancelled
    })
    .await;
    stop.cancel();
    tokio::time::timeout(StdDuration::from_secs(10), sweeping).await.expect("it stops").unwrap().unwrap();
}
