//! Random lives of a consumer against a plain model of what it owes to each message.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, sample::Index};

use super::*;

/// What a test run does next. Times are milliseconds, indexes pick from what there is.
#[derive(Debug, Clone)]
enum Step {
    Publish { count: u8, size: u16, matches: bool },
    Request { batch: u8, expires: u16, no_wait: bool, max_bytes: u16, heartbeat: bool },
    LoseRequests,
    Interest(bool),
    Confirm,
    Say { index: Index, kind: AckKind },
    Late { index: Index },
    Wait(u16),
    Remove(Index),
    Purge(Index),
    Pause(u16),
    Resume,
    AckWait(u16),
    MaxAckPending(u8),
    Redeliver,
    Reset(Index),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        6 => Just(AckKind::Ack),
        2 => Just(AckKind::Nak { delay: None }),
        2 => (0..3_000_i64).prop_map(|ms| AckKind::Nak { delay: Some(ms * MS) }),
        1 => Just(AckKind::InProgress),
        1 => Just(AckKind::Term),
    ];
    prop_oneof![
        8 => (1..6_u8, any::<u16>(), prop::bool::weighted(0.8))
            .prop_map(|(count, size, matches)| Step::Publish { count, size, matches }),
        8 => (0..6_u8, prop_oneof![Just(0), 1..3_000_u16], any::<bool>(), prop_oneof![3 => Just(0), 1 => any::<u16>()], any::<bool>())
            .prop_map(|(batch, expires, no_wait, max_bytes, heartbeat)| {
                Step::Request { batch, expires, no_wait, max_bytes, heartbeat }
            }),
        1 => Just(Step::LoseRequests),
        2 => any::<bool>().prop_map(Step::Interest),
        2 => Just(Step::Confirm),
        16 => (any::<Index>(), kind).prop_map(|(index, kind)| Step::Say { index, kind }),
        1 => any::<Index>().prop_map(|index| Step::Late { index }),
        6 => (0..1_500_u16).prop_map(Step::Wait),
        1 => any::<Index>().prop_map(Step::Remove),
        1 => any::<Index>().prop_map(Step::Purge),
        1 => (0..3_000_u16).prop_map(Step::Pause),
        1 => Just(Step::Resume),
        1 => (100..2_000_u16).prop_map(Step::AckWait),
        1 => (1..9_u8).prop_map(Step::MaxAckPending),
        1 => Just(Step::Redeliver),
        1 => any::<Index>().prop_map(Step::Reset),
        2 => Just(Step::Restart),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    (
        any::<bool>(),
        prop_oneof![3 => Just(AckPolicy::Explicit), 1 => Just(AckPolicy::All), 1 => Just(AckPolicy::None)],
        vec(100..2_000_i64, 0..3),
        prop::option::of(1..5_u32),
        prop::option::of(1..9_u32),
        any::<bool>(),
    )
        .prop_map(|(pushes, ack_policy, backoff, max_deliver, max_ack_pending, replay_original)| {
            let heartbeat = Some(700 * MS);
            let rate = replay_original.then_some(Rate { bytes_per_second: 100_000, burst: 70_000 });
            Settings {
                mode: if pushes { Mode::Push(Push { heartbeat, flow_control: true, rate }) } else { pull().mode },
                ack_policy,
                ack_wait: SECOND,
                backoff: backoff.into_iter().map(|ms| ms * MS).collect(),
                max_deliver,
                max_ack_pending,
                replay_original,
                ..pull()
            }
        })
}

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
            self.consumer.info(0).push_bound && !flow.is_some_and(|flow| flow.stalled())
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
                    assert!(max.is_some_and(|max| self.pending().len() >= max as usize), "{sequence} was forgotten")
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

    fn say(&mut self, sequence: u64, kind: AckKind) {
        if let Some(Fate::Pending { deliveries, since, queued }) = self.fates.get_mut(&sequence) {
            let wait = self.consumer.settings().wait(*deliveries);
            match kind {
                AckKind::InProgress => *since = self.now,
                AckKind::Nak { delay } => match delay.filter(|delay| *delay > 0) {
                    Some(delay) => (*since, *queued) = (self.now + delay - wait, false),
                    None if !*queued => (*since, *queued) = (self.now - wait, true),
                    None => {}
                },
                AckKind::Ack | AckKind::Term => {}
            }
        }
        let settles = matches!(kind, AckKind::Ack | AckKind::Term);
        let owed = matches!(self.fates.get(&sequence), Some(Fate::Pending { .. } | Fate::GivenUp));
        let mut out = vec![];
        self.consumer.ack(Ack { kind, sequence, consumer_sequence: 1, deliveries: 1 }, self.now, &mut out);
        self.act(out);
        if settles && owed {
            let to = if self.settings().ack_policy == AckPolicy::All { 1 } else { sequence };
            for (sequence, fate) in self.fates.range(to..=sequence) {
                assert_eq!(*fate, Fate::Settled, "{sequence}");
            }
        }
        self.pump();
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Publish { count, size, matches } => {
                for _ in 0..count {
                    let sequence = self.log.add(self.now, size.into(), matches);
                    if matches {
                        self.fates.insert(sequence, Fate::Ahead);
                    }
                }
                self.consumer.message_added(if matches { count.into() } else { 0 });
                self.pump();
            }
            Step::Request { batch, expires, no_wait, max_bytes, heartbeat } => {
                if self.settings().push().is_some() {
                    return;
                }
                let reply = format!("{}", self.log.last * 1_000 + self.requests.len() as u64);
                let expires = Nanos::from(expires) * MS;
                let request = PullRequest {
                    reply: reply.as_str().into(),
                    batch: batch.into(),
                    expires,
                    no_wait,
                    max_bytes: max_bytes.into(),
                    heartbeat: if heartbeat { expires / 3 } else { 0 },
                    min_pending: 0,
                    min_ack_pending: 0,
                };
                let expires_at = if expires > 0 { self.now + expires } else { Nanos::MAX };
                if self.requests.contains_key(&reply) {
                    return;
                }
                self.requests.insert(reply, Request { left: u32::from(batch).max(1), expires_at });
                let mut out = vec![];
                self.consumer.request(request, self.now, &mut out);
                self.act(out);
                self.pump();
            }
            Step::LoseRequests => {
                self.consumer.drop_requests(|_| true);
                self.requests.clear();
            }
            Step::Interest(interest) => {
                self.consumer.interest(interest, self.now);
                self.pump();
            }
            Step::Confirm => {
                self.consumer.flow_control_reply(self.token.take().unwrap_or(0));
                self.pump();
            }
            Step::Say { index, kind } => {
                let pending = self.pending();
                if !pending.is_empty() {
                    self.say(*index.get(&pending), kind);
                }
            }
            Step::Late { index } => {
                if let Ok(sequence) = u64::try_from(index.index(50)) {
                    self.say(sequence, AckKind::Ack);
                }
            }
            Step::Wait(time) => self.wait(Nanos::from(time) * MS),
            Step::Remove(index) => {
                let sequences: Vec<u64> = self.log.messages.keys().copied().collect();
                if !sequences.is_empty() {
                    self.remove(*index.get(&sequences));
                }
            }
            Step::Purge(index) => {
                let before = 1 + index.index(usize::try_from(self.log.last).unwrap() + 1) as u64;
                self.log.messages = self.log.messages.split_off(&before);
                for fate in self.fates.range_mut(..before).map(|(_, fate)| fate) {
                    *fate = Fate::Settled;
                }
                self.consumer.purged(before, self.ahead());
                self.pump();
            }
            Step::Pause(time) => {
                self.consumer.pause(Some(self.now + Nanos::from(time) * MS));
                self.wait(0);
            }
            Step::Resume => {
                self.consumer.pause(None);
                self.pump();
            }
            Step::AckWait(time) => {
                let ack_wait = Nanos::from(time) * MS;
                self.consumer.update(Settings { ack_wait, ..self.settings() }, self.now);
                self.wait(0);
            }
            Step::MaxAckPending(max) => {
                let max_ack_pending = Some(max.into());
                self.consumer.update(Settings { max_ack_pending, ..self.settings() }, self.now);
                self.pump();
            }
            Step::Redeliver => {
                self.consumer.redeliver(|sequence| sequence % 2 == 0);
                for (sequence, fate) in &mut self.fates {
                    if let Fate::Pending { queued, .. } = fate {
                        *queued |= sequence % 2 == 0;
                    }
                }
                self.pump();
            }
            Step::Reset(index) => {
                let to = 1 + index.index(usize::try_from(self.log.last).unwrap() + 1) as u64;
                for (sequence, fate) in &mut self.fates {
                    let live = self.log.messages.contains_key(sequence);
                    *fate = if *sequence >= to && live { Fate::Ahead } else { Fate::Settled };
                }
                (self.delivered, self.floor) = (0, (0, 0));
                self.consumer.reset(to, self.ahead());
                self.pump();
            }
            Step::Restart => {
                self.check_ledger();
                let mut bytes = vec![];
                self.ledger.encode(&mut bytes);
                let snapshot = Snapshot::decode(&bytes).unwrap();
                let settings = self.settings();
                let ahead = snapshot.list.len() as u64 + self.log.matching(snapshot.next());
                self.consumer = Consumer::restore(settings, &snapshot, self.log.last, ahead, self.now);
                self.requests.clear();
                self.token = None;
                for fate in self.fates.values_mut() {
                    if let Fate::Pending { queued, .. } = fate {
                        *queued = false;
                    }
                }
                self.wait(0);
            }
        }
    }

    fn remove(&mut self, sequence: u64) {
        let (_, _, matches) = self.log.messages.remove(&sequence).unwrap();
        let pending = self.pending().contains(&sequence);
        if matches {
            self.fates.insert(sequence, Fate::Settled);
        }
        let mut out = vec![];
        self.consumer.message_removed(sequence, matches, &mut out);
        assert_eq!(out.iter().any(|output| matches!(output, Output::Terminated(_))), pending);
        self.act(out);
        self.pump();
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
