//! Any order of events, workers and time, against the simplest thing that could be meant.
//!
//! Time is counted in minutes, and every due time and end of a lease is half past one: what the machine needs for a
//! case never changes what is due.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use events::{OrderId, Timestamp};
use expiration::timers::{Claim, Timers};
use proptest::prelude::*;

use crate::{MINUTE, from_now, service_at};

#[derive(Debug, Clone)]
enum Step {
    Arm { order: usize, minute: u32 },
    Rearm { order: usize },
    Drop { order: usize },
    Claim { batch: usize, lease: u32 },
    Complete { claims: usize },
    Release { claims: usize },
    Pass { minutes: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    let order = 0..5_usize;
    prop_oneof![
        3 => (order.clone(), 0..20_u32).prop_map(|(order, minute)| Step::Arm { order, minute }),
        1 => order.clone().prop_map(|order| Step::Rearm { order }),
        1 => order.prop_map(|order| Step::Drop { order }),
        4 => (1..4_usize, 1..4_u32).prop_map(|(batch, lease)| Step::Claim { batch, lease }),
        3 => (0..6_usize).prop_map(|claims| Step::Complete { claims }),
        1 => (0..6_usize).prop_map(|claims| Step::Release { claims }),
        4 => (1..5_u32).prop_map(|minutes| Step::Pass { minutes }),
    ]
}

/// What is meant. Times are in half minutes since the case began.
#[derive(Default)]
struct Model {
    now: u32,
    /// Due, and, if it is claimed, by which claim and until when.
    timers: BTreeMap<usize, (u32, Option<(u64, u32)>)>,
    over: BTreeSet<usize>,
    claims: u64,
}

impl Model {
    fn look_at(&self, order: usize) -> u32 {
        let (due, claim) = self.timers[&order];
        claim.map_or(due, |(_, until)| until)
    }

    fn ready(&self) -> Vec<usize> {
        let mut ready: Vec<_> = self.timers.keys().copied().filter(|order| self.look_at(*order) <= self.now).collect();
        ready.sort_by_key(|order| self.look_at(*order));
        ready
    }
}

async fn run(timers: Timers, steps: Vec<Step>) {
    let orders: Vec<_> = (0..5).map(|_| OrderId::new()).collect();
    let start: Timestamp = from_now(Duration::ZERO);
    let half = |halves: u32| start + time::Duration::seconds(30) * i32::try_from(halves).unwrap();
    let mut model = Model::default();
    let mut taken: Vec<Vec<(u64, usize, Claim)>> = Vec::new();
    for step in steps {
        let timers = timers.ahead(MINUTE / 2 * model.now);
        match step {
            Step::Arm { order, minute } => {
                let due = minute * 2 + 1;
                let new = !model.timers.contains_key(&order) && !model.over.contains(&order);
                assert_eq!(timers.arm(orders[order], half(due)).await.unwrap(), new);
                if new {
                    model.timers.insert(order, (due, None));
                }
            }
            Step::Rearm { order } => {
                let stays = model
                    .timers
                    .get(&order)
                    .is_some_and(|(_, claim)| claim.is_some() || model.look_at(order) <= model.now);
                assert_eq!(timers.rearm(orders[order]).await.unwrap(), !stays);
                if !stays {
                    model.timers.insert(order, (model.now, None));
                }
            }
            Step::Drop { order } => {
                assert_eq!(timers.drop(orders[order]).await.unwrap(), model.timers.remove(&order).is_some());
                model.over.insert(order);
            }
            Step::Claim { batch, lease } => {
                let claims = timers.claim(batch, MINUTE / 2 * (lease * 2 - 1)).await.unwrap().claims;
                let ready = model.ready();
                assert_eq!(claims.len(), ready.len().min(batch));
                let mut mine = Vec::new();
                let mut looks = Vec::new();
                for claim in claims {
                    let order = orders.iter().position(|order| *order == claim.order).unwrap();
                    assert!(ready.contains(&order), "it is due, and nobody else has it");
                    looks.push(model.look_at(order));
                    model.claims += 1;
                    let id = model.claims;
                    let until = model.now + lease * 2 - 1;
                    model.timers.get_mut(&order).unwrap().1 = Some((id, until));
                    mine.push((id, order, claim));
                }
                assert!(looks.is_sorted(), "the first first: {looks:?}");
                taken.push(mine);
            }
            Step::Complete { claims } | Step::Release { claims } => {
                let Some(mine) = taken.get(claims) else { continue };
                let given: Vec<_> = mine.iter().map(|(_, _, claim)| *claim).collect();
                let valid: Vec<_> = mine
                    .iter()
                    .filter(|(id, order, _)| {
                        let claim = model.timers.get(order).and_then(|(_, claim)| *claim);
                        claim.is_some_and(|(current, _)| current == *id)
                    })
                    .map(|(_, order, _)| *order)
                    .collect();
                if matches!(step, Step::Complete { .. }) {
                    assert_eq!(timers.complete(&given).await.unwrap(), valid.len());
                    for order in valid {
                        model.timers.remove(&order);
                    }
                } else {
                    assert_eq!(timers.release(&given).await.unwrap(), valid.len());
                    for order in valid {
                        model.timers.get_mut(&order).unwrap().1 = None;
                    }
                }
            }
            Step::Pass { minutes } => model.now += minutes * 2,
        }
        let backlog = timers.backlog().await.unwrap();
        assert_eq!(backlog.set, model.timers.len() as u64);
        assert_eq!(backlog.claimed, model.timers.values().filter(|(_, claim)| claim.is_some()).count() as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn timers_do_what_is_meant(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { run(service_at(&testkit::redis().await).timers, steps).await });
    }
}
