//! `/streaming/clientsz`: who is connected; `?client=` one of them, `?subs=1` with their subscriptions.

use std::collections::BTreeMap;

use protocol::subject;
use serde::Serialize;

use super::super::Monitor;
use super::super::answer::{Answer, Refusal};
use super::super::parameters::Parameters;
use super::{Head, Listed, Subscriptionz, face, subscriptions};
use crate::stan::{Client, Stan};

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
    let subs = parameters.flag("subs")?;
    let all = stan.clients();
    if let Some(id) = parameters.text("client") {
        let client = all.into_iter().find(|client| *client.presented.id == *id);
        let client = client.ok_or_else(|| Refusal::Unknown(format!("Client {id} not found")))?;
        return Answer::json(&told(stan, client, subs));
    }
    let (page, total) = (parameters.page()?, all.len());
    let clients: Vec<_> =
        all.into_iter().skip(page.offset).take(page.limit).map(|client| told(stan, client, subs)).collect();
    let listed = Listed { offset: page.offset, limit: page.limit, count: clients.len(), total };
    Answer::json(&Clientsz { head: Head::of(&monitor.server, stan), listed, clients })
}

fn told(stan: &Stan, client: Client, subs: bool) -> Clientz {
    let mut by_channel: BTreeMap<Box<str>, Vec<Subscriptionz>> = BTreeMap::new();
    for subscribed in client.subscriptions.iter().filter(|_| subs) {
        // One by wildcards is in each channel that these take.
        let mut channels = stan.channels.all();
        channels.retain(|channel| subject::matches(&subscribed.channel, &channel.name));
        for channel in channels {
            let its = subscriptions(&channel).into_iter().find(|m| *m.subscriber.ack_inbox == *subscribed.ack_inbox);
            if let Some(its) = its {
                by_channel.entry(channel.name.clone()).or_default().push(its.into());
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
