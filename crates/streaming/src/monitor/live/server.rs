//! `/live/server`: the server in a few numbers, and whether all is well.

use serde::Serialize;

use super::super::answer::{Answer, Refusal};
use super::super::parameters::Parameters;
use super::super::totals::Totals;
use super::super::{Monitor, process};
use super::{millis, streams};
use crate::clock::nanos;
use crate::options::{StanStore, Sync};
use crate::server::VERSION;

/// Streams whose failures are told.
const FAILURES_MAX: usize = 5;

#[derive(Serialize)]
struct Server<'a> {
    id: &'a str,
    name: &'a str,
    version: &'static str,
    /// The `nats-server` whose clients feel at home here.
    speaks: &'static str,
    now: Option<i64>,
    started: Option<i64>,
    /// None before the second look.
    #[serde(skip_serializing_if = "Option::is_none")]
    rates: Option<ServerRates>,
    memory: u64,
    cores: usize,
    connections: usize,
    connections_max: usize,
    subscriptions: usize,
    slow_consumers: u64,
    streams: Option<Streams>,
    stan: Option<Stan<'a>>,
    failures: Vec<Failure>,
    failing: usize,
}

#[derive(Serialize)]
struct ServerRates {
    in_msgs: f64,
    in_bytes: f64,
    out_msgs: f64,
    out_bytes: f64,
    /// Of one processor.
    cpu_percent: f64,
}

#[derive(Serialize)]
struct Streams {
    count: usize,
    consumers: usize,
    messages: u64,
    memory: u64,
    memory_max: Option<u64>,
    file: u64,
    file_max: Option<u64>,
    sync: &'static str,
}

#[derive(Serialize)]
struct Stan<'a> {
    cluster: &'a str,
    store: &'static str,
    clients: usize,
    channels: usize,
    channels_max: Option<usize>,
}

#[derive(Serialize)]
struct Failure {
    stream: String,
    error: String,
}

pub(in super::super) fn answer(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    let now = server.clock.now();
    let traffic = server.connections.traffic();
    let cpu = u64::try_from(nanos(process::cpu_time())).unwrap_or_default();
    let counts = [traffic.in_messages, traffic.in_bytes, traffic.out_messages, traffic.out_bytes, cpu];
    let rates = monitor.live.server.look(now, std::iter::once((String::new(), counts)));
    let rates = rates.get("").map(|[in_msgs, in_bytes, out_msgs, out_bytes, cpu]| ServerRates {
        in_msgs: *in_msgs,
        in_bytes: *in_bytes,
        out_msgs: *out_msgs,
        out_bytes: *out_bytes,
        cpu_percent: (cpu / 1e6).round() / 10.0,
    });
    let failing: Vec<_> = streams(server.jetstream.as_ref())
        .iter()
        .filter_map(|stream| Some(Failure { stream: stream.name.to_string(), error: stream.fault()? }))
        .collect();
    Answer::json(&Server {
        id: &server.id,
        name: &server.name,
        version: env!("CARGO_PKG_VERSION"),
        speaks: VERSION,
        now: millis(now),
        started: millis(server.started),
        rates,
        memory: process::memory(),
        cores: std::thread::available_parallelism().map_or(1, Into::into),
        connections: server.connections.count(),
        connections_max: server.options.limits.max_connections,
        subscriptions: server.router.len(),
        slow_consumers: server.connections.slow_consumers(),
        streams: server.jetstream.as_ref().map(|jetstream| {
            let totals = Totals::of(jetstream);
            Streams {
                count: totals.streams,
                consumers: totals.consumers,
                messages: totals.messages,
                memory: totals.memory,
                memory_max: jetstream.options.max_memory,
                file: totals.file,
                file_max: jetstream.options.max_file,
                sync: match jetstream.options.sync {
                    Sync::Always => "always",
                    Sync::Every(_) => "interval",
                    Sync::Never => "never",
                },
            }
        }),
        stan: server.stan.as_ref().map(|stan| Stan {
            cluster: &stan.options.cluster_id,
            store: match stan.options.store {
                StanStore::Memory => "memory",
                StanStore::File => "file",
                StanStore::Sql => "sql",
            },
            clients: stan.client_count(),
            channels: stan.channels.all().len(),
            channels_max: stan.options.max_channels,
        }),
        failing: failing.len(),
        failures: failing.into_iter().take(FAILURES_MAX).collect(),
    })
}
