//! F3: the end of an order's time, its payment, its buyer and another buyer, in every order in which they can meet.

use std::collections::BTreeMap;
use std::env;

use events::orders::OrderStatus::{Cancelled, Complete};
use events::payments::PaymentCreated;
use events::{OrderId, TicketId};
use futures::future::join_all;
use orders::{Rules, sweep};
use serde_json::json;
use testkit::User;
use tokio::task::JoinSet;

use crate::world::{World, closed, orders, paid, path, started, time_up};

/// What may happen to an order of Ann's, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    TimeUp,
    PaymentStarted,
    Paid,
    PaymentClosed,
    AnnGivesUp,
    BobOrders,
    Sweep,
}

const STEPS: [Step; 7] = [
    Step::TimeUp,
    Step::PaymentStarted,
    Step::Paid,
    Step::PaymentClosed,
    Step::AnnGivesUp,
    Step::BobOrders,
    Step::Sweep,
];

/// An order of Ann's, and what comes of it.
struct Story<'a> {
    world: &'a World,
    ann: &'a User,
    bob: &'a User,
    ticket: TicketId,
    order: OrderId,
    payment: PaymentCreated,
}

impl<'a> Story<'a> {
    async fn begin(world: &'a World, ann: &'a User, bob: &'a User) -> Self {
        let ticket = world.a_ticket().await;
        let order = world.order(ann, ticket).await;
        // Its time is up, which is not to say that anybody knows.
        world.pass_the_hold();
        Self { world, ann, bob, ticket, order, payment: paid(order) }
    }

    /// Lets `step` happen. Returns the order it made, if it made one.
    async fn take(&self, step: Step) -> Option<OrderId> {
        match step {
            Step::TimeUp => self.world.hears(&time_up(self.order)).await,
            Step::PaymentStarted => self.world.hears(&started(self.order)).await,
            Step::Paid => self.world.hears(&self.payment).await,
            Step::PaymentClosed => self.world.hears(&closed(self.order)).await,
            Step::AnnGivesUp => {
                let answer = self.ann.delete(path(self.order)).await;
                if answer.status != 204 {
                    answer.refuses(400, "Cannot cancel a completed order");
                }
            }
            Step::BobOrders => {
                let answer = self.bob.post("/api/orders", json!({ "ticketId": self.ticket })).await;
                if answer.status == 201 {
                    return answer.json["id"].as_str().unwrap().parse().ok();
                }
                answer.refuses(400, "Ticket is already reserved");
            }
            Step::Sweep => {
                let (db, patience) = (self.world.db(), Rules::default().payment_answer_max);
                let now = self.world.clock.now() + patience;
                sweep::overdue(db, now).await.unwrap();
                sweep::unanswered(db, now, patience).await.unwrap();
            }
        }
        None
    }

    /// The end. Bob pays for what he got, and it is his; of Ann's order all is said, so that it is settled. Returns
    /// the payments there were.
    async fn end(self, bobs: Option<OrderId>) -> Vec<PaymentCreated> {
        let mut payments = vec![self.payment];
        if let Some(order) = bobs {
            payments.push(paid(order));
            self.world.hears(&payments[1]).await;
            assert_eq!(self.world.stands(order).await.0, Complete, "nobody takes from Bob what he holds");
        }
        for _ in 0..2 {
            self.world.hears(&time_up(self.order)).await;
            self.world.hears(&closed(self.order)).await;
        }
        let (status, _) = self.world.stands(self.order).await;
        assert!([Complete, Cancelled].contains(&status), "it is {status} for ever");
        payments
    }
}

fn permutations(steps: &[Step]) -> Vec<Vec<Step>> {
    if steps.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, first) in steps.iter().enumerate() {
        let mut rest = steps.to_vec();
        rest.remove(index);
        all.extend(permutations(&rest).into_iter().map(|rest| [&[*first], &*rest].concat()));
    }
    all
}

/// Plays `histories` one after the other on a service of their own, and looks at what is left.
async fn play(histories: Vec<Vec<Step>>) {
    let world = orders().await;
    let (ann, bob) = (world.sign_in(), world.sign_in());
    let mut payments = Vec::new();
    let mut told = BTreeMap::new();
    for history in histories {
        let story = Story::begin(&world, &ann, &bob).await;
        told.insert(story.order.to_string(), history.clone());
        let mut bobs = None;
        for step in history {
            bobs = bobs.or(story.take(step).await);
        }
        payments.extend(story.end(bobs).await);
    }
    if let Err(wrong) = world.audit(&payments).await {
        let history = told.iter().find(|(order, _)| wrong.contains(*order)).map(|(_, history)| history);
        panic!("{wrong}\n{history:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_whatever_order_it_happens_one_owns_the_ticket_and_no_money_is_kept_for_nothing() {
    let all = permutations(&STEPS);
    assert_eq!(all.len(), 5040);
    // Parts, so that they can be played at the same time, and that no session gets too old meanwhile.
    let mut parts: JoinSet<()> = all.chunks(420).map(|part| play(part.to_vec())).collect();
    while let Some(played) = parts.join_next().await {
        played.unwrap();
    }
}

/// The same at the same time, twice each: what the locks and the index are for. `RACES=1000` looks longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_at_once_is_one_of_those_orders() {
    let rounds: usize = env::var("RACES").map_or(50, |rounds| rounds.parse().expect("RACES is a number"));
    let world = orders().await;
    let (ann, bob) = (world.sign_in(), world.sign_in());
    let mut payments = Vec::new();
    for _ in 0..rounds {
        let story = Story::begin(&world, &ann, &bob).await;
        let made = join_all(STEPS.iter().chain(&STEPS).map(|step| story.take(*step))).await;
        payments.extend(story.end(made.into_iter().flatten().next()).await);
    }
    world.audit(&payments).await.unwrap();
}
