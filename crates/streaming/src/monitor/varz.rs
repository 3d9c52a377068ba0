//! `/varz`: the server's settings, load and counts.

use std::collections::BTreeMap;
use std::fmt::Write;

use protocol::time::rfc3339;
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::jetstream::{Config, Limits, Stats};
use super::parameters::Parameters;
use super::totals::Totals;
use super::{Monitor, process};
use crate::clock::nanos;
use crate::options::Auth;
use crate::server::VERSION;

/// Fields in the order of `nats-server`; what is 0 or absent there for want of a feature is so here.
#[derive(Serialize)]
struct Varz<'a> {
    server_id: &'a str,
    server_name: &'a str,
    version: &'static str,
    proto: u8,
    go: &'static str,
    host: &'a str,
    port: u16,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    auth_required: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tls_required: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tls_verify: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    connect_urls: Vec<&'a str>,
    max_connections: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_subscriptions: Option<usize>,
    ping_interval: i64,
    ping_max: u32,
    http_host: &'a str,
    http_port: u16,
    http_base_path: &'static str,
    https_port: u16,
    auth_timeout: f64,
    max_control_line: usize,
    max_payload: usize,
    max_pending: usize,
    cluster: Empty,
    gateway: Empty,
    leaf: Empty,
    mqtt: Empty,
    websocket: Empty,
    jetstream: JetStream<'a>,
    tls_timeout: f64,
    write_deadline: i64,
    start: String,
    now: String,
    uptime: String,
    mem: u64,
    cores: usize,
    gomaxprocs: usize,
    cpu: f64,
    connections: usize,
    total_connections: u64,
    routes: usize,
    remotes: usize,
    leafnodes: usize,
    in_msgs: u64,
    out_msgs: u64,
    in_bytes: u64,
    out_bytes: u64,
    slow_consumers: u64,
    #[serde(skip_serializing_if = "is_zero")]
    stale_connections: u64,
    subscriptions: usize,
    http_req_stats: BTreeMap<&'static str, u64>,
    config_load_time: String,
    slow_consumer_stats: SlowConsumers,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct JetStream<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<Config<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<Stats>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
}

#[derive(Serialize)]
struct SlowConsumers {
    clients: u64,
    routes: u64,
    gateways: u64,
    leafs: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(super) fn is_zero(count: &u64) -> bool {
    *count == 0
}

pub(super) fn answer(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    let (options, limits) = (&server.options, &server.options.limits);
    let now = server.clock.now();
    let traffic = server.connections.traffic();
    let slow = server.connections.slow_consumers();
    let cores = std::thread::available_parallelism().map_or(1, Into::into);
    Answer::json(&Varz {
        server_id: &server.id,
        server_name: &server.name,
        version: VERSION,
        proto: 1,
        // Tools print it as the language the server is made in.
        go: concat!("rust", env!("CARGO_PKG_RUST_VERSION")),
        host: &options.client.host,
        port: server.client_address.port(),
        // Said also where INFO does not say it, because who shows no credentials becomes somebody.
        auth_required: options.auth != Auth::None,
        tls_required: options.tls.is_some(),
        tls_verify: options.tls.as_ref().is_some_and(|tls| tls.verify),
        connect_urls: options.client_advertise.iter().map(String::as_str).collect(),
        max_connections: limits.max_connections,
        max_subscriptions: (limits.max_subscriptions > 0).then_some(limits.max_subscriptions),
        ping_interval: nanos(limits.ping_interval),
        ping_max: limits.ping_max,
        http_host: options.monitor.as_ref().map_or("", |address| &address.host),
        http_port: monitor.address.port(),
        http_base_path: "",
        https_port: 0,
        auth_timeout: options.auth_timeout.as_secs_f64(),
        max_control_line: limits.max_control_line,
        max_payload: limits.max_payload,
        max_pending: limits.max_pending,
        cluster: Empty {},
        gateway: Empty {},
        leaf: Empty {},
        mqtt: Empty {},
        websocket: Empty {},
        jetstream: JetStream {
            config: server.jetstream.as_ref().map(Config::of),
            stats: server.jetstream.as_ref().map(|jetstream| Stats::of(jetstream, Totals::of(jetstream))),
            limits: server.jetstream.as_ref().map(Limits::of),
        },
        tls_timeout: options.tls.as_ref().map(|tls| tls.timeout.as_secs_f64()).unwrap_or_default(),
        write_deadline: nanos(limits.write_deadline),
        start: rfc3339(server.started),
        now: rfc3339(now),
        uptime: uptime(now - server.started),
        mem: process::memory(),
        cores,
        gomaxprocs: options.worker_threads.unwrap_or(cores),
        cpu: monitor.process.cpu_percent(now),
        connections: server.connections.count(),
        total_connections: server.connections.total(),
        routes: 0,
        remotes: 0,
        leafnodes: 0,
        in_msgs: traffic.in_messages,
        out_msgs: traffic.out_messages,
        in_bytes: traffic.in_bytes,
        out_bytes: traffic.out_bytes,
        slow_consumers: slow,
        stale_connections: server.connections.stale(),
        subscriptions: server.router.len(),
        http_req_stats: monitor.requests().collect(),
        config_load_time: rfc3339(server.started),
        slow_consumer_stats: SlowConsumers { clients: slow, routes: 0, gateways: 0, leafs: 0 },
    })
}

/// A stretch of time as `nats-server` tells it, in whole seconds: `4d3h2m1s`, `59s`.
pub(super) fn uptime(nanos: i64) -> String {
    let mut rest = nanos.max(0) / 1_000_000_000;
    let units = [("y", 365 * 86_400), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
    let mut text = String::new();
    for (unit, length) in units {
        // From the first that is not 0 on all are told.
        if rest >= length || !text.is_empty() || unit == "s" {
            let _ = write!(text, "{}{unit}", rest / length); // A String takes it.
        }
        rest %= length;
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn uptime_is_told_as_nats_server_tells_it() {
        for (seconds, text) in [
            (-1, "0s"),
            (0, "0s"),
            (59, "59s"),
            (60, "1m0s"),
            (3_601, "1h0m1s"),
            (86_400, "1d0h0m0s"),
            (365 * 86_400 + 61, "1y0d0h1m1s"),
        ] {
            assert_eq!(super::uptime(seconds * 1_000_000_000 + 999), text);
        }
    }
}
