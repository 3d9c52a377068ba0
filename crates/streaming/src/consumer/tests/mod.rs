//! The state machine at work: scenes with a log in memory and a clock in hand, told as transcripts.
//!
//! A line `a <- 2.5.7 +3` is a delivery to inbox `a`: the message was sent 2 times, has sequence 5, is delivery 7, and
//! 3 more lie ahead. Where nothing else is said, the transcripts are what `nats-server` 2.9.10 was seen to do.

mod acks;
mod bounds;
mod flow;
mod info;
mod limits;
mod log_news;
mod model;
mod pull;
mod push;
mod redelivery;
mod start;
mod time;

use std::collections::BTreeMap;

use super::*;

pub(super) const MS: Nanos = 1_000_000;
pub(super) const SECOND: Nanos = 1_000 * MS;

/// A log in memory.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Live messages: when they were stored, how large they are, whether they match the filter.
    messages: BTreeMap<u64, (Nanos, u64, bool)>,
    last: u64,
    broken: bool,
}

impl Log {
    fn add(&mut self, time: Nanos, size: u64, matches: bool) -> u64 {
        self.last += 1;
        self.messages.insert(self.last, (time, size, matches));
        self.last
    }

    fn matching(&self, from: u64) -> u64 {
        self.messages.range(from..).filter(|message| message.1.2).count() as u64
    }
}

impl Source for Log {
    fn next(&mut self, from: u64) -> Next {
        match self.messages.range(from..).find(|message| message.1.2 && !self.broken) {
            Some((&sequence, &(time, size, _))) => Next::Found(Found { sequence, size, time }),
            None => Next::End(self.last + 1),
        }
    }

    fn find(&mut self, sequence: u64) -> Option<Found> {
        let message = self.messages.get(&sequence).filter(|_| !self.broken);
        message.map(|&(time, size, _)| Found { sequence, size, time })
    }

    fn unreadable(&self) -> bool {
        self.broken
    }
}

/// Explicit acks within 30 s, as the server's defaults are.
pub(super) fn pull() -> Settings {
    Settings {
        mode: Mode::Pull(Pull {
            max_waiting: 512,
            max_batch: None,
            max_expires: None,
            max_bytes: None,
            groups: vec![],
        }),
        ack_policy: AckPolicy::Explicit,
        ack_wait: 30 * SECOND,
        backoff: vec![],
        max_deliver: None,
        max_ack_pending: Some(1000),
        inactive_threshold: None,
        paused_until: None,
        replay_original: false,
        ack_prefix_bytes: "$JS.ACK.S.D.".len(),
        journaled: true,
    }
}

pub(super) fn push() -> Settings {
    Settings { mode: Mode::Push(Push::default()), ..pull() }
}

/// A consumer, its log, and the time.
struct Scene {
    consumer: Consumer,
    log: Log,
    now: Nanos,
    told: Vec<String>,
}

impl Scene {
    /// A consumer of all messages, of which there are `messages`.
    fn new(settings: Settings, messages: usize) -> Self {
        Self::of(settings, &"a".repeat(messages), |log| Start {
            sequence: 1,
            last: log.last,
            pending: log.matching(1),
            list: vec![],
        })
    }

    /// A consumer of the messages called `a`, started as the log suggests.
    fn of(settings: Settings, messages: &str, start: impl Fn(&Log) -> Start) -> Self {
        let mut log = Log::default();
        for name in messages.chars() {
            log.add(0, 6, name == 'a');
        }
        let consumer = Consumer::new(settings, &start(&log), 0);
        Self { consumer, log, now: 0, told: vec![] }
    }

    fn publish(&mut self, messages: &str) {
        for name in messages.chars() {
            self.log.add(self.now, 6, name == 'a');
            self.consumer.message_added(u64::from(name == 'a'));
        }
        self.pump();
    }

    fn publish_sized(&mut self, size: u64) {
        self.log.add(self.now, size, true);
        self.consumer.message_added(1);
        self.pump();
    }

    fn pull(&mut self, reply: &str, batch: u32) {
        self.request(PullRequest { batch, ..PullRequest::one(reply.into()) });
    }

    fn no_wait(&mut self, reply: &str, batch: u32) {
        self.request(PullRequest { batch, no_wait: true, ..PullRequest::one(reply.into()) });
    }

    fn request(&mut self, request: PullRequest) {
        let mut out = vec![];
        self.consumer.request(request, self.now, &mut out);
        self.tell(out);
        self.pump();
    }

    /// Acknowledges the deliveries of these messages.
    fn ack(&mut self, sequences: impl IntoIterator<Item = u64>) {
        for sequence in sequences {
            self.say(sequence, AckKind::Ack);
        }
    }

    fn say(&mut self, sequence: u64, kind: AckKind) {
        let mut out = vec![];
        let ack = Ack { kind, sequence, consumer_sequence: sequence, deliveries: 1 };
        self.consumer.ack(ack, self.now, &mut out);
        self.tell(out);
        self.pump();
    }

    fn remove(&mut self, sequence: u64) {
        let (_, _, matches) = self.log.messages.remove(&sequence).unwrap();
        let mut out = vec![];
        self.consumer.message_removed(sequence, matches, &mut out);
        self.tell(out);
        self.pump();
    }

    fn interest(&mut self, interest: bool) {
        self.consumer.interest(interest, self.now);
        self.pump();
    }

    /// Lets time go by, ticking when the consumer asks for it.
    fn wait(&mut self, time: Nanos) {
        let until = self.now + time;
        while let Some(at) = self.consumer.deadline().filter(|at| *at <= until) {
            assert!(at > self.now || self.due(), "asked for a tick at {at} and had nothing to do");
            self.now = self.now.max(at);
            let mut out = vec![];
            self.consumer.tick(self.now, &mut out);
            self.tell(out);
            self.pump();
        }
        self.now = until;
    }

    fn due(&self) -> bool {
        self.consumer.deadline().is_some_and(|at| at <= self.now)
    }

    fn pump(&mut self) {
        loop {
            let mut out = vec![];
            let delivery = self.consumer.poll(&mut self.log, self.now, &mut out);
            self.tell(out);
            let Some(delivery) = delivery else { return };
            self.told.push(format!(
                "{} <- {}.{}.{} +{}",
                to(&delivery.to),
                delivery.deliveries,
                delivery.sequence,
                delivery.consumer_sequence,
                delivery.pending,
            ));
            if let Some(status) = delivery.then {
                self.tell(vec![Output::Status { to: delivery.to, status }]);
            }
        }
    }

    fn tell(&mut self, out: Vec<Output>) {
        self.told.extend(out.into_iter().map(|output| match output {
            Output::Status { to: inbox, status } => format!("{} <- {}", to(&inbox), short(&status)),
            Output::Acked { sequence } => format!("acked {sequence}"),
            Output::Naked(advice) => format!("naked {}", advice.sequence),
            Output::Terminated(advice) => format!("terminated {}", advice.sequence),
            Output::GaveUp(advice) => format!("gave up {} after {}", advice.sequence, advice.deliveries),
            Output::Inactive => "inactive".to_owned(),
            Output::Resumed => "resumed".to_owned(),
        }));
    }

    /// What happened since the last call.
    fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }

    fn forget(&mut self) {
        self.told.clear();
    }

    /// `delivered consumer/stream, floor consumer/stream, pending acks, redelivered, waiting, ahead`
    fn numbers(&self) -> String {
        let info = self.consumer.info(self.now);
        format!(
            "{}/{} floor {}/{} acks {} redelivered {} waiting {} ahead {}",
            info.delivered.consumer,
            info.delivered.stream,
            info.ack_floor.consumer,
            info.ack_floor.stream,
            info.num_ack_pending,
            info.num_redelivered,
            info.num_waiting,
            info.num_pending,
        )
    }
}

fn to(target: &Target) -> &str {
    match target {
        Target::Request(reply) => reply,
        Target::Push => "push",
    }
}

/// A status on one line: code, description, values.
fn short(status: &Status) -> String {
    let mut bytes = vec![];
    status.encode("fc.", &mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let mut lines = text.strip_prefix("NATS/1.0 ").unwrap().lines();
    let first = lines.next().unwrap().to_owned();
    let values = lines.filter_map(|line| line.split_once(": ")).map(|(_, value)| value);
    values.fold(first, |text, value| text + " " + value)
}
