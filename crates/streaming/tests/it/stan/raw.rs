//! A client that says what it likes: what node-nats-streaming would never send, and silence where it would answer.

use std::time::{Duration, Instant};

use async_nats::Subscriber;
use futures::StreamExt;
use protocol::stan::{Ack, ConnectRequest, ConnectResponse, Message, MsgProto, Ping, PubAck, PubMsg};
use protocol::stan::{SubscriptionRequest, SubscriptionResponse};

use super::CLUSTER;
use crate::harness::{Server, soon};

/// One client and its connection.
pub struct Raw {
    pub client: async_nats::Client,
    pub id: String,
    /// Where it is told to ask.
    pub welcome: ConnectResponse,
    connection: Vec<u8>,
    heartbeats: Subscriber,
}

/// A subscription and what comes by it.
pub struct Subscribed {
    pub ack_inbox: String,
    pub inbox: String,
    pub messages: Subscriber,
}

impl Raw {
    /// A client that is connected, and answers no heartbeat but those it is told to.
    pub async fn connected(server: &Server, id: &str) -> Self {
        Self::connect(server, id).await.expect("a free name")
    }

    /// A client that tries to connect.
    pub async fn connect(server: &Server, id: &str) -> Result<Self, String> {
        let client = async_nats::connect(server.url()).await.expect("a connection");
        let inbox = client.new_inbox();
        let heartbeats = client.subscribe(inbox.clone()).await.expect("subscribed");
        client.flush().await.expect("flushed");
        let request = ConnectRequest {
            client_id: id.into(),
            heartbeat_inbox: inbox.clone(),
            protocol: 1,
            connection_id: inbox.clone().into_bytes(),
            ping_interval: 5,
            ping_max_out: 3,
        };
        let welcome: ConnectResponse = ask(&client, &discover(), &request).await;
        if welcome.error.is_empty() {
            Ok(Self { client, id: id.into(), welcome, connection: inbox.into_bytes(), heartbeats })
        } else {
            Err(welcome.error)
        }
    }

    /// By what its pings are known.
    pub fn ping(&self) -> Ping {
        Ping { connection_id: self.connection.clone() }
    }

    /// What is answered to a request.
    pub async fn ask<A: Message + Default>(&self, subject: &str, request: &impl Message) -> A {
        ask(&self.client, subject, request).await
    }

    /// Waits for the next heartbeat, and answers it if `alive`. Tells when it came.
    pub async fn heartbeat(&mut self, alive: bool) -> Instant {
        let asked = soon("a heartbeat", self.heartbeats.next()).await.expect("subscribed");
        let came = Instant::now();
        let reply = asked.reply.expect("somewhere to answer");
        if alive {
            self.client.publish(reply, "".into()).await.expect("sent");
            self.client.flush().await.expect("flushed");
        }
        came
    }

    /// Publishes: the error, if it is refused.
    pub async fn publish(&self, channel: &str, data: &str) -> String {
        let message = PubMsg {
            client_id: self.id.clone(),
            guid: "g".into(),
            subject: channel.into(),
            data: data.into(),
            ..PubMsg::default()
        };
        let subject = format!("{}.{channel}", self.welcome.pub_prefix);
        let told: PubAck = self.ask(&subject, &message).await;
        assert_eq!(told.guid, "g");
        told.error
    }

    /// A request to be subscribed, which is right as it is.
    pub fn request(&self, channel: &str) -> SubscriptionRequest {
        SubscriptionRequest {
            client_id: self.id.clone(),
            subject: channel.into(),
            inbox: self.client.new_inbox(),
            max_in_flight: 100,
            ack_wait_seconds: 30,
            ..SubscriptionRequest::default()
        }
    }

    /// Subscribes.
    pub async fn subscribe(&self, request: SubscriptionRequest) -> Result<Subscribed, String> {
        let messages = self.client.subscribe(request.inbox.clone()).await.expect("subscribed");
        self.client.flush().await.expect("flushed");
        let told: SubscriptionResponse = self.ask(&self.welcome.sub_requests, &request).await;
        if told.error.is_empty() {
            Ok(Subscribed { ack_inbox: told.ack_inbox, inbox: request.inbox, messages })
        } else {
            Err(told.error)
        }
    }

    /// Acknowledges a message.
    pub async fn ack(&self, to: &Subscribed, message: &MsgProto) {
        let ack = Ack { subject: message.subject.clone(), sequence: message.sequence };
        self.client.publish(to.ack_inbox.clone(), ack.encode_to_vec().into()).await.expect("sent");
        self.client.flush().await.expect("flushed");
    }
}

impl Subscribed {
    /// The next message.
    pub async fn next(&mut self) -> MsgProto {
        let message = soon("a message", self.messages.next()).await.expect("subscribed");
        MsgProto::decode(&*message.payload).expect("a message")
    }

    /// The next message, if one comes so soon.
    pub async fn next_within(&mut self, time: Duration) -> Option<MsgProto> {
        let message = tokio::time::timeout(time, self.messages.next()).await.ok()?.expect("subscribed");
        Some(MsgProto::decode(&*message.payload).expect("a message"))
    }
}

/// Where clients begin.
pub fn discover() -> String {
    format!("_STAN.discover.{CLUSTER}")
}

/// What is answered to `request`.
pub async fn ask<A: Message + Default>(client: &async_nats::Client, subject: &str, request: &impl Message) -> A {
    tell(client, subject, request.encode_to_vec()).await
}

/// What is answered to these bytes.
pub async fn tell<A: Message + Default>(client: &async_nats::Client, subject: &str, bytes: Vec<u8>) -> A {
    let answer = soon("an answer", client.request(subject.to_owned(), bytes.into())).await.expect("an answer");
    A::decode(&*answer.payload).expect("of that kind")
}
