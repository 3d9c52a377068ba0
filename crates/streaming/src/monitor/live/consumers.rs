//! `/live/consumers`: who reads the streams, how far each is, and what keeps it.

use std::cmp::Ordering;

use serde::Serialize;

use super::super::Monitor;
use super::super::answer::{Answer, Refusal};
use super::super::parameters::Parameters;
use super::{Names, Row, Sorts, millis, part, streams};
use crate::stream::glance::{ConsumerGlance, Kind};

#[derive(Serialize)]
struct Consumer {
    /// Its stream's names and its own for the server, unique.
    #[serde(rename = "id")]
    key: String,
    stream: String,
    /// What its users call it: of a subscription of NATS Streaming its queue group, its durable, or its client.
    name: String,
    kind: &'static str,
    is_durable: bool,
    state: State,
    lag: u64,
    unacknowledged: usize,
    /// Of those, delivered more than once; and those that were given up.
    redelivered: usize,
    /// Deliveries a second; none before they were seen twice.
    rate: Option<f64>,
    /// The last message it has come to, and up to which all is acknowledged.
    delivered: u64,
    acknowledged: u64,
    /// Pull requests in line.
    requests: usize,
    /// Subscribers of NATS Streaming, and the first few by their client.
    members: usize,
    clients: Vec<String>,
    last_at: Option<i64>,
}

/// Whether messages go, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// They do, or there are none.
    Running,
    /// Somebody paused it.
    Paused,
    /// There are some, and nobody asks for them.
    Unasked,
    /// Nobody listens.
    Offline,
    /// As many as may be wait for their acknowledgement.
    Stalled,
}

impl State {
    fn of(glance: &ConsumerGlance) -> Self {
        let info = &glance.info;
        let is_full = glance.unacknowledged_max.is_some_and(|max| info.num_ack_pending >= max);
        match &glance.kind {
            _ if info.pause_remaining.is_some() => Self::Paused,
            Kind::Members { count: 0, .. } => Self::Offline,
            Kind::Members { are_stalled: true, .. } => Self::Stalled,
            Kind::Members { .. } => Self::Running,
            Kind::Push if !info.push_bound => Self::Offline,
            _ if is_full && info.num_pending > 0 => Self::Stalled,
            Kind::Pull if info.num_pending > 0 && info.num_waiting == 0 => Self::Unasked,
            Kind::Pull | Kind::Push => Self::Running,
        }
    }
}

impl Row for Consumer {
    const SORTS: Sorts<Self> = &[
        ("stream", |a, b| a.stream.cmp(&b.stream)),
        ("state", |a, b| a.state.cmp(&b.state)),
        ("lag", |a, b| a.lag.cmp(&b.lag)),
        ("unacknowledged", |a, b| a.unacknowledged.cmp(&b.unacknowledged)),
        ("redelivered", |a, b| a.redelivered.cmp(&b.redelivered)),
        ("rate", |a, b| a.rate.partial_cmp(&b.rate).unwrap_or(Ordering::Equal)),
        ("last_at", |a, b| a.last_at.cmp(&b.last_at)),
    ];

    fn key(&self) -> &str {
        &self.key
    }

    fn mentions(&self) -> Vec<&str> {
        self.clients.iter().map(String::as_str).chain([self.stream.as_str(), self.name.as_str(), self.kind]).collect()
    }
}

pub(in super::super) fn answer(monitor: &Monitor, parameters: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    let (now, names) = (server.clock.now(), Names::of(server.stan.as_ref()));
    let mut all = Vec::new();
    for stream in streams(server.jetstream.as_ref()) {
        let (stream_name, ..) = names.find(&stream.name);
        let consumers = stream.consumers_at_a_glance(now).into_iter();
        // A space is in no stream's and no consumer's name.
        all.extend(
            consumers
                .map(|glance| (format!("{stream_name} {} {}", stream.name, glance.name), stream_name.clone(), glance)),
        );
    }
    let counts = all.iter().map(|(key, _, glance)| (key.clone(), [glance.info.delivered.consumer]));
    let rates = monitor.live.consumers.look(now, counts);
    let rows = all.into_iter().map(|(key, stream, glance)| {
        let (state, rate) = (State::of(&glance), rates.get(&key).map(|[rate]| *rate));
        let (name, kind, members, clients) = called(glance.name, glance.kind);
        let info = &glance.info;
        Consumer {
            key,
            stream,
            name,
            kind,
            is_durable: glance.is_durable && kind != "subscription",
            state,
            lag: info.num_pending,
            unacknowledged: info.num_ack_pending,
            redelivered: info.num_redelivered,
            rate,
            delivered: info.delivered.stream,
            acknowledged: info.ack_floor.stream,
            requests: info.num_waiting,
            members,
            clients,
            last_at: info.delivered.active.max(info.ack_floor.active).and_then(millis),
        }
    });
    part(parameters, rows.collect())
}

/// What its users call a consumer and what it is; who is subscribed.
fn called(name: String, kind: Kind) -> (String, &'static str, usize, Vec<String>) {
    match kind {
        Kind::Pull => (name, "pull", 0, Vec::new()),
        Kind::Push => (name, "push", 0, Vec::new()),
        Kind::Members { charter, clients, count, .. } => {
            if !charter.queue.is_empty() {
                (charter.queue, if charter.stays { "durable queue group" } else { "queue group" }, count, clients)
            } else if charter.stays {
                (charter.durable, "durable subscription", count, clients)
            } else {
                (clients.first().cloned().unwrap_or(name), "subscription", count, clients)
            }
        }
    }
}
