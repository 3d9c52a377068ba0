//! `/accstatz`: what each account sends and receives, of which there is one.

use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::parameters::Parameters;
use super::{ACCOUNT, Monitor};

#[derive(Serialize)]
struct Accstatz<'a> {
    server_id: &'a str,
    now: String,
    account_statz: [Account; 1],
}

#[derive(Serialize)]
struct Account {
    acc: &'static str,
    name: &'static str,
    conns: usize,
    leafnodes: usize,
    total_conns: usize,
    num_subscriptions: usize,
    sent: Traffic,
    received: Traffic,
    slow_consumers: u64,
}

#[derive(Serialize)]
struct Traffic {
    msgs: u64,
    bytes: u64,
}

pub(super) fn answer(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    let traffic = server.connections.traffic();
    let connections = server.connections.count();
    let account = Account {
        acc: ACCOUNT,
        name: ACCOUNT,
        conns: connections,
        leafnodes: 0,
        // Clients and leaf nodes of now, as nats-server counts them.
        total_conns: connections,
        num_subscriptions: server.router.len(),
        sent: Traffic { msgs: traffic.out_messages, bytes: traffic.out_bytes },
        received: Traffic { msgs: traffic.in_messages, bytes: traffic.in_bytes },
        slow_consumers: server.connections.slow_consumers(),
    };
    let now = protocol::time::rfc3339(server.clock.now());
    Answer::json(&Accstatz { server_id: &server.id, now, account_statz: [account] })
}
