//! `/streaming/storez`: what may be kept, and what is.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::Monitor;
use super::super::answer::{Answer, Refusal};
use super::super::parameters::Parameters;
use super::{Head, face, held};
use crate::clock::nanos;
use crate::options::{ChannelLimits, StanStore};

#[derive(Serialize)]
struct Storez<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    limits: StoreLimits<'a>,
    total_msgs: u64,
    total_bytes: u64,
}

#[derive(Serialize)]
struct StoreLimits<'a> {
    max_channels: usize,
    #[serde(flatten)]
    all: Limits,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    channels: BTreeMap<&'a str, Limits>,
}

/// 0 is no limit.
#[derive(Serialize)]
#[allow(clippy::struct_field_names, reason = "their names are the original's")]
struct Limits {
    max_msgs: u64,
    max_bytes: u64,
    max_age: i64,
    max_subscriptions: usize,
    max_inactivity: i64,
}

impl From<ChannelLimits> for Limits {
    fn from(limits: ChannelLimits) -> Self {
        Self {
            max_msgs: limits.max_messages.unwrap_or(0),
            max_bytes: limits.max_bytes.unwrap_or(0),
            max_age: limits.max_age.map_or(0, nanos),
            max_subscriptions: limits.max_subscriptions.unwrap_or(0),
            max_inactivity: limits.max_inactivity.map_or(0, nanos),
        }
    }
}

pub(in super::super) fn answer(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    let stan = face(&monitor.server)?;
    let options = &stan.options;
    let sums = stan
        .channels
        .all()
        .iter()
        .map(|channel| held(channel))
        .fold([0; 2], |sum, of| [sum[0] + of[0], sum[1] + of[1]]);
    let own = options.channels.iter().map(|(name, _)| (name.as_str(), options.limits_of(name).into()));
    Answer::json(&Storez {
        head: Head::of(&monitor.server, stan),
        kind: match options.store {
            StanStore::Memory => "MEMORY",
            StanStore::File => "FILE",
            StanStore::Sql => "SQL",
        },
        limits: StoreLimits {
            max_channels: options.max_channels.unwrap_or(0),
            all: options.limits.clone().into(),
            channels: own.collect(),
        },
        total_msgs: sums[0],
        total_bytes: sums[1],
    })
}
