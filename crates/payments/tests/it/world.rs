//! What a test stands on: the service, a database, a stand-in for Stripe, and one clock for all of them.

use std::time::Duration;

use events::orders::{
    HeldTicket, OrderCancelled, OrderCompleted, OrderCreated, OrderExpiring, OrderStatus, OrderUpdated,
    RefundRequested, ReleasedTicket,
};
use events::{Cents, OrderId, PaymentId, TicketId, Timestamp, UserId, Verdict, Version};
use payments::payment::Payment;
use payments::stripe::{Pace, Stripe};
use payments::workers::{refund, settle};
use payments::{App, MIGRATOR, SCHEMA, Terms, store};
use serde_json::{Value, json};
use service::{Clock, PublicUrl, Sessions};
use sqlx::PgPool;
use stripe_sandbox::{Handle, Options, Sandbox};
use testkit::{Answer, TestApp, User};

/// The secret that signs the stand-in's webhooks.
pub const WEBHOOK_SECRET: &str = "whsec_test";
/// How long an order's hold lasts in these tests.
pub const HOLD: time::Duration = time::Duration::minutes(15);
/// The provider's calls, as faults are planned for them.
pub const OPEN: &str = "POST /v1/payment_intents";
pub const CONFIRM: &str = "POST /v1/payment_intents/*/confirm";
pub const CANCEL: &str = "POST /v1/payment_intents/*/cancel";
pub const ASK: &str = "GET /v1/payment_intents/*";
pub const REFUND: &str = "POST /v1/refunds";
/// More than one call is ever tried.
pub const EVERY_TRY: u32 = 100;

/// How fast the stand-in is asked: it is near, and what is held should not be given up.
pub const QUICK: Pace = Pace { each: Duration::from_secs(10), pause: Duration::from_millis(1) };

/// The service and all around it.
pub struct World {
    pub app: TestApp,
    pub payments: App,
    pub stripe: Handle,
    pub clock: Clock,
}

impl World {
    /// A world in which nothing has happened.
    pub async fn new() -> Self {
        Self::by(Terms::default()).await
    }

    /// One in which a request does not wait long for the end of a payment.
    pub async fn impatient() -> Self {
        Self::by(Terms { patience: Duration::from_millis(500), ..Terms::default() }).await
    }

    /// One that goes by other terms.
    pub async fn by(terms: Terms) -> Self {
        Self::on(testkit::database(SCHEMA, &MIGRATOR).await, terms).await
    }

    /// One on a database that may have others on it.
    pub async fn on(db: PgPool, terms: Terms) -> Self {
        Self::with_secrets(db, Terms { webhook_secrets: vec![WEBHOOK_SECRET.into()], ..terms }).await
    }

    /// The same with other secrets for webhooks than the stand-in signs with.
    pub async fn with_secrets(db: PgPool, terms: Terms) -> Self {
        let now = Timestamp::from_milliseconds(1_795_235_947_120).expect("a moment");
        Self::at(db, terms, Clock::at(now), stripe_sandbox::Clock::at(now.seconds())).await
    }

    /// One in which time passes by itself.
    pub async fn live() -> Self {
        let db = testkit::database(SCHEMA, &MIGRATOR).await;
        let terms = Terms { webhook_secrets: vec![WEBHOOK_SECRET.into()], ..Terms::default() };
        Self::at(db, terms, Clock::system(), stripe_sandbox::Clock::system()).await
    }

    async fn at(db: PgPool, terms: Terms, clock: Clock, theirs: stripe_sandbox::Clock) -> Self {
        let stripe = Sandbox::start(Options { clock: theirs, ..Options::default() }).await.expect("a sandbox");
        let provider = provider(&stripe, QUICK);
        let sessions = Sessions::new(&testkit::KEY.into(), db.clone(), clock.clone(), &PublicUrl::default());
        let payments = App::new(db, sessions.clone(), clock.clone(), provider, terms);
        let app = TestApp::start(payments::build(payments.clone()), &sessions).await;
        let url = format!("{}/api/payments/webhook", app.url);
        stripe.send_webhooks_to(&url, WEBHOOK_SECRET).expect("an endpoint");
        Self { app, payments, stripe, clock }
    }

    /// Another process of the service, on the same database.
    pub fn replica(&self) -> App {
        let db = self.app.db().clone();
        let sessions = Sessions::new(&testkit::KEY.into(), db.clone(), self.clock.clone(), &PublicUrl::default());
        let provider = provider(&self.stripe, QUICK);
        App::new(db, sessions, self.clock.clone(), provider, Terms::default())
    }

    /// Lets time pass, for us and for the provider.
    pub fn advance(&self, by: time::Duration) {
        self.clock.advance(by);
        self.stripe.advance(by.unsigned_abs());
    }

    /// An order of `buyer`'s, just made, at this many cents.
    pub async fn an_order_at(&self, buyer: &User, cents: i64) -> Order {
        let order = Order::new(buyer.id, cents, self.clock.now() + HOLD);
        assert_eq!(self.app.deliver(&order.created()).await, Verdict::Done);
        order
    }

    /// An order of `buyer`'s, just made, for 20.
    pub async fn an_order(&self, buyer: &User) -> Order {
        self.an_order_at(buyer, 2000).await
    }

    /// An order of `buyer`'s that is paid: with its payment.
    pub async fn a_paid_order(&self, buyer: &User) -> (Order, Payment) {
        let order = self.an_order(buyer).await;
        pay(buyer, &order, "tok_visa").await.is(201);
        let payment = self.only_payment(&order).await;
        (order, payment)
    }

    /// The payments of an order, oldest first.
    pub async fn payments_of(&self, order: &Order) -> Vec<Payment> {
        let mut db = self.app.db().acquire().await.expect("a connection");
        let mut rows = store::payments_of(&mut db, order.user, Some(order.id), None, 100).await.expect("payments");
        rows.reverse();
        rows
    }

    /// The one payment an order has.
    pub async fn only_payment(&self, order: &Order) -> Payment {
        let mut rows = self.payments_of(order).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    /// A payment as it is now.
    pub async fn payment(&self, id: PaymentId) -> Payment {
        let mut db = self.app.db().acquire().await.expect("a connection");
        store::payment(&mut db, id).await.expect("a query").expect("a payment")
    }

    /// The subjects published so far, oldest first.
    pub async fn told(&self) -> Vec<String> {
        self.app.published().await.into_iter().map(|(subject, _)| subject).collect()
    }

    /// Everything the service keeps: to see that nothing happened.
    pub async fn everything(&self) -> Vec<(String, Value)> {
        testkit::Database::of(self.app.db()).contents().await
    }

    /// Lets the settle worker do what is due, and says how much that was.
    pub async fn settle(&self) -> usize {
        settle::settle_once(&self.payments).await.expect("settling")
    }

    /// Lets the refund worker do what is due, and says how much that was.
    pub async fn refund(&self) -> usize {
        refund::refund_once(&self.payments).await.expect("refunding")
    }

    /// What every charge took and gave back at the provider.
    pub fn charges(&self) -> Vec<(i64, i64)> {
        self.stripe.ledger().charges.iter().map(|charged| (charged.amount, charged.refunded)).collect()
    }

    /// How the provider's intents stand, oldest first.
    pub fn intents(&self) -> Vec<String> {
        let status = |intent: &Value| intent["status"].as_str().expect("a status").to_owned();
        self.stripe.intents().iter().map(status).collect()
    }

    /// The buyer's browser confirms an intent, as Stripe's script does it: the status of the answer, 0 if it got lost.
    pub async fn confirm_in_browser(&self, secret: &str, token: &str) -> u16 {
        let intent = secret.split("_secret_").next().expect("an intent's id");
        let form = [
            ("key", self.stripe.publishable_key()),
            ("client_secret", secret),
            ("payment_method_data[type]", "card"),
            ("payment_method_data[card][token]", token),
        ];
        let url = format!("{}/v1/payment_intents/{intent}/confirm", self.stripe.url);
        let browser = reqwest::Client::builder().no_proxy().build().expect("a browser");
        browser.post(url).form(&form).send().await.map_or(0, |answer| answer.status().as_u16())
    }
}

/// The stand-in, called as Stripe.
pub fn provider(stripe: &Handle, pace: Pace) -> std::sync::Arc<Stripe> {
    Stripe::new(&stripe.url, &stripe.secret_key().into(), pace).expect("a client").into()
}

/// Pays for an order with a token.
pub async fn pay(buyer: &User, order: &Order, token: &str) -> Answer {
    buyer.post("/api/payments", json!({ "orderId": order.id, "token": token })).await
}

/// Opens an intent for an order.
pub async fn open(buyer: &User, order: &Order) -> Answer {
    buyer.post("/api/payments/intent", json!({ "orderId": order.id })).await
}

/// An answer's `name`d text.
pub fn text(json: &Value, name: &str) -> String {
    json[name].as_str().unwrap_or_else(|| panic!("no {name} in {json}")).to_owned()
}

/// An order as `orders` tells of it, one version after the other.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: OrderId,
    pub user: UserId,
    ticket: HeldTicket,
    pub expires_at: Timestamp,
}

impl Order {
    pub fn new(user: UserId, cents: i64, expires_at: Timestamp) -> Self {
        let ticket = HeldTicket { id: TicketId::new(), price: Cents(cents) };
        Self { id: OrderId::new(), user, ticket, expires_at }
    }

    pub fn created(&self) -> OrderCreated {
        let Self { id, user, ticket, expires_at } = self.clone();
        OrderCreated { id, version: Version::FIRST, status: OrderStatus::Created, user_id: user, expires_at, ticket }
    }

    pub fn updated(&self, version: i64) -> OrderUpdated {
        let Self { id, user, ticket, expires_at } = self.clone();
        let (version, status) = (Version(version), OrderStatus::AwaitingPayment);
        OrderUpdated { id, version, status, user_id: user, expires_at, ticket }
    }

    pub fn expiring(&self, version: i64) -> OrderExpiring {
        OrderExpiring { id: self.id, version: Version(version) }
    }

    pub fn cancelled(&self, version: i64) -> OrderCancelled {
        OrderCancelled { id: self.id, version: Version(version), ticket: ReleasedTicket { id: self.ticket.id } }
    }

    pub fn completed(&self, version: i64) -> OrderCompleted {
        OrderCompleted { id: self.id, version: Version(version), user_id: self.user, ticket: self.ticket.clone() }
    }

    pub fn refund(&self, payment: PaymentId) -> RefundRequested {
        RefundRequested { payment_id: payment, order_id: self.id }
    }
}
