//! Whatever happens, in whatever order: in the end an order that is complete was paid once, and any other not at all.
//!
//! Buyers pay, twice and in two windows, browsers confirm, answers get lost, requests die, time passes, webhooks come
//! late, twice and backwards, and `orders`, as far as it matters here, does what it does. `SEEDS=1000` tries more.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::time::Duration;

use futures::future::join_all;
use payments::Terms;
use payments::payment::{Payment, Status};
use payments::routes::pay::charge;
use serde_json::Value;
use stripe_sandbox::Fault;
use testkit::User;

use crate::world::{ASK, CANCEL, CONFIRM, OPEN, Order, REFUND, World, open, pay};

/// Runs, unless the environment says otherwise, and how many of them at a time.
const SEEDS: u64 = 24;
const AT_A_TIME: usize = 4;
/// What happens in a run before it comes to its end.
const STEPS: usize = 14;
const PRICE: i64 = 1999;

/// A small generator of numbers (xorshift): the same ones for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap_or(0)
    }

    fn of<T: Copy>(&mut self, those: &[T]) -> T {
        those[self.below(those.len())]
    }
}

/// The order as `orders` has it.
struct Orders {
    order: Order,
    version: i64,
    status: &'static str,
    expiring: bool,
    /// Whether somebody else has the ticket, once this order gave it back.
    taken: bool,
    paid_by: Option<String>,
    heard: HashSet<String>,
}

impl Orders {
    /// Hears what was told since, once each, and answers it.
    async fn hear(&mut self, world: &World) {
        for envelope in events::outbox::pending(world.app.db()).await.expect("the outbox") {
            if !self.heard.insert(envelope.id.to_string()) {
                continue;
            }
            let event: Value = serde_json::from_slice(&envelope.payload).expect("an event");
            match (&*envelope.subject, self.status) {
                ("payment:started", "created") => {
                    self.status = "awaiting:payment";
                    let version = self.next();
                    let event = self.order.updated(version);
                    world.app.deliver(&event).await;
                }
                ("payment:closed", "awaiting:payment") if self.expiring => self.cancel(world).await,
                ("payment:closed", "awaiting:payment") => {
                    self.status = "created";
                    let version = self.next();
                    let event = self.order.updated(version);
                    world.app.deliver(&event).await;
                }
                ("payment:created", status) => {
                    let id = event["id"].as_str().expect("an id").to_owned();
                    if self.paid_by.as_ref() == Some(&id) {
                        continue;
                    }
                    if status == "complete" || (status == "cancelled" && self.taken) {
                        let id = id.parse().expect("an id");
                        world.app.deliver(&self.order.refund(id)).await;
                    } else {
                        (self.status, self.paid_by) = ("complete", Some(id));
                        let version = self.next();
                        let event = self.order.completed(version);
                        world.app.deliver(&event).await;
                    }
                }
                _ => {}
            }
        }
    }

    /// Time is up, or the buyer gave it up.
    async fn end(&mut self, world: &World) {
        match self.status {
            "created" => self.cancel(world).await,
            "awaiting:payment" if !self.expiring => {
                self.expiring = true;
                let version = self.next();
                let event = self.order.expiring(version);
                world.app.deliver(&event).await;
            }
            _ => {}
        }
    }

    async fn cancel(&mut self, world: &World) {
        self.status = "cancelled";
        let version = self.next();
        let event = self.order.cancelled(version);
        world.app.deliver(&event).await;
    }

    fn next(&mut self) -> i64 {
        self.version += 1;
        self.version
    }
}

async fn step(world: &World, orders: &mut Orders, ann: &User, secrets: &mut Vec<String>, chance: &mut Chance) {
    let tokens = ["tok_visa", "tok_visa", "tok_mastercard", "tok_chargeDeclined"];
    let (one, other) = (chance.of(&tokens), chance.of(&tokens));
    let order = &orders.order;
    match chance.below(12) {
        0 => drop(pay(ann, order, one).await),
        1 => drop(tokio::join!(pay(ann, order, one), pay(ann, order, other), open(ann, order))),
        2 => {
            // A process that dies, anywhere.
            let (app, user, id) = (world.payments.clone(), ann.id, order.id);
            let request = tokio::spawn(async move { charge(&app, user, id, one.into()).await });
            tokio::time::sleep(Duration::from_millis(chance.below(30) as u64)).await;
            request.abort();
        }
        3 | 4 => {
            let answer = open(ann, order).await;
            secrets.extend(answer.json["clientSecret"].as_str().map(str::to_owned));
        }
        5 => {
            if !secrets.is_empty() {
                let secret = &secrets[chance.below(secrets.len())];
                world.confirm_in_browser(secret, one).await;
            }
        }
        6 | 7 => {
            let call = chance.of(&[OPEN, CONFIRM, CONFIRM, ASK, CANCEL, REFUND]);
            let faults = [Fault::LoseAnswer, Fault::LoseRequest, Fault::Fail(500), Fault::Fail(503), Fault::Fail(429)];
            let (fault, times) = (chance.of(&faults), chance.of(&[1, 2, 6]));
            world.stripe.plan(call, fault, times).expect("a plan");
        }
        8 => world.advance(time::Duration::seconds(chance.of(&[1, 15, 45, 300]))),
        9 => {
            world.settle().await;
            world.refund().await;
        }
        10 => webhooks(world, chance).await,
        _ => {
            orders.end(world).await;
            orders.taken |= chance.below(2) == 0;
        }
    }
    if chance.below(2) == 0 {
        orders.hear(world).await;
    }
}

/// Some of all there ever were, in any order.
async fn webhooks(world: &World, chance: &mut Chance) {
    let events = world.stripe.events();
    for _ in 0..chance.below(4).min(events.len()) {
        let event = &events[chance.below(events.len())];
        world.stripe.deliver(event["id"].as_str().expect("an id")).await.expect("an event");
    }
}

/// Everything works again, time is up, and all is heard.
async fn ending(world: &World, orders: &mut Orders) {
    world.stripe.clear_plans();
    for _ in 0..8 {
        // Past every back-off, and in the end past what the provider remembers of keys.
        world.advance(time::Duration::hours(6));
        orders.hear(world).await;
        orders.end(world).await;
        world.stripe.deliver_all().await.expect("webhooks");
        while world.settle().await + world.refund().await > 0 {}
        orders.hear(world).await;
    }
}

fn check(world: &World, orders: &Orders, rows: &[Payment], told: &[String], seed: u64) {
    let of = |status: Status| rows.iter().filter(|payment| payment.status == status).count();
    let count = |subject: &str| told.iter().filter(|told| *told == subject).count();
    let net: i64 = world.charges().iter().map(|(amount, refunded)| amount - refunded).sum();
    let complete = orders.status == "complete";
    let story = format!("seed {seed}: {} {told:?}\n{rows:#?}\n{:?}", orders.status, world.charges());

    assert_eq!(net, if complete { PRICE } else { 0 }, "{story}");
    assert_eq!(of(Status::Completed), usize::from(complete), "{story}");
    assert_eq!(of(Status::Created), 0, "something is still under way\n{story}");
    assert!(complete || orders.status == "cancelled", "the order has no end\n{story}");
    assert_eq!(count("payment:started"), rows.len(), "{story}");
    assert_eq!(count("payment:refunded"), of(Status::Refunded), "{story}");
    assert!(rows.iter().all(|payment| payment.next_look_at.is_none() && payment.next_refund_at.is_none()), "{story}");
    let known: HashSet<_> = rows.iter().filter_map(|payment| payment.stripe_id.as_deref()).collect();
    for intent in world.stripe.intents() {
        let ended = ["succeeded", "canceled"].contains(&intent["status"].as_str().expect("a status"));
        let ours = known.contains(intent["id"].as_str().expect("an id"));
        assert!(ended || !ours, "an intent is still open: {intent}\n{story}");
    }
}

async fn run(seed: u64) {
    let unlimited =
        Terms { tries_per_account: NonZeroU32::MAX, tries_per_address: NonZeroU32::MAX, ..Terms::default() };
    let world = World::by(Terms { patience: Duration::from_millis(400), ..unlimited }).await;
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let ann = world.app.sign_in();
    let order = world.an_order_at(&ann, PRICE).await;
    let mut orders = Orders {
        order,
        version: 1,
        status: "created",
        expiring: false,
        taken: false,
        paid_by: None,
        heard: HashSet::new(),
    };
    let mut secrets = Vec::new();
    for _ in 0..STEPS {
        step(&world, &mut orders, &ann, &mut secrets, &mut chance).await;
    }
    ending(&world, &mut orders).await;
    let (rows, told) = (world.payments_of(&orders.order).await, world.told().await);
    check(&world, &orders, &rows, &told, seed);
    world.app.db().close().await;
}

#[tokio::test]
async fn who_paid_has_the_ticket_and_who_has_it_not_has_the_money() {
    let seeds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    let seeds: Vec<u64> = (0..seeds).collect();
    for some in seeds.chunks(AT_A_TIME) {
        join_all(some.iter().map(|seed| run(*seed))).await;
    }
}
