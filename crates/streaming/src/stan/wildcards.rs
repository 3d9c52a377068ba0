//! Subscriptions by wildcards: a member of one consumer in every stream that the filter reaches.
//!
//! ```text
//!  foo.*  ──┬──► stream foo.a   consumer stan:d:foo%2E%2A:me:d ──┐
//!           ├──► stream foo.b   consumer of the same name ───────┼──► one inbox, one ack inbox
//!           └──► whatever comes later ───────────────────────────┘
//! ```
//!
//! | | |
//! |---|---|
//! | order, sequences | each channel's own: a message is named by its channel and its sequence together |
//! | acknowledgements | say both, as clients always did, and go to the stream that holds the channel |
//! | max in flight | counts in each stream |
//! | start | applied in each stream; a sequence is refused. A stream made later is read from its beginning |
//! | durables, queue groups | go by client or group and the filter as it is written; kept, dropped, shared in all streams at once |
//! | limits | there may be as many of these as a channel may have subscriptions; a channel's own do not count them |
//!
//! A filter that begins with a wildcard passes over streams with subjects that begin with `$` or `_`: those are not
//! anybody's channels, but buckets and the server's own.
//!
//! What is asked for lies with the clients on disk (`clients.rs`), because no stream need exist that could keep it.

use std::sync::Arc;

use protocol::jetstream::config::{ConsumerConfig, DeliverPolicy};
use protocol::stan::{Message as _, StartPosition, SubscriptionRequest, SubscriptionResponse, error};
use protocol::subject;
use serde::{Deserialize, Serialize};

use super::reach::Reach;
use super::registry::Subscribed;
use super::{Stan, acks, subscribe};
use crate::router::Handler;
use crate::stream::members::{Charter, Leave, Notice, Subscriber};
use crate::stream::{Gate, Stream};
use crate::turn::{Message, Turn};

/// A group of subscriptions by one filter.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Wide {
    /// Its consumer's name, the same in every stream.
    pub consumer: Box<str>,
    /// What it is; its channel is the filter.
    pub charter: Charter,
    /// The consumer, as the first member asked for it.
    config: ConsumerConfig,
    /// When that was.
    since: i64,
    /// Those who are here.
    pub members: Vec<Subscriber>,
}

impl Wide {
    /// Whether the filter reaches a stream with these subjects.
    fn reaches(&self, subjects: &[String]) -> bool {
        let filter = &self.charter.channel;
        let is_hidden = |subject: &String| subject.starts_with(['$', '_']);
        subjects.iter().any(|other| subject::overlaps(filter, other))
            && !(filter.starts_with(['*', '>']) && subjects.iter().any(is_hidden))
    }

    /// The consumer for a stream that was made at `created`.
    fn consumer(&self, created: i64) -> ConsumerConfig {
        let mut config = self.config.clone();
        if created >= self.since {
            (config.deliver_policy, config.opt_start_time) = (DeliverPolicy::All, None);
        } else if config.deliver_policy == DeliverPolicy::New {
            // New when it was asked for, which may be a while ago.
            (config.deliver_policy, config.opt_start_time) = (DeliverPolicy::ByStartTime, Some(self.since));
        }
        config
    }

    /// Makes the subscriber a member in `stream`, if the filter reaches it.
    fn extend(
        &self,
        turn: &mut Turn,
        subscriber: &Subscriber,
        subscribed: &Arc<Subscribed>,
        stream: &Arc<Stream>,
        notice: Notice<'_>,
    ) {
        if !self.reaches(&stream.config().subjects) {
            return;
        }
        let config = self.consumer(stream.created());
        match stream.join(turn, &config, &self.charter, subscriber.clone(), notice, None) {
            Ok(()) if subscribed.reach.add(stream) => {
                stream.start_member(turn, &self.consumer, &subscribed.ack_inbox);
            }
            Ok(()) => {}
            // A work queue that another consumer drains, say: the other streams have nothing to do with it.
            Err(why) => tracing::warn!(
                "STREAM: [Client:{}] {:?} leaves out the stream {:?}: {why}",
                subscriber.client,
                self.charter.channel,
                stream.name
            ),
        }
    }
}

/// Starts the members of a subscription once its client was told where to acknowledge.
struct Told {
    reach: Arc<Reach>,
    consumer: Box<str>,
    ack_inbox: Arc<str>,
}

impl Handler for Told {
    fn handle(&self, turn: &mut Turn, _: &Message<'_>) {
        for stream in self.reach.tell() {
            stream.start_member(turn, &self.consumer, &self.ack_inbox);
        }
    }
}

impl Stan {
    /// Subscribes by a filter with wildcards.
    pub(super) fn subscribe_widely(
        &self,
        turn: &mut Turn,
        request: &SubscriptionRequest,
        start: StartPosition,
        subscriber: &Subscriber,
        reply: &str,
    ) -> Result<(), String> {
        if matches!(start, StartPosition::Sequence(_)) {
            return Err(error::SEQUENCE_OF_MANY.to_owned());
        }
        let (consumer, charter) = subscribe::membership(request, &subscriber.ack_inbox);
        if self.options.replace_durable && !charter.durable.is_empty() {
            self.evict(turn, &request.client_id, &consumer);
        }
        let reach = Arc::new(Reach::wide(false));
        let subscribed = Arc::new(Subscribed::new(&charter, &consumer, subscriber, reach.clone()));
        let asked = Wide {
            config: subscribe::consumer(&consumer, request, start, 0, turn.now),
            consumer: consumer.as_str().into(),
            charter,
            since: turn.now,
            members: Vec::new(),
        };
        let wide = self.enlist(&request.client_id, asked, subscriber, &subscribed)?;
        turn.server().router.insert(subscribed.acks.clone());
        let response =
            SubscriptionResponse { ack_inbox: subscriber.ack_inbox.clone(), ..SubscriptionResponse::default() };
        let told = Told { reach, consumer: wide.consumer.clone(), ack_inbox: subscribed.ack_inbox.clone() };
        let gate = Gate::followed(reply, response.encode_to_vec(), Arc::new(told));
        let server = turn.server().clone();
        for stream in server.jetstream.iter().flat_map(crate::jetstream::JetStream::streams) {
            wide.extend(turn, subscriber, &subscribed, &stream, Notice::Gate(&gate));
        }
        gate.pass(turn);
        if self.holds(&request.client_id, &subscribed) {
            self.note(&request.client_id, format_args!("Subscribed to {:?} by {consumer}", request.subject));
        } else {
            self.let_go(turn, &subscribed, Leave::Close);
        }
        Ok(())
    }

    /// Writes the subscription down, with its client and in its group.
    fn enlist(
        &self,
        client: &str,
        asked: Wide,
        subscriber: &Subscriber,
        subscribed: &Arc<Subscribed>,
    ) -> Result<Wide, String> {
        let mut guard = self.registry.lock();
        let registry = &mut *guard;
        let there = registry.wide.get(&asked.consumer);
        if there.is_some_and(|wide| !wide.members.is_empty() && wide.charter.queue.is_empty()) {
            return Err(error::DUPLICATE_DURABLE.to_owned());
        }
        let comes_back = there.is_some_and(|wide| wide.members.is_empty());
        // One that waits for its subscriber has its place.
        let count: usize = registry.wide.values().map(|wide| wide.members.len().max(1)).sum();
        if !comes_back && self.options.limits.max_subscriptions.is_some_and(|max| count >= max) {
            return Err(error::TOO_MANY_SUBSCRIPTIONS.to_owned());
        }
        let client = registry.clients.get_mut(client).ok_or(error::UNKNOWN_CLIENT)?;
        client.subscriptions.push(subscribed.clone());
        let wide = registry.wide.entry(asked.consumer.clone()).or_insert(asked);
        wide.members.push(subscriber.clone());
        let wide = wide.clone();
        registry.note_wide(&wide, &self.options.cluster_id);
        Ok(wide)
    }

    /// A stream was made, or holds other subjects than before: filters may reach it.
    pub fn reach_stream(&self, turn: &mut Turn, stream: &Arc<Stream>) {
        let groups: Vec<Wide> = {
            let subjects = stream.config().subjects;
            let registry = self.registry.lock();
            registry.wide.values().filter(|wide| wide.reaches(&subjects)).cloned().collect()
        };
        for wide in groups {
            for subscriber in &wide.members {
                let subscribed = self.registry.lock().subscribed(&subscriber.client, &subscriber.ack_inbox);
                let Some(subscribed) = subscribed else { continue };
                wide.extend(turn, subscriber, &subscribed, stream, Notice::None);
                if !self.holds(&subscriber.client, &subscribed) {
                    // It left meanwhile, when this stream was none of its own yet.
                    stream.leave(turn, &wide.consumer, &subscribed.ack_inbox, Leave::Close);
                }
            }
        }
    }

    /// Whether a group has that member, as the clients on disk tell.
    pub(super) fn knows_wide(&self, consumer: &str, ack_inbox: &str) -> bool {
        let registry = self.registry.lock();
        registry.wide.get(consumer).is_some_and(|wide| wide.members.iter().any(|m| m.ack_inbox == ack_inbox))
    }

    /// Takes a member off a group, and the group away if nothing of it stays.
    pub(super) fn delist(&self, consumer: &str, ack_inbox: &str, how: Leave) {
        let mut guard = self.registry.lock();
        let registry = &mut *guard;
        let Some(wide) = registry.wide.get_mut(consumer) else { return };
        wide.members.retain(|member| member.ack_inbox != ack_inbox);
        if wide.members.is_empty() && (how == Leave::Unsubscribe || !wide.charter.stays) {
            registry.wide.remove(consumer);
            registry.note_wide_gone(consumer);
        } else {
            let wide = wide.clone();
            registry.note_wide(&wide, &self.options.cluster_id);
        }
    }

    /// Forgets a durable nobody uses; false if there is none such, and an error that says who does.
    pub(super) fn drop_wide(&self, consumer: &str) -> Result<bool, String> {
        let mut registry = self.registry.lock();
        let Some(wide) = registry.wide.get(consumer) else { return Ok(false) };
        if let Some(member) = wide.members.first() {
            return Err(member.client.clone());
        }
        registry.wide.remove(consumer);
        registry.note_wide_gone(consumer);
        Ok(true)
    }

    /// After a start: subscriptions by filters are their clients' again, in every stream there is by now.
    pub(super) fn resume_wide(&self, turn: &mut Turn) {
        let groups: Vec<Wide> = self.registry.lock().wide.values().cloned().collect();
        let server = turn.server().clone();
        for wide in groups {
            for subscriber in &wide.members {
                let reach = Arc::new(Reach::wide(true));
                let subscribed = Arc::new(Subscribed::new(&wide.charter, &wide.consumer, subscriber, reach));
                server.router.insert(subscribed.acks.clone());
                for stream in server.jetstream.iter().flat_map(crate::jetstream::JetStream::streams) {
                    wide.extend(turn, subscriber, &subscribed, &stream, Notice::None);
                }
                self.take_up(turn, subscriber, &wide.charter, subscribed);
            }
        }
    }
}

impl Subscribed {
    /// The subscription of `subscriber` by the consumer of that name.
    pub(super) fn new(charter: &Charter, consumer: &str, subscriber: &Subscriber, reach: Arc<Reach>) -> Self {
        let acks = acks::subscription(&reach, consumer, &subscriber.ack_inbox);
        Self {
            channel: charter.channel.as_str().into(),
            consumer: consumer.into(),
            ack_inbox: subscriber.ack_inbox.as_str().into(),
            inbox: subscriber.inbox.as_str().into(),
            acks,
            reach,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(filter: &str) -> Wide {
        let charter = Charter { channel: filter.into(), queue: String::new(), durable: String::new(), stays: false };
        let config = ConsumerConfig { deliver_policy: DeliverPolicy::New, ..ConsumerConfig::default() };
        Wide { consumer: "c".into(), charter, config, since: 100, members: Vec::new() }
    }

    #[test]
    fn a_filter_reaches_what_holds_channels_it_takes() {
        for (filter, subjects, reaches) in [
            ("foo.*", &["foo.bar"][..], true),
            ("foo.*", &["foo.bar.baz", "other"], false),
            ("foo.*", &["foo.>"], true),
            (">", &["foo"], true),
            (">", &["$KV.B.>"], false),
            ("*.x", &["a.x", "_private"], false),
            ("$KV.B.*", &["$KV.B.>"], true),
        ] {
            let subjects: Vec<_> = subjects.iter().map(ToString::to_string).collect();
            assert_eq!(wide(filter).reaches(&subjects), reaches, "{filter} {subjects:?}");
        }
    }

    #[test]
    fn what_came_after_it_is_read_whole_and_what_was_there_from_then_on() {
        let wide = wide("foo.*");
        let start = |created| {
            let config = wide.consumer(created);
            (config.deliver_policy, config.opt_start_time)
        };
        assert_eq!(start(100), (DeliverPolicy::All, None));
        assert_eq!(start(99), (DeliverPolicy::ByStartTime, Some(100)));
    }
}
