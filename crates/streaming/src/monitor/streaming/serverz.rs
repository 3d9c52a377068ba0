//! `/streaming/serverz`: the server.

use protocol::time::rfc3339;
use serde::Serialize;

use super::super::Monitor;
use super::super::answer::{Answer, Refusal};
use super::super::parameters::Parameters;
use super::super::process::{open_files, open_files_max};
use super::super::varz::{is_zero, uptime};
use super::{face, held, subscriptions};
use crate::stan::VERSION;

#[derive(Serialize)]
struct Serverz<'a> {
    cluster_id: &'a str,
    server_id: &'a str,
    version: &'static str,
    go: &'static str,
    state: &'static str,
    now: String,
    start_time: String,
    uptime: String,
    clients: usize,
    subscriptions: usize,
    channels: usize,
    total_msgs: u64,
    total_bytes: u64,
    in_msgs: u64,
    in_bytes: u64,
    out_msgs: u64,
    out_bytes: u64,
    open_fds: usize,
    #[serde(skip_serializing_if = "is_zero")]
    max_fds: u64,
}

pub(in super::super) fn answer(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    let stan = face(server)?;
    let channels = stan.channels.all();
    let sums = channels.iter().map(|channel| held(channel)).fold([0; 2], |sum, of| [sum[0] + of[0], sum[1] + of[1]]);
    let online = channels.iter().flat_map(|channel| subscriptions(channel)).filter(|membered| !membered.is_offline);
    let [in_msgs, in_bytes, out_msgs, out_bytes] = stan.counts.read();
    let now = server.clock.now();
    Answer::json(&Serverz {
        cluster_id: &stan.options.cluster_id,
        server_id: &stan.id,
        version: VERSION,
        go: "none",
        state: "STANDALONE",
        now: rfc3339(now),
        start_time: rfc3339(server.started),
        uptime: uptime(now - server.started),
        clients: stan.client_count(),
        subscriptions: online.count(),
        channels: channels.len(),
        total_msgs: sums[0],
        total_bytes: sums[1],
        in_msgs,
        in_bytes,
        out_msgs,
        out_bytes,
        open_fds: open_files(),
        max_fds: open_files_max(),
    })
}
