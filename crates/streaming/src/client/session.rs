//! A client's session with a server of NATS Streaming, on one connection to NATS.
//!
//! ```text
//!  open ──► heartbeats are answered, the server is pinged ──► close
//!               while anything is awaited: requests, events
//! ```
//!
//! The session outlives its connection: a server that keeps its clients on disk goes on with us when it is there again.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::stan::{
    Ack, CloseRequest, CloseResponse, ConnectRequest, ConnectResponse, Message, MsgProto, PROTOCOL, Ping, PingResponse,
    PubAck, PubMsg, SubscriptionRequest, SubscriptionResponse, UnsubscribeRequest,
};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::error::Error;
use super::options::Connection;
use super::wire::{Delivery, Wire};

/// How long the server may take to answer, as its clients have it.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// How long it may take to store an event, as its clients have it.
const ACK_WITHIN: Duration = Duration::from_secs(30);
/// Between two pings, as its clients have it.
const PING_EVERY: Duration = Duration::from_secs(5);
/// Pings without an answer after which it is given up: the server may have been started anew meanwhile.
const PINGS_MAX: u32 = 3;
/// Between two attempts to connect again, as its clients have it.
const RECONNECT_EVERY: Duration = Duration::from_secs(2);
/// The first comes sooner: a server that was started anew is soon there.
const RECONNECT_FIRST: Duration = Duration::from_millis(100);
/// Signs of what has to be unique.
const ID_SIGNS: usize = 22;

/// A subscription of ours.
pub struct Subscription {
    channel: String,
    durable: String,
    ack_inbox: String,
}

/// See the module.
pub struct Session {
    wire: Wire,
    options: Connection,
    /// When the connection was lost, until it is there again.
    lost: Option<Instant>,
    client: String,
    connection: Vec<u8>,
    subjects: ConnectResponse,
    inboxes: Inboxes,
    /// Events that came while something else was awaited: no more than may be unacknowledged.
    events: VecDeque<MsgProto>,
    pings: tokio::time::Interval,
    unanswered: u32,
    requests: u64,
}

/// Where what comes to us.
struct Inboxes {
    heartbeats: String,
    events: String,
    pongs: String,
    /// Answers: this, a dot and the request's number.
    answers: String,
}

impl Inboxes {
    fn new() -> Self {
        let inbox = || format!("_INBOX.{}", crate::name::random(ID_SIGNS));
        Self { heartbeats: inbox(), events: inbox(), pongs: inbox(), answers: inbox() }
    }

    fn subscribe(&self, wire: &mut Wire) {
        for inbox in [&self.heartbeats, &self.events, &self.pongs] {
            wire.subscribe(inbox);
        }
        wire.subscribe(&format!("{}.*", self.answers));
    }
}

impl Session {
    /// Connects to the server and presents ourselves.
    pub async fn open(options: &Connection) -> Result<Self, Error> {
        let wire = Wire::open(options).await?;
        let client = options.client_id.clone().unwrap_or_else(|| crate::name::random(8).to_ascii_lowercase());
        let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut session = Self {
            wire,
            options: options.clone(),
            lost: None,
            client,
            connection: crate::name::random(ID_SIGNS).into_bytes(),
            subjects: ConnectResponse::default(),
            inboxes: Inboxes::new(),
            events: VecDeque::new(),
            pings,
            unanswered: 0,
            requests: 0,
        };
        session.inboxes.subscribe(&mut session.wire);
        let request = ConnectRequest {
            client_id: session.client.clone(),
            heartbeat_inbox: session.inboxes.heartbeats.clone(),
            protocol: PROTOCOL,
            connection_id: session.connection.clone(),
            ping_interval: i32::try_from(PING_EVERY.as_secs()).unwrap_or(i32::MAX),
            ping_max_out: i32::try_from(PINGS_MAX).unwrap_or(i32::MAX),
        };
        let discover = format!("_STAN.discover.{}", options.cluster_id);
        let wrong_cluster = || Error::Cluster { address: options.server.clone(), cluster: options.cluster_id.clone() };
        let answer = session.request(&discover, &request, ANSWER_WITHIN).await?.ok_or_else(wrong_cluster)?;
        session.subjects = read::<ConnectResponse>(&answer)?;
        match std::mem::take(&mut session.subjects.error) {
            refused if refused.is_empty() => Ok(session),
            refused => Err(Error::answered(refused, &session.client)),
        }
    }

    /// Publishes an event, and returns when it is stored.
    pub async fn publish(&mut self, channel: &str, data: &[u8]) -> Result<(), Error> {
        let message = PubMsg {
            client_id: self.client.clone(),
            guid: crate::name::random(ID_SIGNS),
            subject: channel.to_owned(),
            data: data.to_vec(),
            connection_id: self.connection.clone(),
            ..PubMsg::default()
        };
        let (bytes, max) = (message.encoded_len(), self.wire.max_payload);
        if bytes > max {
            return Err(Error::TooLong { bytes: data.len(), max });
        }
        let subject = format!("{}.{channel}", self.subjects.pub_prefix);
        let answer = self.request(&subject, &message, ACK_WITHIN).await?.ok_or(Error::AckTimeout)?;
        done(read::<PubAck>(&answer)?.error)
    }

    /// Subscribes. `request` says to what and how; who and where is filled in.
    pub async fn subscribe(&mut self, request: SubscriptionRequest) -> Result<Subscription, Error> {
        let request =
            SubscriptionRequest { client_id: self.client.clone(), inbox: self.inboxes.events.clone(), ..request };
        let to = self.subjects.sub_requests.clone();
        let answer = self.request(&to, &request, ANSWER_WITHIN).await?.ok_or(Error::Timeout("subscribe"))?;
        let answer: SubscriptionResponse = read(&answer)?;
        done(answer.error)?;
        Ok(Subscription { channel: request.subject, durable: request.durable_name, ack_inbox: answer.ack_inbox })
    }

    /// The next event. Dropping the future loses none.
    pub async fn next(&mut self) -> Result<MsgProto, Error> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            self.step(None).await?;
        }
    }

    /// Acknowledges an event.
    pub async fn ack(&mut self, subscription: &Subscription, event: &MsgProto) -> Result<(), Error> {
        let ack = Ack { subject: event.subject.clone(), sequence: event.sequence };
        self.wire.publish(&subscription.ack_inbox, None, &ack.encode_to_vec());
        match self.wire.flush().await {
            // The next step will find out, and the event comes again.
            Err(error) if error.is_lost() => Ok(()),
            flushed => flushed,
        }
    }

    /// Ends a subscription for good: a durable is forgotten.
    pub async fn unsubscribe(&mut self, subscription: &Subscription) -> Result<(), Error> {
        let request = UnsubscribeRequest {
            client_id: self.client.clone(),
            subject: subscription.channel.clone(),
            inbox: subscription.ack_inbox.clone(),
            durable_name: subscription.durable.clone(),
        };
        let to = self.subjects.unsub_requests.clone();
        let answer = self.request(&to, &request, ANSWER_WITHIN).await?.ok_or(Error::Timeout("unsubscribe"))?;
        done(read::<SubscriptionResponse>(&answer)?.error)
    }

    /// Says good-bye: subscriptions end, durables stay.
    pub async fn close(mut self) -> Result<(), Error> {
        let request = CloseRequest { client_id: self.client.clone() };
        let to = self.subjects.close_requests.clone();
        let answer = self.request(&to, &request, ANSWER_WITHIN).await?.ok_or(Error::Timeout("close"))?;
        done(read::<CloseResponse>(&answer)?.error)
    }

    /// Asks `subject`. `None`: nobody listens there, or nobody answers in time.
    async fn request(
        &mut self,
        subject: &str,
        asked: &impl Message,
        within: Duration,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.requests += 1;
        let inbox = format!("{}.{}", self.inboxes.answers, self.requests);
        self.wire.publish(subject, Some(&inbox), &asked.encode_to_vec());
        let deadline = Instant::now() + within;
        loop {
            tokio::select! {
                answer = self.step(Some(&inbox)) => {
                    if let Some(answer) = answer? {
                        return Ok((!answer.nobody).then_some(answer.payload));
                    }
                }
                () = sleep_until(deadline) => return Ok(None),
            }
        }
    }

    /// Waits for one thing to happen and does what is to be done about it; the answer on `inbox` is the caller's.
    async fn step(&mut self, inbox: Option<&str>) -> Result<Option<Delivery>, Error> {
        let delivery = tokio::select! {
            delivery = self.wire.next() => match delivery {
                Err(error) if error.is_lost() => {
                    self.reconnect(error).await?;
                    return Ok(None);
                }
                delivery => delivery?,
            },
            _ = self.pings.tick() => {
                self.ping()?;
                return Ok(None);
            }
        };
        let to = delivery.subject.as_str();
        if to == self.inboxes.heartbeats {
            if let Some(reply) = &delivery.reply {
                self.wire.publish(reply, None, b"");
            }
        } else if to == self.inboxes.events {
            // What cannot be read was not for us.
            self.events.extend(MsgProto::decode(&*delivery.payload));
        } else if to == self.inboxes.pongs {
            if !delivery.nobody {
                self.unanswered = 0;
                done(read::<PingResponse>(&delivery.payload)?.error)?;
            }
        } else if Some(to) == inbox {
            return Ok(Some(delivery));
        }
        Ok(None)
    }

    /// The connection is lost, by `error`: makes one attempt to have it again, after a pause. The last is that error.
    async fn reconnect(&mut self, error: Error) -> Result<(), Error> {
        let first = self.lost.is_none();
        let since = *self.lost.get_or_insert_with(Instant::now);
        // Until we are known there is no session to go on with.
        if self.subjects.pub_prefix.is_empty() || since.elapsed() >= Duration::from_secs(self.options.reconnect) {
            return Err(error);
        }
        tokio::time::sleep(if first { RECONNECT_FIRST } else { RECONNECT_EVERY }).await;
        match Wire::open(&self.options).await {
            Ok(wire) => {
                self.wire = wire;
                self.inboxes.subscribe(&mut self.wire);
                (self.lost, self.unanswered) = (None, 0);
                // Whether it still knows us.
                self.ping()
            }
            Err(Error::Connect { .. } | Error::NotNats { .. } | Error::Closed | Error::Io(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }

    fn ping(&mut self) -> Result<(), Error> {
        // Before the server has answered, or where it is too old to.
        if self.subjects.ping_requests.is_empty() {
            return Ok(());
        }
        if self.unanswered >= PINGS_MAX {
            return Err(Error::PingFailure);
        }
        self.unanswered += 1;
        let ping = Ping { connection_id: self.connection.clone() };
        let to = self.subjects.ping_requests.clone();
        self.wire.publish(&to, Some(&self.inboxes.pongs), &ping.encode_to_vec());
        Ok(())
    }
}

fn read<M: Message + Default>(answer: &[u8]) -> Result<M, Error> {
    M::decode(answer).map_err(|error| Error::Stan(format!("the server's answer cannot be read: {error}")))
}

/// Whether an answer names no error.
fn done(error: String) -> Result<(), Error> {
    if error.is_empty() { Ok(()) } else { Err(Error::Stan(error)) }
}
