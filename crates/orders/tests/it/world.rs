//! The service of a test: on a port, with a clock of the test's own, and a neighbourhood played by the test.

use std::collections::{BTreeMap, BTreeSet};

use events::expiration::ExpirationComplete;
use events::orders::OrderStatus;
use events::payments::{PaymentClosed, PaymentCreated, PaymentStarted};
use events::tickets::TicketCreated;
use events::{Cents, Event, OrderId, PaymentId, TicketId, Timestamp, UserId, Verdict, Version};
use orders::{App, MIGRATOR, Rules, SCHEMA};
use serde_json::{Value, json};
use service::{Clock, PublicUrl, Sessions};
use sqlx::PgPool;
use testkit::{KEY, TestApp, User};
use time::Duration;
use uuid::Uuid;

/// The service of a test.
pub struct World {
    pub app: TestApp,
    pub clock: Clock,
    pub service: App,
}

/// An order's id, ticket, status, version, payment and refunds.
type Row = (Uuid, Uuid, String, i64, Option<Uuid>, Vec<Uuid>);

/// The service, as its operator gets it who sets nothing.
pub async fn orders() -> World {
    orders_by(Rules::default()).await
}

/// The service by other rules.
pub async fn orders_by(rules: Rules) -> World {
    let db = testkit::database(SCHEMA, &MIGRATOR).await;
    let clock = Clock::at(Timestamp::now());
    let sessions = Sessions::new(&KEY.into(), db.clone(), clock.clone(), &PublicUrl::default());
    let service = App::new(db, sessions.clone(), clock.clone(), rules);
    let app = TestApp::start(orders::build(service.clone()), &sessions).await;
    World { app, clock, service }
}

impl World {
    pub fn db(&self) -> &PgPool {
        self.app.db()
    }

    pub fn sign_in(&self) -> User {
        self.app.sign_in()
    }

    pub fn pass(&self, minutes: i64) {
        self.clock.advance(Duration::minutes(minutes));
    }

    /// Lets the time of every order so far be up.
    pub fn pass_the_hold(&self) {
        self.clock.advance(Rules::default().hold);
    }

    /// Somebody's ticket, which costs 19.99.
    pub async fn a_ticket(&self) -> TicketId {
        self.a_ticket_of(UserId::new()).await
    }

    pub async fn a_ticket_of(&self, owner: UserId) -> TicketId {
        let ticket = a_listing(owner);
        self.hears(&ticket).await;
        ticket.id
    }

    /// Expects that `event` is handled now.
    pub async fn hears<E: Event>(&self, event: &E) {
        assert_eq!(self.app.deliver(event).await, Verdict::Done, "{}", E::SUBJECT);
    }

    /// `buyer` orders `ticket` and gets it.
    pub async fn order(&self, buyer: &User, ticket: TicketId) -> OrderId {
        let order = buyer.post("/api/orders", json!({ "ticketId": ticket })).await.is(201);
        order["id"].as_str().unwrap().parse().unwrap()
    }

    /// Somebody new orders a ticket of its own.
    pub async fn an_order(&self) -> OrderId {
        let ticket = self.a_ticket().await;
        self.order(&self.sign_in(), ticket).await
    }

    /// … and begins to pay.
    pub async fn an_order_being_paid(&self) -> OrderId {
        let order = self.an_order().await;
        self.hears(&started(order)).await;
        order
    }

    /// … and is not done when its time is up.
    pub async fn an_expiring_order(&self) -> OrderId {
        let order = self.an_order_being_paid().await;
        self.pass_the_hold();
        self.hears(&time_up(order)).await;
        order
    }

    /// An order that ran out unpaid.
    pub async fn a_cancelled_order(&self) -> OrderId {
        let order = self.an_order().await;
        self.pass_the_hold();
        self.hears(&time_up(order)).await;
        order
    }

    /// Where an order stands, and how often it changed.
    pub async fn stands(&self, order: OrderId) -> (OrderStatus, i64) {
        let row = sqlx::query_as("select status, version from orders where id = $1").bind(order);
        row.fetch_one(self.db()).await.unwrap()
    }

    /// The subjects of what was published so far.
    pub async fn subjects(&self) -> Vec<String> {
        self.app.published().await.into_iter().map(|(subject, _)| subject).collect()
    }

    /// Everything published since whenever `forget_published` was called last.
    pub async fn news(&self) -> Vec<(String, Value)> {
        let news = self.app.published().await;
        self.app.forget_published().await;
        news
    }

    /// What must hold of all orders and of all that was published, given the payments that succeeded and came here.
    pub async fn audit(&self, payments: &[PaymentCreated]) -> Result<(), String> {
        let rows: Vec<Row> = sqlx::query_as("select id, ticket_id, status, version, payment_id, refunds from orders")
            .fetch_all(self.db())
            .await
            .unwrap();
        let mut events: BTreeMap<Uuid, Vec<(String, Value)>> = BTreeMap::new();
        let mut refunds = Vec::new();
        for (subject, event) in self.app.published().await {
            let id = |field: &str| event[field].as_str().unwrap().parse::<Uuid>().unwrap();
            match &*subject {
                "refund:requested" => refunds.push((id("orderId"), id("paymentId"))),
                "order:overdue" => {}
                _ => events.entry(id("id")).or_default().push((subject, event)),
            }
        }
        let mut taken = BTreeSet::new();
        for (order, ticket, status, version, payment, asked_back) in &rows {
            let told = events.remove(order).unwrap_or_default();
            let versions: Vec<i64> = told.iter().map(|(_, event)| event["version"].as_i64().unwrap()).collect();
            expect(versions == (1..=*version).collect::<Vec<_>>(), || {
                format!("an event for each version of {order}, in their order: {versions:?} of {version}")
            })?;
            let last = told.last().map_or("nothing", |(subject, _)| subject);
            let fits = match &**status {
                "created" => ["order:created", "order:updated"].contains(&last),
                "awaiting:payment" => ["order:updated", "order:expiring"].contains(&last),
                "complete" => last == "order:completed",
                "cancelled" => last == "order:cancelled",
                _ => false,
            };
            expect(fits, || format!("the last that was told of {order} is {last}, but it is {status}"))?;
            let sales = told.iter().filter(|(subject, _)| subject == "order:completed").count();
            expect(sales <= 1, || format!("{order} was sold {sales} times"))?;
            expect(status == "cancelled" || taken.insert(*ticket), || format!("{ticket} is taken twice"))?;
            expect(payment.is_some() == (status == "complete"), || format!("{order} is {status} by {payment:?}"))?;
            let told_back: Vec<Uuid> = refunds.iter().filter(|(of, _)| of == order).map(|(_, back)| *back).collect();
            expect(told_back == *asked_back, || format!("{order} asked {asked_back:?} back, told {told_back:?}"))?;
        }
        expect(events.is_empty(), || format!("of what orders are these: {events:?}"))?;
        for paid in payments {
            let bought = rows.iter().filter(|row| row.4 == Some(paid.id.0)).count();
            let back = refunds.iter().filter(|(_, payment)| *payment == paid.id.0).count();
            expect(bought + back == 1, || {
                format!("{} bought {bought} tickets and was asked back {back} times", paid.id)
            })?;
        }
        Ok(())
    }
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

pub fn path(order: OrderId) -> String {
    format!("/api/orders/{order}")
}

/// What `tickets` publishes of a new listing of `owner`.
pub fn a_listing(owner: UserId) -> TicketCreated {
    TicketCreated {
        id: TicketId::new(),
        title: "Hamlet".into(),
        price: Cents(1999),
        user_id: owner,
        version: Version::FIRST,
    }
}

pub fn time_up(order: OrderId) -> ExpirationComplete {
    ExpirationComplete { order_id: order }
}

pub fn started(order: OrderId) -> PaymentStarted {
    PaymentStarted { id: PaymentId::new(), order_id: order }
}

pub fn closed(order: OrderId) -> PaymentClosed {
    PaymentClosed { order_id: order }
}

pub fn paid(order: OrderId) -> PaymentCreated {
    PaymentCreated { id: PaymentId::new(), order_id: order, stripe_id: "pi_1".into() }
}
