//! A client subscribes: it becomes a member of a consumer, which is made if there is none.

use std::sync::Arc;

use protocol::jetstream::config::{AckPolicy, ConsumerConfig, DeliverPolicy};
use protocol::stan::{Message as _, StartPosition, SubscriptionRequest, SubscriptionResponse, error, is_channel};

use super::registry::Subscribed;
use super::{ID_SIGNS, Stan, acks, answer};
use crate::stream::Stream;
use crate::stream::members::{Charter, JoinError, Leave, Subscriber};
use crate::turn::{Message, Turn};

/// `_STAN.sub.<cluster>`
pub(super) fn handle(stan: &Stan, turn: &mut Turn, message: &Message<'_>) {
    // Without anybody to tell there would be a subscriber that does not know where to acknowledge.
    let Some(reply) = message.reply else { return };
    if let Err(error) = stan.subscribe(turn, message, reply) {
        answer(turn, message, &SubscriptionResponse { error, ..SubscriptionResponse::default() });
    }
}

/// What a request says, checked in the order in which the original does.
fn checked(payload: &[u8]) -> Result<(SubscriptionRequest, StartPosition), &'static str> {
    let request = SubscriptionRequest::decode(payload).map_err(|_| error::INVALID_SUBSCRIBE)?;
    if request.client_id.is_empty() {
        return Err(error::CLIENT_ID_MISSING);
    }
    if request.ack_wait_seconds <= 0 {
        return Err(error::INVALID_ACK_WAIT);
    }
    if request.max_in_flight <= 0 {
        return Err(error::INVALID_MAX_IN_FLIGHT);
    }
    let start = request.start().ok_or(error::INVALID_START)?;
    if !is_channel(&request.subject) {
        return Err(error::INVALID_SUBJECT);
    }
    if !request.queue_group.is_empty() && request.durable_name.contains(':') {
        return Err(error::INVALID_DURABLE);
    }
    Ok((request, start))
}

impl Stan {
    fn subscribe(&self, turn: &mut Turn, message: &Message<'_>, reply: &str) -> Result<(), String> {
        let (request, start) = checked(message.payload)?;
        if !self.registry.lock().clients.contains_key(request.client_id.as_str()) {
            return Err(error::UNKNOWN_CLIENT.to_owned());
        }
        let channel = self.channels.find_or_make(turn, &self.options, &request.subject)?;
        let stream = channel.stream().ok_or_else(|| error::UNKNOWN_CHANNEL.to_owned())?;
        channel.used(turn.now);
        let ack_inbox = format!("_INBOX.{}", crate::name::random(ID_SIGNS));
        let (name, charter) = membership(&request, &ack_inbox);
        let subscriber = Subscriber {
            client: request.client_id.clone(),
            inbox: request.inbox.clone(),
            ack_inbox: ack_inbox.clone(),
            max_in_flight: usize::try_from(request.max_in_flight).unwrap_or(1),
            ack_wait: request.ack_wait_seconds.into(),
        };
        let config = consumer(&name, &request, start, &stream, turn.now);
        let heard = acks::subscription(&stream, &name, &ack_inbox);
        let subscribed = Arc::new(Subscribed {
            channel: request.subject.as_str().into(),
            stream: Arc::downgrade(&stream),
            consumer: name.as_str().into(),
            ack_inbox: ack_inbox.as_str().into(),
            inbox: subscriber.inbox.as_str().into(),
            acks: heard.clone(),
        });
        if self.options.replace_durable && !charter.durable.is_empty() {
            self.evict(turn, &request.client_id, &name);
        }
        let response = SubscriptionResponse { ack_inbox, ..SubscriptionResponse::default() };
        let max = self.options.limits_of(&request.subject).max_subscriptions;
        // Before the client can hear of it: its first acknowledgement must be heard.
        turn.server().router.insert(heard);
        self.enrol(turn, &request.client_id, subscribed.clone())?;
        let joined = stream.join(turn, &config, &charter, subscriber, (reply, response.encode_to_vec()), max);
        if let Err(why) = joined {
            self.withdraw(&request.client_id, &subscribed);
            turn.server().router.remove(&subscribed.acks);
            return Err(told(why));
        }
        if self.holds(&request.client_id, &subscribed) {
            self.note(&request.client_id, format_args!("Subscribed to {:?} by {name}", request.subject));
        } else {
            self.let_go(turn, &subscribed, Leave::Close);
        }
        Ok(())
    }

    /// Adds the subscription to its client's, who may have gone meanwhile.
    fn enrol(&self, turn: &mut Turn, client: &str, subscribed: Arc<Subscribed>) -> Result<(), String> {
        let mut registry = self.registry.lock();
        if let Some(client) = registry.clients.get_mut(client) {
            client.subscriptions.push(subscribed);
            return Ok(());
        }
        drop(registry);
        self.let_go(turn, &subscribed, Leave::Close);
        Err(error::UNKNOWN_CLIENT.to_owned())
    }

    /// Takes a subscription that did not come about from its client's.
    fn withdraw(&self, client: &str, subscribed: &Arc<Subscribed>) {
        if let Some(client) = self.registry.lock().clients.get_mut(client) {
            client.subscriptions.retain(|other| !Arc::ptr_eq(other, subscribed));
        }
    }

    /// Whether the client still has the subscription: it may have been removed a moment ago.
    fn holds(&self, client: &str, subscribed: &Arc<Subscribed>) -> bool {
        let registry = self.registry.lock();
        let client = registry.clients.get(client);
        client.is_some_and(|client| client.subscriptions.iter().any(|other| Arc::ptr_eq(other, subscribed)))
    }

    /// Closes the client's subscription by that durable, if there is one.
    fn evict(&self, turn: &mut Turn, client: &str, consumer: &str) {
        let old = {
            let mut registry = self.registry.lock();
            let Some(client) = registry.clients.get_mut(client) else { return };
            let at = client.subscriptions.iter().position(|subscribed| *subscribed.consumer == *consumer);
            at.map(|at| client.subscriptions.swap_remove(at))
        };
        if let Some(old) = old {
            self.let_go(turn, &old, Leave::Close);
        }
    }

    /// After a start: subscriptions are their clients' again. Those whose client is gone are closed.
    pub(super) fn resume(&self, turn: &mut Turn) {
        let server = turn.server().clone();
        for stream in server.jetstream.iter().flat_map(crate::jetstream::JetStream::streams) {
            for (consumer, charter, members) in stream.resume_members(turn) {
                for member in members {
                    let heard = acks::subscription(&stream, &consumer, &member.ack_inbox);
                    server.router.insert(heard.clone());
                    let subscribed = Arc::new(Subscribed {
                        channel: charter.channel.as_str().into(),
                        stream: Arc::downgrade(&stream),
                        consumer: consumer.clone(),
                        ack_inbox: member.ack_inbox.into(),
                        inbox: member.inbox.into(),
                        acks: heard,
                    });
                    // Of nobody: closed by that, and that is all there is to do.
                    let _ = self.enrol(turn, &member.client, subscribed);
                }
            }
        }
    }
}

fn told(error: JoinError) -> String {
    match error {
        JoinError::Duplicate => error::DUPLICATE_DURABLE.to_owned(),
        JoinError::TooMany => error::TOO_MANY_SUBSCRIPTIONS.to_owned(),
        JoinError::Refused(why) => format!("stan: {why}"),
    }
}

/// The consumer's name, and what its group is.
pub(crate) fn membership(request: &SubscriptionRequest, ack_inbox: &str) -> (String, Charter) {
    let (client, queue, durable) = (&request.client_id, &request.queue_group, &request.durable_name);
    // Channels share a consumer's names where they share a stream.
    let channel = escaped(&request.subject);
    let (name, group) = match (queue.is_empty(), durable.is_empty()) {
        (true, true) => (format!("stan:s:{}", ack_inbox.trim_start_matches("_INBOX.")), String::new()),
        (true, false) => (format!("stan:d:{channel}:{client}:{}", escaped(durable)), String::new()),
        (false, true) => (format!("stan:g:{channel}:{}", escaped(queue)), queue.clone()),
        (false, false) => {
            (format!("stan:q:{channel}:{}:{}", escaped(durable), escaped(queue)), format!("{durable}:{queue}"))
        }
    };
    let charter = Charter {
        channel: request.subject.clone(),
        durable: if queue.is_empty() { durable.clone() } else { String::new() },
        queue: group,
        stays: !durable.is_empty(),
    };
    (name, charter)
}

/// As a part of a consumer's name: what may not be in one, and what parts the parts, is written as `%` and two hex digits.
pub(super) fn escaped(text: &str) -> String {
    use std::fmt::Write;
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}"); // A String takes it.
        }
    }
    escaped
}

/// The consumer to make if there is none.
fn consumer(
    name: &str,
    request: &SubscriptionRequest,
    start: StartPosition,
    stream: &Arc<Stream>,
    now: i64,
) -> ConsumerConfig {
    let mut config = unplaced(name, &request.subject, request.ack_wait_seconds.into());
    config.deliver_policy = match start {
        StartPosition::NewOnly => DeliverPolicy::New,
        StartPosition::LastReceived => DeliverPolicy::Last,
        StartPosition::First => DeliverPolicy::All,
        StartPosition::TimeDelta(back) => {
            config.opt_start_time = Some(now.saturating_sub(back));
            DeliverPolicy::ByStartTime
        }
        StartPosition::Sequence(sequence) if sequence > stream.summary().last_seq => DeliverPolicy::New,
        StartPosition::Sequence(sequence) => {
            config.opt_start_seq = sequence;
            DeliverPolicy::ByStartSequence
        }
    };
    config
}

/// The consumer of a subscription, whatever it begins with. `ack_wait` is in seconds.
pub(crate) fn unplaced(name: &str, channel: &str, ack_wait: i64) -> ConsumerConfig {
    ConsumerConfig {
        name: name.to_owned(),
        durable_name: name.to_owned(),
        description: format!("NATS Streaming: {channel}"),
        // Never used: members have inboxes of their own. It says that clients need not ask for messages.
        deliver_subject: format!("_STAN.deliver.{name}"),
        filter_subject: channel.to_owned(),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ack_wait * 1_000_000_000,
        max_deliver: -1,
        max_ack_pending: -1,
        ..ConsumerConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(queue: &str, durable: &str) -> SubscriptionRequest {
        SubscriptionRequest {
            client_id: "me".into(),
            subject: "a.b".into(),
            queue_group: queue.into(),
            durable_name: durable.into(),
            ..SubscriptionRequest::default()
        }
    }

    #[test]
    fn subscriptions_that_are_one_have_one_name() {
        for (queue, durable, name, shown, stays) in [
            ("", "", "stan:s:X", "", false),
            ("", "d 1", "stan:d:a%2Eb:me:d%201", "", true),
            ("g", "", "stan:g:a%2Eb:g", "g", false),
            ("g:h", "d", "stan:q:a%2Eb:d:g%3Ah", "d:g:h", true),
        ] {
            let (made, charter) = membership(&request(queue, durable), "_INBOX.X");
            assert_eq!((made.as_str(), charter.queue.as_str(), charter.stays), (name, shown, stays));
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_the_originals_order() {
        let mut asked = SubscriptionRequest { start_position: 9, subject: "a.*".into(), ..request("q", "a:b") };
        asked.client_id.clear();
        let mut wrong = |fix: fn(&mut SubscriptionRequest)| {
            let told = checked(&asked.encode_to_vec()).err();
            fix(&mut asked);
            told
        };
        assert_eq!(wrong(|asked| asked.client_id = "me".into()), Some(error::CLIENT_ID_MISSING));
        assert_eq!(wrong(|asked| asked.ack_wait_seconds = 1), Some(error::INVALID_ACK_WAIT));
        assert_eq!(wrong(|asked| asked.max_in_flight = 1), Some(error::INVALID_MAX_IN_FLIGHT));
        assert_eq!(wrong(|asked| asked.start_position = 4), Some(error::INVALID_START));
        assert_eq!(wrong(|asked| asked.subject = "a.b".into()), Some(error::INVALID_SUBJECT));
        assert_eq!(wrong(|asked| asked.durable_name = "d".into()), Some(error::INVALID_DURABLE));
        assert_eq!(wrong(|_| ()), None);
    }
}
