//! Orders, tickets and payments together, with their events, requests and timers in any order whatsoever.
//!
//! There is no broker here: a random but repeatable choice decides what happens next. Each event waits in flight until
//! it is drawn, is sometimes delivered twice, and goes back if it came too early. Buyers order, pay and give up, the
//! provider's answers are held back for a while, and the clock jumps past the end of the hold at some moment. However it
//! went, in the end every ticket is sold at most once, and all money taken is for a completed order or was given back.
//!
//! `ROUNDS` says how many stories are played (each has its own seed), `SEED` where to start: a failure names its seed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};

use events::expiration::ExpirationComplete;
use events::orders::OrderStatus;
use events::{Envelope, OrderId, UserId, Verdict, outbox};
use futures::FutureExt;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use stripe_sandbox::{Fault, Outcome};
use testkit::{Answer, User};
use time::Duration;
use tokio::task::JoinHandle;

use crate::trio::{ORDERS, PAYMENTS, TICKETS, World, rules};

/// Stories played where nobody says how many.
const ROUNDS: u64 = 150;
/// Choices after which a story must have come to its end.
const STEPS_MAX: usize = 4_000;

/// What may happen next, beside a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// A buyer tries to order the ticket.
    Order(usize),
    /// A buyer begins to pay the order they have, with this card; the provider may take its time.
    Pay(usize, &'static str),
    /// The provider answers whom it kept waiting.
    Answer,
    /// A buyer gives their order up.
    GiveUp(usize),
    /// The hold runs out: the clock jumps, and every timer rings.
    RunOut,
    /// The workers of payments and the sweep of orders do a round.
    Work,
}

struct Story<'a> {
    world: &'a World,
    random: StdRng,
    /// Events on their way: to which service, and how often they were delivered.
    flying: Vec<(usize, Envelope, i64)>,
    /// Every event once, in the order of its publication.
    published: Vec<Envelope>,
    ticket: String,
    buyers: [UserId; 3],
    /// The orders each buyer made.
    orders: Vec<(usize, OrderId)>,
    paying: Vec<JoinHandle<Answer>>,
    log: Vec<String>,
}

impl<'a> Story<'a> {
    async fn begin(world: &'a World, seed: u64) -> Self {
        let seller = world.apps[TICKETS].sign_in();
        let ticket = seller.post("/api/tickets", json!({ "title": "Hamlet", "price": 19.99 })).await.is(201);
        let mut story = Self {
            world,
            random: StdRng::seed_from_u64(seed),
            flying: Vec::new(),
            published: Vec::new(),
            ticket: ticket["id"].as_str().unwrap().to_owned(),
            buyers: [(); 3].map(|()| UserId::new()),
            orders: Vec::new(),
            paying: Vec::new(),
            log: Vec::new(),
        };
        story.collect().await;
        while !story.flying.is_empty() {
            story.deliver().await;
        }
        story
    }

    /// Takes what was published into flight, to every service that may listen.
    async fn collect(&mut self) {
        for (from, app) in self.world.apps.iter().enumerate() {
            for envelope in outbox::pending(app.db()).await.unwrap() {
                for to in [TICKETS, ORDERS, PAYMENTS] {
                    if to != from {
                        self.flying.push((to, envelope.clone(), 0));
                    }
                }
                self.published.push(envelope);
            }
            app.forget_published().await;
        }
    }

    /// Delivers any of the events in flight.
    async fn deliver(&mut self) {
        let drawn = self.random.random_range(0..self.flying.len());
        let (to, envelope, count) = self.flying.swap_remove(drawn);
        let verdict = self.world.apps[to].receive(&envelope, count.min(1) + 1).await;
        self.log.push(format!("{to} {} {verdict:?}", envelope.subject));
        match verdict {
            Verdict::Retry(_) => self.flying.push((to, envelope, count + 1)),
            Verdict::Done if self.random.random_bool(0.2) => self.flying.push((to, envelope, count + 1)),
            Verdict::Done | Verdict::Repeat | Verdict::Ignored => {}
            Verdict::Dead => {
                panic!("a dead letter: {} {}", envelope.subject, String::from_utf8_lossy(&envelope.payload))
            }
        }
    }

    fn user(&self, app: usize, buyer: usize) -> User {
        self.world.apps[app].sign_in_as(self.buyers[buyer])
    }

    /// The last order of a buyer.
    fn order_of(&self, buyer: usize) -> Option<OrderId> {
        self.orders.iter().rev().find(|(by, _)| *by == buyer).map(|(_, id)| *id)
    }

    async fn act(&mut self, act: Act) {
        self.log.push(format!("{act:?}"));
        match act {
            Act::Order(buyer) => {
                let answer = self.user(ORDERS, buyer).post("/api/orders", json!({ "ticketId": self.ticket })).await;
                if answer.status == 201 {
                    self.orders.push((buyer, serde_json::from_value(answer.json["id"].clone()).unwrap()));
                } else {
                    answer.refuses(400, "Ticket is already reserved");
                }
            }
            Act::Pay(buyer, token) => {
                let Some(order) = self.order_of(buyer) else { return };
                match self.random.random_range(0..4) {
                    0 => self.world.sandbox.plan("POST /v1/payment_intents", Fault::Hold, 1).unwrap(),
                    1 => self.world.sandbox.plan("POST /v1/payment_intents", Fault::HoldAnswer, 1).unwrap(),
                    2 => self.world.sandbox.next_payment(Outcome::Processing).unwrap(),
                    _ => {}
                }
                let user = self.user(PAYMENTS, buyer);
                let mut paying = tokio::spawn(async move {
                    user.post("/api/payments", json!({ "orderId": order, "token": token })).await
                });
                // Until it is answered, or the provider has it and does not answer yet.
                tokio::select! {
                    () = self.world.sandbox.until_held(1) => self.paying.push(paying),
                    _ = &mut paying => {}
                }
                self.world.sandbox.clear_plans();
            }
            Act::Answer => self.answer().await,
            Act::GiveUp(buyer) => {
                let Some(order) = self.order_of(buyer) else { return };
                let answer = self.user(ORDERS, buyer).delete(format!("/api/orders/{order}")).await;
                assert!(matches!(answer.status, 204 | 400), "{answer:?}");
            }
            Act::RunOut => {
                self.world.clock.advance(Duration::minutes(16));
                for (_, order_id) in &self.orders {
                    let envelope = Envelope::of(&ExpirationComplete { order_id: *order_id }).unwrap();
                    self.flying.push((ORDERS, envelope, 0));
                }
            }
            Act::Work => self.work().await,
        }
        self.collect().await;
    }

    /// The provider answers everybody, and payments in the bank's hands come to an end.
    async fn answer(&mut self) {
        self.world.sandbox.release(usize::MAX);
        for paying in self.paying.drain(..) {
            paying.await.unwrap();
        }
        for intent in self.world.sandbox.intents() {
            if intent["status"] == "processing" {
                let declined = self.random.random_bool(0.5).then_some(stripe_sandbox::Decline::Generic);
                self.world.sandbox.settle(intent["id"].as_str().unwrap(), declined).unwrap();
            }
        }
    }

    async fn work(&mut self) {
        payments::workers::settle::settle_once(&self.world.payments).await.unwrap();
        payments::workers::refund::refund_once(&self.world.payments).await.unwrap();
        let (db, now) = (self.world.apps[ORDERS].db(), self.world.clock.now());
        orders::sweep::overdue(db, now).await.unwrap();
        orders::sweep::unanswered(db, now, rules().payment_answer_max).await.unwrap();
    }

    /// Plays a handful of acts among the deliveries, then lets everything come to its end.
    async fn play(&mut self) {
        let mut acts = vec![Act::Order(0), Act::Order(1), Act::Pay(0, "tok_visa"), Act::RunOut, Act::Order(2)];
        for _ in 0..self.random.random_range(4..12) {
            let buyer = self.random.random_range(0..3);
            acts.push(match self.random.random_range(0..7) {
                0 => Act::Order(buyer),
                1 => Act::Pay(buyer, "tok_chargeDeclined"),
                2 | 3 => Act::Pay(buyer, "tok_visa"),
                4 => Act::Answer,
                5 => Act::GiveUp(buyer),
                _ => Act::Work,
            });
        }
        // The first buyer orders first; all else is left to chance.
        self.act(acts.remove(0)).await;
        while !acts.is_empty() {
            if !self.flying.is_empty() && self.random.random_bool(0.7) {
                self.deliver().await;
                self.collect().await;
            } else {
                let next = self.random.random_range(0..acts.len());
                let act = acts.swap_remove(next);
                self.act(act).await;
            }
        }
        self.act(Act::RunOut).await;
        for _ in 0..STEPS_MAX {
            if self.flying.is_empty() {
                self.act(Act::Answer).await;
                self.world.clock.advance(Duration::minutes(3));
                self.act(Act::Work).await;
                if self.flying.is_empty() && self.is_over().await {
                    return;
                }
            } else {
                self.deliver().await;
                self.collect().await;
                if self.random.random_bool(0.1) {
                    self.act(Act::Work).await;
                }
            }
        }
        panic!(
            "it never ended; in flight: {:?}",
            self.flying.iter().map(|(to, e, _)| (to, &e.subject)).collect::<Vec<_>>()
        );
    }

    async fn orders(&self) -> Vec<(OrderId, Value)> {
        let mut orders = Vec::new();
        for (buyer, id) in &self.orders {
            orders.push((*id, self.user(ORDERS, *buyer).get(format!("/api/orders/{id}")).await.is(200)));
        }
        orders
    }

    async fn payments(&self) -> Vec<Value> {
        let mut payments = Vec::new();
        for (buyer, id) in &self.orders {
            let answer = self.user(PAYMENTS, *buyer).get(format!("/api/payments?orderId={id}")).await.is(200);
            payments.extend(answer.as_array().unwrap().clone());
        }
        payments
    }

    /// Whether nothing is left that would still change by itself.
    async fn is_over(&self) -> bool {
        let orders = self.orders().await;
        let ended = orders.iter().all(|(_, order)| {
            matches!(
                serde_json::from_value(order["status"].clone()).unwrap(),
                OrderStatus::Complete | OrderStatus::Cancelled
            )
        });
        let complete = |id: &Value| orders.iter().any(|(_, order)| order["id"] == *id && order["status"] == "complete");
        ended
            && self.payments().await.iter().all(|payment| match payment["status"].as_str().unwrap() {
                "created" => false,
                "completed" => complete(&payment["orderId"]),
                _ => true,
            })
    }

    /// What must be true however it went.
    async fn check(&self) {
        let orders = self.orders().await;
        let complete: Vec<_> = orders.iter().filter(|(_, order)| order["status"] == "complete").collect();
        assert!(complete.len() <= 1, "sold {} times", complete.len());

        let payments = self.payments().await;
        let paid: Vec<_> = payments.iter().filter(|payment| payment["status"] == "completed").collect();
        assert_eq!(paid.len(), complete.len(), "one payment for the ticket, and only if it is sold: {payments:#?}");

        // Of the provider's charges, those of this story.
        let ours: Vec<_> = payments.iter().map(|payment| payment["stripeId"].clone()).collect();
        for charge in &self.world.sandbox.ledger().charges {
            let Some(intent) = &charge.payment_intent else { continue };
            if !ours.iter().any(|id| id == intent) {
                continue;
            }
            assert_eq!(charge.amount, 1999);
            let kept = charge.amount - charge.refunded;
            let sold = paid.iter().any(|payment| payment["stripeId"] == **intent);
            assert_eq!(kept, if sold { 1999 } else { 0 }, "{charge:?}");
        }

        let anyone = self.world.apps[TICKETS].anonymous();
        let ticket = anyone.get(format!("/api/tickets/{}", self.ticket)).await.is(200);
        let owner = complete.first().map(|(id, _)| json!(id));
        assert_eq!(ticket.get("orderId"), owner.as_ref(), "the ticket is its buyer's, or free");
        assert_eq!(ticket["status"], if owner.is_some() { "sold" } else { "available" });

        self.check_versions();
    }

    /// F8: of every ticket and order, each version was published, and in its order.
    fn check_versions(&self) {
        let mut versions = BTreeMap::<String, Vec<i64>>::new();
        for envelope in &self.published {
            let event: Value = serde_json::from_slice(&envelope.payload).unwrap();
            if let Some(version) = event["version"].as_i64() {
                versions.entry(event["id"].as_str().unwrap().to_owned()).or_default().push(version);
            }
        }
        for (id, versions) in versions {
            assert_eq!(versions, (1..=i64::try_from(versions.len()).unwrap()).collect::<Vec<_>>(), "{id}");
        }
    }
}

#[tokio::test]
async fn f3_however_events_requests_and_timers_mix_nobody_pays_for_nothing_and_nothing_is_sold_twice() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let first = number("SEED").unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let rounds = if number("SEED").is_some() { 1 } else { ROUNDS };
    let world = World::start().await;
    let mut ends = BTreeMap::<String, u64>::new();
    for seed in first..first + number("ROUNDS").unwrap_or(rounds) {
        let mut story = Story::begin(&world, seed).await;
        let told = AssertUnwindSafe(async {
            story.play().await;
            story.check().await;
        });
        if let Err(failure) = told.catch_unwind().await {
            println!("{}\nto see it again: SEED={seed}", story.log.join("\n"));
            resume_unwind(failure);
        }
        for payment in story.payments().await {
            *ends.entry(format!("payments {}", payment["status"])).or_default() += 1;
        }
        for (_, order) in story.orders().await {
            *ends.entry(format!("orders {}", order["status"])).or_default() += 1;
        }
    }
    println!("how they ended: {ends:?}");
}
