//! Timers, their events and their failures, on a real Redis.
#![allow(clippy::unwrap_used, reason = "only tests are here, helpers included")]

mod dead_letters;
mod desk;
mod health;
mod model;
mod outages;
mod teller;
mod timers;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use events::bus::PublishError;
use events::expiration::ExpirationComplete;
use events::listener::{Delivery, Desk};
use events::orders::{
    HeldTicket, OrderCancelled, OrderCompleted, OrderCreated, OrderOverdue, OrderStatus, ReleasedTicket,
};
use events::{Cents, Envelope, Event, OrderId, TicketId, Timestamp, UserId, Verdict, Version};
use expiration::dead_letters::DeadLetters;
use expiration::desk::OrderDesk;
use expiration::link::Link;
use expiration::teller::Outlet;
use expiration::timers::Timers;
use expiration::{App, Config};
use parking_lot::Mutex;
use uuid::Uuid;

const MINUTE: Duration = Duration::from_mins(1);
const LEASE: Duration = Duration::from_secs(15);

/// The service without its broker.
struct Service {
    timers: Timers,
    desk: OrderDesk,
    dead_letters: DeadLetters,
}

async fn service() -> Service {
    service_at(&testkit::redis().await)
}

fn service_at(redis: &str) -> Service {
    let app = App::new(Link::open(&redis.parse().unwrap()));
    Service { desk: app.desk(), timers: app.timers, dead_letters: app.dead_letters }
}

impl Service {
    async fn deliver<E: Event>(&self, event: &E) -> Verdict {
        self.deliver_envelope(&Envelope::of(event).unwrap()).await
    }

    async fn deliver_envelope(&self, envelope: &Envelope) -> Verdict {
        self.desk.receive(envelope, &Delivery { stream: "ORDERS".into(), sequence: 7, count: 1 }).await
    }

    /// The orders whose time is up so long from now, at the latest.
    async fn due_in(&self, time: Duration) -> Vec<OrderId> {
        let look = self.timers.ahead(time).claim(100, LEASE).await.unwrap();
        look.claims.iter().map(|claim| claim.order).collect()
    }
}

/// The settings of the whole service.
fn config(nats_url: &str, redis: &str) -> Config {
    let variables = |name: &str| {
        let value = match name {
            "NATS_URL" => nats_url,
            "REDIS_HOST" => redis,
            "JWT_KEY" => testkit::KEY,
            _ => return None,
        };
        Some(value.to_owned())
    };
    service::settings::read(variables, []).unwrap()
}

/// So long from now.
fn from_now(time: Duration) -> Timestamp {
    Timestamp::now() + time::Duration::try_from(time).unwrap()
}

fn created(id: OrderId, expires_at: Timestamp) -> OrderCreated {
    let ticket = HeldTicket { id: TicketId::new(), price: Cents(2000) };
    let (version, status, user_id) = (Version::FIRST, OrderStatus::Created, UserId::new());
    OrderCreated { id, version, status, user_id, expires_at, ticket }
}

fn cancelled(id: OrderId) -> OrderCancelled {
    OrderCancelled { id, version: Version(2), ticket: ReleasedTicket { id: TicketId::new() } }
}

fn completed(id: OrderId) -> OrderCompleted {
    let ticket = HeldTicket { id: TicketId::new(), price: Cents(2000) };
    OrderCompleted { id, version: Version(2), user_id: UserId::new(), ticket }
}

fn overdue(id: OrderId) -> OrderOverdue {
    OrderOverdue { id, expires_at: from_now(Duration::ZERO) }
}

/// A broker that remembers what it received, and does what a test says.
#[derive(Clone, Default)]
struct Received {
    events: Arc<Mutex<Vec<(Uuid, OrderId)>>>,
    behaviour: Arc<Mutex<Behaviour>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Behaviour {
    #[default]
    Receives,
    /// It takes nothing, and says so.
    Refuses,
    /// It takes everything, but its receipts never come: the worker is killed while it waits.
    Swallows,
}

impl Received {
    fn now(&self, behaviour: Behaviour) {
        *self.behaviour.lock() = behaviour;
    }

    /// The event of each id, as a consumer with an inbox sees them.
    fn in_effect(&self) -> Vec<OrderId> {
        let mut seen = std::collections::BTreeSet::new();
        self.events.lock().iter().filter(|(id, _)| seen.insert(*id)).map(|(_, order)| *order).collect()
    }
}

impl Outlet for Received {
    async fn ready(&self) {}

    async fn tell(&self, envelopes: &[&Envelope]) -> Vec<Result<(), PublishError>> {
        let behaviour = *self.behaviour.lock();
        if behaviour == Behaviour::Refuses {
            return envelopes.iter().map(|_| Err(PublishError::Away)).collect();
        }
        for envelope in envelopes {
            assert_eq!(envelope.subject, ExpirationComplete::SUBJECT);
            let event: ExpirationComplete = serde_json::from_slice(&envelope.payload).unwrap();
            self.events.lock().push((envelope.id, event.order_id));
        }
        if behaviour == Behaviour::Swallows {
            std::future::pending::<()>().await;
        }
        envelopes.iter().map(|_| Ok(())).collect()
    }
}
