//! `/live/clients`: the clients of NATS Streaming, which outlive their connections.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::Monitor;
use super::super::answer::{Answer, Refusal};
use super::super::parameters::Parameters;
use super::{Row, Sorts, part};
use crate::stan;

/// Channels that are told of a client.
const CHANNELS_MAX: usize = 4;

#[derive(Serialize)]
struct Client {
    name: String,
    subscriptions: usize,
    /// The channels it is subscribed to: how many, and the first few.
    channels: usize,
    some_channels: Vec<Box<str>>,
    /// Heartbeats in a row that it did not answer, and how many it may.
    missed: u32,
    missed_max: u32,
}

impl Row for Client {
    const SORTS: Sorts<Self> = &[
        ("subscriptions", |a, b| a.subscriptions.cmp(&b.subscriptions)),
        ("channels", |a, b| a.channels.cmp(&b.channels)),
        ("missed", |a, b| a.missed.cmp(&b.missed)),
    ];

    fn key(&self) -> &str {
        &self.name
    }

    fn mentions(&self) -> Vec<&str> {
        self.some_channels.iter().map(|channel| &**channel).chain([self.name.as_str()]).collect()
    }
}

pub(in super::super) fn answer(monitor: &Monitor, parameters: &Parameters) -> Result<Answer, Refusal> {
    let stan = monitor.server.stan.as_ref();
    let missed_max = stan.map_or(0, |stan| stan.options.heartbeat_fail_count);
    let tell = |client: stan::Client| {
        let channels: BTreeSet<_> = client.subscriptions.iter().map(|its| its.channel.clone()).collect();
        Client {
            name: client.presented.id.into(),
            subscriptions: client.subscriptions.len(),
            channels: channels.len(),
            some_channels: channels.into_iter().take(CHANNELS_MAX).collect(),
            missed: client.failures,
            missed_max,
        }
    };
    part(parameters, stan.map(stan::Stan::clients).unwrap_or_default().into_iter().map(tell).collect())
}
