//! Random lives of a consumer against a plain model of what it owes to each message.

mod steps;

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};

use super::*;
use steps::{Step, settings, step};

/// What the consumer owes to a matching message.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// To be delivered.
    Ahead,
    /// To be delivered again once its wait, begun at `since`, is over; at once if `queued`.
    Pending { deliveries: u32, since: Nanos, queued: bool },
    /// Nothing, but an acknowledgement would still count.
    GivenUp,
    /// Nothing.
    Settled,
}

struct Request {
    left: u32,
    expires_at: Nanos,
}

struct Model {
    consumer: Consumer,
    log: Log,
    now: Nanos,
    fates: BTreeMap<u64, Fate>,
    requests: BTreeMap<String, Request>,
    /// The numbers of the last delivery, and the last ack floor.
    delivered: u64,
    floor: (u64, u64),
    token: Option<u64>,
    /// What was last persisted, and brought up to date by changes alone.
    ledger: Snapshot,
}

impl Model {
    fn new(settings: Settings, prefilled: &[bool], listed: bool) -> Self {
        let mut log = Log::default();
        for matches in prefilled {
            log.add(i64::try_from(log.last).unwrap() * 50 * MS, 6, *matches);
        }
        let matching: Vec<u64> =
            log.messages.iter().filter(|(_, message)| message.2).map(|(sequence, _)| *sequence).collect();
        let list: Vec<u64> = matching.iter().copied().filter(|sequence| listed && sequence % 2 == 0).collect();
        let fates = matching
            .iter()
            .map(|sequence| (*sequence, if !listed || sequence % 2 == 0 { Fate::Ahead } else { Fate::Settled }))
            .collect();
        let start = if listed {
            Start { sequence: log.last + 1, pending: list.len() as u64, list, last: log.last }
        } else {
            Start { sequence: 1, pending: matching.len() as u64, list, last: log.last }
        };
        let consumer = Consumer::new(settings, &start, 0);
        let ledger = consumer.snapshot();
        Self {
            consumer,
            log,
            now: 100 * SECOND,
            fates,
            requests: BTreeMap::new(),
            delivered: 0,
            floor: (0, 0),
            token: None,
            ledger,
        }
    }

    fn settings(&self) -> Settings {
        self.consumer.settings().clone()
    }

    fn ahead(&self) -> u64 {
        self.fates.values().filter(|fate| **fate == Fate::Ahead).count() as u64
    }

    fn pending(&self) -> Vec<u64> {
        let pending = self.fates.iter().filter(|(_, fate)| matches!(fate, Fate::Pending { .. }));
        pending.map(|(sequence, _)| *sequence).collect()
    }

    fn due(&self, deliveries: u32, since: Nanos) -> Nanos {
        since.saturating_add(self.consumer.settings().wait(deliveries))
    }

    /// Queues what expired, as a tick must.
    fn expire(&mut self) {
        let settings = self.settings();
        for fate in self.fates.values_mut() {
            if let Fate::Pending { deliveries, since, queued } = fate {
                *queued |= since.saturating_add(settings.wait(*deliveries)) <= self.now;
            }
        }
    }

    fn act(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Status { to: Target::Push, status } => {
                    assert!(matches!(status, Status::IdleHeartbeat { .. }));
                }
                Output::Status { to: Target::Request(reply), status } => {
                    if status.code() != 100 {
                        self.requests.remove(&*reply);
                    }
                }
                Output::Acked { sequence } => {
                    let fate = self.fates.insert(sequence, Fate::Settled).unwrap();
                    assert!(matches!(fate, Fate::Pending { .. } | Fate::GivenUp), "acked {sequence}: {fate:?}");
                }
                Output::GaveUp(Advice { sequence, deliveries, .. }) => {
                    let fate = self.fates.insert(sequence, Fate::GivenUp);
                    let max = self.settings().max_deliver.unwrap();
                    assert!(
                        matches!(fate, Some(Fate::Pending { deliveries: d, queued: true, .. }) if d == deliveries && d >= max)
                    );
                }
                Output::Naked(_) | Output::Terminated(_) | Output::Resumed => {}
                Output::Inactive => panic!("there is no threshold"),
            }
        }
    }

    fn pump(&mut self) {
        loop {
            let mut out = vec![];
            let delivery = self.consumer.poll(&mut self.log, self.now, &mut out);
            self.act(out);
            let Some(delivery) = delivery else { break };
            self.check_delivery(&delivery);
        }
        self.check();
    }

    fn check_delivery(&mut self, delivery: &Delivery) {
        let settings = self.settings();
        assert!(!self.consumer.paused(self.now));
        assert!(self.log.messages.get(&delivery.sequence).is_some_and(|message| message.2));
        self.delivered += 1;
        assert_eq!(delivery.consumer_sequence, self.delivered);
        let pending = self.pending().len();
        let fate = self.fates[&delivery.sequence];
        match fate {
            Fate::Ahead => {
                assert_eq!(delivery.deliveries, 1);
                assert!(
                    settings.ack_policy == AckPolicy::None
                        || settings.max_ack_pending.is_none_or(|max| pending < max as usize)
                );
                let earlier = self.fates.range(..delivery.sequence).find(|(_, fate)| **fate == Fate::Ahead);
                assert_eq!(earlier, None, "new messages go in order");
                let queued = self.fates.values().find(|fate| matches!(fate, Fate::Pending { queued: true, .. }));
                assert_eq!(queued, None, "redelivery goes first");
            }
            Fate::Pending { deliveries, queued, .. } => {
                assert!(queued, "redelivered before its time");
                assert_eq!(delivery.deliveries, deliveries + 1);
                assert!(settings.max_deliver.is_none_or(|max| delivery.deliveries <= max));
            }
            fate => panic!("{fate:?} and delivered"),
        }
        let tracked = settings.ack_policy != AckPolicy::None;
        assert_eq!(delivery.settled, !tracked);
        let next = Fate::Pending { deliveries: delivery.deliveries, since: self.now, queued: false };
        self.fates.insert(delivery.sequence, if tracked { next } else { Fate::Settled });
        assert_eq!(delivery.pending, self.ahead());
        match &delivery.to {
            Target::Push => match delivery.then {
                Some(Status::FlowControl { token }) => self.token = Some(token),
                ref then => assert_eq!(*then, None),
            },
            Target::Request(reply) => {
                let request = self.requests.get_mut(&**reply).expect("a request nobody made");
                assert!(request.expires_at > self.now);
                request.left -= 1;
                if request.left == 0 || !self.consumer.requests.has(reply) {
                    self.requests.remove(&**reply);
                }
            }
        }
    }

    fn check(&mut self) {
        let info = self.consumer.info(self.now);
        assert_eq!(info.num_pending, self.ahead());
        assert_eq!(info.num_ack_pending, self.pending().len());
        assert_eq!(info.num_waiting, self.requests.len());
        let redelivered = self.fates.values().filter(|fate| match fate {
            Fate::Pending { deliveries, .. } => *deliveries > 1,
            fate => **fate == Fate::GivenUp,
        });
        assert_eq!(info.num_redelivered, redelivered.count());
        assert_eq!(info.delivered.consumer, self.delivered);

        let floor = (info.ack_floor.consumer, info.ack_floor.stream);
        assert!(floor.0 >= self.floor.0 && floor.1 >= self.floor.1, "{:?} to {floor:?}", self.floor);
        self.floor = floor;
        for (sequence, fate) in self.fates.range(..=floor.1) {
            assert!(matches!(fate, Fate::Settled | Fate::GivenUp), "{sequence} below the floor {floor:?}: {fate:?}");
        }
        let live = self.fates.iter().filter(|(sequence, _)| self.log.messages.contains_key(sequence));
        for (sequence, fate) in live {
            assert_eq!(self.consumer.needs(*sequence), !matches!(fate, Fate::Settled | Fate::GivenUp));
        }
        self.check_demand();
        self.check_deadline();
        self.check_ledger();
    }

    /// Whoever may be sent something was.
    fn check_demand(&self) {
        let flow = self.consumer.flow.as_ref();
        let demand = if self.settings().push().is_some() {
            self.consumer.info(0).push_bound && !flow.is_some_and(super::super::flow::Flow::stalled)
        } else {
            !self.requests.is_empty()
        };
        if !demand || self.consumer.paused(self.now) || self.consumer.held_until.is_some() {
            return;
        }
        let max = self.settings().max_ack_pending.filter(|_| self.settings().ack_policy != AckPolicy::None);
        for (sequence, fate) in &self.fates {
            match fate {
                Fate::Pending { queued, .. } => assert!(!queued, "{sequence} waits in line for nothing"),
                Fate::Ahead => {
                    assert!(max.is_some_and(|max| self.pending().len() >= max as usize), "{sequence} was forgotten");
                }
                Fate::GivenUp | Fate::Settled => {}
            }
        }
    }

    /// The consumer asks to be ticked in time for all that will happen.
    fn check_deadline(&self) {
        let expiries = self.fates.values().filter_map(|fate| match fate {
            Fate::Pending { deliveries, since, queued: false } => Some(self.due(*deliveries, *since)),
            _ => None,
        });
        let requests = self.requests.values().map(|request| request.expires_at).filter(|at| *at < Nanos::MAX);
        let paused = self.settings().paused_until;
        if let Some(first) = expiries.chain(requests).chain(paused).min() {
            let deadline = self.consumer.deadline();
            assert!(deadline.is_some_and(|deadline| deadline <= first), "{deadline:?} is later than {first}");
        }
    }

    /// The changes tell all that happened.
    fn check_ledger(&mut self) {
        let mut changes = vec![];
        self.consumer.take_changes(&mut changes);
        let (mut bytes, mut read) = (vec![], vec![]);
        ledger::encode(&changes, &mut bytes);
        ledger::decode(&bytes, &mut read).unwrap();
        self.ledger.replay(self.consumer.settings(), read);
        assert_eq!(self.ledger, self.consumer.snapshot());
    }

    fn wait(&mut self, time: Nanos) {
        let until = self.now + time;
        loop {
            let at = self.consumer.deadline().filter(|at| *at <= until);
            self.now = at.unwrap_or(until).max(self.now);
            let mut out = vec![];
            self.consumer.tick(self.now, &mut out);
            self.expire();
            self.act(out);
            assert!(self.consumer.deadline().is_none_or(|at| at > self.now), "a tick leaves nothing due");
            self.requests.values().for_each(|request| assert!(request.expires_at > self.now));
            self.pump();
            if at.is_none() {
                return;
            }
        }
    }

    /// With somebody there who acknowledges every other delivery, all gets done.
    fn finish(&mut self) {
        self.consumer.pause(None);
        for round in 0..200 {
            if self.ahead() == 0 && self.pending().is_empty() {
                break;
            }
            if self.settings().push().is_some() {
                self.step(Step::Interest(true));
                self.step(Step::Confirm);
            } else {
                self.step(Step::Request { batch: 50, expires: 2_000, no_wait: false, max_bytes: 0, heartbeat: false });
            }
            if round > 3 {
                self.pending().into_iter().step_by(2).for_each(|sequence| self.say(sequence, AckKind::Ack));
            }
            self.wait(2 * SECOND);
        }
        for (sequence, fate) in &self.fates {
            assert!(matches!(fate, Fate::Settled | Fate::GivenUp), "{sequence} was lost: {fate:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_message_gets_what_it_is_owed(
        settings in settings(),
        prefilled in vec(prop::bool::weighted(0.8), 0..12),
        listed in prop::bool::weighted(0.2),
        steps in vec(step(), 1..80),
    ) {
        let mut model = Model::new(settings, &prefilled, listed);
        for step in steps {
            model.step(step);
        }
        model.finish();
    }
}
