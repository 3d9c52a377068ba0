//! `/streaming/channelsz`: the channels' names; `?channel=` one of them, `?subs=1` with what they hold and who is subscribed.

use serde::Serialize;

use super::super::Monitor;
use super::super::answer::{Answer, Refusal};
use super::super::parameters::Parameters;
use super::{Head, Listed, Subscriptionz, face, held, subscriptions};
use crate::stan::Channel;

#[derive(Serialize)]
struct Channelsz<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    #[serde(flatten)]
    listed: Listed,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<Box<str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channels: Vec<Channelz>,
}

#[derive(Serialize)]
struct Channelz {
    name: Box<str>,
    msgs: u64,
    bytes: u64,
    first_seq: u64,
    last_seq: u64,
    subs_count: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subscriptions: Vec<Subscriptionz>,
}

pub(in super::super) fn answer(monitor: &Monitor, parameters: &Parameters) -> Result<Answer, Refusal> {
    let stan = face(&monitor.server)?;
    let subs = parameters.is_one("subs");
    if let Some(name) = parameters.text("channel") {
        let channel = stan.channels.find(name);
        let channel = channel.ok_or_else(|| Refusal::Unknown(format!("Channel {name} not found")))?;
        return Answer::json(&told(&channel, subs));
    }
    let (all, page) = (stan.channels.all(), parameters.lax_page());
    let total = all.len();
    let shown: Vec<_> = all.into_iter().skip(page.offset).take(page.limit).collect();
    let listed = Listed { offset: page.offset, limit: page.limit, count: shown.len(), total };
    let (names, channels) = if subs {
        (Vec::new(), shown.iter().map(|channel| told(channel, true)).collect())
    } else {
        (shown.iter().map(|channel| channel.name.clone()).collect(), Vec::new())
    };
    Answer::json(&Channelsz { head: Head::of(&monitor.server, stan), listed, names, channels })
}

fn told(channel: &Channel, subs: bool) -> Channelz {
    let [msgs, bytes, first_seq, last_seq] = held(channel);
    let subscriptions: Vec<Subscriptionz> = subscriptions(channel).into_iter().map(Into::into).collect();
    Channelz {
        name: channel.name.clone(),
        msgs,
        bytes,
        first_seq,
        last_seq,
        subs_count: subscriptions.len(),
        subscriptions: if subs { subscriptions } else { Vec::new() },
    }
}
