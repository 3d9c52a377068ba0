//! F33: no provider is called within a transaction, nor while a connection is held.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use payments::provider::{Call, Intent, Provider, Refund, Wish};
use payments::stripe::Stripe;
use payments::workers::{refund, settle};
use payments::{App, MIGRATOR, SCHEMA, Terms};
use secrecy::SecretString;
use service::{Clock, PublicUrl, Sessions};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use stripe_sandbox::{Options, Sandbox};
use testkit::TestApp;

use crate::world::{HOLD, Order, QUICK, open, pay, provider};

/// Stripe, called only while the service's one connection is free and nobody is within a transaction.
struct Watched {
    stripe: Arc<Stripe>,
    db: PgPool,
    calls: AtomicUsize,
}

impl Watched {
    async fn look(&self) {
        let mut connection = self.db.acquire().await.expect("a connection is held during a call of the provider");
        let open: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()",
        )
        .fetch_one(&mut *connection)
        .await
        .expect("a query");
        assert_eq!(open, 0, "a transaction is open during a call of the provider");
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    fn watch<'a, T: Send + 'a>(&'a self, call: Call<'a, T>) -> Call<'a, T> {
        Box::pin(async move {
            self.look().await;
            let answer = call.await;
            self.look().await;
            answer
        })
    }
}

impl Provider for Watched {
    fn open<'a>(&'a self, key: &'a str, wish: &'a Wish) -> Call<'a, Intent> {
        self.watch(self.stripe.open(key, wish))
    }

    fn confirm<'a>(&'a self, key: &'a str, intent: &'a str, token: &'a SecretString) -> Call<'a, Intent> {
        self.watch(self.stripe.confirm(key, intent, token))
    }

    fn ask<'a>(&'a self, intent: &'a str) -> Call<'a, Intent> {
        self.watch(self.stripe.ask(intent))
    }

    fn cancel<'a>(&'a self, intent: &'a str) -> Call<'a, Intent> {
        self.watch(self.stripe.cancel(intent))
    }

    fn refund<'a>(&'a self, key: &'a str, intent: &'a str) -> Call<'a, Refund> {
        self.watch(self.stripe.refund(key, intent))
    }

    fn ask_refund<'a>(&'a self, refund: &'a str) -> Call<'a, Refund> {
        self.watch(self.stripe.ask_refund(refund))
    }

    fn find_refund<'a>(&'a self, intent: &'a str) -> Call<'a, Option<Refund>> {
        self.watch(self.stripe.find_refund(intent))
    }
}

#[tokio::test]
async fn every_call_of_the_provider_is_outside_of_one() {
    let many = testkit::database(SCHEMA, &MIGRATOR).await;
    let one = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(5));
    let db = one.connect_lazy_with((*many.connect_options()).clone());
    let stripe = Sandbox::start(Options::default()).await.expect("a sandbox");
    let watched = Watched { stripe: provider(&stripe, QUICK), db: db.clone(), calls: AtomicUsize::new(0) };
    let (watched, clock) = (Arc::new(watched), Clock::system());
    let sessions = Sessions::new(&testkit::KEY.into(), db.clone(), clock.clone(), &PublicUrl::default());
    let payments = App::new(db, sessions.clone(), clock.clone(), watched.clone(), Terms::default());
    let app = TestApp::start(payments::build(payments.clone()), &sessions).await;

    let ann = app.sign_in();
    let orders: Vec<_> = (0..3).map(|_| Order::new(ann.id, 2000, clock.now() + HOLD)).collect();
    for order in &orders {
        app.deliver(&order.created()).await;
    }
    // Opened, confirmed; again declined, and what is left of it cancelled.
    let paid = pay(&ann, &orders[0], "tok_visa").await.is(201);
    pay(&ann, &orders[1], "tok_chargeDeclined").await.is(400);
    assert_eq!(settle::settle_once(&payments).await.expect("settling"), 1);
    // Opened, asked for again, ended by a token; and ended by the settle worker.
    open(&ann, &orders[1]).await.is(201);
    open(&ann, &orders[1]).await.is(201);
    pay(&ann, &orders[1], "tok_visa").await.is(201);
    open(&ann, &orders[2]).await.is(201);
    app.deliver(&orders[2].expiring(2)).await;
    assert_eq!(settle::settle_once(&payments).await.expect("settling"), 1);
    // Given back.
    let id = serde_json::from_value(paid["id"].clone()).expect("an id");
    app.deliver(&orders[0].refund(id)).await;
    assert_eq!(refund::refund_once(&payments).await.expect("refunding"), 1);
    assert_eq!(watched.calls.load(Ordering::Relaxed), 2 * 16, "sixteen calls, each watched before and after");
}
