//! What may happen to a consumer, and what each of it means to the model.

use proptest::{collection::vec, prelude::*, sample::Index};

use super::{Fate, Model, Request};
use crate::consumer::{tests::*, *};

/// What a test run does next. Times are milliseconds, indexes pick from what there is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
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

pub(super) fn step() -> impl Strategy<Value = Step> {
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

pub(super) fn settings() -> impl Strategy<Value = Settings> {
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

impl Model {
    pub(super) fn step(&mut self, step: Step) {
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
                    group: None,
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
                self.consumer.drop_requests(self.now, |_| true);
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

    pub(super) fn say(&mut self, sequence: u64, kind: AckKind) {
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
}
