//! `/metrics`: what Prometheus collects. The tables below are the whole list, and names in them stay.
//!
//! Streams are told apart by `account` and `stream`, consumers by `consumer` too. Only durable consumers have metrics of
//! their own: ephemeral ones come under a new name each time, and Prometheus would remember them all. Whoever has
//! dashboards made for `prometheus-nats-exporter` can point it at our `/varz` and `/jsz` instead.

mod text;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use protocol::jetstream::api::{ConsumerInfo, StreamState};

use super::answer::{Answer, Refusal};
use super::parameters::Parameters;
use super::totals::Totals;
use super::{ACCOUNT, Monitor, process};
use crate::connection::Traffic;
use crate::jetstream::JetStream;
use crate::server::{Server, VERSION};
use crate::turn::Turn;
use text::{Kind, Text};

/// Streams with metrics of their own.
const STREAMS_MAX: usize = 1_000;

/// Consumers with metrics of their own.
const CONSUMERS_MAX: usize = 10_000;

/// One metric of a `T`; where it has no value it is not told.
struct Metric<T> {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    value: fn(&T) -> Option<f64>,
}

const fn gauge<T>(name: &'static str, help: &'static str, value: fn(&T) -> Option<f64>) -> Metric<T> {
    Metric { name, kind: Kind::Gauge, help, value }
}

const fn counter<T>(name: &'static str, help: &'static str, value: fn(&T) -> Option<f64>) -> Metric<T> {
    Metric { name, kind: Kind::Counter, help, value }
}

#[rustfmt::skip]
const SERVER: &[Metric<ServerNow>] = &[
    gauge("process_start_time_seconds", "When the server started, UNIX time.", |s| seconds(s.started)),
    counter("process_cpu_seconds_total", "Processor time used.", |s| Some(s.cpu_seconds)),
    gauge("process_resident_memory_bytes", "Memory in use.", |s| some(s.memory)),
    gauge("process_open_fds", "Open files and sockets.", |s| some(s.open_files)),
    gauge("nats_connections", "Open client connections.", |s| some(s.connections)),
    gauge("nats_connections_limit", "Most client connections at a time.", |s| some(s.connections_max)),
    counter("nats_connections_accepted_total", "Client connections accepted.", |s| some(s.accepted)),
    counter("nats_slow_consumers_total", "Clients cut off for reading too slowly.", |s| some(s.slow)),
    counter("nats_stale_connections_total", "Clients cut off for not answering PINGs.", |s| some(s.stale)),
    gauge("nats_subscriptions", "Subscriptions, the server's own included.", |s| some(s.subscriptions)),
    gauge("nats_pending_bytes", "Bytes waiting for clients to take them.", |s| some(s.pending_bytes)),
    counter("nats_received_messages_total", "Messages from clients.", |s| some(s.traffic.in_messages)),
    counter("nats_received_bytes_total", "Bytes of messages from clients.", |s| some(s.traffic.in_bytes)),
    counter("nats_sent_messages_total", "Messages to clients.", |s| some(s.traffic.out_messages)),
    counter("nats_sent_bytes_total", "Bytes of messages to clients.", |s| some(s.traffic.out_bytes)),
    gauge("jetstream_enabled", "1 if the server keeps streams.", |s| some(s.jetstream.is_some())),
    gauge("jetstream_streams", "Streams.", |s| jetstream(s, |j| j.totals.streams)),
    gauge("jetstream_consumers", "Consumers.", |s| jetstream(s, |j| j.totals.consumers)),
    gauge("jetstream_messages", "Messages in all streams.", |s| jetstream(s, |j| j.totals.messages)),
    gauge("jetstream_memory_bytes", "Bytes of messages in memory.", |s| jetstream(s, |j| j.totals.memory)),
    gauge("jetstream_memory_limit_bytes", "Most bytes in memory, if limited.",
        |s| s.jetstream.as_ref()?.memory_max.and_then(some)),
    gauge("jetstream_file_bytes", "Bytes of messages in files.", |s| jetstream(s, |j| j.totals.file)),
    gauge("jetstream_file_limit_bytes", "Most bytes in files, if limited.",
        |s| s.jetstream.as_ref()?.file_max.and_then(some)),
    counter("jetstream_api_requests_total", "Requests to the API.", |s| jetstream(s, |j| j.requests)),
    counter("jetstream_api_errors_total", "Requests to the API answered by an error.",
        |s| jetstream(s, |j| j.errors)),
    gauge("jetstream_streams_untold", "Streams beyond those with metrics of their own.",
        |s| jetstream(s, |j| j.streams_untold)),
    gauge("jetstream_consumers_untold", "Consumers without metrics of their own: ephemeral, or beyond the limit.",
        |s| jetstream(s, |j| j.consumers_untold)),
];

#[rustfmt::skip]
const STREAM: &[Metric<StreamNow>] = &[
    gauge("jetstream_stream_messages", "Messages in the stream.", |s| some(s.state.messages)),
    gauge("jetstream_stream_bytes", "Their bytes.", |s| some(s.state.bytes)),
    gauge("jetstream_stream_first_sequence", "Sequence of the first message.", |s| some(s.state.first_seq)),
    gauge("jetstream_stream_last_sequence", "Sequence of the last message there ever was.", |s| some(s.state.last_seq)),
    gauge("jetstream_stream_last_timestamp_seconds", "When that was stored, UNIX time.", |s| seconds(s.state.last_ts)),
    gauge("jetstream_stream_subjects", "Subjects of the messages.", |s| some(s.state.num_subjects)),
    gauge("jetstream_stream_consumers", "Consumers of the stream.", |s| some(s.state.consumer_count)),
    gauge("jetstream_stream_fault", "1 while its disk fails.", |s| some(s.fault)),
];

#[rustfmt::skip]
const CONSUMER: &[Metric<ConsumerInfo>] = &[
    gauge("jetstream_consumer_pending", "Messages still to be delivered.", |c| some(c.num_pending)),
    gauge("jetstream_consumer_ack_pending", "Deliveries not acknowledged.", |c| some(c.num_ack_pending)),
    gauge("jetstream_consumer_redelivered", "Those of them delivered more than once.", |c| some(c.num_redelivered)),
    gauge("jetstream_consumer_waiting", "Pull requests that wait.", |c| some(c.num_waiting)),
    gauge("jetstream_consumer_delivered_stream_sequence", "Sequence of the last message delivered.",
        |c| some(c.delivered.stream_seq)),
    gauge("jetstream_consumer_delivered_consumer_sequence", "Deliveries.", |c| some(c.delivered.consumer_seq)),
    gauge("jetstream_consumer_ack_floor_stream_sequence", "All messages up to this one are acknowledged.",
        |c| some(c.ack_floor.stream_seq)),
    gauge("jetstream_consumer_ack_floor_consumer_sequence", "All deliveries up to this one are acknowledged.",
        |c| some(c.ack_floor.consumer_seq)),
    gauge("jetstream_consumer_push_bound", "1 while somebody listens where a push consumer delivers.",
        |c| some(c.push_bound)),
    gauge("jetstream_consumer_paused", "1 while it delivers nothing.", |c| some(c.paused)),
];

/// The server as it is now.
struct ServerNow {
    id: String,
    name: String,
    /// Paths of monitoring, and how often they were asked for.
    requests: Vec<(&'static str, u64)>,
    started: i64,
    cpu_seconds: f64,
    memory: u64,
    open_files: usize,
    connections: usize,
    connections_max: usize,
    accepted: u64,
    slow: u64,
    stale: u64,
    subscriptions: usize,
    pending_bytes: usize,
    traffic: Traffic,
    jetstream: Option<JetStreamNow>,
    streams: Vec<StreamNow>,
    consumers: Vec<ConsumerInfo>,
}

struct JetStreamNow {
    totals: Totals,
    memory_max: Option<u64>,
    file_max: Option<u64>,
    requests: u64,
    errors: u64,
    streams_untold: usize,
    consumers_untold: usize,
}

struct StreamNow {
    name: String,
    state: StreamState,
    fault: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "others of its kind refuse")]
pub(super) fn answer(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    Ok(Answer::text(Text::KIND, render(&ServerNow::of(monitor))))
}

fn render(now: &ServerNow) -> String {
    let mut text = Text::default();
    text.family("nats_server_info", Kind::Gauge, "Which server this is, always 1.");
    text.sample(&[("server_id", &now.id), ("server_name", &now.name), ("version", VERSION)], 1.0);
    text.family("nats_monitor_requests_total", Kind::Counter, "Requests to monitoring.");
    for (path, count) in &now.requests {
        text.sample(&[("path", path)], count.count());
    }
    table(&mut text, SERVER, std::slice::from_ref(now), |_| []);
    table(&mut text, STREAM, &now.streams, |s| [("account", ACCOUNT), ("stream", s.name.as_str())]);
    table(&mut text, CONSUMER, &now.consumers, |c| {
        [("account", ACCOUNT), ("stream", c.stream_name.as_str()), ("consumer", c.name.as_str())]
    });
    text.finish()
}

/// Writes each metric of a table for each of `all`.
fn table<T, const LABELS: usize>(
    text: &mut Text,
    table: &[Metric<T>],
    all: &[T],
    labels: fn(&T) -> [(&'static str, &str); LABELS],
) {
    for metric in table {
        text.family(metric.name, metric.kind, metric.help);
        for one in all {
            if let Some(value) = (metric.value)(one) {
                text.sample(&labels(one), value);
            }
        }
    }
}

impl ServerNow {
    fn of(monitor: &Monitor) -> Self {
        let server = &monitor.server;
        let open = server.connections.open();
        let mut now = Self {
            id: server.id.clone(),
            name: server.name.clone(),
            requests: monitor.requests().collect(),
            started: server.started,
            cpu_seconds: process::cpu_time().as_secs_f64(),
            memory: process::memory(),
            open_files: process::open_files(),
            connections: open.len(),
            connections_max: server.options.limits.max_connections,
            accepted: server.connections.total(),
            slow: server.connections.slow_consumers(),
            stale: server.connections.stale(),
            subscriptions: server.router.len(),
            pending_bytes: open.iter().map(|connection| connection.outbox.len()).sum(),
            traffic: server.connections.traffic(),
            jetstream: None,
            streams: Vec::new(),
            consumers: Vec::new(),
        };
        if let Some(jetstream) = &server.jetstream {
            now.look_into(server, jetstream);
        }
        now
    }

    fn look_into(&mut self, server: &Arc<Server>, jetstream: &JetStream) {
        let mut turn = Turn::new(server.clone());
        let streams = jetstream.streams();
        for stream in streams.iter().take(STREAMS_MAX) {
            let name = stream.name.to_string();
            self.streams.push(StreamNow { name, state: stream.state(), fault: stream.fault().is_some() });
            for name in stream.consumer_names() {
                if self.consumers.len() == CONSUMERS_MAX {
                    break;
                }
                let info = stream.consumer_info(&mut turn, &name);
                self.consumers.extend(info.filter(|info| !info.config.durable_name.is_empty()));
            }
        }
        turn.finish();
        let totals = Totals::of(jetstream);
        self.jetstream = Some(JetStreamNow {
            totals,
            memory_max: jetstream.options.max_memory,
            file_max: jetstream.options.max_file,
            requests: jetstream.usage.total.load(Ordering::Relaxed),
            errors: jetstream.usage.errors.load(Ordering::Relaxed),
            streams_untold: totals.streams.saturating_sub(self.streams.len()),
            consumers_untold: totals.consumers.saturating_sub(self.consumers.len()),
        });
    }
}

/// A count as Prometheus has it: exact up to 2⁵³.
trait Count {
    fn count(self) -> f64;
}

impl Count for u64 {
    #[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
    fn count(self) -> f64 {
        self as f64
    }
}

impl Count for usize {
    fn count(self) -> f64 {
        (self as u64).count()
    }
}

impl Count for bool {
    fn count(self) -> f64 {
        f64::from(u8::from(self))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what tables ask for")]
fn some(count: impl Count) -> Option<f64> {
    Some(count.count())
}

fn jetstream<C: Count>(server: &ServerNow, count: fn(&JetStreamNow) -> C) -> Option<f64> {
    server.jetstream.as_ref().map(|jetstream| count(jetstream).count())
}

/// A time in seconds; none where there was none.
fn seconds(nanos: i64) -> Option<f64> {
    let nanos = u64::try_from(nanos).ok().filter(|nanos| *nanos > 0)?;
    Some(std::time::Duration::from_nanos(nanos).as_secs_f64())
}

#[cfg(test)]
mod tests;
