//! The service as its clients and the broker see it: one file for each route, and for each event it listens to.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod changes;
mod create;
mod list;
mod mine;
mod openapi;
mod order_cancelled;
mod order_completed;
mod order_created;
mod order_expiring;
mod order_updated;
mod show;
mod update;
mod wire;

use events::orders::{
    HeldTicket, OrderCancelled, OrderCompleted, OrderCreated, OrderExpiring, OrderStatus, OrderUpdated, ReleasedTicket,
};
use events::tickets::{TicketCreated, TicketUpdated};
use events::{Cents, OrderId, TicketId, Timestamp, UserId, Verdict, Version};
use serde_json::{Value, json};
use service::{Clock, PublicUrl, Sessions};
use sqlx::PgPool;
use testkit::{TestApp, User};
use tickets::{App, Limits, MIGRATOR, Offer, SCHEMA};

/// The service on a database of its own.
async fn tickets() -> TestApp {
    tickets_within(Limits::default()).await.0
}

/// The same within other limits, and what its routes share.
async fn tickets_within(limits: Limits) -> (TestApp, App) {
    tickets_at(testkit::database(SCHEMA, &MIGRATOR).await, &Clock::system(), limits).await
}

/// The service on a database that may have others on it, by a clock that may be the test's.
async fn tickets_at(db: PgPool, clock: &Clock, limits: Limits) -> (TestApp, App) {
    let sessions = Sessions::new(&testkit::KEY.into(), db.clone(), clock.clone(), &PublicUrl::default());
    let app = App::new(db, sessions.clone(), clock, limits);
    (TestApp::start(tickets::build(app.clone()), &sessions).await, app)
}

fn an_offer(title: &str) -> Offer {
    Offer { title: title.to_owned(), price: Cents(2000) }
}

/// A ticket that `owner` has just listed.
async fn a_ticket(owner: &User) -> Value {
    a_ticket_of(owner, "Hamlet", 20).await
}

async fn a_ticket_of(owner: &User, title: &str, price: impl Into<Value>) -> Value {
    owner.post("/api/tickets", json!({ "title": title, "price": price.into() })).await.is(201)
}

fn path(ticket: &Value) -> String {
    format!("/api/tickets/{}", ticket["id"].as_str().expect("an id"))
}

fn id(ticket: &Value) -> TicketId {
    ticket["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

/// The ticket as anybody sees it now.
async fn shown(app: &TestApp, ticket: &Value) -> Value {
    app.anonymous().get(path(ticket)).await.is(200)
}

/// The ticket's part of `fields`.
fn part(ticket: &Value, fields: &[&str]) -> Value {
    fields.iter().map(|field| ((*field).to_owned(), ticket[*field].clone())).collect()
}

/// Status, order and version: what changes with orders.
fn state(ticket: &Value) -> Value {
    part(ticket, &["status", "orderId", "heldUntil", "version"])
}

/// The versions published of one ticket, in their order.
async fn versions_published(app: &TestApp, ticket: &Value) -> Vec<i64> {
    let created = app.published_of::<TicketCreated>().await;
    let updated = app.published_of::<TicketUpdated>().await;
    let created = created.iter().filter(|event| event.id == id(ticket)).map(|event| event.version.0);
    created.chain(updated.iter().filter(|event| event.id == id(ticket)).map(|event| event.version.0)).collect()
}

/// When the holds of these tests end.
const UNTIL: &str = "2030-01-01T00:15:00.000Z";

/// An order as `orders` tells of it, one version after the other.
struct Order {
    id: OrderId,
    user: UserId,
    ticket: TicketId,
}

impl Order {
    fn of(ticket: &Value) -> Self {
        Self { id: OrderId::new(), user: UserId::new(), ticket: id(ticket) }
    }

    fn until() -> Timestamp {
        serde_json::from_value(json!(UNTIL)).expect("a moment")
    }

    fn held(&self) -> HeldTicket {
        HeldTicket { id: self.ticket, price: Cents(2000) }
    }

    fn created(&self) -> OrderCreated {
        let (status, version) = (OrderStatus::Created, Version::FIRST);
        let (user_id, expires_at) = (self.user, Self::until());
        OrderCreated { id: self.id, version, status, user_id, expires_at, ticket: self.held() }
    }

    fn updated(&self, version: i64) -> OrderUpdated {
        let (status, version) = (OrderStatus::AwaitingPayment, Version(version));
        let (user_id, expires_at) = (self.user, Self::until());
        OrderUpdated { id: self.id, version, status, user_id, expires_at, ticket: self.held() }
    }

    fn expiring(&self, version: i64) -> OrderExpiring {
        OrderExpiring { id: self.id, version: Version(version) }
    }

    fn cancelled(&self, version: i64) -> OrderCancelled {
        OrderCancelled { id: self.id, version: Version(version), ticket: ReleasedTicket { id: self.ticket } }
    }

    fn completed(&self, version: i64) -> OrderCompleted {
        OrderCompleted { id: self.id, version: Version(version), user_id: self.user, ticket: self.held() }
    }
}

/// An order that holds `ticket`.
async fn a_hold(app: &TestApp, ticket: &Value) -> Order {
    let order = Order::of(ticket);
    assert_eq!(app.deliver(&order.created()).await, Verdict::Done);
    order
}

/// How far the service knows `order`.
async fn known(app: &TestApp, order: &Order) -> i64 {
    let version = sqlx::query_scalar("select version from orders where id = $1").bind(order.id);
    version.fetch_optional(app.db()).await.expect("a query").unwrap_or(0)
}

/// Everything the service keeps and has published: to see that nothing happened.
async fn everything(app: &TestApp) -> Vec<(String, Value)> {
    testkit::Database::of(app.db()).contents().await
}
