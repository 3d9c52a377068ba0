//! A client subscribes: it becomes a member of a consumer, which is made if there is none.

use std::sync::Arc;

use protocol::jetstream::config::{AckPolicy, ConsumerConfig, DeliverPolicy};
use protocol::stan::{Message as _, StartPosition, SubscriptionRequest, SubscriptionResponse};
use protocol::stan::{error, is_channel, is_channel_filter};
use protocol::subject;

use super::reach::Reach;
use super::registry::Subscribed;
use super::{ID_SIGNS, Stan, answer};
use crate::stream::members::{Charter, JoinError, Leave, Notice, Subscriber};
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
fn checked(payload: &[u8], wildcards: bool) -> Result<(SubscriptionRequest, StartPosition), &'static str> {
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
    if !(is_channel(&request.subject) || wildcards && is_channel_filter(&request.subject)) {
        return Err(error::INVALID_SUBJECT);
    }
    if !request.queue_group.is_empty() && request.durable_name.contains(':') {
        return Err(error::INVALID_DURABLE);
    }
    Ok((request, start))
}

impl Stan {
    fn subscribe(&self, turn: &mut Turn, message: &Message<'_>, reply: &str) -> Result<(), String> {
        let (request, start) = checked(message.payload, self.options.wildcards)?;
        if !self.registry.lock().clients.contains_key(request.client_id.as_str()) {
            return Err(error::UNKNOWN_CLIENT.to_owned());
        }
        self.check_subscribe(turn, message, &request.subject, &request.queue_group)?;
        let ack_inbox = format!("_INBOX.{}", crate::name::random(ID_SIGNS));
        let subscriber = Subscriber {
            client: request.client_id.clone(),
            inbox: request.inbox.clone(),
            ack_inbox: ack_inbox.clone(),
            max_in_flight: usize::try_from(request.max_in_flight).unwrap_or(1),
            ack_wait: request.ack_wait_seconds.into(),
            user: message.from.and_then(|from| from.identity().user.clone()),
        };
        if subject::has_wildcards(&request.subject) {
            return self.subscribe_widely(turn, &request, start, &subscriber, reply);
        }
        let channel = self.channels.find_or_make(turn, &self.options, &request.subject)?;
        let stream = channel.stream().ok_or_else(|| error::UNKNOWN_CHANNEL.to_owned())?;
        channel.used(turn.now);
        let (name, charter) = membership(&request, &ack_inbox);
        let config = consumer(&name, &request, start, stream.summary().last_seq, turn.now);
        let subscribed = Arc::new(Subscribed::new(&charter, &name, &subscriber, Arc::new(Reach::one(&stream))));
        if self.options.replace_durable && !charter.durable.is_empty() {
            self.evict(turn, &request.client_id, &name);
        }
        let response = SubscriptionResponse { ack_inbox, ..SubscriptionResponse::default() };
        let max = self.options.limits_of(&request.subject).max_subscriptions;
        // Before the client can hear of it: its first acknowledgement must be heard.
        turn.server().router.insert(subscribed.acks.clone());
        self.enrol(turn, &request.client_id, subscribed.clone())?;
        let notice = Notice::Response { reply, response: response.encode_to_vec() };
        let joined = stream.join(turn, &config, &charter, subscriber, notice, max);
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
    pub(super) fn holds(&self, client: &str, subscribed: &Arc<Subscribed>) -> bool {
        let registry = self.registry.lock();
        let client = registry.clients.get(client);
        client.is_some_and(|client| client.subscriptions.iter().any(|other| Arc::ptr_eq(other, subscribed)))
    }

    /// Closes the client's subscription by that durable, if there is one.
    pub(super) fn evict(&self, turn: &mut Turn, client: &str, consumer: &str) {
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
                let known = |member: &Subscriber| self.knows_wide(&consumer, &member.ack_inbox);
                for member in members {
                    if charter.is_wide() && known(&member) {
                        continue; // Taken up for all streams at once.
                    }
                    let reach = Arc::new(Reach::one(&stream));
                    let subscribed = Arc::new(Subscribed::new(&charter, &consumer, &member, reach));
                    if charter.is_wide() {
                        self.let_go(turn, &subscribed, Leave::Close);
                    } else {
                        server.router.insert(subscribed.acks.clone());
                        self.take_up(turn, &member, &charter, subscribed);
                    }
                }
            }
        }
        self.resume_wide(turn);
    }

    /// Gives a subscription that was found after a start back to its client. Without one, or without the right, it is
    /// closed.
    pub(super) fn take_up(
        &self,
        turn: &mut Turn,
        subscriber: &Subscriber,
        charter: &Charter,
        subscribed: Arc<Subscribed>,
    ) {
        if self.may_resume(turn, subscriber.user.as_deref(), &charter.channel, charter.queue_group()) {
            let _ = self.enrol(turn, &subscriber.client, subscribed); // Of nobody, it is closed by that.
        } else {
            tracing::warn!("STREAM: [Client:{}] may not be subscribed to {:?}", subscriber.client, charter.channel);
            self.let_go(turn, &subscribed, Leave::Close);
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
    let channel = &request.subject;
    let (name, group) = match (queue.is_empty(), durable.is_empty()) {
        (true, true) => (format!("stan:s:{}", ack_inbox.trim_start_matches("_INBOX.")), String::new()),
        (true, false) => (durable_of_client(channel, client, durable), String::new()),
        (false, true) => (format!("stan:g:{}:{}", escaped(channel), escaped(queue)), queue.clone()),
        (false, false) => (durable_of_queue(channel, queue, durable), format!("{durable}:{queue}")),
    };
    let charter = Charter {
        channel: request.subject.clone(),
        durable: if queue.is_empty() { durable.clone() } else { String::new() },
        queue: group,
        stays: !durable.is_empty(),
    };
    (name, charter)
}

/// The consumer of a client's durable. Channels share consumers' names where they share a stream.
pub(super) fn durable_of_client(channel: &str, client: &str, durable: &str) -> String {
    format!("stan:d:{}:{client}:{}", escaped(channel), escaped(durable))
}

/// The consumer of a queue group's durable.
pub(super) fn durable_of_queue(channel: &str, queue: &str, durable: &str) -> String {
    format!("stan:q:{}:{}:{}", escaped(channel), escaped(durable), escaped(queue))
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

/// The consumer to make if there is none, in a stream that ends with `last`.
pub(super) fn consumer(
    name: &str,
    request: &SubscriptionRequest,
    start: StartPosition,
    last: u64,
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
        StartPosition::Sequence(sequence) if sequence > last => DeliverPolicy::New,
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
            let told = checked(&asked.encode_to_vec(), false).err();
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
