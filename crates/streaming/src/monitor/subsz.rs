//! `/subsz`, also `/subscriptionsz`: the table of subscriptions.
//!
//! `?subs=1` lists them, in no particular order, the same as long as none comes or goes; `?test=` only those that a
//! message on that subject would reach; `?acc=` those of an account.

use std::sync::Arc;

use protocol::subject;
use protocol::time::rfc3339;
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::parameters::{Page, Parameters};
use super::{ACCOUNT, Monitor};
use crate::router::{Matches, Router, Subscription, Target};

#[derive(Serialize)]
struct Subsz<'a> {
    #[serde(flatten)]
    list_head: Option<ListHead<'a>>,
    #[serde(flatten)]
    stats: Stats,
    #[serde(flatten)]
    list: Option<List>,
}

#[derive(Serialize)]
struct ListHead<'a> {
    server_id: &'a str,
    now: String,
}

/// `nats-server` keeps the answers of its table in one cache and counts how that does. Here each connection keeps those
/// it needs, and nobody counts: what is told of the cache is what there is to tell of none.
#[derive(Serialize)]
struct Stats {
    num_subscriptions: usize,
    num_cache: u64,
    num_inserts: u64,
    num_removes: u64,
    num_matches: u64,
    cache_hit_rate: f64,
    max_fanout: u64,
    avg_fanout: f64,
}

#[derive(Serialize)]
struct List {
    /// How many are told: those that are not, nobody counts, in `nats-server` either.
    total: usize,
    offset: usize,
    limit: usize,
    #[serde(rename = "subscriptions_list")]
    subscriptions: Vec<Detail>,
}

/// One subscription.
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'static str>,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    qgroup: Option<String>,
    sid: String,
    msgs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<u64>,
    /// The connection; 0 for the server's own.
    cid: u64,
}

impl Detail {
    pub fn of(subscription: &Subscription) -> Self {
        let (cid, sid) = match &subscription.target {
            Target::Client { connection, sid } => (connection.id, sid.to_string()),
            Target::Handler(_) => (0, String::new()),
        };
        Self {
            account: None,
            subject: subscription.subject.to_string(),
            qgroup: subscription.queue.as_deref().map(str::to_owned),
            sid,
            msgs: subscription.delivered(),
            max: subscription.max(),
            cid,
        }
    }

    fn with_account(self) -> Self {
        Self { account: Some(ACCOUNT), ..self }
    }
}

pub(super) fn answer(monitor: &Monitor, parameters: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    let page = parameters.page()?;
    let test = parameters.text("test");
    if let Some(subject) = test.filter(|subject| !subject::is_valid_literal(subject)) {
        return Err(Refusal::Unfit(format!("invalid test subject, must be valid publish subject: {subject}")));
    }
    let list = parameters.flag("subs")?.then(|| {
        let found = match (parameters.text("acc"), test) {
            (None | Some(ACCOUNT), Some(subject)) => reached(&server.router, subject, page),
            (None | Some(ACCOUNT), None) => server.router.page(page.offset, page.limit),
            (Some(_), _) => Vec::new(),
        };
        let subscriptions: Vec<_> = found.iter().map(|s| Detail::of(s).with_account()).collect();
        List { total: subscriptions.len(), offset: page.offset, limit: page.limit, subscriptions }
    });
    let list_head = list.is_some().then(|| ListHead { server_id: &server.id, now: rfc3339(server.clock.now()) });
    Answer::json(&Subsz { list_head, stats: Stats::of(&server.router), list })
}

/// A page of those that a message on `subject` could reach.
fn reached(router: &Router, subject: &str, page: Page) -> Vec<Arc<Subscription>> {
    let mut matches = Matches::default();
    router.collect(subject, &mut matches);
    let members = matches.queues.iter().flat_map(|queue| &queue.members);
    matches.plain.iter().chain(members).skip(page.offset).take(page.limit).cloned().collect()
}

impl Stats {
    fn of(router: &Router) -> Self {
        let removes = router.departures();
        Self {
            num_subscriptions: router.len(),
            num_cache: 0,
            num_inserts: router.generation().saturating_sub(removes),
            num_removes: removes,
            num_matches: 0,
            cache_hit_rate: 0.0,
            max_fanout: 0,
            avg_fanout: 0.0,
        }
    }
}
