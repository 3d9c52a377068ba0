//! `/streaming/clientsz`: who is connected; `?client=` one of them, `?subs=1` with their subscriptions.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use protocol::subject;
use serde::Serialize;

use super::super::Monitor;
use super::super::answer::{Answer, Refusal};
use super::super::parameters::Parameters;
use super::{Head, Listed, Subscriptionz, face, subscriptions};
use crate::stan::{Client, Stan};
use crate::stream::members::Membered;

#[derive(Serialize)]
struct Clientsz<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    #[serde(flatten)]
    listed: Listed,
    clients: Vec<Clientz>,
}

#[derive(Serialize)]
struct Clientz {
    id: Box<str>,
    hb_inbox: Box<str>,
    subs_count: usize,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    subscriptions: BTreeMap<Box<str>, Vec<Subscriptionz>>,
}

pub(in super::super) fn answer(monitor: &Monitor, parameters: &Parameters) -> Result<Answer, Refusal> {
    let stan = face(&monitor.server)?;
    let mut teller = Teller { stan, subs: parameters.is_one("subs"), seen: HashMap::new() };
    let all = stan.clients();
    if let Some(id) = parameters.text("client") {
        let client = all.into_iter().find(|client| *client.presented.id == *id);
        let client = client.ok_or_else(|| Refusal::Unknown(format!("Client {id} not found")))?;
        return Answer::json(&teller.tell(client));
    }
    let (page, total) = (parameters.lax_page(), all.len());
    let clients: Vec<_> =
        all.into_iter().skip(page.offset).take(page.limit).map(|client| teller.tell(client)).collect();
    let listed = Listed { offset: page.offset, limit: page.limit, count: clients.len(), total };
    Answer::json(&Clientsz { head: Head::of(&monitor.server, stan), listed, clients })
}

/// Tells of one client after the other. A channel is looked into once, however many of them are subscribed to it.
struct Teller<'a> {
    stan: &'a Stan,
    subs: bool,
    /// By channel and ack inbox.
    seen: HashMap<Box<str>, HashMap<String, Membered>>,
}

impl Teller<'_> {
    fn tell(&mut self, client: Client) -> Clientz {
        let mut by_channel: BTreeMap<Box<str>, Vec<Subscriptionz>> = BTreeMap::new();
        let told = if self.subs { &client.subscriptions[..] } else { &[] };
        for subscribed in told {
            for channel in self.channels(&subscribed.channel) {
                if let Some(its) = self.find(&channel, &subscribed.ack_inbox) {
                    by_channel.entry(channel).or_default().push(its.into());
                }
            }
        }
        Clientz {
            subs_count: client.subscriptions.len(),
            subscriptions: by_channel,
            id: client.presented.id,
            hb_inbox: client.presented.heartbeat_inbox,
        }
    }

    /// The channels that a subscription takes: one by wildcards is in each that these reach.
    fn channels(&self, subscribed: &str) -> Vec<Box<str>> {
        if !subject::has_wildcards(subscribed) {
            return vec![subscribed.into()];
        }
        let all = self.stan.channels.all();
        all.iter().map(|channel| channel.name.clone()).filter(|name| subject::matches(subscribed, name)).collect()
    }

    fn find(&mut self, channel: &str, ack_inbox: &str) -> Option<Membered> {
        if !self.seen.contains_key(channel) {
            let all = self.stan.channels.find(channel).map(|found| subscriptions(&found)).unwrap_or_default();
            let by_inbox = all.into_iter().map(|membered| (membered.subscriber.ack_inbox.clone(), membered)).collect();
            self.seen.insert(channel.into(), by_inbox);
        }
        self.seen.get_mut(channel)?.remove(ack_inbox)
    }
}
