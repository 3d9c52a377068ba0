//! `/live/connections`: who is connected. Names are what clients say of themselves; users are not told.

use std::cmp::Ordering;
use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;

use super::super::Monitor;
use super::super::answer::{Answer, Refusal};
use super::super::parameters::Parameters;
use super::{Row, Sorts, millis, part};

#[derive(Serialize)]
struct Connection {
    #[serde(skip)]
    key: String,
    id: u64,
    name: String,
    library: String,
    address: String,
    tls: bool,
    in_rate: Option<f64>,
    out_rate: Option<f64>,
    in_msgs: u64,
    out_msgs: u64,
    subscriptions: usize,
    /// Bytes it has not taken yet.
    pending: usize,
    /// Microseconds; none before it was measured.
    round_trip: Option<i64>,
    started: Option<i64>,
}

impl Row for Connection {
    const SORTS: Sorts<Self> = &[
        ("in_rate", |a, b| a.in_rate.partial_cmp(&b.in_rate).unwrap_or(Ordering::Equal)),
        ("out_rate", |a, b| a.out_rate.partial_cmp(&b.out_rate).unwrap_or(Ordering::Equal)),
        ("subscriptions", |a, b| a.subscriptions.cmp(&b.subscriptions)),
        ("pending", |a, b| a.pending.cmp(&b.pending)),
        ("round_trip", |a, b| a.round_trip.cmp(&b.round_trip)),
        ("started", |a, b| a.started.cmp(&b.started)),
    ];

    fn key(&self) -> &str {
        &self.key
    }

    fn mentions(&self) -> Vec<&str> {
        vec![&self.name, &self.library, &self.address]
    }
}

pub(in super::super) fn answer(monitor: &Monitor, parameters: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    let open = server.connections.open();
    let counts = open.iter().map(|c| (c.id.to_string(), [c.received().0, c.outbox.delivered().0]));
    let rates = monitor.live.connections.look(server.clock.now(), counts);
    let rows = open.iter().map(|c| {
        let (identity, rates) = (c.identity(), rates.get(&c.id.to_string()));
        let round_trip = c.round_trip.load(Relaxed);
        Connection {
            // Those without a name by their number, and no two alike.
            key: format!("{} {:020}", identity.name, c.id),
            id: c.id,
            name: identity.name.clone(),
            library: format!("{} {}", identity.lang, identity.version).trim().to_owned(),
            address: c.peer.to_string(),
            tls: c.tls,
            in_rate: rates.map(|rates| rates[0]),
            out_rate: rates.map(|rates| rates[1]),
            in_msgs: c.received().0,
            out_msgs: c.outbox.delivered().0,
            subscriptions: c.subscription_count(),
            pending: c.outbox.len(),
            round_trip: (round_trip > 0).then_some(round_trip / 1000),
            started: millis(c.started),
        }
    });
    part(parameters, rows.collect())
}
