//! `/jsz`: streams and consumers, as sums or each by itself.
//!
//! `?accounts=1`, `?streams=1`, `?consumers=1`, `?config=1` each tell more, and each but the last implies the one before.
//! `?acc=` names one account; `?offset=` and `?limit=` page over accounts, as in `nats-server`: we have one.

use std::sync::Arc;

use protocol::jetstream::api::{ClusterInfo, ConsumerInfo, PriorityGroupState, SequenceInfo, StreamState};
use protocol::jetstream::config::{ConsumerConfig, StreamConfig};
use protocol::time::rfc3339;
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::jetstream::{Config, Limits, Stats};
use super::parameters::Parameters;
use super::totals::Totals;
use super::{ACCOUNT, Monitor};
use crate::jetstream::JetStream;
use crate::server::Server;
use crate::stream::Stream;
use crate::turn::Turn;

#[derive(Serialize)]
struct Jsz<'a> {
    server_id: &'a str,
    now: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
    config: Config<'a>,
    limits: Limits,
    #[serde(flatten)]
    stats: Stats,
    streams: usize,
    consumers: usize,
    messages: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    account_details: Vec<AccountDetail>,
    /// Accounts.
    total: usize,
}

#[derive(Serialize)]
struct AccountDetail {
    name: &'static str,
    id: &'static str,
    #[serde(flatten)]
    stats: Stats,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stream_detail: Vec<StreamDetail>,
}

#[derive(Serialize)]
struct StreamDetail {
    name: String,
    created: String,
    cluster: ClusterInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<StreamConfig>,
    state: StreamState,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    consumer_detail: Vec<ConsumerDetail>,
}

/// A [`ConsumerInfo`] whose configuration is told only if asked for.
#[derive(Serialize)]
struct ConsumerDetail {
    stream_name: String,
    name: String,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<ConsumerConfig>,
    delivered: SequenceInfo,
    ack_floor: SequenceInfo,
    num_ack_pending: u64,
    num_redelivered: u64,
    num_waiting: u64,
    num_pending: u64,
    cluster: ClusterInfo,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    push_bound: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause_remaining: Option<i64>,
    ts: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    priority_groups: Vec<PriorityGroupState>,
}

/// How much is asked for.
#[expect(clippy::struct_excessive_bools, reason = "they are independent switches of the question")]
struct Detail {
    accounts: bool,
    streams: bool,
    consumers: bool,
    config: bool,
}

impl Detail {
    fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let consumers = parameters.flag("consumers")? | parameters.flag("consumer")?;
        let streams = parameters.flag("streams")? | consumers;
        let account = match parameters.text("acc") {
            None => parameters.flag("accounts")? | streams,
            Some(name) => name == ACCOUNT,
        };
        let accounts = account && parameters.page()?.offset == 0;
        Ok(Self { accounts, streams, consumers, config: parameters.flag("config")? })
    }
}

pub(super) fn answer(monitor: &Monitor, parameters: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    let detail = Detail::read(parameters)?;
    let (server_id, now) = (server.id.as_str(), rfc3339(server.clock.now()));
    let Some(jetstream) = &server.jetstream else {
        return Answer::json(&Jsz {
            server_id,
            now,
            disabled: true,
            config: Config::default(),
            limits: Limits::default(),
            stats: Stats::default(),
            streams: 0,
            consumers: 0,
            messages: 0,
            bytes: 0,
            account_details: Vec::new(),
            total: 0,
        });
    };
    let totals = Totals::of(jetstream);
    let account = detail.accounts.then(|| AccountDetail {
        name: ACCOUNT,
        id: ACCOUNT,
        stats: Stats::of(jetstream, totals).of_one_account(),
        stream_detail: if detail.streams { streams(server, jetstream, &detail) } else { Vec::new() },
    });
    Answer::json(&Jsz {
        server_id,
        now,
        disabled: false,
        config: Config::of(jetstream),
        limits: Limits::of(jetstream),
        stats: Stats::of(jetstream, totals),
        streams: totals.streams,
        consumers: totals.consumers,
        messages: totals.messages,
        bytes: totals.bytes(),
        account_details: account.into_iter().collect(),
        total: 1,
    })
}

fn streams(server: &Arc<Server>, jetstream: &JetStream, detail: &Detail) -> Vec<StreamDetail> {
    let mut turn = Turn::new(server.clone());
    let cluster = ClusterInfo { leader: server.name.clone(), ..ClusterInfo::default() };
    let tell = |stream: &Arc<Stream>| StreamDetail {
        name: stream.name.to_string(),
        created: rfc3339(stream.created()),
        cluster: cluster.clone(),
        config: detail.config.then(|| stream.config()),
        state: stream.state(),
        consumer_detail: if detail.consumers {
            let names = stream.consumer_names();
            let infos = names.iter().filter_map(|name| stream.consumer_info(&mut turn, name));
            infos.map(|info| ConsumerDetail::new(info, &cluster, detail.config)).collect()
        } else {
            Vec::new()
        },
    };
    let told = jetstream.streams().iter().map(tell).collect();
    turn.finish();
    told
}

impl ConsumerDetail {
    fn new(info: ConsumerInfo, here: &ClusterInfo, with_config: bool) -> Self {
        let ConsumerInfo {
            stream_name,
            name,
            created,
            config,
            delivered,
            ack_floor,
            num_ack_pending,
            num_redelivered,
            num_waiting,
            num_pending,
            cluster,
            push_bound,
            paused,
            pause_remaining,
            ts,
            priority_groups,
        } = info;
        Self {
            stream_name,
            name,
            created: rfc3339(created),
            config: with_config.then_some(config),
            delivered,
            ack_floor,
            num_ack_pending,
            num_redelivered,
            num_waiting,
            num_pending,
            cluster: cluster.unwrap_or_else(|| here.clone()),
            push_bound,
            paused,
            pause_remaining: Some(pause_remaining).filter(|rest| *rest > 0),
            ts: rfc3339(ts),
            priority_groups,
        }
    }
}
