//! Tickets, orders and payments side by side, for a test that moves their events itself.

use std::sync::Arc;
use std::time::Duration as Wait;

use orders::Rules;
use payments::stripe::{Pace, Stripe};
use secrecy::SecretString;
use service::settings::PublicUrl;
use service::{Clock, Sessions};
use stripe_sandbox::{Handle, Sandbox};
use testkit::TestApp;
use time::Duration;

/// The three services that have to agree, and what they stand on.
pub struct World {
    /// By [`TICKETS`], [`ORDERS`] and [`PAYMENTS`]. Nothing runs in their background.
    pub apps: [TestApp; 3],
    /// For the rounds of its workers.
    pub payments: payments::App,
    /// Who takes the money.
    pub sandbox: Handle,
    /// What time it is, for all of them.
    pub clock: Clock,
}

pub const TICKETS: usize = 0;
pub const ORDERS: usize = 1;
pub const PAYMENTS: usize = 2;

impl World {
    /// Starts them, each with a database of its own.
    pub async fn start() -> Self {
        let clock = Clock::at(events::Timestamp::now());
        let key = SecretString::from(testkit::KEY);
        let sessions = |db| Sessions::new(&key, db, clock.clone(), &PublicUrl::default());
        let sandbox = Sandbox::start(stripe_sandbox::Options::default()).await.unwrap();

        let db = testkit::database("tickets", &tickets::MIGRATOR).await;
        let tickets_sessions = sessions(db.clone());
        let tickets = tickets::App::new(db, tickets_sessions.clone(), &clock, tickets::Limits::default());

        let db = testkit::database("orders", &orders::MIGRATOR).await;
        let orders_sessions = sessions(db.clone());
        let orders = orders::App::new(db, orders_sessions.clone(), clock.clone(), rules());

        let db = testkit::database("payments", &payments::MIGRATOR).await;
        let payments_sessions = sessions(db.clone());
        let stripe = Stripe::new(&sandbox.url, &SecretString::from(sandbox.secret_key()), Pace::STRIPE).unwrap();
        let terms = payments::Terms {
            tries_per_address: 100_000.try_into().unwrap(),
            // A request whose payment takes its time is answered that it does; the workers find out the rest.
            patience: Wait::from_millis(20),
            ..payments::Terms::default()
        };
        let payments = payments::App::new(db, payments_sessions.clone(), clock.clone(), Arc::new(stripe), terms);

        let apps = [
            TestApp::start(tickets::build(tickets), &tickets_sessions).await,
            TestApp::start(orders::build(orders), &orders_sessions).await,
            TestApp::start(payments::build(payments.clone()), &payments_sessions).await,
        ];
        Self { apps, payments, sandbox, clock }
    }
}

/// What orders go by.
pub fn rules() -> Rules {
    Rules { hold: Duration::minutes(15), live_holds_max: 10, payment_answer_max: Duration::minutes(2) }
}
