//! `/live/streams`: streams, those of NATS Streaming's channels among them.

use std::cmp::Ordering;

use protocol::jetstream::config::Storage;
use serde::Serialize;

use super::super::Monitor;
use super::super::answer::{Answer, Refusal};
use super::super::parameters::Parameters;
use super::{Names, Row, Sorts, millis, part, streams};

#[derive(Serialize)]
struct Stream {
    /// What people call it, and its own name, which is unique.
    #[serde(rename = "id")]
    key: String,
    name: String,
    /// It was made for the channel of that name.
    is_channel: bool,
    /// Channels that are views of it.
    views: usize,
    subjects: Vec<String>,
    storage: Storage,
    messages: u64,
    bytes: u64,
    /// Messages stored and delivered a second; none before they were seen twice.
    in_rate: Option<f64>,
    out_rate: Option<f64>,
    consumers: usize,
    lag: u64,
    unacknowledged: usize,
    last_at: Option<i64>,
    fault: Option<String>,
}

impl Row for Stream {
    const SORTS: Sorts<Self> = &[
        ("messages", |a, b| a.messages.cmp(&b.messages)),
        ("bytes", |a, b| a.bytes.cmp(&b.bytes)),
        ("in_rate", |a, b| a.in_rate.partial_cmp(&b.in_rate).unwrap_or(Ordering::Equal)),
        ("out_rate", |a, b| a.out_rate.partial_cmp(&b.out_rate).unwrap_or(Ordering::Equal)),
        ("consumers", |a, b| a.consumers.cmp(&b.consumers)),
        ("lag", |a, b| a.lag.cmp(&b.lag)),
        ("unacknowledged", |a, b| a.unacknowledged.cmp(&b.unacknowledged)),
        ("last_at", |a, b| a.last_at.cmp(&b.last_at)),
    ];

    fn key(&self) -> &str {
        &self.key
    }

    fn mentions(&self) -> Vec<&str> {
        self.subjects.iter().chain([&self.name]).map(String::as_str).collect()
    }
}

pub(in super::super) fn answer(monitor: &Monitor, parameters: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    let (now, names) = (server.clock.now(), Names::of(server.stan.as_ref()));
    let all = streams(server.jetstream.as_ref());
    let all: Vec<_> = all.iter().map(|stream| (stream, stream.glance(now))).collect();
    let counts = all.iter().map(|(stream, glance)| (stream.name.to_string(), [glance.log.last_seq, glance.deliveries]));
    let rates = monitor.live.streams.look(now, counts);
    let rows = all.into_iter().map(|(stream, glance)| {
        let (name, is_channel, views) = names.find(&stream.name);
        let rates = rates.get(&*stream.name);
        Stream {
            // A space is in no stream's name.
            key: format!("{name} {}", stream.name),
            is_channel,
            views,
            subjects: glance.subjects,
            storage: glance.storage,
            messages: glance.log.messages,
            bytes: glance.log.bytes,
            in_rate: rates.map(|rates| rates[0]),
            out_rate: rates.map(|rates| rates[1]),
            consumers: glance.consumers,
            lag: glance.lag,
            unacknowledged: glance.unacknowledged,
            last_at: millis(glance.log.last_time),
            fault: glance.fault,
            name,
        }
    });
    part(parameters, rows.collect())
}
