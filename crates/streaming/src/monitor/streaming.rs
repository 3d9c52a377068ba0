//! `/streaming/…`: the NATS Streaming face, in the original's fields and order. Without the face there is nothing there.
//!
//! `bytes` are those our log takes for the messages, which is not what the original's stores took.

pub(super) mod channelsz;
pub(super) mod clientsz;
pub(super) mod serverz;
pub(super) mod storez;

use protocol::subject;
use protocol::time::rfc3339;
use serde::Serialize;

use super::Monitor;
use super::answer::{Answer, Refusal};
use super::parameters::Parameters;
use crate::server::Server;
use crate::stan::{Channel, Stan};
use crate::stream::Which;
use crate::stream::members::Membered;

/// `/streaming`: what there is.
pub(super) fn index(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    face(&monitor.server)?;
    let links = ["serverz", "storez", "clientsz?subs=1", "channelsz?subs=1"];
    let links = links.map(|path| format!("<li><a href=\"./streaming/{path}\">{path}</a>\n")).concat();
    Ok(Answer::html(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>NATS Streaming</title>\n<ul>\n{links}</ul>\n"
    )))
}

/// `/streaming/isFTActive`: one node is no group.
pub(super) fn is_ft_active(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    face(&monitor.server).map(|_| Answer::none())
}

fn face(server: &Server) -> Result<&Stan, Refusal> {
    server.stan.as_ref().ok_or_else(|| Refusal::Unknown("404 page not found".to_owned()))
}

/// What every answer begins with.
#[derive(Serialize)]
struct Head<'a> {
    cluster_id: &'a str,
    server_id: &'a str,
    now: String,
}

impl<'a> Head<'a> {
    fn of(server: &Server, stan: &'a Stan) -> Self {
        Self { cluster_id: &stan.options.cluster_id, server_id: &stan.id, now: rfc3339(server.clock.now()) }
    }
}

/// Which part of a list is told.
#[derive(Serialize)]
struct Listed {
    offset: usize,
    limit: usize,
    count: usize,
    total: usize,
}

/// A subscription.
#[derive(Serialize)]
struct Subscriptionz {
    client_id: String,
    inbox: String,
    ack_inbox: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    durable_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    queue_name: String,
    is_durable: bool,
    is_offline: bool,
    max_inflight: usize,
    ack_wait: i64,
    last_sent: u64,
    pending_count: usize,
    is_stalled: bool,
}

impl From<Membered> for Subscriptionz {
    fn from(membered: Membered) -> Self {
        let Membered { charter, subscriber, .. } = membered;
        Self {
            client_id: subscriber.client,
            inbox: subscriber.inbox,
            ack_inbox: subscriber.ack_inbox,
            durable_name: charter.durable,
            queue_name: charter.queue,
            is_durable: charter.stays,
            is_offline: membered.is_offline,
            max_inflight: subscriber.max_in_flight,
            ack_wait: subscriber.ack_wait,
            last_sent: membered.last_sent,
            pending_count: membered.pending,
            is_stalled: membered.is_stalled,
        }
    }
}

/// The subscriptions of a channel, those that are offline too; those of queue groups last.
fn subscriptions(channel: &Channel) -> Vec<Membered> {
    let all = channel.stream().map(|stream| stream.membered()).unwrap_or_default();
    let mut its: Vec<_> =
        all.into_iter().filter(|membered| subject::matches(&membered.charter.channel, &channel.name)).collect();
    its.sort_by_key(|membered| !membered.charter.queue.is_empty());
    its
}

/// What a channel holds: messages, bytes, first and last sequence. The bytes of a view are those of its whole stream.
fn held(channel: &Channel) -> [u64; 4] {
    let Some(stream) = channel.stream() else { return [0; 4] };
    let state = stream.summary();
    if channel.is_own {
        let first = if state.last_seq == 0 { 0 } else { state.first_seq };
        return [state.messages, state.bytes, first, state.last_seq];
    }
    let sequence = |which| stream.find(which).map_or(0, |found| found.sequence);
    let (first, last) = (sequence(Which::Next(0, &channel.name)), sequence(Which::Last(&channel.name)));
    [stream.count(0, &channel.name), state.bytes, first, last]
}
