//! `/connz`: the connections, open and lately closed.
//!
//! `?state=open|closed|all` which · `?cid=`, `?user=`, `?acc=` only those · `?sort=` by what · `?offset=`, `?limit=` which
//! part of them · `?subs=1|detail` with their subscriptions · `?auth=1` with the user's name.

mod sort;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use protocol::time::{go_duration, rfc3339};
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::parameters::{Page, Parameters};
use super::subsz;
use super::varz::uptime;
use super::{ACCOUNT, Monitor};
use crate::connection::{Connection, Connections, Identity, Reason};
use sort::Sort;

#[derive(Serialize)]
struct Connz<'a> {
    server_id: &'a str,
    now: String,
    num_connections: usize,
    total: usize,
    offset: usize,
    limit: usize,
    connections: Vec<Info>,
}

#[derive(Serialize)]
struct Info {
    cid: u64,
    kind: &'static str,
    #[serde(rename = "type")]
    protocol: &'static str,
    ip: String,
    port: u16,
    start: String,
    last_activity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    rtt: String,
    uptime: String,
    idle: String,
    pending_bytes: usize,
    in_msgs: u64,
    out_msgs: u64,
    in_bytes: u64,
    out_bytes: u64,
    subscriptions: usize,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    lang: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorized_user: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subscriptions_list: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subscriptions_list_detail: Vec<subsz::Detail>,
}

/// A connection, and how it ended if it has.
struct Known {
    connection: Arc<Connection>,
    identity: Arc<Identity>,
    ended: Option<(i64, Reason)>,
}

/// Which connections are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Closed,
    All,
}

/// What is told of a connection's subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subscriptions {
    Count,
    Subjects,
    Details,
}

pub(super) fn answer(monitor: &Monitor, parameters: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    let asked = Asked::read(parameters)?;
    let now = server.clock.now();
    let known = asked.state.of(&server.connections);
    let total = if asked.of_account { known.len() } else { 0 };
    let part = asked.part(known, now);
    let connections: Vec<_> = part.iter().map(|k| k.info(now, asked.subscriptions, asked.with_user)).collect();
    Answer::json(&Connz {
        server_id: &server.id,
        now: rfc3339(now),
        num_connections: connections.len(),
        total,
        offset: asked.page.offset,
        limit: asked.page.limit,
        connections,
    })
}

/// What is asked.
struct Asked<'a> {
    state: State,
    /// Of our account, not of another.
    of_account: bool,
    cid: Option<u64>,
    user: Option<&'a str>,
    sort: Sort,
    page: Page,
    subscriptions: Subscriptions,
    with_user: bool,
}

impl<'a> Asked<'a> {
    fn read(parameters: &'a Parameters) -> Result<Self, Refusal> {
        let state = State::read(parameters.text("state"))?;
        let cid = parameters.id("cid")?;
        let page = parameters.page()?;
        Ok(Self {
            state,
            of_account: parameters.text("acc").is_none_or(|account| account == ACCOUNT),
            cid,
            user: parameters.text("user"),
            sort: Sort::read(parameters.text("sort"), state)?,
            page: if cid.is_some() { Page { limit: 1, ..page } } else { page },
            subscriptions: Subscriptions::read(parameters)?,
            with_user: parameters.flag("auth")?,
        })
    }

    /// The page that is asked for.
    fn part(&self, mut known: Vec<Known>, now: i64) -> Vec<Known> {
        known.retain(|k| {
            self.of_account
                && self.cid.is_none_or(|cid| k.connection.id == cid)
                && self.user.is_none_or(|user| k.identity.user.as_deref() == Some(user))
        });
        self.sort.apply(&mut known, now);
        known.into_iter().skip(self.page.offset).take(self.page.limit).collect()
    }
}

impl State {
    fn read(text: Option<&str>) -> Result<Self, Refusal> {
        match text.map(str::to_ascii_lowercase).as_deref() {
            None | Some("open") => Ok(Self::Open),
            Some("closed") => Ok(Self::Closed),
            Some("all" | "any") => Ok(Self::All),
            Some(_) => Err(Refusal::Unfit(format!("Error decoding state for {}", text.unwrap_or_default()))),
        }
    }

    fn of(self, connections: &Connections) -> Vec<Known> {
        let mut known = Vec::new();
        if self != Self::Open {
            let closed = connections.closed().into_iter();
            known.extend(closed.map(|c| Known {
                connection: c.connection,
                identity: c.identity,
                ended: Some((c.at, c.reason)),
            }));
        }
        if self != Self::Closed {
            let open = connections.open().into_iter();
            known.extend(open.map(|c| Known { identity: c.identity(), connection: c, ended: None }));
        }
        if self == Self::All {
            // One that ended between the two looks is among both.
            known.sort_by_key(|k| (k.connection.id, k.ended.is_none()));
            known.dedup_by_key(|k| k.connection.id);
        }
        known
    }
}

impl Subscriptions {
    fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        if parameters.text("subs").is_some_and(|text| text.eq_ignore_ascii_case("detail")) {
            return Ok(Self::Details);
        }
        Ok(if parameters.flag("subs")? { Self::Subjects } else { Self::Count })
    }
}

impl Known {
    /// Since when it does nothing.
    fn last_activity(&self) -> i64 {
        self.connection.heard.load(Ordering::Relaxed)
    }

    /// When it ended, or how late it is.
    fn until(&self, now: i64) -> i64 {
        self.ended.map_or(now, |(at, _)| at)
    }

    fn info(&self, now: i64, subscriptions: Subscriptions, with_user: bool) -> Info {
        let connection = &self.connection;
        let (in_msgs, in_bytes) = connection.received();
        let (out_msgs, out_bytes) = connection.outbox.delivered();
        let mut list = if subscriptions == Subscriptions::Count { Vec::new() } else { connection.subscriptions() };
        list.sort_by(|a, b| (&a.subject, &a.queue).cmp(&(&b.subject, &b.queue)));
        let list = list.iter();
        Info {
            cid: connection.id,
            kind: "Client",
            protocol: "nats",
            ip: connection.peer.ip().to_string(),
            port: connection.peer.port(),
            start: rfc3339(connection.started),
            last_activity: rfc3339(self.last_activity()),
            stop: self.ended.map(|(at, _)| rfc3339(at)),
            reason: self.ended.map(|(_, reason)| reason.text()),
            rtt: go_duration(connection.round_trip.load(Ordering::Relaxed) / 1000 * 1000),
            uptime: uptime(self.until(now) - connection.started),
            idle: uptime(self.until(now) - self.last_activity()),
            pending_bytes: connection.outbox.len(),
            in_msgs,
            out_msgs,
            in_bytes,
            out_bytes,
            subscriptions: connection.subscription_count(),
            name: self.identity.name.clone(),
            lang: self.identity.lang.clone(),
            version: self.identity.version.clone(),
            authorized_user: self.identity.user.clone().filter(|_| with_user),
            subscriptions_list: if subscriptions == Subscriptions::Subjects {
                list.clone().map(|s| s.subject.to_string()).collect()
            } else {
                Vec::new()
            },
            subscriptions_list_detail: if subscriptions == Subscriptions::Details {
                list.map(|s| subsz::Detail::of(s)).collect()
            } else {
                Vec::new()
            },
        }
    }
}

#[cfg(test)]
mod tests;
